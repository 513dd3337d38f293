"""Rolling origins: which runs of a ladder are fitted, which are forecast, and what is left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_scaling.data import parse_compute
from bayes_scaling.errors import DataError
from bayes_scaling.responses import LOSSES, Response

FEWEST_RUNS = 4
FEWEST_COMPUTES = 3
WHOLE = "ladder"


@dataclass(frozen=True, eq=False)
class Split:
    """Runs of a ladder up to a cutoff, and the runs to forecast from them.

    Attributes
    ----------
    ladder : str
    cutoff : float
        FLOP; every run up to and at it is fitted.
    fitted, targets : DataFrame
    """

    ladder: str
    cutoff: float
    fitted: pd.DataFrame
    targets: pd.DataFrame


@dataclass(frozen=True)
class Skip:
    """A cutoff that can't be used, and why. Where no cutoff could be chosen it is NaN."""

    ladder: str
    cutoff: float
    why: str


def find_ladders(
    data: pd.DataFrame | str | Path, *, pooled: bool = False, response: Response = LOSSES
) -> dict[str, pd.DataFrame]:
    """Take a table of runs or counts apart, a checked table a ladder, each sorted by compute.

    Parameters
    ----------
    data : DataFrame, str or Path
        Runs. A column ``ladder`` tells ladders apart, else ``family`` does, else it is one.
    pooled : bool
        Keep families together, unless a column ``ladder`` tells ladders apart.
    response : Response
        What the table is of.

    Raises
    ------
    DataError
        If a run has no ladder, or did not finish, or the table isn't fit for use.

    Examples
    --------
    >>> from bayes_scaling.data import example
    >>> list(find_ladders(example("pythia")))
    ['Pythia']
    """
    table = data if isinstance(data, pd.DataFrame) else response.read(data)
    if "ladder" in table:
        if table["ladder"].isna().any():
            raise DataError("ladder: some rows have none; say for every run which ladder it is of.")
        named = [(str(name), rows) for name, rows in table.groupby("ladder", sort=False)]
        parts = {name: _checked(name, rows, response) for name, rows in named}
    elif "family" in (runs := response.check(table)) and not pooled:
        parts = {str(name): rows for name, rows in runs.groupby("family", sort=False)}
    else:
        parts = {WHOLE: runs}
    for name, rows in parts.items():
        _refuse_unfinished(name, rows)
    return {
        name: rows.sort_values("compute", kind="stable").reset_index(drop=True)
        for name, rows in parts.items()
    }


def _checked(name: str, rows: pd.DataFrame, response: Response) -> pd.DataFrame:
    try:
        return response.check(rows)
    except DataError as error:
        raise DataError(f"ladder {name!r}: {error}") from None


def _refuse_unfinished(name: str, rows: pd.DataFrame) -> None:
    if "finished" in rows and not rows["finished"].all():
        run = rows.loc[~rows["finished"], "run"].iloc[0]
        raise DataError(
            f"finished: {run} of {name} ended before it was planned to, so its last loss is not "
            "that of its compute. Drop such rows (runs[runs.finished])."
        )


def check_cutoffs(cutoffs: Sequence[object] | None) -> list[float] | None:
    """Read cutoffs as FLOP, in rising order; raises DataError if one can't be read."""
    if cutoffs is None:
        return None
    if isinstance(cutoffs, str) or not np.iterable(cutoffs) or len(cutoffs) == 0:
        raise DataError(f"cutoffs: expected a sequence of computes, got {cutoffs!r}.")
    try:
        return sorted({parse_compute(cutoff) for cutoff in cutoffs})
    except DataError as error:
        raise DataError(f"cutoffs: {error}") from None


def check_horizon(horizon: float | None) -> None:
    """Demand a positive number of decades; raises DataError."""
    given = isinstance(horizon, int | float) and np.isfinite(horizon) and horizon > 0
    if horizon is not None and not given:
        raise DataError(f"horizon: expected a positive number of decades, got {horizon!r}.")


def split_ladders(
    ladders: Mapping[str, pd.DataFrame], cutoffs: Sequence[float] | None, horizon: float | None
) -> tuple[list[Split], list[Skip]]:
    """Split every ladder at every cutoff, and say of each that can't be used why.

    Examples
    --------
    >>> ladder = pd.DataFrame({"compute": [1.0, 2, 4, 8, 16, 32], "loss": 1.0})
    >>> splits, skips = split_ladders({"a": ladder, "b": ladder[:4]}, None, None)
    >>> [(split.ladder, split.cutoff, len(split.targets)) for split in splits]
    [('a', 8.0, 2), ('a', 16.0, 1)]
    >>> [skip.ladder for skip in skips]
    ['b']
    """
    every = [one for name, runs in ladders.items() for one in _split(name, runs, cutoffs, horizon)]
    return [x for x in every if isinstance(x, Split)], [x for x in every if isinstance(x, Skip)]


def _split(
    name: str, runs: pd.DataFrame, cutoffs: Sequence[float] | None, horizon: float | None
) -> Iterator[Split | Skip]:
    chosen = _usual_cutoffs(runs) if cutoffs is None else cutoffs
    if not chosen:
        why = f"{len(runs)} runs; by default {FEWEST_RUNS} at least are fitted and one is forecast"
        yield Skip(name, np.nan, why)
    before = 0
    for cutoff in chosen:
        seen = runs["compute"] <= cutoff
        fitted, later = runs[seen], runs[~seen]
        targets, strangers = _within_reach(fitted, later, horizon)
        scales = fitted["compute"].nunique()
        if strangers:
            yield Skip(name, cutoff, f"no run of {', '.join(strangers)} up to the cutoff")
        if scales < FEWEST_COMPUTES:
            why = f"{scales} distinct computes up to the cutoff; a fit needs {FEWEST_COMPUTES}"
            yield Skip(name, cutoff, why)
        elif later.empty:
            yield Skip(name, cutoff, "no run beyond the cutoff")
        elif targets.empty:
            within = "" if horizon is None else f" within {horizon:g} decades"
            yield Skip(name, cutoff, f"nothing to forecast{within} beyond the cutoff")
        elif len(fitted) == before:
            yield Skip(name, cutoff, "the same runs as up to the cutoff before")
        else:
            yield Split(name, cutoff, fitted, targets)
        before = len(fitted)


def _usual_cutoffs(runs: pd.DataFrame) -> list[float]:
    """Compute of the k-th smallest of n runs, for k = 4, 5, halfway from 4 to n, and n - 2."""
    n = len(runs)
    counts = {FEWEST_RUNS, FEWEST_RUNS + 1, (n + FEWEST_RUNS) // 2, n - 2}
    ordered = np.sort(runs["compute"].to_numpy(float))
    return sorted({float(ordered[k - 1]) for k in counts if FEWEST_RUNS <= k < n})


def _within_reach(
    fitted: pd.DataFrame, later: pd.DataFrame, horizon: float | None
) -> tuple[pd.DataFrame, list[str]]:
    """Later runs of families that were seen, not too far beyond; and families that were not."""
    if "family" in later:
        last = later["family"].map(fitted.groupby("family")["compute"].max())
    else:
        last = pd.Series(fitted["compute"].max(), index=later.index)
    strangers = sorted(set(later.loc[last.isna(), "family"])) if "family" in later else []
    with np.errstate(invalid="ignore"):
        distance = np.log10(later["compute"] / last.astype(float))
    reach = np.inf if horizon is None else horizon * (1 + 1e-12)
    return later[last.notna() & (distance <= reach)], strangers
