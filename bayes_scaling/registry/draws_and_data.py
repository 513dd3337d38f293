"""The draws and the data of a forecast, in side files of its ledger: as bytes, and back."""

import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayes_scaling.errors import DataError, LedgerError
from bayes_scaling.ledger.side_files import side_file_fault, side_path
from bayes_scaling.registry.records import Record

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = {"data": ".json", "draws": ".npz", "losses": ".json"}


def files_of(content: Mapping[str, Any]) -> Mapping[str, str]:
    """Name the side files of a record, a hash a role; only a forecast has any."""
    return content["files"] if content["type"] == "forecast" else {}


def read_side_file(record: Record, role: str) -> bytes:
    """Read a side file of a forecast and check it against its name.

    Raises
    ------
    LedgerError
        If the record has none, or it is missing or was changed.
    """
    digest = record.content["files"].get(role)
    if digest is None:
        raise LedgerError(
            f"{record.ledger}: record {record.number} was registered without its {role}."
        )
    path = side_path(record.ledger, digest, SUFFIXES[role])
    if why := side_file_fault(path, role):
        raise LedgerError(f"{record.ledger}: record {record.number}: {why}.")
    return path.read_bytes()


def pack_arrays(arrays: Mapping[str, Any]) -> bytes:
    """Write arrays as npz; nothing is pickled."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack_arrays(data: bytes) -> dict[str, Any]:
    """Read what `pack_arrays` wrote; refuses pickles."""
    import numpy as np

    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def pack_table(table: "pd.DataFrame") -> bytes:
    """Write a checked table as JSON, a list a column; missing cells are null.

    Raises
    ------
    DataError
        If a number is infinite.
    """
    columns = {str(name): [_plain(cell) for cell in table[name].tolist()] for name in table}
    for name, cells in columns.items():
        _demand_finite(name, cells)
    return (json.dumps(columns, allow_nan=False, indent=0) + "\n").encode()


def unpack_table(data: bytes) -> "pd.DataFrame":
    """Read what `pack_table` wrote."""
    import pandas as pd

    return pd.DataFrame(json.loads(data))


def _demand_finite(name: str, cells: Sequence[Any]) -> None:
    for row, cell in enumerate(cells, 1):
        if isinstance(cell, float) and math.isinf(cell):
            raise DataError(
                f"data: column {name!r} holds {cell} in row {row}, which can't be kept beside the "
                "ledger. Leave the cell empty or the column away before the fit, or register "
                "without the data."
            )


def _plain(cell: Any) -> Any:
    import pandas as pd

    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return None
    return cell if isinstance(cell, bool | int | float | str) else str(cell)
