"""From what was typed to a table of counts in buckets."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bayes_scaling.cli.questions import Counts, Question
from bayes_scaling.cli.words import note, read_pairs
from bayes_scaling.errors import BayesScalingError, suggest

if TYPE_CHECKING:
    import pandas as pd

READ = ("tests", "filter", "metric")


def read_counts(
    source: str,
    columns: Sequence[str] | None,
    compute: Sequence[str] | None,
    counts: Counts,
    *,
    seed: int,
) -> "pd.DataFrame":
    """Read counts, and form buckets if they were asked for; warnings go to stderr."""
    from bayes_scaling.data import read_passes

    if compute and counts.run_compute:
        raise BayesScalingError("--run-compute: --compute says the same; leave one of them out.")
    amounts: Any = counts.run_compute or read_pairs("--compute", compute)
    ways = read_pairs("--read", counts.read) or {}
    for way in ways:
        if way not in READ:
            raise BayesScalingError(f"--read: {way!r} is not known; {suggest(way, READ)}")
    sizes = _demand_buckets(counts)
    names = read_pairs("--columns", columns)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        passes = read_passes(source, columns=names, compute=amounts, **ways)
        if sizes is not None or counts.hardest is not None:
            passes = _sort(passes, sizes, counts.hardest, seed)
    for warning in caught:
        note(str(warning.message))
    return passes


def demand_forecastable(passes: "pd.DataFrame", question: Question) -> None:
    """Refuse counts that a forecast would be refused of after the fit."""
    if passes["compute"].nunique() < 2:
        raise BayesScalingError(
            f"compute: all runs have {passes['compute'].iloc[0]:.3g} FLOP, which says nothing of "
            "the exponent: a forecast would be the prior's. Add runs of other sizes; bayes-scaling "
            "fit describes these."
        )
    solved = passes["n_correct"].gt(0).groupby(passes["problem"]).all()
    if question.restrict is not None and not solved.any():
        raise BayesScalingError(
            "--restrict: no problem is solved by every run; leave it out: counts of zero are "
            "evidence too."
        )


def _demand_buckets(counts: Counts) -> int | str | None:
    if counts.hardest is not None and counts.hardest < 1:
        raise BayesScalingError(f"--hardest: expected a positive number, got {counts.hardest}.")
    if counts.buckets is None or counts.buckets == "split":
        return counts.buckets
    if not (counts.buckets.isascii() and counts.buckets.isdigit() and int(counts.buckets) > 0):
        raise BayesScalingError(
            f"--buckets: expected a positive number or split, got {counts.buckets!r}."
        )
    return int(counts.buckets)


def _sort(
    passes: "pd.DataFrame", sizes: int | str | None, hardest: int | None, seed: int
) -> "pd.DataFrame":
    from bayes_scaling.data import default_buckets, form_buckets

    how = default_buckets(passes) if sizes is None else sizes
    sorted_ = form_buckets(passes, how, hardest=hardest, random_seed=seed)
    members = sorted_.drop_duplicates("problem")["bucket"].value_counts(sort=False).sort_index()
    named = ", ".join(f"{label} ({count})" for label, count in members.items())
    half = "; formed on half of the samples, the other half is fitted" if how == "split" else ""
    note(f"Buckets and their problems: {named}{half}.")
    return sorted_
