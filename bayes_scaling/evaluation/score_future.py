"""Leave-future-out of scores: runs up to a cutoff are fitted, the scores of later ones foretold."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scoringrules

from bayes_scaling.evaluation.pointwise import unit_densities
from bayes_scaling.forecasting import predict
from bayes_scaling.inference.designing import design_of
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import fit_runs

FEWEST = 3  # scales
SLACK = 1 + 1e-12


def judge_future_scores(
    fitted: Fit,
    cutoffs: Sequence[float] | None = None,
    horizon: float | None = None,
    jobs: int = 1,  # noqa: ARG001 - a refit takes seconds
    fit_options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Fit the runs up to each cutoff and score what those above showed.

    Parameters
    ----------
    cutoffs : sequence of float, optional
        By default the scale of the run halfway, the third at least, and of the last but one. A
        cutoff that leaves a task fewer than three scales, or nothing to score, is skipped.
    horizon : float, optional
        Score only runs at most this many decades beyond the last fitted one.
    fit_options : mapping, optional
        Of the refits.

    Returns
    -------
    dict
        Means of ``log_score`` and ``crps`` (of the share of right items), their number ``n``,
        ``skipped`` cutoffs and scores that rest on a fit that did ``not_converge``.
    """
    scales = fitted.design.scale
    chosen = _usual_cutoffs(scales) if cutoffs is None else list(cutoffs)
    found, skipped = [], 0
    for cutoff in chosen:
        later = scales > cutoff * SLACK
        reach = np.inf if horizon is None else horizon * SLACK
        judged = later & (np.log10(scales / scales[~later].max(initial=1e-300)) <= reach)
        short = [
            len(np.unique(scales[~later & (fitted.design.family == own)])) < FEWEST
            for own in range(len(fitted.families))
        ]
        if any(short) or not judged.any():
            skipped += 1
            continue
        found.append(_score(fitted, later, judged, fit_options))
    table = pd.concat(found) if found else pd.DataFrame(columns=["log_score", "crps", "converged"])
    means = {name: float(table[name].astype(float).mean()) for name in ("log_score", "crps")}
    wrong = int((~table["converged"].astype(bool)).sum())
    return {**means, "n": len(table), "skipped": skipped, "not_converged": wrong}


def _usual_cutoffs(scales: Any) -> list[float]:
    distinct = np.unique(scales)
    places = {max(FEWEST, len(distinct) // 2), len(distinct) - 1}
    return [float(distinct[place - 1]) for place in sorted(places) if place >= FEWEST]


def _score(
    fitted: Fit, later: Any, judged: Any, fit_options: Mapping[str, Any] | None
) -> pd.DataFrame:
    sizes = fitted.posterior["posterior"].sizes
    options = {"draws": sizes["draw"], "chains": sizes["chain"], **(fit_options or {})}
    refitted = fit_runs(
        fitted.spec, fitted.table[~later], random_seed=fitted.random_seed, **options
    )
    design = design_of(fitted.spec, fitted.table, dict(refitted.reference))
    rows = np.flatnonzero(judged)
    columns = ["family", *fitted.spec.columns]
    drawn = predict(refitted, fitted.table.iloc[rows][columns], far=True).values()
    truth = fitted.table.iloc[rows]["n_correct"] / fitted.table.iloc[rows]["n_items"]
    rng = np.random.default_rng([fitted.random_seed, 6])
    densities = unit_densities(refitted, design, [np.array([row]) for row in rows], rng)
    return pd.DataFrame(
        {
            "log_score": -(np.logaddexp.reduce(densities, axis=0) - np.log(len(densities))),
            "crps": scoringrules.crps_ensemble(truth.to_numpy(), drawn.T, backend="numpy"),
            "converged": refitted.diagnosis.converged,
        }
    )
