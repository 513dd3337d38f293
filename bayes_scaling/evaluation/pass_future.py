"""Leave-future-out of counts: runs up to a cutoff are fitted, the counts of later ones foretold.

Later runs stay in the design without their counts, so every cutoff has the shape of the fit and
its compiled model serves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from bayes_scaling.data import form_buckets
from bayes_scaling.evaluation.count_scores import (
    crps_of_shares,
    hazards_of,
    log_densities_of_counts,
)
from bayes_scaling.evaluation.pass_leaving_out import FEWEST_RUNS, refit_without
from bayes_scaling.inference.design import Array, Index
from bayes_scaling.inference.passes.design import BUCKET, PROBLEM, PassDesign, unit_column
from bayes_scaling.inference.passes.fits import PassFit

SLACK = 1 + 1e-12  # of rounding, where a decade is the horizon


@dataclass(frozen=True, eq=False)
class Future:
    """Scores of counts beyond cutoffs, one a count.

    Attributes
    ----------
    log_score : ndarray
        Minus the log predictive probability of the count.
    crps : ndarray
        Of the share of right samples.
    """

    log_score: Array
    crps: Array


def judge_future(
    fitted: PassFit,
    cutoffs: Sequence[float] | None = None,
    horizon: float | None = None,
    jobs: int = 1,
    fit_options: Mapping[str, Any] | None = None,
) -> Future:
    """Fit the runs up to each cutoff and score the counts of those above.

    Parameters
    ----------
    cutoffs : sequence of float, optional
        FLOP; by default the compute of the run halfway, the third at least, and of the last but
        one. A cutoff that leaves fewer than three computes, or no run above, is passed over.
    horizon : float, optional
        Score only runs at most this many decades beyond the last fitted one.
    jobs : int
        Worker processes; each compiles the model once.
    fit_options : mapping, optional
        Of the refits.
    """
    chosen = _usual_cutoffs(fitted.design) if cutoffs is None else cutoffs
    splits = list(_splits(fitted.design, chosen, horizon))
    scored = Parallel(n_jobs=jobs)(
        delayed(_score)(fitted, later, judged, fit_options) for later, judged in splits
    )
    log_scores, crps = ([part[place] for part in scored] for place in (0, 1))
    return Future(np.concatenate([np.zeros(0), *log_scores]), np.concatenate([np.zeros(0), *crps]))


def _usual_cutoffs(design: PassDesign) -> list[float]:
    computes = np.unique(design.compute)
    places = {max(FEWEST_RUNS, len(computes) // 2), len(computes) - 1}
    return [float(computes[place - 1]) for place in sorted(places) if place >= FEWEST_RUNS]


def _splits(
    design: PassDesign, cutoffs: Sequence[float], horizon: float | None
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield which runs are hidden, and which of these are scored."""
    for cutoff in cutoffs:
        later = design.compute > cutoff
        fitted = design.compute[~later]
        if not later.any() or len(np.unique(fitted)) < FEWEST_RUNS:
            continue
        reach = np.inf if horizon is None else horizon * SLACK
        yield later, later & (np.log10(design.compute / fitted.max()) <= reach)


def _score(
    fitted: PassFit,
    later: NDArray[np.bool_],
    judged: NDArray[np.bool_],
    fit_options: Mapping[str, Any] | None,
) -> tuple[Array, Array]:
    """Score the counts of the judged runs whose problems were seen before."""
    design = fitted.design
    hidden = np.broadcast_to(later, design.n_samples.shape)
    refitted = refit_without(fitted, hidden, fit_options, _bucketed_anew(fitted, later))
    hazards, rng = hazards_of(refitted), np.random.default_rng([fitted.random_seed, 6])
    known = (design.n_samples[:, ~later] > 0).any(axis=1)
    cells = known[:, None] & judged & (design.n_samples > 0)
    log_scores = -log_densities_of_counts(hazards, design)
    return log_scores[cells], crps_of_shares(hazards, design, rng)[cells]


def _bucketed_anew(fitted: PassFit, later: NDArray[np.bool_]) -> PassDesign:
    """Form the buckets from the earlier runs, where they were formed from the counts of all.

    Buckets that were given, or formed on samples that are not in the table, stay.
    """
    design, passes = fitted.design, fitted.passes
    if unit_column(fitted.spec) != PROBLEM or BUCKET not in passes:
        return design
    count = len(design.buckets)
    if not form_buckets(passes, count)[BUCKET].equals(passes[BUCKET]):
        return design
    runs = {name for name, hidden in zip(design.runs, later, strict=True) if not hidden}
    anew = form_buckets(passes[passes["run"].astype(str).isin(runs)], count)
    of_problem = dict(zip(anew[PROBLEM].astype(str), anew[BUCKET], strict=True))
    return replace(design, bucket=_places(design, of_problem))


def _places(design: PassDesign, of_problem: Mapping[str, str]) -> Index:
    """Place of each problem's bucket; a problem of later runs only keeps its own."""
    own = [design.buckets[place] for place in design.bucket]
    labels = [of_problem.get(name, label) for name, label in zip(design.units, own, strict=True)]
    return np.array([design.buckets.index(label) for label in labels], dtype=np.int64)
