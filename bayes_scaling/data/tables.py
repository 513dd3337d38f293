"""What a checked table of runs is, and what makes a table not one."""

import math
from collections.abc import Sequence

import pandas as pd

from bayes_scaling.data.cells import (
    as_table,
    compute_sources,
    fill_compute,
    is_missing,
    number_column,
    require_columns,
    text_column,
)
from bayes_scaling.data.compute import as_float, parse_compute, parse_count, positive
from bayes_scaling.errors import DataError

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
    raw = as_table(table, "runs", "a row a run")
    require_columns(raw, ["loss"], COLUMNS)
    rows = [f"row {i + 1}" for i in range(len(raw))]
    if "run" in raw:
        runs = text_column(raw, "run", rows)
        rows = [f"{row} (run {run!r})" for row, run in zip(rows, runs, strict=True)]
    else:
        runs = [f"run {i + 1}" for i in range(len(raw))]
    checked: dict[str, Sequence[object]] = {"run": runs}
    if "family" in raw:
        checked["family"] = text_column(raw, "family", rows)
    _require_unique(checked)

    params = number_column(raw, "params", parse_count, rows)
    tokens = number_column(raw, "tokens", parse_count, rows)
    compute = number_column(raw, "compute", parse_compute, rows)
    checked["compute"], filled = fill_compute(compute, params, tokens, rows)
    checked["compute_from"] = compute_sources(raw, filled, rows)
    checked |= {"params": params} if "params" in raw else {}
    checked |= {"tokens": tokens} if "tokens" in raw else {}
    checked["loss"] = _required(number_column(raw, "loss", _loss, rows), "loss", rows)
    if "loss_se" in raw:
        checked["loss_se"] = number_column(raw, "loss_se", _standard_error, rows)
    if "loss_unit" in raw:
        units = raw["loss_unit"].tolist()
        checked["loss_unit"] = [None if is_missing(unit) else str(unit) for unit in units]
    if "finished" in raw:
        flags = zip(raw["finished"].tolist(), rows, strict=True)
        checked["finished"] = [_flag(value, row) for value, row in flags]

    others = raw[[name for name in raw.columns if name not in COLUMNS]]
    whole = pd.concat([pd.DataFrame(checked), others], axis=1)
    whole.attrs = dict(raw.attrs)  # how columns were read
    return whole


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


def _flag(value: object, row: str) -> bool:
    flag = FLAGS.get(str(value).strip().lower().removesuffix(".0"))
    if flag is None:
        raise DataError(f"{row}, column 'finished': got {value!r}; write true or false.")
    return flag
