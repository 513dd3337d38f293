"""What a checked table of runs is, and what makes a table not one."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data.attempts import STATES, states_of
from bayes_scaling.data.cells import (
    AMOUNTS,
    Rows,
    as_table,
    compute_sources,
    fill_compute,
    find_twice,
    is_missing,
    number_column,
    number_columns,
    other_columns,
    read_cells,
    require_columns,
    text_column,
)
from bayes_scaling.data.column_names import name_unit
from bayes_scaling.data.compute import (
    as_float,
    positive,
    within_limits,
)
from bayes_scaling.data.notices import warn_of_runs
from bayes_scaling.data.shapes import demand_losses
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
FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, **STATES}


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
    raw = as_table(table, "runs", "a row a run", COLUMNS)
    demand_losses(raw)
    require_columns(raw, ["loss"], COLUMNS)
    rows = Rows()
    if "run" in raw:
        runs = text_column(raw, "run", rows)
        rows = Rows(names={"run": runs})
    else:
        runs = [f"run {i + 1}" for i in range(len(raw))]
    checked: dict[str, Sequence[object] | Array] = {"run": runs}
    if "family" in raw:
        checked["family"] = text_column(raw, "family", rows)
    _require_unique(pd.DataFrame(checked), states_of(raw))

    numbers = number_columns(raw, {**AMOUNTS, "loss": _loss}, rows)
    params, tokens = numbers["params"], numbers["tokens"]
    checked["compute"], filled = fill_compute(numbers["compute"], params, tokens, rows)
    checked["compute_from"] = compute_sources(raw, filled, rows)
    checked |= {"params": params} if "params" in raw else {}
    checked |= {"tokens": tokens} if "tokens" in raw else {}
    checked["loss"] = _required(numbers["loss"], "loss", rows)
    if "loss_se" in raw:
        checked["loss_se"] = number_column(raw, "loss_se", _standard_error, rows)
    if "loss_unit" in raw:
        checked["loss_unit"] = read_cells(raw["loss_unit"], _unit, rows)
    if "finished" in raw:
        checked["finished"] = read_cells(raw["finished"], _flag, rows)
    others = other_columns(raw, COLUMNS, warn_of_runs)
    whole = pd.concat([pd.DataFrame(checked), others], axis=1)
    whole.attrs = dict(raw.attrs)  # how columns were read
    return whole


def _require_unique(names: pd.DataFrame, states: Sequence[str] | None) -> None:
    if twice := find_twice(names):
        first, second = twice
        run = names["run"].iloc[second]
        family = f" of family {names['family'].iloc[second]!r}" if "family" in names else ""
        remedy = f"replicates have their own run ids, such as '{run} seed 1' and '{run} seed 2'."
        if states is not None and not all(STATES[states[row] or "done"] for row in twice):
            first_state, second_state = (states[row] or "unknown" for row in twice)
            remedy = (
                f"the first is {first_state} and the second {second_state}: keep the row of the "
                "attempt that counts."
            )
        raise DataError(
            f"run id {run!r}{family} is there twice, in rows {first + 1} and {second + 1}; {remedy}"
        )


def _loss(value: object) -> float:
    return positive(as_float(value, "a loss", "write a number"), "a loss")


def _standard_error(value: object) -> float:
    number = as_float(value, "a standard error", "write a number, or leave the cell empty")
    if not (math.isfinite(number) and number >= 0):
        raise DataError(f"got {number}; a standard error must be finite and not negative.")
    return within_limits(number, "a standard error")


def _required(numbers: Array, name: str, rows: Rows) -> Array:
    missing = np.isnan(numbers)
    if missing.any():
        raise DataError(
            f"{rows[int(missing.argmax())]}, column {name!r}: missing or NaN; a {name} must be "
            "positive and finite. Fill the cell, or leave the run out."
        )
    return numbers


def _unit(value: object) -> str | None:
    if is_missing(value):
        return None
    if name_unit(str(value)) == "perplexity":
        raise DataError(
            f"got {value!r}, and a loss is its logarithm. Map the column of a perplexity to loss "
            "by a name that says so, such as ppl, without loss_unit, and its logarithm is taken."
        )
    return str(value)


def _flag(value: object) -> bool:
    flag = FLAGS.get(str(value).strip().lower().replace(" ", "_").removesuffix(".0"))
    if flag is None:
        raise DataError(
            f"got {value!r}; write true or false, or a state such as finished, crashed, failed, "
            "killed or running."
        )
    return flag
