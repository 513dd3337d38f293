"""Side files: draws and data beside a ledger, each named by its hash and by nothing else."""

import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_scaling.errors import DataError, LedgerError
from bayes_scaling.registry.canonical import hash_of
from bayes_scaling.registry.disk import speaking, write_durably
from bayes_scaling.registry.records import Record

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = {"data": ".json", "draws": ".npz"}


def side_path(ledger: Path, role: str, digest: str) -> Path:
    """Name the side file of a hash; its folder stands beside the ledger."""
    return ledger.with_name(f"{ledger.name}.files") / f"{digest}{SUFFIXES[role]}"


def keep_side_file(ledger: Path, role: str, data: bytes) -> None:
    """Write a side file, if it isn't there whole; call it with the ledger locked."""
    path = side_path(ledger, role, hash_of(data))
    with speaking(path):
        if path.is_file() and hash_of(path.read_bytes()) == path.stem:
            return
        path.parent.mkdir(exist_ok=True)
        write_durably(path, data)


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
    if why := side_file_fault(record.ledger, role, digest):
        raise LedgerError(f"{record.ledger}: record {record.number}: {why}.")
    return side_path(record.ledger, role, digest).read_bytes()


def side_file_fault(ledger: Path, role: str, digest: str) -> str | None:
    """Say why a side file doesn't hold, if it doesn't."""
    path = side_path(ledger, role, digest)
    name = f"the side file with its {role}, {path.parent.name}/{path.name},"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return f"{name} is missing. Take it from a copy"
    except OSError as error:
        return f"{name} can't be read: {error.strerror}"
    return None if hash_of(data) == digest else f"{name} was changed. Take it from a copy"


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
