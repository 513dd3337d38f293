"""What people forecast with today, in the same form as the package's own forecasts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special, stats
from threadpoolctl import threadpool_limits

from bayes_scaling.arrays import Array
from bayes_scaling.errors import DataError, suggest
from bayes_scaling.evaluation.scoring import Predictive

DRAWS = 4000
RESAMPLES = 200
DELTA = 1e-3  # of the Huber loss, on log loss
SMALLEST_SD = 1e-4  # of log loss: a curve through every run still doesn't foretell one exactly
START_EXPONENTS = (0.05, 0.1, 0.2, 0.4, 0.8)
START_SHARES = (0.1, 0.4, 0.8)
BOUNDS = ((-20.0, 20.0), (0.0, 3.0), (-10.0, 5.0))


@dataclass(frozen=True, eq=False)
class Spread:
    """Draws of the log loss and the mixture that they come from; see `Predictive`."""

    draws: Array
    location: Array
    scale: Array
    nu: float


def baseline_forecast(
    name: str, runs: pd.DataFrame, targets: pd.DataFrame, random_seed: int
) -> Predictive:
    """Forecast new runs of one ladder by a baseline.

    ``huber_bootstrap`` fits a C^-b + c to the log loss by the Huber loss (delta 1e-3) with L-BFGS
    from a grid of starts, again on 200 resamplings of the runs, and adds normal noise with the
    standard deviation of the residuals. ``power_law`` is least squares of log loss on log compute
    with its Student-t interval. ``last_value`` says that nothing changes beyond the last run: log
    loss is a random walk in log compute with the mean squared step per decade of the ladder.

    Parameters
    ----------
    name : {"huber_bootstrap", "last_value", "power_law"}
    runs : DataFrame
        Checked runs of one ladder, at three distinct computes or more.
    targets : DataFrame
        Column ``compute``, FLOP.
    random_seed : int

    Returns
    -------
    Predictive

    Raises
    ------
    DataError
        If the name isn't known, or the runs are of several families or too few.

    References
    ----------
    Hoffmann et al. (2022), Training compute-optimal large language models, for the Huber fit.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs = bs.example("cerebras_gpt")
    >>> small, large = runs.query("compute < 2e21"), runs.query("compute > 2e21")
    >>> forecast = baseline_forecast("power_law", small, large, random_seed=1)
    >>> forecast.draws.shape
    (4000, 2)
    """
    demand_baseline(name)
    families = list(runs["family"].unique()) if "family" in runs else ["ladder"]
    if len(families) > 1:
        raise DataError(f"family: {name} describes one ladder, got {len(families)} families.")
    if runs["compute"].nunique() < 3:
        raise DataError(f"compute: {name} needs runs at three distinct computes at least.")
    compute, ahead = runs["compute"].to_numpy(float), targets["compute"].to_numpy(float)
    centre = np.log(compute).mean()
    with threadpool_limits(1, "blas"):  # threads make matrices of three rows 200 times slower
        spread = BASELINES[name](
            np.log(compute) - centre,
            np.log(runs["loss"].to_numpy(float)),
            np.log(ahead) - centre,
            np.random.default_rng(random_seed),
        )
    table = pd.DataFrame(
        {"family": families[0], "compute": ahead, "distance": np.log10(ahead / compute.max())}
    )
    return Predictive(table, spread.draws, spread.location, spread.scale, np.array(spread.nu))


def demand_baseline(name: str) -> None:
    """Demand a known baseline; raises DataError."""
    if name not in BASELINES:
        raise DataError(f"baseline: {name!r} is not known; {suggest(str(name), BASELINES)}")


def _power_law(x: Array, y: Array, ahead: Array, rng: np.random.Generator) -> Spread:  # noqa: ARG001
    n = len(x)
    slope, level = np.polyfit(x, y, 1)
    variance = np.sum((y - level - slope * x) ** 2) / (n - 2)
    leverage = 1 + 1 / n + (ahead - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
    scale = np.maximum(np.sqrt(variance * leverage), SMALLEST_SD)
    return _stratified(level + slope * ahead, scale, n - 2)


def _last_value(x: Array, y: Array, ahead: Array, rng: np.random.Generator) -> Spread:  # noqa: ARG001
    means = pd.Series(y).groupby(x).mean()  # by rising compute
    rate = np.mean(np.diff(means) ** 2 / np.diff(means.index))
    scale = np.sqrt(rate * np.maximum(ahead - x.max(), 0.0))
    return _stratified(np.full(len(ahead), means.iloc[-1]), np.maximum(scale, SMALLEST_SD), np.inf)


def _stratified(location: Array, scale: Array, nu: float) -> Spread:
    """Evenly spaced quantiles in place of random draws."""
    standard = stats.t.ppf((np.arange(DRAWS) + 0.5) / DRAWS, nu)
    return Spread(location + scale * standard[:, None], location[None], scale[None], nu)


def _huber_bootstrap(x: Array, y: Array, ahead: Array, rng: np.random.Generator) -> Spread:
    whole = np.ones(len(x))
    fits = [minimise(start, x, y, whole) for start in _starts(y)]
    best = min(fits, key=lambda fit: fit.fun).x
    freedom = max(len(x) - len(best), 1)
    sd = max(np.sqrt(np.sum((y - log_curve(best, x)) ** 2) / freedom), SMALLEST_SD)
    distinct, which = np.unique(_resamplings(x, rng), axis=0, return_inverse=True)
    curves = np.array([log_curve(minimise(best, x, y, times).x, ahead) for times in distinct])
    location = np.repeat(curves[which], DRAWS // RESAMPLES, axis=0)
    draws = location + sd * rng.standard_normal(location.shape)
    return Spread(draws, location, np.full((1, 1), sd), np.inf)


def log_curve(theta: Array, x: Array) -> Array:
    """Log of a C^-b + c, where theta holds log a, b and log c."""
    return np.asarray(np.logaddexp(theta[0] - theta[1] * x, theta[2]))


def minimise(start: Array, x: Array, y: Array, times: Array) -> optimize.OptimizeResult:
    """Minimise the Huber loss of the residuals, each run counted so many times.

    Residuals are in units of delta: the loss itself is so small that the optimiser would stop at
    once, as happened to Hoffmann et al. (Besiroglu et al. 2024).
    """

    def objective(theta: Array) -> tuple[float, Array]:
        residual = (y - log_curve(theta, x)) / DELTA
        share = special.expit(theta[0] - theta[1] * x - theta[2])
        pull = -times * np.clip(residual, -1, 1) / DELTA
        gradient = np.array([pull @ share, pull @ (-x * share), pull @ (1 - share)])
        return float(times @ special.huber(1.0, residual)), gradient

    return optimize.minimize(objective, start, jac=True, method="L-BFGS-B", bounds=BOUNDS)


def _starts(y: Array) -> list[Array]:
    level = float(np.median(y))
    return [
        np.array([level + np.log1p(-share), exponent, level + np.log(share)])
        for exponent in START_EXPONENTS
        for share in START_SHARES
    ]


def _resamplings(x: Array, rng: np.random.Generator) -> list[Array]:
    """How often each run is drawn, kept where three distinct computes are."""
    kept: list[Array] = []
    while len(kept) < RESAMPLES:
        times = rng.multinomial(len(x), np.full(len(x), 1 / len(x))).astype(float)
        if len(np.unique(x[times > 0])) >= 3:
            kept.append(times)
    return kept


BASELINES: dict[str, Callable[[Array, Array, Array, np.random.Generator], Spread]] = {
    "huber_bootstrap": _huber_bootstrap,
    "last_value": _last_value,
    "power_law": _power_law,
}
