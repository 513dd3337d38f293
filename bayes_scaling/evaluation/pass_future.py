"""Leave-future-out of counts: runs up to a cutoff are fitted, the counts of later ones foretold.

Later runs stay in the design without their counts, so every cutoff has the shape of the fit and
its compiled model serves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from bayes_scaling.arrays import Array, Flags
from bayes_scaling.evaluation.count_scores import Foretold, score_hidden
from bayes_scaling.evaluation.pass_leaving_out import FEWEST_RUNS, refit_without_runs
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.fits import Fit

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
    skipped : int
        Cutoffs that leave too few computes or nothing to score, or the same runs as another.
    not_converged : int
        Scores that rest on a fit that did not converge.
    """

    log_score: Array
    crps: Array
    skipped: int
    not_converged: int


def judge_future(
    fitted: Fit,
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
        one. A cutoff that leaves fewer than three computes, or nothing to score, is skipped and
        counted.
    horizon : float, optional
        Score only runs at most this many decades beyond the last fitted one.
    jobs : int
        Worker processes; each compiles the model once.
    fit_options : mapping, optional
        Of the refits.
    """
    chosen = _usual_cutoffs(fitted.design) if cutoffs is None else cutoffs
    found = {}
    for cutoff in chosen:
        split = _split(fitted.design, cutoff, horizon)
        if split is not None:
            found[tuple(split[0])] = split
    work = Parallel(n_jobs=jobs)
    scored = work(delayed(_score)(fitted, *split, fit_options) for split in found.values())
    scores = [scores for scores, _ in scored]
    return Future(
        log_score=-np.concatenate([np.zeros(0), *(part.log_density for part in scores)]),
        crps=np.concatenate([np.zeros(0), *(part.crps for part in scores)]),
        skipped=len(chosen) - len(found),
        not_converged=sum(len(part.crps) for part, converged in scored if not converged),
    )


def _usual_cutoffs(design: Design) -> list[float]:
    computes = np.unique(design.scale)
    places = {max(FEWEST_RUNS, len(computes) // 2), len(computes) - 1}
    return [float(computes[place - 1]) for place in sorted(places) if place >= FEWEST_RUNS]


def _split(design: Design, cutoff: float, horizon: float | None) -> tuple[Flags, Flags] | None:
    """Say which runs are hidden, and which of these are scored; None where there is nothing to."""
    later = design.scale > cutoff
    fitted = design.scale[~later]
    if len(np.unique(fitted)) < FEWEST_RUNS:
        return None
    reach = np.inf if horizon is None else horizon * SLACK
    judged = later & (np.log10(design.scale / fitted.max()) <= reach)
    return (later, judged) if judged.any() else None


def _score(
    fitted: Fit,
    later: Flags,
    judged: Flags,
    fit_options: Mapping[str, Any] | None,
) -> tuple[Foretold, bool]:
    """Score the counts of the judged runs whose problems were seen before."""
    design, rng = fitted.design, np.random.default_rng([fitted.random_seed, 6])
    refitted = refit_without_runs(fitted, later, fit_options)
    scores = score_hidden(refitted, design, later, rng)
    known = (design.observed["n_samples"][:, ~later] > 0).any(axis=1)
    cells = (known[:, None] & judged & (design.observed["n_samples"] > 0))[:, later]
    converged = refitted.diagnosis.converged
    return Foretold(scores.log_density[cells], scores.crps[cells]), converged
