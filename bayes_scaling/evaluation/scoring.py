"""Proper scores of forecasts of the log loss, and their averages with an honest interval."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scoringrules
from scipy import special, stats

from bayes_scaling.arrays import Array
from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.forecasting import Forecast
from bayes_scaling.forecasting.quantities import LOSS, Quantities
from bayes_scaling.forecasting.summaries import ALL, Reading, Tables, demand_group
from bayes_scaling.inference.predictive import flat_posterior, of_family
from bayes_scaling.inference.shares import top_of

LEVELS = {
    "median": 0.5,
    "q05": 0.05,
    "q10": 0.1,
    "q25": 0.25,
    "q75": 0.75,
    "q90": 0.9,
    "q95": 0.95,
}
INTERVALS = {
    "covered_50": ("q25", "q75"),
    "covered_80": ("q10", "q90"),
    "covered_90": ("q05", "q95"),
}
SCORES = ("crps", "log_score", "interval_score", "pit")
DISTANCES = (0.0, 0.5, 1.0, 1.5, 2.5, np.inf)
DISTANCE_LABELS = ("(0, 0.5]", "(0.5, 1]", "(1, 1.5]", "(1.5, 2.5]", "over 2.5")
GROUPS = ("distance", "family", "source", "ladder")
RESAMPLES = 2000
RUN = "run"


@dataclass(frozen=True, eq=False)
class Predictive(Tables):
    """A forecast of the log loss of new runs: draws, and the density that they come from.

    It is read as a `Forecast` is, by ``summary``, ``quantile`` and ``probability`` of the loss,
    whose only kind is ``run``. The density at a target is a mixture over draws of Student-t
    densities, a normal where ``nu`` is infinite. ``location``, ``scale`` and ``nu`` broadcast
    against ``draws``.

    Attributes
    ----------
    targets : DataFrame
        Columns ``family, compute, distance``.
    draws : ndarray, shape (draws, targets)
    location, scale, nu : ndarray
    converged : bool
    top : float
        Log of what the loss stays below: 1 for an error rate. The density is that given so.
    """

    targets: pd.DataFrame
    draws: Array
    location: Array
    scale: Array
    nu: Array
    converged: bool = True
    top: float = np.inf

    def _quantities(self) -> Quantities:
        return LOSS

    def _readings(
        self, of: str | None, by: str, n_samples: int | None, kind: str
    ) -> Iterator[Reading]:
        if kind != RUN:
            raise BayesScalingError(f"kind: a baseline foretells single runs, got {kind!r}.")
        demand_group(by, (ALL,))
        quantity = LOSS.find(LOSS.main if of is None else of, n_samples)
        yield Reading(ALL, quantity, np.exp(self.draws))

    def log_density(self, log_loss: Array) -> Array:
        """Log density at one log loss a target.

        Examples
        --------
        >>> one = np.ones((1, 1))
        >>> normal = Predictive(pd.DataFrame(), np.zeros((9, 1)), 0 * one, one, np.inf * one)
        >>> normal.log_density(np.zeros(1)).round(4)
        array([-0.9189])
        """
        gap = (log_loss - self.location) / self.scale
        parts = stats.t.logpdf(gap, self.nu) - np.log(self.scale)
        if np.isfinite(self.top):
            parts = parts - stats.t.logcdf((self.top - self.location) / self.scale, self.nu)
        return np.asarray(special.logsumexp(parts, axis=0) - np.log(len(parts)))


def predictive_of(forecast: Forecast) -> Predictive:
    """Take what is scored from a forecast: kind ``run``, with its density given ``expected``."""
    fit, targets = forecast.fit, forecast.targets
    values, _ = flat_posterior(fit)
    family = np.array([fit.families.index(label) for label in targets["family"]])
    nu = values.get("nu", np.full(len(values["sigma"]), np.inf))
    drawn = {
        kind: np.log(forecast.draws[kind].to_numpy().reshape(-1, len(targets)))
        for kind in ("run", "expected")
    }
    return Predictive(
        targets=targets,
        draws=drawn["run"],
        location=drawn["expected"],
        scale=of_family(values["sigma"], family),
        nu=of_family(nu, family),
        converged=fit.diagnosis.converged,
        top=top_of(fit.spec),
    )


def score_targets(predictive: Predictive, truth: Array) -> pd.DataFrame:
    """Score a forecast against what the runs showed.

    Parameters
    ----------
    predictive : Predictive
    truth : ndarray, shape (targets,)
        Losses.

    Returns
    -------
    DataFrame
        A row a target, in the order of the targets. ``truth, median, q05 ... q95`` are losses;
        ``crps, log_score, interval_score`` (of the 90 % interval) are of the log loss, smaller is
        better; ``pit`` is the share of draws below the truth; ``covered_50, covered_80,
        covered_90`` say whether the equal-tailed interval holds it.

    Notes
    -----
    The log score is minus the log of the forecast's own mixture density. A kernel density of the
    draws would know nothing beyond the last of them, and that is where a bad forecast is judged.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation.
    """
    seen, draws = np.log(truth), predictive.draws
    quantiles = dict(zip(LEVELS, np.quantile(draws, list(LEVELS.values()), axis=0), strict=True))
    columns: dict[str, Any] = {"truth": truth} | {k: np.exp(v) for k, v in quantiles.items()}
    columns["crps"] = scoringrules.crps_ensemble(seen, draws.T, backend="numpy")
    columns["log_score"] = -predictive.log_density(seen)
    columns["interval_score"] = scoringrules.interval_score(
        seen, quantiles["q05"], quantiles["q95"], 0.1, backend="numpy"
    )
    pit = ((draws < seen).sum(axis=0) + 0.5) / (len(draws) + 1)
    columns["pit"] = np.where(np.isnan(draws).any(axis=0), np.nan, pit)
    for name, (low, high) in INTERVALS.items():
        columns[name] = (quantiles[low] <= seen) & (seen <= quantiles[high])
    return pd.DataFrame(columns)


def summarise(
    forecasts: pd.DataFrame, by: str | None = None, *, on_log: bool = True
) -> pd.DataFrame:
    """Average scores, in all or by group; `Backtest.summary` says what the columns are.

    The error of a median is one of its logarithm, unless told.
    """
    groups = dict(_groups(forecasts, by))
    table = pd.DataFrame.from_dict(
        {k: _averages(rows, on_log) for k, rows in groups.items()}, "index"
    )
    return table.rename_axis(by).astype({"n": int, "not_converged": int})


def _groups(forecasts: pd.DataFrame, by: str | None) -> Iterator[tuple[str, pd.DataFrame]]:
    if by is None:
        yield "all", forecasts
        return
    if by not in GROUPS:
        raise BayesScalingError(f"by: {by!r} is not known; {suggest(str(by), GROUPS)}")
    if by not in forecasts:
        raise BayesScalingError(
            f"by: the runs have no column {by}, so the scores can't be told apart by it. Add one."
        )
    if by != "distance":
        for name, rows in forecasts.groupby(by, sort=True, dropna=False):
            yield str(name), rows
        return
    bins = pd.cut(forecasts["distance"], DISTANCES, labels=DISTANCE_LABELS)
    for label in DISTANCE_LABELS:
        if (inside := bins == label).any():
            yield label, forecasts[inside]


def _averages(rows: pd.DataFrame, on_log: bool) -> dict[str, float]:
    """Average with numpy, which lets a NaN through: a score that is missing has to be seen."""
    known = rows[[*SCORES, "median", "truth"]].notna().all(axis=1).to_numpy()
    means = {
        name: float(np.where(known, rows[name].to_numpy(float), np.nan).mean())
        for name in (*INTERVALS, "crps", "log_score")
    }
    middle, truth = (rows[name].to_numpy(float) for name in ("median", "truth"))
    error = np.abs(np.log(middle / truth) if on_log else middle - truth)
    low, high = _interval(rows) if known.all() else (np.nan, np.nan)
    return {
        "n": len(rows),
        **{f"coverage_{k.removeprefix('covered_')}": means[k] for k in INTERVALS},
        "coverage_90_low": low,
        "coverage_90_high": high,
        "crps": means["crps"],
        "log_score": means["log_score"],
        "median_abs_error": float(np.median(error)),
        "not_converged": int((~rows["converged"].astype(bool)).sum()),
    }


def _interval(rows: pd.DataFrame) -> tuple[float, float]:
    """Interval of 90 % for the coverage at 90 %, by a bootstrap over sources, else over ladders.

    Forecasts of one source are not independent, so whole sources are drawn.
    """
    unit = "source" if "source" in rows else "ladder"
    sums = rows.groupby(unit, dropna=False)["covered_90"].agg(["sum", "count"]).to_numpy(float)
    if len(sums) < 2:
        return np.nan, np.nan
    rng = np.random.default_rng(0)
    times = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=RESAMPLES)
    covered, count = (times @ sums).T
    low, high = np.quantile(covered / count, [0.05, 0.95])
    return float(low), float(high)
