"""Cells of a raw table, as the kinds of column that checked tables share.

Equal cells of a column are read once, so that tables of a million rows are read in seconds.
"""

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Flags, Index
from bayes_scaling.data.column_names import plain_word
from bayes_scaling.data.compute import parse_compute, parse_count
from bayes_scaling.data.remarks import listed
from bayes_scaling.data.table_texts import is_keepable
from bayes_scaling.errors import DataError, suggest

AMOUNTS = {"params": parse_count, "tokens": parse_count, "compute": parse_compute}
COMPUTE_SOURCES = ("given", "6ND", "total_flos")
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # no file can hold these
SHOWN = 40  # characters of a cell
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


def as_table(
    table: pd.DataFrame, noun: str, unit: str, known: Collection[str] = ()
) -> pd.DataFrame:
    """Take a DataFrame whose columns are named, once each; its index becomes 0 to n - 1.

    A name that is one of ours but for capitals, blanks or hyphens (' Loss', 'N-Samples') is ours.

    Parameters
    ----------
    table : DataFrame
    noun : str
        What the table is of, for messages: 'runs'.
    unit : str
        What a row is: 'a row a run'.
    known : collection of str
        Our names.
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
    return _with_our_names(table, known).reset_index(drop=True)


def _with_our_names(table: pd.DataFrame, known: Collection[str]) -> pd.DataFrame:
    free = [str(name) for name in table.columns if name not in known]
    ours = {name: word for name in free if (word := plain_word(name)) in known}
    once = {
        name: word
        for name, word in ours.items()
        if word not in table and list(ours.values()).count(word) == 1
    }
    return table.rename(columns=once) if once else table


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
    if isinstance(value, float | Real):
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


@dataclass(frozen=True)
class Rows:
    """How a sentence about a row starts, such as "row 3 (run 'b')": made where it is needed.

    Attributes
    ----------
    before : str
        Which table, where that has to be said.
    names : mapping of str to sequence of str
        What is known of each row: its run, its problem.
    """

    before: str = ""
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __getitem__(self, place: int) -> str:
        named = ", ".join(f"{noun} {names[place]!r}" for noun, names in self.names.items())
        return f"{self.before}row {place + 1}" + (f" ({named})" if named else "")


def read_cells(column: "pd.Series[Any]", read: Callable[[Any], Any], rows: Rows) -> list[Any]:
    """Read every cell of a column.

    Raises
    ------
    DataError
        Of the first cell that can't be read, with its row and column before what `read` raised; the
        other cells of the column that can't be read are named after it.
    """
    values, places = _distinct(column)
    found: list[Any] = []
    wrong: list[tuple[int, object, DataError]] = []
    for number, value in enumerate(values):
        try:
            found.append(read(value))
        except DataError as error:
            found.append(None)
            wrong += [(int(row), value, error) for row in np.flatnonzero(places == number)]
    if wrong:
        (row, _, first), *others = sorted(wrong, key=lambda one: one[0])
        raise DataError(f"{rows[row]}, column {column.name!r}: {first}{_also(others)}") from None
    return [found[place] for place in places.tolist()]


def _also(others: Sequence[tuple[int, object, DataError]]) -> str:
    """Name further cells of a column that can't be read."""
    if not others:
        return ""
    cells = [f"row {row + 1} ({_shown(value)})" for row, value, _ in others]
    return f" Nor can these be: {listed(cells)}."


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _distinct(column: "pd.Series[Any]") -> tuple[Sequence[Any], Index]:
    """List the different cells, as they come, and say which of them stands in each row."""
    if column.dtype != object:
        places, values = pd.factorize(column, use_na_sentinel=False)
        return values.tolist(), places.astype(np.int64)
    cells = column.tolist()
    try:  # by type too: True equals 1
        number: dict[Any, int] = {}
        keys = zip(map(type, cells), cells, strict=True)
        places = np.array([number.setdefault(key, len(number)) for key in keys], dtype=np.int64)
        return [cell for _, cell in number], places
    except TypeError:  # a list or a dict has no hash
        return cells, np.arange(len(cells))


def text_column(raw: pd.DataFrame, name: str, rows: Rows) -> list[str]:
    """Read names; a whole number is its digits, an empty cell an error."""
    column = raw[name]
    if isinstance(column.dtype, pd.StringDtype):
        odd = column.isna() | (column.str.strip() == "") | column.str.contains("\0", regex=False)
        if not odd.any():
            return list(column)

    def read(value: object) -> str:
        if is_missing(value):
            raise DataError(f"the cell is empty; give every row a {name}.")
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        text = str(value)
        if NO_TEXT.search(text):
            raise DataError(f"got {text!r}, which has a character that is no text; rename it.")
        return text

    return read_cells(column, read, rows)


def number_column(
    raw: pd.DataFrame, name: str, parse: Callable[[object], float], rows: Rows
) -> Array:
    """Read numbers; an empty cell, or a column that isn't there, gives NaN.

    What `parse` allows is an interval, so numbers are fine if the smallest and largest are.
    """
    if name not in raw:
        return np.full(len(raw), math.nan)
    column = raw[name]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        numbers = column.to_numpy(float)
        with suppress(DataError):
            for extreme in (column.min(), column.max()):
                _ = is_missing(extreme) or parse(extreme)
            return numbers

    def read(value: object) -> float:
        return math.nan if is_missing(value) else parse(value)

    return np.array(read_cells(column, read, rows))


def number_columns(
    raw: pd.DataFrame, parsers: Mapping[str, Callable[[object], float]], rows: Rows
) -> dict[str, Array]:
    """Read several columns of numbers; one DataError says what is wrong in any of them."""
    found, wrong = {}, []
    for name, parse in parsers.items():
        try:
            found[name] = number_column(raw, name, parse, rows)
        except DataError as error:
            wrong.append(str(error))
    if wrong:
        raise DataError(" ".join(wrong))
    return found


def fill_compute(compute: Array, params: Array, tokens: Array, rows: Rows) -> tuple[Array, Flags]:
    """Put 6 x params x tokens where compute is missing; return also where that was."""
    filled = np.isnan(compute)
    amounts = np.where(filled, 6 * params * tokens, compute)
    without = np.isnan(amounts)
    if without.any():
        raise DataError(
            f"{rows[int(without.argmax())]}, column 'compute': missing or NaN, and params or "
            "tokens to make it from (6 x params x tokens) are missing too; fill the cell."
        )
    return amounts, filled


def compute_sources(raw: pd.DataFrame, filled: Flags, rows: Rows) -> list[str]:
    """Say where the compute of each row is from: 'given', '6ND' or 'total_flos'."""

    def read(value: object) -> str:
        if is_missing(value):
            return "given"
        if value not in COMPUTE_SOURCES:
            raise DataError(f"got {value!r}; {suggest(str(value), COMPUTE_SOURCES)}")
        return str(value)

    said = ["given"] * len(raw)
    if "compute_from" in raw:
        said = read_cells(raw["compute_from"], read, rows)
    return ["6ND" if fill else source for fill, source in zip(filled.tolist(), said, strict=True)]


def find_twice(keys: pd.DataFrame) -> tuple[int, int] | None:
    """Find the first row that repeats an earlier one; return the numbers of both, from 0."""
    again = keys.duplicated().to_numpy()
    if not again.any():
        return None
    second = int(again.argmax())
    return int((keys == keys.iloc[second]).all(axis=1).to_numpy().argmax()), second


def other_columns(
    raw: pd.DataFrame, known: Collection[str], warn: Callable[[str], None]
) -> pd.DataFrame:
    """Keep the columns that aren't ours; those that no file can hold are left out with a word."""
    kept = []
    for name in raw.columns:
        if name in known:
            continue
        if is_keepable(raw[name]):
            kept.append(name)
            continue
        kinds = sorted({type(cell).__name__ for cell in raw[name].tolist()})
        warn(
            f"column {name!r} is left out: it holds what can't be saved ({', '.join(kinds[:3])}). "
            "Turn it into text or numbers to keep it."
        )
    return raw[kept]


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
