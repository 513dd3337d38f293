"""How a text table is laid out: its comments, what stands between its cells, its commas."""

import csv
import re
from dataclasses import dataclass
from io import StringIO
from typing import NamedTuple

import pandas as pd

from bayes_scaling.errors import DataError

COMMENT = "#"
DELIMITERS = (",", ";", "\t", "|")
SPACES = r"\s+"
LOOKED_AT = 200  # lines
_BODY = re.compile(r"[~≈<>]?\s*[+-]?(?P<body>\d[\d.,]*\d|\d)(?P<power>[eE])?")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"(?:\d+|\d{1,3}(?:\.\d{3})+),\d+")
_POINT = re.compile(r"\d*\.\d+|\d+\.")


Place = tuple[str, int, str]  # a column, a row, a cell


class Layout(NamedTuple):
    """The text of a table without comments, and what stands between its cells."""

    text: str
    delimiter: str


def lay_out(text: str, *, spaces: bool) -> Layout:
    r"""Leave comments out of a text table, and find what stands between its cells.

    Parameters
    ----------
    text : str
    spaces : bool
        Whether that may be blanks, where it is none of , ; | or a tab.

    Examples
    --------
    >>> lay_out("# our ladder\nrun;loss\na;3,2\n", spaces=False)
    Layout(text='run;loss\na;3,2\n', delimiter=';')
    """
    kept, comments = _without_comments(text)
    kept = _without_frame(kept)
    lines = [line for line in kept.splitlines() if line.strip()]
    if comments and lines and _are_numbers(lines[0]):  # the names may stand in a comment
        names = comments[-1].lstrip(COMMENT).strip()
        delimiter = _delimiter([names, *lines], spaces=True)
        if len(_split(names, delimiter)) == len(_split(lines[0], delimiter)) > 1:
            return Layout(f"{names}\n{kept}", delimiter)
    return Layout(kept, _delimiter(lines, spaces=spaces))


def _without_comments(text: str) -> tuple[str, list[str]]:
    """Leave out lines that begin with #, but inside quotes; return those before the table too."""
    if COMMENT not in text:
        return text, []
    kept: list[str] = []
    before: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if not inside and line.lstrip().startswith(COMMENT):
            before += [] if any(map(str.strip, kept)) else [line.strip()]
            continue
        inside ^= line.count('"') % 2 == 1
        kept.append(line)
    return "".join(kept), before


def _without_frame(text: str) -> str:
    """Take the outer bars and the rule of a Markdown table away."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or not all(line.startswith("|") and line.endswith("|") for line in lines):
        return text
    rows = [line[1:-1] for line in lines if not re.fullmatch(r"[|\s:-]+", line)]
    return "\n".join("|".join(cell.strip() for cell in row.split("|")) for row in rows) + "\n"


def _delimiter(lines: list[str], *, spaces: bool) -> str:
    """Choose what splits the first line, and then most others into as many cells."""
    if not lines:
        return ","
    best, most = ",", (0.0, 0)
    for mark in DELIMITERS:
        first, *rest = (len(_split(line, mark)) for line in lines[:LOOKED_AT])
        share = sum(count == first for count in rest) / len(rest) if rest else 1.0
        if first > 1 and (share, first) > most:
            best, most = mark, (share, first)
    if most == (0.0, 0) and not any(mark in lines[0] for mark in DELIMITERS) and spaces:
        counts = {len(line.split()) for line in lines}
        if len(counts) == 1 and counts.pop() > 1:
            return SPACES
    return best


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == SPACES:
        return line.split()
    try:
        return next(csv.reader(StringIO(line), delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def split_header(line: str, delimiter: str) -> list[str]:
    """Split the first line of a table into its names, without the blanks around them."""
    return [name.strip() for name in _split(line, delimiter)]


def _are_numbers(line: str) -> bool:
    return are_numbers([cell for cell in re.split(r"[,;|\t]|\s+", line) if cell])


def are_numbers(cells: list[str]) -> bool:
    """Whether all of some cells are numbers, so that they can't be names."""
    for cell in cells:
        try:
            float(cell)
        except ValueError:
            return False
    return bool(cells)


def read_commas(table: pd.DataFrame, delimiter: str, where: str) -> pd.DataFrame:
    """Write decimal commas as points, where the whole table has decimal commas.

    A comma before three digits may part thousands or decimals; the other cells tell, and where
    none does, the table's semicolons, which tables have whose decimals are commas.

    Raises
    ------
    DataError
        If some cells have decimal commas and others decimal points.
    """
    commas = _Commas()
    for name in table.columns:
        if table[name].str.contains(",", regex=False).fillna(False).any():
            commas.look_at(str(name), table[name].tolist())
    comma = commas.decimal or (commas.unclear if delimiter == ";" else None)
    if comma is None or (commas.decimal is None and commas.thousands is not None):
        return table
    for name in table.columns if commas.thousands is None else ():
        commas.look_at(str(name), table[name].tolist())
    other = commas.point or commas.thousands
    if other is None:
        return table.map(_with_point)
    if delimiter == ",":  # commas in quotes may be anything; a cell that is none of ours may stay
        return table
    (name, row, cell), (second, place, value) = comma, other
    raise DataError(
        f"{where}: row {row + 1}, column {name!r} has {cell!r}, with a decimal comma, and row "
        f"{place + 1}, column {second!r} has {value!r}, without; write all numbers in one way."
    )


@dataclass
class _Commas:
    """The first cells of a table that show what its commas and points are."""

    decimal: Place | None = None
    thousands: Place | None = None
    unclear: Place | None = None
    point: Place | None = None

    def look_at(self, name: str, cells: list[object]) -> None:
        """Look for such cells in a column, if it holds numbers."""
        texts = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
        found = [_BODY.match(text) for text in texts]
        if not all(one or not text for one, text in zip(found, texts, strict=True)):
            return
        for row, one in enumerate(found):
            if one is None:
                continue
            place = (name, row, texts[row])
            is_decimal = _DECIMAL.fullmatch(one["body"])
            is_thousands = _THOUSANDS.fullmatch(one["body"])
            if is_decimal and (one["power"] or not is_thousands):
                self.decimal = self.decimal or place
            elif is_decimal:
                self.unclear = self.unclear or place
            elif is_thousands:
                self.thousands = self.thousands or place
            elif _POINT.fullmatch(one["body"]):
                self.point = self.point or place


def _with_point(cell: object) -> object:
    if not isinstance(cell, str) or not (found := _BODY.match(cell.strip())):
        return cell
    body = found["body"]
    if "," not in body and not re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", body):
        return cell
    return cell.replace(body, body.replace(".", "").replace(",", "."), 1)
