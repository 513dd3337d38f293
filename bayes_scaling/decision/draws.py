"""What the decisions share: quantiles of draws, and expected responses along a scale."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.data import amount_of
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting import FAR, family_index
from bayes_scaling.forecasting.predicting import PREDICTORS
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.places import along
from bayes_scaling.responses import ByResponse
from bayes_scaling.scales import unit_after

LEVELS: Mapping[str, float] = {"median": 0.5, "q05": 0.05, "q25": 0.25, "q75": 0.75, "q95": 0.95}
POINTS = 129  # of a curve along a scale
OF_UNITS = 33  # where each is an average over problems
STREAM = 6  # of random numbers, apart from those of a forecast


def quantiles_of(draws: Array) -> dict[str, float]:
    """Describe draws by their median and equal-tailed intervals; infinite ones count as largest.

    Examples
    --------
    >>> quantiles_of(np.array([1.0, 2.0, np.inf]))["median"]
    2.0
    """
    method: Any = "linear" if np.isfinite(draws).all() else "inverted_cdf"
    found = np.quantile(draws, list(LEVELS.values()), method=method)
    return {name: float(value) for name, value in zip(LEVELS, found, strict=True)}


def convergence_of(fit: Fit) -> tuple[str, ...]:
    """Say that a fit didn't converge, if so."""
    return () if fit.diagnosis.converged else (str(fit.diagnosis),)


def one_scale(fit: Fit, verb: str) -> str:
    """Return the covariate that a model forecasts along; raises DataError if it has several."""
    columns = fit.spec.columns
    if len(columns) > 1:
        raise DataError(
            f"fit: {verb} looks along one scale, and {fit.spec.name} forecasts along "
            f"{' and '.join(columns)}. Fit a model of one, such as loss, to the runs that spend "
            "their compute best."
        )
    return columns[0]


def amounts_of(name: str, values: Any, unit: str | None = None) -> Array:
    """Read one amount or several, of what the name says or of `unit`; raises DataError."""
    listed = [values] if isinstance(values, str) or np.ndim(values) == 0 else list(values)
    if not listed:
        raise DataError(f"{name}: none given.")
    try:
        return np.array([amount_of(unit or name, value) for value in listed])
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


def ladder_of(fit: Fit, family: str | None) -> int:
    """Find a family among those fitted; raises DataError."""
    return family_index(fit.families, family)


def curve_points(fit: Fit, low: float, high: float) -> Array:
    """Choose scales from one to another for a curve, evenly by their logarithm."""
    return np.geomspace(low, high, OF_UNITS if len(fit.design.units) else POINTS)


def expected_along(fit: Fit, scales: Array, family: int = 0, stream: int = 0) -> Array:
    """Draw what runs reach on average, law and discrepancy, jointly at many scales.

    Returns
    -------
    ndarray, shape (draws, scales)
        Loss, or the mean pass rate over the benchmark.
    """
    own = fit.response.name
    places = along(one_scale(fit, "expected_along"), scales, np.full(len(scales), family))
    rng = np.random.default_rng([fit.random_seed, STREAM, stream])
    drawn = PREDICTORS[own](fit, places, rng)["expected"]
    return AVERAGED[own](fit, drawn.values.reshape(-1, *drawn.shape[2:]))


def _as_it_is(_: Fit, drawn: Array) -> Array:
    return drawn


def _mean_pass_rate(fit: Fit, hazards: Array) -> Array:
    sizes = fit.design.units.sizes
    return np.asarray(np.exp(-hazards) @ sizes / sizes.sum())


AVERAGED: ByResponse[Callable[[Fit, Array], Array]] = {
    "loss": _as_it_is,
    "passes": _mean_pass_rate,
    "score": _as_it_is,
}
FALLS: ByResponse[bool] = {"loss": True, "passes": False, "score": False}
"""Whether the smaller value of a response is the better one."""


def far_note(scale: str, value: float, distance: float) -> str:
    """Say that an answer lies far beyond the fitted runs; empty where it doesn't."""
    if not distance > FAR:
        return ""
    where = f"{value:.3g}{unit_after([scale])}"
    return (
        f"Far: {where} is {distance:.2f} decades beyond the largest fitted run; more than {FAR:g}."
    )
