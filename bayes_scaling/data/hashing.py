"""Hashes of tables, from parsed values: the order of rows and columns does not matter."""

import hashlib
import json
from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from bayes_scaling.data.cells import is_missing
from bayes_scaling.errors import DataError, suggest


def table_hash(table: pd.DataFrame) -> str:
    """Hash a whole checked table: what a sealed forecast stores of its data.

    Parameters
    ----------
    table : DataFrame
        A checked table.

    Returns
    -------
    str
        SHA-256, 64 hex digits, of the table as JSON: columns sorted by name, rows sorted,
        numbers as the shortest text that gives the same float, missing cells as null.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"run": ["a", "b"], "loss": [2.6, 2.3]})
    >>> table_hash(table) == table_hash(table[["loss", "run"]].iloc[::-1])
    True
    """
    names = sorted(str(name) for name in table.columns)
    columns = [[_plain(value) for value in table[name].tolist()] for name in names]
    rows = sorted(json.dumps(row, ensure_ascii=True) for row in zip(*columns, strict=True))
    canonical = json.dumps({"columns": names, "rows": rows}, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def is_table_of(digest: str, table: pd.DataFrame) -> bool:
    """Whether a digest is that of a table, its losses' unit and metric stated or not.

    Tables of before these were stated have other digests than those of today.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"run": ["a", "b"], "loss": [2.6, 2.3]})
    >>> is_table_of(table_hash(table), table.assign(loss_unit="nats per token"))
    True
    """
    said = [name for name in ("loss_unit", "metric") if name in table]
    unsaid = (names for count in range(len(said) + 1) for names in combinations(said, count))
    return any(table_hash(table.drop(columns=[*names])) == digest for names in unsaid)


def response_hash(table: pd.DataFrame, response: str | Sequence[str], keys: Sequence[str]) -> str:
    """Hash the responses with their keys: what fits to be compared must share.

    Parameters
    ----------
    table : DataFrame
        A checked table.
    response : str or sequence of str
        The column of the response, such as 'loss'; or columns: ['n_samples', 'n_correct'].
    keys : sequence of str
        The columns that say whose response it is, such as ['run'] or ['family', 'run'];
        `unit_keys` lists them.

    Returns
    -------
    str
        SHA-256, 64 hex digits.

    Raises
    ------
    DataError
        If a column isn't in the table.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"run": ["a", "b"], "loss": [2.6, 2.3], "compute": [1e18, 1e19]})
    >>> response_hash(table, "loss", ["run"]) == table_hash(table[["run", "loss"]])
    True
    """
    names = [*keys, *([response] if isinstance(response, str) else response)]
    for name in names:
        if name not in table.columns:
            there = [str(column) for column in table.columns]
            raise DataError(f"column {name!r} isn't in the table; {suggest(name, there)}")
    return table_hash(table[names])


def _plain(value: object) -> object:
    if is_missing(value):
        return None
    if isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        # A column of integers reads back as floats once a cell is missing.
        return float(value) if value == _nearest_float(value) else value
    return str(value)


def _nearest_float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
