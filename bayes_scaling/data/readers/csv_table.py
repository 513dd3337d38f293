"""CSV files: a header, then a row a run."""

import csv
from collections.abc import Collection
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.data.readers.text import read_text
from bayes_scaling.errors import DataError

EMPTY = ("", "NA", "N/A", "NaN", "nan", "null", "None")


def read_header(path: Path) -> list[str]:
    """Read the column names of a CSV file; a DataError says if it has no proper header."""
    lines = csv.reader(StringIO(read_text(path)), skipinitialspace=True)
    try:
        header = next(line for line in lines if any(line))
    except (csv.Error, StopIteration) as error:
        raise DataError(f"{path} isn't a table: its first line can't be read.") from error
    if len(header) < 2:
        other = next((f" It has {mark!r}." for mark in ";\t|" if mark in header[0]), "")
        raise DataError(
            f"{path} isn't a table: its first line, {header[0][:60]!r}, has no commas.{other} "
            "A CSV file has the names of its columns in the first line, between commas."
        )
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise DataError(f"{path}: column {twice[0]!r} is there twice; rename one.")
    return header


def read_csv(path: Path, text: Collection[str] = ("run", "family")) -> pd.DataFrame:
    """Read a CSV file, the columns named in `text` as text ('007' stays '007')."""
    table = read_cells(path)
    table = table.mask(table.isin(EMPTY))
    # Python's own numbers: not every pandas rounds the last digit right, and hashes would tell.
    return table.assign(**{str(name): _typed(table[name]) for name in table if name not in text})


def read_cells(path: Path) -> pd.DataFrame:
    """Read a CSV file with every cell as the text that stands there."""
    read_header(path)
    text = StringIO(read_text(path))
    try:
        table = pd.read_csv(text, dtype=str, keep_default_na=False, skipinitialspace=True)
    except pd.errors.ParserError as error:
        raise DataError(f"{path} isn't a table: {str(error).strip()}.") from error
    if not isinstance(table.index, pd.RangeIndex):
        # pandas takes the first column for an index when the rows are longer than the header.
        raise DataError(f"{path} has more cells in its rows than names in its first line.")
    return table.fillna("")


def _typed(column: "pd.Series[str]") -> "pd.Series[Any]":
    kinds: tuple[type, ...] = (float,) if column.isna().any() else (int, float)
    for kind in kinds:
        try:
            return pd.Series([kind(cell) for cell in column], index=column.index)
        except ValueError:
            continue
    return column
