"""From what was typed to a table of counts in buckets."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bayes_scaling.cli.questions import Question, Reading
from bayes_scaling.cli.words import as_source, note, read_pairs
from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.scales import unit_after

if TYPE_CHECKING:
    import pandas as pd

READ = ("tests", "filter", "metric")


def read_counts(
    source: str | Sequence[str],
    reading: Reading,
    *,
    seed: int,
    along: str | None = None,
) -> "pd.DataFrame":
    """Read counts, and form buckets if they were asked for; warnings go to stderr."""
    from bayes_scaling.data import read_passes

    if reading.compute and reading.run_compute:
        raise BayesScalingError("--run-compute: --compute says the same; leave one of them out.")
    amounts: Any = reading.run_compute or read_pairs("--compute", reading.compute)
    ways = read_pairs("--read", reading.read) or {}
    for way in ways:
        if way not in READ:
            raise BayesScalingError(f"--read: {way!r} is not known; {suggest(way, READ)}")
    sizes = _demand_buckets(reading)
    names = read_pairs("--columns", reading.columns)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        passes = read_passes(as_source(source), columns=names, compute=amounts, along=along, **ways)
        if sizes is not None or reading.hardest is not None:
            passes = _sort(passes, sizes, reading.hardest, seed)
    for warning in caught:
        note(str(warning.message))
    return passes


def demand_forecastable(
    passes: "pd.DataFrame", question: Question, column: str = "compute"
) -> None:
    """Refuse counts that a forecast would be refused of after the fit."""
    if passes[column].nunique() < 2:
        amount = f"{passes[column].iloc[0]:.3g}{unit_after([column])}"
        raise BayesScalingError(
            f"{column}: all runs have {amount}, which says nothing of "
            "the exponent: a forecast would be the prior's. Add runs of other sizes; bayes-scaling "
            "fit describes these."
        )
    solved = passes["n_correct"].gt(0).groupby(passes["problem"]).all()
    if question.restrict is not None and not solved.any():
        raise BayesScalingError(
            "--restrict: no problem is solved by every run; leave it out: counts of zero are "
            "evidence too."
        )


def _demand_buckets(reading: Reading) -> int | str | None:
    buckets, hardest = reading.buckets, reading.hardest
    if hardest is not None and hardest < 1:
        raise BayesScalingError(f"--hardest: expected a positive number, got {hardest}.")
    if buckets is None or buckets == "split":
        return buckets
    if not (buckets.isascii() and buckets.isdigit() and int(buckets) > 0):
        raise BayesScalingError(f"--buckets: expected a positive number or split, got {buckets!r}.")
    return int(buckets)


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
