"""Text tables: names in the first line, then a row a run, between commas or the like."""

import csv
from collections.abc import Collection
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.data.column_names import plain_word
from bayes_scaling.data.readers.delimited import (
    SPACES,
    Layout,
    are_numbers,
    lay_out,
    read_commas,
    split_header,
)
from bayes_scaling.data.readers.text import plain_suffix, read_text
from bayes_scaling.errors import DataError

EMPTY = ("", "NA", "N/A", "NaN", "nan", "null", "None")
SPACED = {".txt", ".dat"}


def read_header(path: Path) -> list[str]:
    """Read the column names of a text table; a DataError says if it has no proper header."""
    return _read_header(path, _lay_out(path))


def read_csv(path: Path, text: Collection[str] = ("run", "family")) -> pd.DataFrame:
    """Read a text table, the columns named in `text` as text ('007' stays '007')."""
    layout = _lay_out(path)
    cells = _read_cells(path, layout)
    table = cells.assign(**{str(name): cells[name].str.strip() for name in cells})
    table = table.mask(table.isin(EMPTY))
    names = [str(name) for name in table]
    others = [name for name in names if name not in text and plain_word(name) not in text]
    table[others] = read_commas(table[others], layout.delimiter, str(path))
    # Python's own numbers: not every pandas rounds the last digit right, and hashes would tell.
    return table.assign(**{name: _typed(table[name]) for name in others})


def read_cells(path: Path) -> pd.DataFrame:
    """Read a text table with every cell as the text that stands there."""
    return _read_cells(path, _lay_out(path))


def _lay_out(path: Path) -> Layout:
    return lay_out(read_text(path), spaces=plain_suffix(path) in SPACED)


def _read_header(path: Path, layout: Layout) -> list[str]:
    line = next((line for line in layout.text.splitlines() if line.strip()), "")
    header = split_header(line, layout.delimiter)
    if not any(header):
        raise DataError(f"{path} isn't a table: its first line can't be read.")
    if len(header) < 2:
        raise DataError(
            f"{path} isn't a table: its first line, {header[0][:60]!r}, has no commas. A CSV file "
            "has the names of its columns in the first line, between commas (or semicolons, or "
            "tabs)."
        )
    if are_numbers(header):
        raise DataError(
            f"{path} has numbers in its first line, {', '.join(header)[:60]}; give the names of "
            "its columns there."
        )
    twice = [name for name in header if name and header.count(name) > 1]
    if twice:
        runs = " (two runs of one name, in a chart?)" if " - " in twice[0] else ""
        raise DataError(f"{path}: column {twice[0]!r} is there twice{runs}; rename one.")
    return header


def _read_cells(path: Path, layout: Layout) -> pd.DataFrame:
    header = _read_header(path, layout)
    text = StringIO(layout.text)
    try:
        if layout.delimiter == SPACES:
            table = pd.read_csv(text, dtype=str, keep_default_na=False, sep=SPACES)
        else:
            table = pd.read_csv(
                text,
                dtype=str,
                keep_default_na=False,
                skipinitialspace=True,
                sep=layout.delimiter,
                quoting=csv.QUOTE_MINIMAL,
            )
    except pd.errors.ParserError as error:
        raise DataError(f"{path} isn't a table: {str(error).strip()}.") from error
    if not isinstance(table.index, pd.RangeIndex):
        # pandas takes the first column for an index when the rows are longer than the header.
        raise DataError(f"{path} has more cells in its rows than names in its first line.")
    names = [own or str(given) for own, given in zip(header, table.columns, strict=True)]
    return table.fillna("").set_axis(names, axis=1)


def _typed(column: "pd.Series[str]") -> "pd.Series[Any]":
    kinds: tuple[type, ...] = (float,) if column.isna().any() else (int, float)
    for kind in kinds:
        try:
            return pd.Series([kind(cell) for cell in column], index=column.index)
        except ValueError:
            continue
    return column
