"""What a careful colleague would say about pass counts before they are fitted."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data.buckets import FEW_SAMPLES, HARDEST, form_buckets
from bayes_scaling.data.ladder_remarks import (
    remark_on_conventions,
    remark_on_scales,
    remark_on_sizes,
)
from bayes_scaling.data.remarks import Remark, listed, named

MANY_SAMPLES = 100  # buckets formed on the same counts do no harm from here on
ENOUGH_ALIKE = 5
FALL = 0.1
SURE = 3.0  # standard errors


@dataclass(frozen=True)
class _Counts:
    """Counts of a ladder, shape (problems, runs), runs by compute; NaN where not tried."""

    name: str
    problems: list[str]
    runs: list[str]
    compute: Array
    n: Array
    c: Array


def remark_on_passes(name: str, passes: pd.DataFrame) -> Iterator[Remark]:
    """Remark on a checked table of pass counts of one family and benchmark."""
    runs = passes.drop_duplicates("run")
    unsure = "how fast pass rates rise with compute, and whether that slows"
    yield from remark_on_scales(name, runs, unsure)
    yield from remark_on_sizes(name, runs)
    counts = _counts(name, passes)
    yield from _same_runs(counts)
    yield from remark_on_conventions(name, runs)
    yield from _unbalanced(counts)
    yield from _few_samples(name, passes)
    yield from _same_counts(name, passes)
    yield from _solved(counts)
    yield from _falls(counts)


def _counts(name: str, passes: pd.DataFrame) -> _Counts:
    compute = passes.groupby("run")["compute"].first().sort_values(kind="stable")
    values = ["n_samples", "n_correct"]
    wide = passes.pivot_table(index="problem", columns="run", values=values, aggfunc="first")
    n, c = (wide[value][compute.index].to_numpy(float) for value in values)
    return _Counts(name, list(wide.index), list(compute.index), compute.to_numpy(float), n, c)


def _same_runs(counts: _Counts) -> Iterator[Remark]:
    told = (counts.c > 0) & (counts.c < counts.n)
    columns: dict[bytes, list[str]] = {}
    for i, run in enumerate(counts.runs):
        if told[:, i].sum() >= ENOUGH_ALIKE:
            same = np.stack([counts.n[:, i], counts.c[:, i]]).tobytes()
            columns.setdefault(same, []).append(run)
    for twins in columns.values():
        if len(twins) > 1:
            yield Remark(
                "pseudo-replicates",
                f"runs {named(twins)} of {counts.name} have the same counts on every problem; one "
                "run entered twice counts twice as evidence.",
            )


def _unbalanced(counts: _Counts) -> Iterator[Remark]:
    tried = ~np.isnan(counts.n)
    if not tried.all():
        least = int(tried.sum(axis=0).argmin())
        yield Remark(
            "unbalanced",
            f"in {counts.name} {(~tried).sum()} of {tried.size} pairs of a run and a problem are "
            f"missing; run {counts.runs[least]!r} tried {tried[:, least].sum()} of "
            f"{len(counts.problems)} problems. That is fine if they are missing for reasons other "
            "than their results.",
        )


def _few_samples(name: str, passes: pd.DataFrame) -> Iterator[Remark]:
    median = float(passes["n_samples"].median())
    if median <= FEW_SAMPLES:
        some = "one sample" if median == 1 else f"a median of {median:g} samples"
        yield Remark(
            "few samples",
            f"{name} has {some} for a problem and run: the forecast of a single problem leans on "
            "the others, and buckets must not be formed on the counts that are fitted "
            "(buckets='split').",
        )


def _same_counts(name: str, passes: pd.DataFrame) -> Iterator[Remark]:
    if "bucket" not in passes or passes["n_samples"].median() >= MANY_SAMPLES:
        return
    of_problem = passes.drop_duplicates("problem").set_index("problem")["bucket"]
    hardest = int((of_problem == HARDEST).sum()) or None
    count = of_problem.nunique() - (hardest is not None)
    if count > 1 or (count and hardest):
        formed = form_buckets(passes, count, hardest=hardest)
        if (formed["bucket"].to_numpy() == passes["bucket"].to_numpy()).all():
            yield Remark(
                "same counts",
                f"the buckets of {name} are those that its own counts give: formed on so few "
                "samples and fitted to the same, the easiest look too easy and the hardest too "
                "hard. form_buckets(passes, 'split') keeps them apart.",
            )


def _solved(counts: _Counts) -> Iterator[Remark]:
    total = len(counts.problems)
    never = [counts.problems[i] for i in np.flatnonzero(np.nansum(counts.c, axis=1) == 0)]
    if len(never) == total:
        yield Remark(
            "never solved",
            f"no run of {counts.name} solved any problem: nothing tells how pass rates rise with "
            "compute but the priors.",
        )
    elif never:
        yield Remark(
            "never solved",
            f"{counts.name} has problems that no run solved, {len(never)} of {total}: "
            f"{named(never)}. They tell how hard they are at least; their forecast leans on the "
            "other problems.",
        )
    failed = np.nansum(counts.n - counts.c, axis=1)
    always = [counts.problems[i] for i in np.flatnonzero(failed == 0)]
    if always:
        yield Remark(
            "always solved",
            f"{counts.name} has problems solved in every sample, {len(always)} of {total}: "
            f"{named(always)}. They tell nothing about the rise with compute.",
        )


def _falls(counts: _Counts) -> Iterator[Remark]:
    rate, fallen = counts.c / counts.n, []
    variance = rate * (1 - rate) / counts.n
    for i, run in enumerate(counts.runs):
        below = []
        for j in np.flatnonzero(counts.compute < counts.compute[i]):
            both = ~np.isnan(rate[:, i] + rate[:, j])
            own, cheaper = rate[both, i].sum(), rate[both, j].sum()
            error = math.sqrt((variance[both, i] + variance[both, j]).sum())
            if own < (1 - FALL) * cheaper and cheaper - own > SURE * error:
                below.append((cheaper / both.sum(), own / both.sum(), counts.runs[j]))
        if below:
            highest, own, other = max(below)
            fallen.append(f"{run!r} ({own:.3g}, {other!r} has {highest:.3g})")
    if fallen:
        yield Remark(
            "falls",
            f"in {counts.name} some runs have a mean pass rate more than {FALL:.0%} below that of "
            f"a cheaper run on the same problems: {listed(fallen)}.",
        )
