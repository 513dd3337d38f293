"""Cells of a raw table, as the kinds of column that checked tables share.

A row is known to its reader by a sentence's start, such as "row 3 (run 'b')".
"""

import difflib
import math
from collections.abc import Callable, Collection, Sequence
from numbers import Real

import pandas as pd

from bayes_scaling.errors import DataError, suggest

COMPUTE_SOURCES = ("given", "6ND", "total_flos")
INDEXED = ("run", "family", "benchmark", "problem")
KNOWN_AS = {
    "compute": ("compute", "flop"),
    "params": ("param",),
    "tokens": ("token",),
    "run": ("run", "model"),
    "problem": ("problem", "task_id", "question"),
    "n_samples": ("sample",),
    "n_correct": ("correct", "passed"),
}


def as_table(table: pd.DataFrame, noun: str, unit: str) -> pd.DataFrame:
    """Take a DataFrame whose columns are named, once each; its index becomes 0 to n - 1.

    Parameters
    ----------
    table : DataFrame
    noun : str
        What the table is of, for messages: 'runs'.
    unit : str
        What a row is: 'a row a run'.
    """
    if not isinstance(table, pd.DataFrame):
        raise DataError(
            f"{noun} must be a pandas DataFrame, got {type(table).__name__}; "
            f"make one with pandas.DataFrame(...), {unit}."
        )
    levels = {name for name in table.index.names if name in INDEXED}
    if levels and not levels & set(table.columns):
        table = table.reset_index()
    if not all(isinstance(name, str) for name in table.columns):
        raise DataError(f"column names must be text, got {list(table.columns)}; name the columns.")
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise DataError(f"column {twice[0]!r} is there twice; keep one, or rename the other.")
    if table.empty:
        raise DataError(f"the table has no rows; it needs {unit}.")
    return table.reset_index(drop=True)


def require_columns(raw: pd.DataFrame, names: Sequence[str], known: Collection[str]) -> None:
    """Demand columns, and a compute or what it is made from; `known` are all names of ours."""
    for name in names:
        if name not in raw:
            raise _missing_column(name, "", raw, known)
    if "compute" not in raw and not {"params", "tokens"} <= set(raw.columns):
        more = ", and so is 'params' or 'tokens' to make it from"
        raise _missing_column("compute", more, raw, known)


def is_missing(value: object) -> bool:
    """Whether a cell is empty: None, NaN, NA, NaT or blank text."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Real):
        return bool(value != value)
    return value is None or value is pd.NA or value is pd.NaT


def nearest(word: str, names: Sequence[str]) -> str | None:
    """Find the column that was most likely meant: one that contains the word, or looks alike."""
    for part in KNOWN_AS.get(word, (word,)):
        for name in names:
            if part in name.lower():
                return name
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return near[0] if near else None


def text_column(raw: pd.DataFrame, name: str, rows: Sequence[str]) -> list[str]:
    """Read names; a whole number is its digits, an empty cell an error."""
    values = raw[name].tolist()
    for value, row in zip(values, rows, strict=True):
        if is_missing(value):
            raise DataError(f"{row}, column {name!r}: the cell is empty; give every row a {name}.")
    return [
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        for value in values
    ]


def number_column(
    raw: pd.DataFrame, name: str, parse: Callable[[object], float], rows: Sequence[str]
) -> list[float]:
    """Read numbers; an empty cell, or a column that isn't there, gives NaN."""
    if name not in raw:
        return [math.nan] * len(raw)
    numbers = []
    for value, row in zip(raw[name].tolist(), rows, strict=True):
        try:
            numbers.append(math.nan if is_missing(value) else parse(value))
        except DataError as error:
            raise DataError(f"{row}, column {name!r}: {error}") from None
    return numbers


def fill_compute(
    compute: list[float], params: list[float], tokens: list[float], rows: Sequence[str]
) -> tuple[list[float], list[bool]]:
    """Put 6 x params x tokens where compute is missing; return also where that was."""
    filled = [math.isnan(given) for given in compute]
    amounts = [
        6 * n * d if fill else given
        for given, fill, n, d in zip(compute, filled, params, tokens, strict=True)
    ]
    for amount, row in zip(amounts, rows, strict=True):
        if math.isnan(amount):
            raise DataError(
                f"{row}, column 'compute': missing or NaN, and params or tokens to make it from "
                "(6 x params x tokens) are missing too; fill the cell."
            )
        if math.isinf(amount):
            raise DataError(f"{row}: 6 x params x tokens is infinite; look at both cells.")
    return amounts, filled


def compute_sources(raw: pd.DataFrame, filled: Sequence[bool], rows: Sequence[str]) -> list[str]:
    """Say where the compute of each row is from: 'given', '6ND' or 'total_flos'."""
    said = raw["compute_from"].tolist() if "compute_from" in raw else [None] * len(raw)
    sources = []
    for value, fill, row in zip(said, filled, rows, strict=True):
        if not is_missing(value) and value not in COMPUTE_SOURCES:
            allowed = suggest(str(value), COMPUTE_SOURCES)
            raise DataError(f"{row}, column 'compute_from': got {value!r}; {allowed}")
        sources.append("6ND" if fill else "given" if is_missing(value) else str(value))
    return sources


def _missing_column(name: str, more: str, raw: pd.DataFrame, known: Collection[str]) -> DataError:
    names = [str(column) for column in raw.columns]
    free = [column for column in names if column not in known]
    near = nearest(name, free)
    remedy = f"Did you mean {near!r}?" if near else "Add it to the table."
    mapping = f"{{{near or 'your name'!r}: {name!r}}}"
    return DataError(
        f"column {name!r} is missing{more}; the table has: {', '.join(names)}. {remedy} "
        f"Other names are mapped with columns={mapping}."
    )
