"""Compare fits of one ladder: how well each interpolates, and how well it extrapolates."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import arviz as az
import numpy as np
import pandas as pd

from bayes_scaling.errors import BayesScalingError, DataError, suggest
from bayes_scaling.evaluation.backtesting import backtest
from bayes_scaling.evaluation.leaving_out import leave_out, units_of
from bayes_scaling.inference.fits import Fit

UNITS = ("run", "family")
INTERPOLATION = {
    "elpd": "interpolation_elpd",
    "elpd_diff": "difference",
    "dse": "difference_se",
    "p": "p_eff",
    "weight": "weight",
}


def compare(
    fits: Mapping[str, Fit],
    unit: str = "run",
    *,
    cutoffs: Sequence[Any] | None = None,
    horizon: float | None = None,
    jobs: int = 1,
    fit_options: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Compare models that were fitted to the same runs.

    Leave-one-out answers how well a model *interpolates*: each unit is foretold from all others, so
    mostly from neighbours on both sides. Leave-future-out answers how well it *extrapolates*: at
    each cutoff the model is fitted anew to the runs up to there and foretells those above, as
    `backtest` does. The two may disagree, and a forecast asks the second question.

    Parameters
    ----------
    fits : mapping of str to Fit
        Two or more, of the same responses.
    unit : {"run", "family"}
        What is left out together: a run, or all runs of a family but its smallest, without which
        its level would be unknown.
    cutoffs, horizon, jobs
        Of the leave-future-out score; as in `backtest`.
    fit_options : mapping, optional
        Passed to `fit` for the refits, as ``{"draws": 500}``.

    Returns
    -------
    DataFrame
        A row a model, the best interpolation first. Of leave-one-out: ``interpolation_elpd`` (sum
        of log densities of log loss; larger is better), ``difference`` from the best and its
        standard error ``difference_se``, effective parameters ``p_eff``, stacking ``weight``;
        ``bad_k``, the units where importance sampling fails (Pareto k above 0.7), which are
        refitted; ``bad_k_after``, those where a refit was impossible or didn't converge. Of
        leave-future-out: ``extrapolation_log_score`` and ``extrapolation_crps`` of log loss, means,
        smaller is better, and ``extrapolation_n``, the number of forecasts; NaN where the ladder is
        too short for any. ``converged`` says so of the fit itself.

    Raises
    ------
    DataError
        If the fits are of different responses, or there is nothing to leave out.

    Notes
    -----
    A run that is left out is foretold from the parameters and the other runs, with which it shares
    the discrepancy; `bayes_scaling.evaluation.pointwise` has the formula. The standard error of a
    difference knows only the spread between units; with fewer than a hundred it is optimistic.

    References
    ----------
    Vehtari, Gelman and Gabry (2017); Yao et al. (2018), Using stacking to average Bayesian
    predictive distributions; Buerkner, Gabry and Vehtari (2020), Approximate leave-future-out
    cross-validation.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> middle = bs.fit("loss", small, random_seed=1)
    >>> top = bs.fit("loss", small, random_seed=1, reference=1.1e21)
    >>> table = bs.compare({"C0 in mid-ladder": middle, "C0 at its top": top})
    >>> int(table["extrapolation_n"].iloc[0])
    1
    """
    if unit not in UNITS:
        raise BayesScalingError(f"unit: {unit!r} is not known; {suggest(str(unit), UNITS)}")
    demand_same_responses(fits)
    rows, left_out = {}, {}
    for name, fitted in fits.items():
        done = leave_out(fitted, units_of(fitted, unit), fit_options)
        left_out[name] = done.elpd
        rows[name] = {"bad_k": done.bad_k, "bad_k_after": done.bad_k_after}
        rows[name] |= _future(fitted, cutoffs, horizon, jobs, fit_options)
        rows[name]["converged"] = fitted.diagnosis.converged
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of Pareto k, which has columns of its own
        ranked = az.compare(left_out, method="stacking", round_to="none")
    table = pd.DataFrame(ranked)[list(INTERPOLATION)].rename(columns=INTERPOLATION)
    judged = pd.DataFrame.from_dict(rows, orient="index").loc[table.index]
    return pd.concat([table, judged], axis=1).rename_axis("model")


def demand_same_responses(fits: Mapping[str, Fit]) -> None:
    """Demand two fits or more, of the same responses; raises DataError."""
    if len(fits) < 2:
        raise DataError(f"fits: expected two or more by name, got {len(fits)}.")
    (first, one), *others = fits.items()
    for name, other in others:
        if other.response_hash != one.response_hash:
            raise DataError(
                f"fits: {first} and {name} were fitted to different responses, so their scores "
                "can't be compared; fit both to the same runs."
            )


def _future(
    fitted: Fit,
    cutoffs: Sequence[Any] | None,
    horizon: float | None,
    jobs: int,
    fit_options: Mapping[str, Any] | None,
) -> dict[str, Any]:
    forecasts = backtest(
        fitted.spec,
        fitted.runs,
        cutoffs=cutoffs,
        horizon=horizon,
        random_seed=fitted.random_seed,
        jobs=jobs,
        fit_options=fit_options,
    ).forecasts
    scores = dict.fromkeys(("log_score", "crps"), np.nan)
    if len(forecasts):
        scores = {name: float(forecasts[name].to_numpy(float).mean()) for name in scores}
    found = {f"extrapolation_{name}": value for name, value in scores.items()}
    return {**found, "extrapolation_n": len(forecasts)}
