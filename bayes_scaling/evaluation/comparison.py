"""Compare fits of one ladder: how well each interpolates, and how well it extrapolates."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import arviz as az
import numpy as np
import pandas as pd

from bayes_scaling.errors import BayesScalingError, DataError, suggest
from bayes_scaling.evaluation.backtesting import backtest
from bayes_scaling.evaluation.leaving_out import LeftOut, leave_out, units_of
from bayes_scaling.evaluation.pass_future import judge_future
from bayes_scaling.evaluation.pass_leaving_out import leave_out_problems, leave_out_runs
from bayes_scaling.evaluation.score_future import judge_future_scores
from bayes_scaling.evaluation.splitting import check_cutoffs, check_horizon
from bayes_scaling.evaluation.workers import demand_jobs
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import unit_column
from bayes_scaling.inference.passes.fitting import is_of_subset
from bayes_scaling.responses import RESPONSES, ByResponse
from bayes_scaling.specification.spec import Spec

INTERPOLATION = {
    "elpd": "interpolation_elpd",
    "elpd_diff": "difference",
    "dse": "difference_se",
    "p": "p_eff",
    "weight": "weight",
}


def compare(
    fits: Mapping[str, Fit],
    unit: str | None = None,
    *,
    cutoffs: Sequence[Any] | None = None,
    horizon: float | None = None,
    jobs: int = 1,
    fit_options: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Compare models that were fitted to the same runs, or to the same counts.

    Leave-one-out answers how well a model *interpolates*: each unit is foretold from all others, so
    mostly from neighbours on both sides. Leave-future-out answers how well it *extrapolates*: at
    each cutoff the model is fitted anew to the runs up to there and foretells those above, as
    `backtest` does. The two may disagree, and a forecast asks the second question.

    Parameters
    ----------
    fits : mapping of str to Fit, or of str to Fit
        Two or more, of the same responses.
    unit : {"run", "family", "problem"}, optional
        What is left out together: a run (the default for losses); all runs of a family but its
        smallest, without which its level would be unknown; a problem with its counts at all runs
        (the default for counts). A run of counts is always refitted.
    cutoffs, horizon, jobs
        Of the leave-future-out score; as in `backtest`. For counts the default cutoffs are the
        compute of the run halfway, the third at least, and of the last but one.
    fit_options : mapping, optional
        Passed to `fit` for the refits, as ``{"draws": 500}``.

    Returns
    -------
    DataFrame
        A row a model, the best interpolation first. Of leave-one-out: ``interpolation_elpd`` (sum
        of log densities of log loss, or of log probabilities of counts; larger is better),
        ``difference`` from the best and its
        standard error ``difference_se``, effective parameters ``p_eff``, stacking ``weight``;
        ``bad_k``, the units where importance sampling fails (Pareto k above 0.7), which are
        refitted; ``bad_k_after``, those where a refit was impossible or didn't converge. Of
        leave-future-out: ``extrapolation_log_score`` and ``extrapolation_crps`` of log loss, or of
        a problem's count and its share of right samples, means, smaller is better, and
        ``extrapolation_n``, the number of forecasts; NaN where the ladder is too short for any;
        ``extrapolation_skipped``, cutoffs that could not be used, and
        ``extrapolation_not_converged``, forecasts that rest on a refit that did not converge.
        ``converged`` says so of the fit itself.

    Raises
    ------
    DataError
        If the fits are of different responses, or there is nothing to leave out.

    Notes
    -----
    A run that is left out is foretold from the parameters and the other runs, with which it shares
    the discrepancy; `bayes_scaling.evaluation.pointwise` has the formula. The standard error of a
    difference knows only the spread between units; with fewer than a hundred it is optimistic.

    A problem that is left out is foretold from what problems share, its own parameters integrated
    out; `bayes_scaling.inference.passes.evidence` has the formula. At each cutoff its bucket is
    formed anew from the earlier runs, unless buckets were given, or formed on samples that were set
    aside: those stay, and have seen the later runs.

    Earlier runs are refitted with the C0 that is usual for them, or with that of the fit where it
    isn't the usual one of its runs.

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
    demand_same_responses(fits)
    check_horizon(horizon)
    demand_jobs(jobs)
    ends = check_cutoffs(cutoffs)
    first: Any = next(iter(fits.values()))
    allowed = demand_unit(unit, first.spec)
    chosen, judge = allowed[0] if unit is None else unit, JUDGES[first.response.name]
    for demand in judge.demands:
        demand(fits)
    rows, left_out = {}, {}
    for name, fitted in fits.items():
        done = judge.leave_out(fitted, chosen, fit_options)
        left_out[name] = done.elpd
        rows[name] = {"bad_k": done.bad_k, "bad_k_after": done.bad_k_after}
        future = judge.future(fitted, ends, horizon, jobs, fit_options)
        rows[name] |= {f"extrapolation_{score}": value for score, value in future.items()}
        rows[name]["converged"] = fitted.diagnosis.converged
    table = _ranked(left_out)
    judged = pd.DataFrame.from_dict(rows, orient="index").loc[table.index]
    return pd.concat([table, judged], axis=1).rename_axis("model")


def density_by_unit(
    fits: Mapping[str, Fit], fit_options: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Tabulate how well each fit foretells each unit from the others.

    Parameters
    ----------
    fits : mapping of str to Fit
        Of the same responses.
    fit_options : mapping, optional
        Of the refits where importance sampling fails.

    Returns
    -------
    DataFrame
        Log densities, a row a unit that is left out, a column a fit.
    """
    demand_same_responses(fits)
    first = next(iter(fits.values()))
    judge, unit = JUDGES[first.response.name], RESPONSES[first.response.name].units[0]
    for demand in judge.demands:
        demand(fits)
    done = {name: judge.leave_out(fitted, unit, fit_options) for name, fitted in fits.items()}
    return pd.DataFrame({name: own.elpd.elpd_i.values for name, own in done.items()})


def _ranked(left_out: Mapping[str, Any]) -> pd.DataFrame:
    """Rank by ArviZ, less each unit's best density: those of many counts would underflow."""
    best = np.max([elpd.elpd_i.values for elpd in left_out.values()], axis=0)
    shifted = {
        name: replace(elpd, elpd=elpd.elpd - best.sum(), elpd_i=elpd.elpd_i - best)
        for name, elpd in left_out.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of Pareto k, which has columns of its own
        ranked = az.compare(shifted, method="stacking", round_to="none")
    table = pd.DataFrame(ranked)[list(INTERPOLATION)].rename(columns=INTERPOLATION)
    return table.assign(interpolation_elpd=table["interpolation_elpd"] + best.sum())


def demand_same_responses(fits: Mapping[str, Fit]) -> None:
    """Demand two fits or more, of the same responses; raises DataError."""
    if not isinstance(fits, Mapping):
        raise DataError(
            f"fits: expected fits by name, such as {{'floor': fit, 'no floor': other}}, got a "
            f"{type(fits).__name__}."
        )
    if len(fits) < 2:
        raise DataError(f"fits: expected two or more by name, got {len(fits)}.")
    (first, one), *others = fits.items()
    for name, other in others:
        if other.response_hash != one.response_hash:
            raise DataError(
                f"fits: {first} and {name} were fitted to different responses, so their scores "
                "can't be compared; fit both to the same runs."
            )


def demand_unit(unit: str | None, spec: Spec) -> tuple[str, ...]:
    """Demand what a model's responses can be left out by, and list it; raises DataError."""
    known = {one for response in RESPONSES.values() for one in response.units}
    if unit is not None and unit not in known:
        raise BayesScalingError(f"unit: {unit!r} is not known; {suggest(unit, known)}")
    allowed = RESPONSES[spec.response].units
    if unit is not None and unit not in allowed:
        raise DataError(
            f"unit: {spec.name} is a model of {spec.response}, which has no {unit} to leave out; "
            f"allowed: {', '.join(allowed)}."
        )
    return allowed


def _demand_same_units(fits: Mapping[str, Fit]) -> None:
    (first, one), *others = fits.items()
    for name, other in others:
        if other.design.units.names != one.design.units.names:
            raise DataError(
                f"fits: {first} foretells counts by {unit_column(one.spec)} and {name} by "
                f"{unit_column(other.spec)}, so their scores can't be compared."
            )


def _refuse_subsets(fits: Mapping[str, Fit]) -> None:
    for name, fitted in fits.items():
        if is_of_subset(fitted):
            raise DataError(
                f"fits: what problems share in {name} was fitted on some of its problems, so none "
                "of them can be left out. Compare fits of a sample of the problems."
            )


def _future_of_counts(fitted: Fit, *settings: Any) -> dict[str, Any]:
    found = judge_future(fitted, *settings)
    scores = {name: getattr(found, name) for name in ("log_score", "crps")}
    means = {name: float(v.mean()) if len(v) else np.nan for name, v in scores.items()}
    said = {"skipped": found.skipped, "not_converged": found.not_converged}
    return {**means, "n": len(found.crps), **said}


def _future(
    fitted: Fit,
    cutoffs: Sequence[Any] | None,
    horizon: float | None,
    jobs: int,
    fit_options: Mapping[str, Any] | None,
) -> dict[str, Any]:
    if fitted.spec.law.swept:  # no compute parts its runs into earlier and later ones
        counts = dict.fromkeys(("n", "skipped", "not_converged"), 0)
        return {**dict.fromkeys(("log_score", "crps"), np.nan), **counts}
    judged = backtest(
        fitted.spec,
        fitted.table,
        cutoffs=cutoffs,
        horizon=horizon,
        random_seed=fitted.random_seed,
        jobs=jobs,
        fit_options={**_given_reference(fitted), **(fit_options or {})},
    )
    forecasts = judged.forecasts
    scores = dict.fromkeys(("log_score", "crps"), np.nan)
    if len(forecasts):
        scores = {name: float(forecasts[name].to_numpy(float).mean()) for name in scores}
    wrong = int((~forecasts["converged"].astype(bool)).sum())
    said = {"skipped": len(judged.skipped), "not_converged": wrong}
    return {**scores, "n": len(forecasts), **said}


def _given_reference(fitted: Fit) -> dict[str, Any]:
    """Return the fit's C0 where it isn't the usual one, which each refit takes for its own runs."""
    usual, own = make_design(fitted.spec, fitted.table).references, fitted.design.references
    if all(np.allclose(usual[name], values) for name, values in own.items()):
        return {}
    return {"reference": dict(fitted.reference)}


@dataclass(frozen=True)
class _Judge:
    """What fits of one response have to be, how they are left out, and their future scored."""

    leave_out: Callable[..., LeftOut]
    future: Callable[..., dict[str, Any]]
    demands: tuple[Callable[[Mapping[str, Any]], None], ...] = ()


def _leave_out_runs(fitted: Fit, unit: str, options: Mapping[str, Any] | None) -> LeftOut:
    return leave_out(fitted, units_of(fitted, unit), options)


def _leave_out_counts(fitted: Fit, unit: str, options: Mapping[str, Any] | None) -> LeftOut:
    return LEAVERS[unit](fitted, options)


LEAVERS: Mapping[str, Callable[..., LeftOut]] = {
    "problem": leave_out_problems,
    "run": leave_out_runs,
}
JUDGES: ByResponse[_Judge] = {
    "loss": _Judge(_leave_out_runs, _future),
    "score": _Judge(_leave_out_runs, judge_future_scores),
    "passes": _Judge(_leave_out_counts, _future_of_counts, (_demand_same_units, _refuse_subsets)),
}
