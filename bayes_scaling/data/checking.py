"""What a careful colleague would say about a ladder before it is fitted."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from bayes_scaling.data.configurations import remark_on_configurations
from bayes_scaling.data.ladder_remarks import (
    remark_on_conventions,
    remark_on_scales,
    remark_on_sizes,
)
from bayes_scaling.data.notices import readings_of
from bayes_scaling.data.pass_remarks import remark_on_passes
from bayes_scaling.data.pass_tables import check_passes
from bayes_scaling.data.quantities import OF_COMPUTE, remark_on_quantities
from bayes_scaling.data.remarks import NAMED, Remark, flop, listed, named
from bayes_scaling.data.scaled import as_compute, check_along
from bayes_scaling.data.score_tables import check_scores
from bayes_scaling.data.tables import check_runs

SAME_LOSS = 1e-6
RISE = 0.02
UNITS = {"problem", "bucket"}  # which are no ladders

Test = Callable[[str, pd.DataFrame], Iterable[Remark]]


def check_table(
    data: pd.DataFrame, along: str = "compute", by: Collection[str] = ()
) -> tuple[Remark, ...]:
    """Say what a careful colleague would say of a table before fitting; `check` says it in full."""
    if along != "compute":
        own = check_along(data, along, _kind_of(data)[0])
        remarks = check_table(as_compute(own, along), by=by)
        return tuple(remark for remark in remarks if remark.topic not in OF_COMPUTE)
    check, tests = _kind_of(data)
    table = check(data)
    return (
        *_readings(table),
        *(remark for name, part in ladders_of(table, by) for remark in _remarks(name, part, tests)),
    )


def check_quantities(
    table: pd.DataFrame, along: str = "compute", by: Collection[str] = ()
) -> tuple[Remark, ...]:
    """Say how columns were read, and make the checks on quantities alone, of a checked table.

    Where runs are ordered along another column than compute, checks of compute are left out. Runs
    that differ in a column of `by`, such as ``recipe``, are ladders of their own.

    They travel with a fit and its forecasts.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"compute": [1e18, 1e19, 1e20], "loss": [0.2, 0.3, 0.4]})
    >>> [(remark.topic, remark.refuses) for remark in check_quantities(check_runs(table))]
    [('rate', False), ('rising', True)]
    """
    if along != "compute":
        remarks = check_quantities(as_compute(table, along), by=by)
        return tuple(remark for remark in remarks if remark.topic not in OF_COMPUTE)
    ladders = ladders_of(table, by)
    return (
        *_readings(table),
        *(remark for name, ladder in ladders for remark in _quantities(name, ladder)),
    )


def _kind_of(data: object) -> tuple[Callable[[pd.DataFrame], pd.DataFrame], Sequence[Test]]:
    """Tell what a table is of by its columns: scores, counts of passes, or else losses."""
    columns = set(data.columns) if isinstance(data, pd.DataFrame) else set()
    if columns & {"n_items", "score_se"}:
        return check_scores, SCORE_TESTS
    if columns & {"n_samples", "n_correct"}:
        return check_passes, PASS_TESTS
    return check_runs, LOSS_TESTS


def _readings(table: pd.DataFrame) -> Iterator[Remark]:
    for topic, _, sentence in readings_of(table):
        yield Remark(topic, sentence)


def ladders_of(table: pd.DataFrame, by: Collection[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Take a table apart by family, benchmark and what else is named, and name the parts."""
    every = dict.fromkeys(("family", "benchmark", *sorted({*by} - UNITS)))
    keys = [key for key in every if key in table]
    if not keys:
        yield "the ladder", table
        return
    for names, ladder in table.groupby(keys, sort=False):
        parts = zip(keys, names, strict=True)
        yield ", ".join(f"{key} {part!r}" for key, part in parts), ladder


def _remarks(name: str, part: pd.DataFrame, tests: Sequence[Test]) -> Iterator[Remark]:
    """Make the tests on a ladder; of one that is refused for rising, 'rises' says nothing new."""
    found = [remark for test in tests for remark in test(name, part)]
    is_rising = any(remark.topic == "rising" for remark in found)
    yield from (remark for remark in found if not (is_rising and remark.topic == "rises"))


def _scales(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    yield from remark_on_scales(name, ladder, "the shape of the curve, its floor above all,")


def _scales_of_scores(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    yield from remark_on_scales(name, ladder, "whether it turns")
    scores, chance = ladder["n_correct"] / ladder["n_items"], ladder["chance"]
    if (scores < chance).all():
        yield Remark(
            "below chance",
            f"every score of {name} lies below the chance level, {chance.median():g}: either "
            "models are drawn to wrong answers, or that isn't what a guess gets right.",
        )


def _quantities(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    """Make the checks on quantities; of counts, on their runs."""
    runs = ladder.drop_duplicates("run") if "problem" in ladder else ladder
    yield from remark_on_quantities(name, runs)


def _pseudo_replicates(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    ordered = ladder.sort_values(["compute", "loss"], kind="stable")
    runs = ordered["run"].to_numpy()
    compute, loss = (ordered[column].to_numpy(float) for column in ("compute", "loss"))
    # Runs of one compute that follow each other closely in loss share a group.
    apart = (np.diff(compute) != 0) | (np.diff(loss) >= SAME_LOSS)
    starts = np.concatenate([[0], np.flatnonzero(apart) + 1, [len(runs)]])
    for group in np.flatnonzero(np.diff(starts) > 1):
        first, end = starts[group], starts[group + 1]
        yield Remark(
            "pseudo-replicates",
            f"runs {named(sorted(runs[first:end]))} of {name} have the same compute, "
            f"{flop(compute[first])}, and the same loss, {loss[first]:.6g}; one run entered twice "
            "counts twice as evidence.",
        )


def _unfinished(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    runs = ladder["run"][~ladder["finished"]].tolist() if "finished" in ladder else []
    if runs:
        yield Remark(
            "unfinished",
            f"{named(runs)} of {name} did not finish: the loss of an unfinished run is too "
            "high for its compute, as its learning rate has not decayed.",
        )


def _rises(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    done = ladder[ladder["finished"]] if "finished" in ladder else ladder
    compute, loss = (done[column].to_numpy(float) for column in ("compute", "loss"))
    order = np.argsort(compute)
    least = np.concatenate([[np.inf], np.minimum.accumulate(loss[order])])
    cheaper = least[np.searchsorted(compute[order], compute)]  # the least loss of cheaper runs
    risen = np.flatnonzero(loss > (1 + RISE) * cheaper)
    if not len(risen):
        return
    run, said = done["run"].to_numpy(), []
    for place in risen[:NAMED]:
        better = np.flatnonzero((compute < compute[place]) & (loss == cheaper[place]))[0]
        said.append(f"{run[place]!r} ({loss[place]:.4g}, {run[better]!r} has {loss[better]:.4g})")
    yield Remark(
        "rises",
        f"in {name} some runs have a loss more than {RISE:.0%} above that of a cheaper run: "
        f"{listed(said, len(risen))}.",
    )


PASS_TESTS: Sequence[Test] = (_quantities, remark_on_passes)
SCORE_TESTS: Sequence[Test] = (_quantities, _scales_of_scores)
LOSS_TESTS: Sequence[Test] = (
    _quantities,
    _scales,
    remark_on_sizes,
    _pseudo_replicates,
    remark_on_configurations,
    remark_on_conventions,
    _unfinished,
    _rises,
)
