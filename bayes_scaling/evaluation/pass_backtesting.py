"""Backtests of counts: later runs of a benchmark, scored by their share of right samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import scoringrules
from scipy import special

from bayes_scaling.arrays import Array
from bayes_scaling.evaluation.scoring import INTERVALS, LEVELS
from bayes_scaling.forecasting import Forecast, predict
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import BUCKET, PROBLEM, unit_column
from bayes_scaling.inference.passes.fitting import fit_passes
from bayes_scaling.inference.passes.likelihood import log_choose, log_likelihood
from bayes_scaling.responses import PASSES
from bayes_scaling.specification.spec import Spec

USUAL: Mapping[str, Any] = {"chains": 4, "target_accept": PASSES.target_accept}
COUNTS = ("n_samples", "n_correct")


def score_counts(
    spec: Spec,
    fitted: pd.DataFrame,
    targets: pd.DataFrame,
    later: pd.DataFrame,
    random_seed: int,
    options: Mapping[str, Any],
) -> pd.DataFrame:
    """Fit the counts of small runs, forecast larger ones, and score what these showed.

    Parameters
    ----------
    spec : Spec
    fitted, later : DataFrame
        Counts of the runs that are fitted, and of those that are forecast.
    targets : DataFrame
        A row a run that is forecast.
    random_seed : int
    options : mapping
        Of the fit.

    Returns
    -------
    DataFrame
        A row a run: ``family, compute, distance``, its scores as `score_shares` has them, and
        ``converged``.
    """
    fit = fit_passes(spec, fitted, random_seed=random_seed, **{**USUAL, **options})
    forecast = predict(fit, targets, far=True)
    n, c = counts_at(fit, later, list(targets["run"]))
    scores = score_shares(forecast, n, c, np.random.default_rng([random_seed, 8]))
    own = ["family", "distance"]
    place = forecast.targets[own].assign(compute=targets["compute"].to_numpy(float))
    return pd.concat([place, scores], axis=1).assign(converged=fit.diagnosis.converged)


def counts_at(fit: Fit, later: pd.DataFrame, runs: list[Any]) -> tuple[Array, Array]:
    """Return samples and right ones of later runs, each of shape ``(runs, units)``.

    A problem that no fitted run has tried is left out: what is foretold of it is only what
    problems share.
    """
    unit, names = unit_column(fit.spec), fit.design.units.names
    later = later.assign(**{PROBLEM: later[PROBLEM].astype(str)})
    if unit == BUCKET:
        labels = fit.table.drop_duplicates(PROBLEM).set_index(PROBLEM)[BUCKET].astype(str)
        later = later.assign(**{BUCKET: later[PROBLEM].map(labels.rename(index=str))})
    sums = later.groupby(["run", unit])[list(COUNTS)].sum()
    table = sums.reindex(pd.MultiIndex.from_product([runs, list(names)]), fill_value=0)
    n, c = (table[name].to_numpy(float).reshape(len(runs), len(names)) for name in COUNTS)
    return n, c


def score_shares(forecast: Forecast, n: Array, c: Array, rng: np.random.Generator) -> pd.DataFrame:
    r"""Score the share of right samples of each run, the mean of its problems.

    Draws of the share hold the luck of its samples: each problem's count is binomial given a draw
    of its pass rate.

    Parameters
    ----------
    forecast : Forecast
    n, c : ndarray, shape (targets, units)
        Samples and right ones; a unit without samples at a target isn't averaged over.
    rng : numpy.random.Generator

    Returns
    -------
    DataFrame
        A row a target. ``truth, median, q05 ... q95`` are shares; ``crps, interval_score`` (of the
        90 % interval) and ``pit`` are of the share; ``log_score`` is the mean over problems of
        minus the log predictive probability of the count,

        .. math:: -\frac1P \sum_i \ln \frac1S \sum_s
                  \operatorname{Binomial}(c_i \mid n_i, p_i^{(s)});

        ``covered_50, covered_80, covered_90`` say whether the interval holds the truth.
    """
    hazards = forecast.draws["run"].to_numpy()
    hazards = hazards.reshape(-1, *hazards.shape[2:])
    sizes = forecast.fit.design.units.sizes
    rows = []
    for place in range(len(n)):
        seen = n[place] > 0
        tried, right, own = n[place][seen], c[place][seen], hazards[:, place, seen]
        weights = sizes[seen] / sizes[seen].sum()
        truth = float(weights @ (right / tried))
        drawn = rng.binomial(tried.astype(int), np.exp(-own)) / tried @ weights
        density = special.logsumexp(log_likelihood(own, tried, right), axis=0) - np.log(len(own))
        log_score = -(weights @ (density + log_choose(tried, right)))
        rows.append({**_of_draws(truth, drawn, rng), "log_score": float(log_score)})
    return pd.DataFrame(rows)


def _of_draws(truth: float, drawn: Array, rng: np.random.Generator) -> dict[str, Any]:
    """Score draws of one share; the PIT of a share that is drawn exactly is spread at random."""
    found = dict(zip(LEVELS, np.quantile(drawn, list(LEVELS.values())).tolist(), strict=True))
    below, equal = float(np.sum(drawn < truth)), float(np.sum(drawn == truth))
    score = scoringrules.interval_score(
        np.array([truth]), [found["q05"]], [found["q95"]], 0.1, backend="numpy"
    )
    return {
        "truth": truth,
        **found,
        "crps": float(scoringrules.crps_ensemble(truth, drawn, backend="numpy")),
        "interval_score": float(np.ravel(score)[0]),
        "pit": (below + rng.uniform() * (equal + 1)) / (len(drawn) + 1),
        **{
            name: bool(found[low] <= truth <= found[high])
            for name, (low, high) in INTERVALS.items()
        },
    }
