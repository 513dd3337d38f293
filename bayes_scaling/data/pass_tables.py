"""What a checked table of pass counts is, and what makes a table not one."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data.cells import (
    AMOUNTS,
    Rows,
    as_table,
    compute_sources,
    fill_compute,
    find_twice,
    is_missing,
    number_columns,
    other_columns,
    read_cells,
    require_columns,
    text_column,
)
from bayes_scaling.data.compute import as_float
from bayes_scaling.data.notices import warn_of_passes
from bayes_scaling.data.shapes import demand_counts
from bayes_scaling.errors import DataError

RUN_KEYS = ("family", "run")
PROBLEM_KEYS = ("benchmark", "problem")
COLUMNS = (
    "run",
    "family",
    "compute",
    "compute_from",
    "params",
    "tokens",
    "benchmark",
    "problem",
    "bucket",
    "n_samples",
    "n_correct",
)
BY_PROBLEM = ("problem", "n_samples", "n_correct")
LARGEST = 2**53  # whole numbers up to here are exact as floats


def check_passes(table: pd.DataFrame) -> pd.DataFrame:
    """Check a table of pass counts and put it in its standard form.

    Checking a checked table gives the same table again.

    Parameters
    ----------
    table : DataFrame
        A row for every run and problem: ``run``, ``problem``, ``n_samples``, ``n_correct``, and
        ``compute`` (FLOP, or text such as '3 ZFLOP') or both ``params`` and ``tokens``. Optional:
        ``family``, ``benchmark``, ``bucket``. Runs need not have tried the same problems. It is
        not changed.

    Returns
    -------
    DataFrame
        A fresh table in the order of the rows, index 0 to n - 1. Columns run, family, compute
        (FLOP), compute_from, params, tokens, benchmark, problem, bucket, n_samples, n_correct
        (int64), those that are optional only where given, then any others as they were. Where
        compute is missing it is 6 x params x tokens; ``compute_from`` says 'given' or '6ND'.

    Raises
    ------
    DataError
        If it is no table, has no rows, lacks a column, or has a cell of the wrong kind or out of
        range (the message names the row, counted from 1, the run and the problem); if a run and
        problem are there twice; if a run has two computes, or a problem two buckets.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"run": ["1B", "1B"], "compute": ["1.8 ZFLOP", "1.8 ZFLOP"],
    ...                       "problem": [0, 1], "n_samples": 200, "n_correct": [31, 0]})
    >>> check_passes(table)[["run", "compute", "problem", "n_samples", "n_correct"]]
      run       compute problem  n_samples  n_correct
    0  1B  1.800000e+21       0        200         31
    1  1B  1.800000e+21       1        200          0
    """
    raw = as_table(table, "passes", "a row for every run and problem", COLUMNS)
    demand_counts(raw)
    _require_counts(raw)
    require_columns(raw, ["run", *BY_PROBLEM], COLUMNS)
    checked: dict[str, Sequence[object] | Array] = {}
    checked["run"] = runs = text_column(raw, "run", Rows())
    problems = text_column(raw, "problem", Rows(names={"run": runs}))
    rows = Rows(names={"run": runs, "problem": problems})
    if "family" in raw:
        checked["family"] = text_column(raw, "family", rows)
    checked |= _amounts_of_compute(raw, rows)
    if "benchmark" in raw:
        checked["benchmark"] = text_column(raw, "benchmark", rows)
    checked["problem"] = problems
    if "bucket" in raw:
        checked["bucket"] = text_column(raw, "bucket", rows)
    checked |= _counts(raw, rows)
    others = other_columns(raw, COLUMNS, warn_of_passes)
    passes = pd.concat([pd.DataFrame(checked), others], axis=1)
    passes = passes.astype({"n_samples": "int64", "n_correct": "int64"})
    passes.attrs = dict(raw.attrs)  # how columns were read
    _require_unique(passes, rows)
    _require_constant(passes, "compute", RUN_KEYS, rows)
    if "bucket" in passes:
        _require_constant(passes, "bucket", PROBLEM_KEYS, rows)
    return passes


def unit_keys(table: pd.DataFrame) -> list[str]:
    """List the columns that say whose response a row of a checked table is.

    Parameters
    ----------
    table : DataFrame
        Runs or pass counts, checked.

    Returns
    -------
    list of str
        Those of family, run, benchmark and problem that the table has: together they name a row.

    Examples
    --------
    >>> import pandas as pd
    >>> unit_keys(pd.DataFrame(columns=["run", "compute", "problem", "n_samples", "n_correct"]))
    ['run', 'problem']
    """
    return keys_of(table, (*RUN_KEYS, *PROBLEM_KEYS))


def keys_of(table: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    """Keep the key columns that a table has: family and benchmark are optional."""
    return [key for key in keys if key in table]


def _require_counts(raw: pd.DataFrame) -> None:
    if not set(BY_PROBLEM) & set(raw.columns):
        raise DataError(
            f"models such as pass_rate need counts by problem ({', '.join(BY_PROBLEM)}), and the "
            f"table has: {', '.join(raw.columns)}. An average over a benchmark isn't one: fit 1 "
            "minus the share with a model of losses, or give a row for every run and problem. "
            "Other names are mapped with columns={'your name': 'problem'}."
        )


def _amounts_of_compute(raw: pd.DataFrame, rows: Rows) -> dict[str, Sequence[object] | Array]:
    numbers = number_columns(raw, AMOUNTS, rows)
    params, tokens = numbers["params"], numbers["tokens"]
    amounts, filled = fill_compute(numbers["compute"], params, tokens, rows)
    found: dict[str, Sequence[object] | Array] = {"compute": amounts}
    found["compute_from"] = compute_sources(raw, filled, rows)
    found |= {"params": params} if "params" in raw else {}
    found |= {"tokens": tokens} if "tokens" in raw else {}
    return found


def _counts(raw: pd.DataFrame, rows: Rows) -> dict[str, Array]:
    samples = np.array(read_cells(raw["n_samples"], _n_samples, rows))
    correct = np.array(read_cells(raw["n_correct"], _n_correct, rows))
    more = correct > samples
    if more.any():
        row = int(more.argmax())
        raise DataError(
            f"{rows[row]}: n_correct is {correct[row]:.0f} but n_samples only {samples[row]:.0f}; "
            "at most all samples can be right."
        )
    return {"n_samples": samples, "n_correct": correct}


def _n_samples(value: object) -> float:
    number = _whole(value)
    if number < 1:
        raise DataError(
            f"got {number:.0f}; it must be 1 or more. Leave out the row of a problem that the run "
            "did not try."
        )
    return number


def _n_correct(value: object) -> float:
    number = _whole(value)
    if number < 0:
        raise DataError(f"got {number:.0f}; a count can't be negative.")
    return number


def _whole(value: object) -> float:
    if is_missing(value):
        raise DataError(
            "the cell is empty; leave out the row of a problem that the run did not try."
        )
    number = as_float(value, "a count of samples", "write a whole number")
    if not (number.is_integer() and abs(number) <= LARGEST):
        raise DataError(
            f"got {number:g}; a count of samples must be a whole number (a pass rate times "
            "n_samples is one only if rounded)."
        )
    return number


def _require_unique(passes: pd.DataFrame, rows: Rows) -> None:
    if twice := find_twice(passes[unit_keys(passes)]):
        first, second = twice
        name = rows[second].partition("(")[2].removesuffix(")")
        raise DataError(
            f"{name} is there twice, in rows {first + 1} and {second + 1}; a run and problem have "
            "one row. Add up samples of the same run; give replicates, prompts and checkpoints "
            "run names of their own."
        )


def _require_constant(passes: pd.DataFrame, column: str, keys: Sequence[str], rows: Rows) -> None:
    names = keys_of(passes, keys)
    first = passes.groupby(names, sort=False)[column].transform("first")
    differs = (passes[column] != first).to_numpy()
    if differs.any():
        row = int(differs.argmax())
        noun = names[-1]
        raise DataError(
            f"{rows[row]}, column {column!r}: got {passes[column].iloc[row]!s}, but the {noun} "
            f"{passes[noun].iloc[row]!r} has {first.iloc[row]!s} in an earlier row; "
            f"a {noun} has one {column}."
        )
