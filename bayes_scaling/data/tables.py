"""What a checked table of runs is, and what makes a table not one."""

import difflib
import math
from collections.abc import Callable, Sequence
from numbers import Real

import pandas as pd

from bayes_scaling.data.compute import as_float, parse_compute, parse_count, positive
from bayes_scaling.errors import DataError, suggest

COLUMNS = (
    "run",
    "family",
    "compute",
    "compute_from",
    "params",
    "tokens",
    "loss",
    "loss_se",
    "loss_unit",
    "finished",
)
COMPUTE_SOURCES = ("given", "6ND", "total_flos")
FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def check_runs(table: pd.DataFrame) -> pd.DataFrame:
    """Check a table of runs and put it in its standard form.

    Checking a checked table gives the same table again.

    Parameters
    ----------
    table : DataFrame
        A row a run, with ``loss``, and with ``compute`` (FLOP, or text such as '3 ZFLOP') or
        both ``params`` and ``tokens``. Optional: ``run``, ``family``, ``loss_se``,
        ``loss_unit``, ``finished``. It is not changed.

    Returns
    -------
    DataFrame
        A fresh table in the order of the rows, index 0 to n - 1. Columns run, family, compute
        (FLOP), compute_from, params, tokens, loss, loss_se, loss_unit, finished, those that are
        optional only where given, then any others as they were. Where compute is missing it is
        6 x params x tokens; ``compute_from`` says 'given', '6ND' or 'total_flos'. Runs without
        names are called 'run 1', 'run 2', ...

    Raises
    ------
    DataError
        If it is no table, has no rows, lacks a column, or has a cell of the wrong kind or out
        of range (the message names the row, counted from 1, and the run), or a run id twice.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"params": ["111M"], "tokens": ["2.22B"], "loss": [2.608]})
    >>> check_runs(table)[["run", "compute", "compute_from"]]
         run       compute compute_from
    0  run 1  1.478520e+18          6ND
    """
    raw = _as_table(table)
    _require_columns(raw)
    rows = [f"row {i + 1}" for i in range(len(raw))]
    if "run" in raw:
        runs = _text(raw, "run", rows)
        rows = [f"{row} (run {run!r})" for row, run in zip(rows, runs, strict=True)]
    else:
        runs = [f"run {i + 1}" for i in range(len(raw))]
    checked: dict[str, Sequence[object]] = {"run": runs}
    if "family" in raw:
        checked["family"] = _text(raw, "family", rows)
    _require_unique(checked)

    params = _numbers(raw, "params", parse_count, rows)
    tokens = _numbers(raw, "tokens", parse_count, rows)
    compute = _numbers(raw, "compute", parse_compute, rows)
    checked["compute"], filled = _fill_compute(compute, params, tokens, rows)
    checked["compute_from"] = _compute_from(raw, filled, rows)
    checked |= {"params": params} if "params" in raw else {}
    checked |= {"tokens": tokens} if "tokens" in raw else {}
    checked["loss"] = _required(_numbers(raw, "loss", _loss, rows), "loss", rows)
    if "loss_se" in raw:
        checked["loss_se"] = _numbers(raw, "loss_se", _standard_error, rows)
    if "loss_unit" in raw:
        units = raw["loss_unit"].tolist()
        checked["loss_unit"] = [None if is_missing(unit) else str(unit) for unit in units]
    if "finished" in raw:
        flags = zip(raw["finished"].tolist(), rows, strict=True)
        checked["finished"] = [_flag(value, row) for value, row in flags]

    others = raw[[name for name in raw.columns if name not in COLUMNS]]
    return pd.concat([pd.DataFrame(checked), others], axis=1)


def is_missing(value: object) -> bool:
    """Whether a cell is empty: None, NaN, NA, NaT or blank text."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Real):
        return bool(value != value)
    return value is None or value is pd.NA or value is pd.NaT


def nearest(word: str, names: Sequence[str]) -> str | None:
    """Find the column that was most likely meant: one that contains the word, or looks alike."""
    known_as = {"compute": "flop", "params": "param", "tokens": "token"}.get(word, word)
    for name in names:
        if word in name.lower() or known_as in name.lower():
            return name
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return near[0] if near else None


def _as_table(table: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        raise DataError(
            f"runs must be a pandas DataFrame, got {type(table).__name__}; "
            "make one with pandas.DataFrame(...), a row a run."
        )
    if table.index.name in ("run", "family") and table.index.name not in table.columns:
        table = table.reset_index()
    if not all(isinstance(name, str) for name in table.columns):
        raise DataError(f"column names must be text, got {list(table.columns)}; name the columns.")
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise DataError(f"column {twice[0]!r} is there twice; keep one, or rename the other.")
    if table.empty:
        raise DataError("the table has no rows; it needs a row a run.")
    return table.reset_index(drop=True)


def _require_columns(raw: pd.DataFrame) -> None:
    if "loss" not in raw:
        raise _missing_column("loss", "", raw)
    if "compute" not in raw and not {"params", "tokens"} <= set(raw.columns):
        raise _missing_column("compute", ", and so is 'params' or 'tokens' to make it from", raw)


def _missing_column(name: str, more: str, raw: pd.DataFrame) -> DataError:
    names = [str(column) for column in raw.columns]
    free = [column for column in names if column not in COLUMNS]
    near = nearest(name, free)
    remedy = f"Did you mean {near!r}?" if near else "Add it to the table."
    mapping = f"{{{near or 'your name'!r}: {name!r}}}"
    return DataError(
        f"column {name!r} is missing{more}; the table has: {', '.join(names)}. {remedy} "
        f"Other names are mapped with columns={mapping}."
    )


def _require_unique(checked: dict[str, Sequence[object]]) -> None:
    seen: dict[tuple[object, ...], int] = {}
    names = [checked["family"], checked["run"]] if "family" in checked else [checked["run"]]
    for i, key in enumerate(zip(*names, strict=True)):
        if key in seen:
            family = f" of family {key[0]!r}" if len(key) == 2 else ""
            raise DataError(
                f"run id {key[-1]!r}{family} is there twice, in rows {seen[key] + 1} and {i + 1}; "
                "replicates have their own run ids, such as "
                f"'{key[-1]} seed 1' and '{key[-1]} seed 2'."
            )
        seen[key] = i


def _text(raw: pd.DataFrame, name: str, rows: Sequence[str]) -> list[str]:
    values = raw[name].tolist()
    for value, row in zip(values, rows, strict=True):
        if is_missing(value):
            raise DataError(f"{row}, column {name!r}: the cell is empty; give every row a {name}.")
    return [
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        for value in values
    ]


def _numbers(
    raw: pd.DataFrame, name: str, parse: Callable[[object], float], rows: Sequence[str]
) -> list[float]:
    if name not in raw:
        return [math.nan] * len(raw)
    numbers = []
    for value, row in zip(raw[name].tolist(), rows, strict=True):
        try:
            numbers.append(math.nan if is_missing(value) else parse(value))
        except DataError as error:
            raise DataError(f"{row}, column {name!r}: {error}") from None
    return numbers


def _loss(value: object) -> float:
    return positive(as_float(value, "a loss", "write a number"), "a loss")


def _standard_error(value: object) -> float:
    number = as_float(value, "a standard error", "write a number, or leave the cell empty")
    if not (math.isfinite(number) and number >= 0):
        raise DataError(f"got {number}; a standard error must be finite and not negative.")
    return number


def _required(numbers: list[float], name: str, rows: Sequence[str]) -> list[float]:
    for number, row in zip(numbers, rows, strict=True):
        if math.isnan(number):
            raise DataError(
                f"{row}, column {name!r}: missing or NaN; a {name} must be positive and finite. "
                "Fill the cell, or leave the run out."
            )
    return numbers


def _fill_compute(
    compute: list[float], params: list[float], tokens: list[float], rows: Sequence[str]
) -> tuple[list[float], list[bool]]:
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


def _compute_from(raw: pd.DataFrame, filled: Sequence[bool], rows: Sequence[str]) -> list[str]:
    said = raw["compute_from"].tolist() if "compute_from" in raw else [None] * len(raw)
    sources = []
    for value, fill, row in zip(said, filled, rows, strict=True):
        if not is_missing(value) and value not in COMPUTE_SOURCES:
            allowed = suggest(str(value), COMPUTE_SOURCES)
            raise DataError(f"{row}, column 'compute_from': got {value!r}; {allowed}")
        sources.append("6ND" if fill else "given" if is_missing(value) else str(value))
    return sources


def _flag(value: object, row: str) -> bool:
    flag = FLAGS.get(str(value).strip().lower().removesuffix(".0"))
    if flag is None:
        raise DataError(f"{row}, column 'finished': got {value!r}; write true or false.")
    return flag
