"""A table as one text, which gives the same table again: whatever its columns are called or hold.

The text is JSON, a record a column. What JSON has no word for is a list of two: the name of a kind,
and what it is made from.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

PLAIN = {bool, int, float, str, type(None)}


class Kind(NamedTuple):
    """Cells of one type: how they are written, and read again."""

    type: type
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def table_to_text(table: pd.DataFrame) -> str:
    """Write a table whose columns are all keepable; the index isn't kept.

    Examples
    --------
    >>> table = pd.DataFrame({"optim/lr": [0.01, 0.02], "row": [{"a": 1}, None]})
    >>> table_from_text(table_to_text(table)).equals(table)
    True
    """
    return json.dumps([[str(name), _write_column(table[name])] for name in table])


def table_from_text(text: str) -> pd.DataFrame:
    """Read what `table_to_text` wrote."""
    return pd.DataFrame({name: _read_column(column) for name, column in json.loads(text)})


def is_keepable(column: "pd.Series[Any]") -> bool:
    """Whether a column comes back from a text as it was."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biu":
        return True
    if column.dtype == np.float64 or set(map(type, column.tolist())) <= PLAIN - {int}:
        return True
    try:
        text = json.dumps(_write_column(column))
        return json.dumps(_write_column(_read_column(json.loads(text)))) == text
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        return False


def _write_column(column: "pd.Series[Any]") -> dict[str, Any]:
    found: dict[str, Any] = {"dtype": str(column.dtype)}
    if isinstance(column.dtype, pd.CategoricalDtype):
        found |= {"ordered": bool(column.dtype.ordered), "cells": column.cat.codes.tolist()}
        return found | {"categories": _write_column(pd.Series(column.dtype.categories))}
    return found | {"cells": [_write(cell) for cell in column.tolist()]}


def _read_column(found: Mapping[str, Any]) -> "pd.Series[Any]":
    if "categories" in found:
        categories = pd.Index(_read_column(found["categories"]))
        coded = pd.Categorical.from_codes(found["cells"], categories, found["ordered"])
        return pd.Series(coded)
    cells: pd.Series[Any] = pd.Series(
        [_read(cell) for cell in found["cells"]], dtype=found["dtype"]
    )
    return cells


def _write(cell: Any) -> Any:
    if isinstance(cell, np.generic):
        cell = cell.item()
    if type(cell) in PLAIN:
        return cell
    if type(cell) not in NAME_OF:
        raise TypeError(f"{type(cell).__name__} can't be written as text")
    name = NAME_OF[type(cell)]
    return [name, KINDS[name].write(cell)]


def _read(cell: Any) -> Any:
    if not isinstance(cell, list):
        return cell
    name, inside = cell
    return KINDS[name].read(inside)


def _write_all(cells: Any) -> list[Any]:
    return [_write(cell) for cell in cells]


def _read_all(cells: Any) -> list[Any]:
    return [_read(cell) for cell in cells]


def _write_time(moment: pd.Timestamp) -> list[Any]:
    return [moment.isoformat(), moment.unit, None if moment.tz is None else str(moment.tz)]


def _read_time(found: list[Any]) -> Any:
    text, unit, zone = found
    moment = pd.Timestamp(text).as_unit(unit)
    return moment if zone is None else moment.tz_convert(zone)


KINDS: Mapping[str, Kind] = {
    "list": Kind(list, _write_all, _read_all),
    "tuple": Kind(tuple, _write_all, lambda cells: tuple(_read_all(cells))),
    "dict": Kind(
        dict,
        lambda cell: [_write_all(pair) for pair in cell.items()],
        lambda pairs: dict(map(_read_all, pairs)),
    ),
    "array": Kind(
        np.ndarray,
        lambda cell: [str(cell.dtype), _write(cell.tolist())],
        lambda found: np.array(_read(found[1]), dtype=found[0]),
    ),
    "bytes": Kind(bytes, bytes.hex, bytes.fromhex),
    "decimal": Kind(Decimal, str, Decimal),
    "timestamp": Kind(pd.Timestamp, _write_time, _read_time),
    "timedelta": Kind(
        pd.Timedelta,
        lambda cell: [cell.isoformat(), cell.unit],
        lambda found: pd.Timedelta(found[0]).as_unit(found[1]),
    ),
    "datetime": Kind(datetime, datetime.isoformat, datetime.fromisoformat),
    "date": Kind(date, date.isoformat, date.fromisoformat),
    "time": Kind(time, time.isoformat, time.fromisoformat),
    "NA": Kind(type(pd.NA), lambda _: None, lambda _: pd.NA),
    "NaT": Kind(type(pd.NaT), lambda _: None, lambda _: pd.NaT),
}
NAME_OF = {kind.type: name for name, kind in KINDS.items()}
