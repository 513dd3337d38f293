"""The compute of runs, given apart from their counts."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bayes_scaling.data.cells import Rows, as_table, text_column
from bayes_scaling.data.readers import read_file
from bayes_scaling.data.sources import find_paths
from bayes_scaling.errors import DataError, suggest

AMOUNTS = ("compute", "compute_from", "params", "tokens", "family")

Computes = Mapping[str, object] | pd.DataFrame | str | Path


def attach_compute(table: pd.DataFrame, compute: Computes | None) -> pd.DataFrame:
    """Give each row the compute of its run.

    Parameters
    ----------
    table : DataFrame
        With the column ``run``, and without the amounts that are attached.
    compute : mapping of run to FLOP or text, DataFrame, str or Path, optional
        A table, or the file of one, has the columns ``run`` and ``compute``, or ``run``,
        ``params`` and ``tokens``; ``family`` and ``compute_from`` come along, other columns don't.
        Runs that aren't in the first table are passed over.

    Raises
    ------
    DataError
        If a run has no entry or two, or both tables have the same column.
    """
    if compute is None:
        return table
    if "run" not in table:
        raise DataError("compute= is by run, and the table has no column 'run'; add it.")
    amounts = _by_run(compute)
    twice = [str(name) for name in amounts.columns if name in table]
    if twice:
        raise DataError(
            f"{twice[0]} is in the table and in compute= too; leave one of them out, so that "
            "it is clear which counts."
        )
    runs = text_column(table, "run", Rows())
    missing = [run for run in dict.fromkeys(runs) if run not in amounts.index]
    if missing:
        raise DataError(
            f"compute: run {missing[0]!r} has no entry; every run needs its compute. It has: "
            f"{suggest(missing[0], map(str, amounts.index)).removeprefix('allowed: ')}"
        )
    return table.assign(**{str(name): amounts[name].loc[runs].tolist() for name in amounts})


def _by_run(compute: Computes) -> pd.DataFrame:
    if isinstance(compute, Mapping):
        amounts = pd.DataFrame({"run": list(compute), "compute": list(compute.values())})
    elif isinstance(compute, pd.DataFrame):
        amounts = compute
    elif isinstance(compute, str | Path):
        amounts = pd.concat([read_file(path)[1] for path in find_paths(compute)])
    else:
        raise DataError(
            "compute must be a mapping of runs to FLOP, a table or the path of one, got "
            f"{type(compute).__name__}."
        )
    if amounts.empty:
        raise DataError("compute has no entries; every run needs its compute.")
    amounts = as_table(amounts, "compute", "a row a run", ("run", *AMOUNTS))
    if "run" not in amounts or not (
        {"compute"} <= {*amounts} or {"params", "tokens"} <= {*amounts}
    ):
        raise DataError(
            "compute: the table must have the columns run and compute, or run, params and tokens; "
            f"it has: {', '.join(map(str, amounts))}."
        )
    runs = pd.Index(text_column(amounts, "run", Rows("compute, ")))
    if runs.has_duplicates:
        raise DataError(f"compute: run {runs[runs.duplicated()][0]!r} has two entries; keep one.")
    return amounts[[name for name in AMOUNTS if name in amounts]].set_axis(runs)
