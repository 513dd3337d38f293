"""How much each prior moves a forecast, without fitting again."""

from collections.abc import Mapping

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.errors import BayesScalingError, demand_record, suggest
from bayes_scaling.forecasting import Forecast
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.predictive import KINDS
from bayes_scaling.specification.prior_density import log_density, top_priors
from bayes_scaling.specification.priors import Prior

ALPHAS = (0.8, 1.25)
WIDER, NARROWER = 0.5, 2.0


def sensitivity(fit: Fit, forecast: Forecast, kind: str = "run") -> pd.DataFrame:
    r"""Tabulate how much the forecast moves when one prior is made wider or narrower.

    Each prior density is raised to a power alpha, and the posterior draws are weighted by
    :math:`p(\theta)^{\alpha - 1}`, smoothed by a generalised Pareto tail. A log-normal or
    logit-normal prior is scaled on the log or logit, so it keeps its median and its standard
    deviation there is divided by :math:`\sqrt\alpha`. Of a pooled parameter the priors of what its
    groups share are scaled.

    Parameters
    ----------
    fit : Fit
    forecast : Forecast
        Made from this fit.
    kind : {"run", "expected", "law"}
        Which kind of interval.

    Returns
    -------
    DataFrame
        A row a prior and target, the most influential prior first. ``prior``; ``family, compute``
        of the target; ``sensitivity``, the distance (cumulative Jensen-Shannon) that the forecast's
        distribution moves for each doubling of alpha, above 0.05 an influence worth a look;
        ``median_wider, median_narrower``, the forecast's median with the prior's standard deviation
        times or over sqrt 2; ``width_wider, width_narrower``, the width of its 90 % interval over
        what it is now. Of counts the forecast is the mean pass rate; the priors of problems are
        those of what they share.

    Raises
    ------
    BayesScalingError
        If the forecast was made from another fit, or the kind isn't known.

    References
    ----------
    Kallioinen, Paananen, Buerkner and Vehtari (2024), Detecting and diagnosing prior and likelihood
    sensitivity with power-scaling.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> fit = bs.fit("loss", small, random_seed=1)
    >>> table = bs.sensitivity(fit, bs.predict(fit, compute=2.3e22))
    >>> sorted(table["prior"])
    ['amplitude', 'elasticity', 'floor_share', 'level', 'sigma']
    """
    demand_record(forecast, Forecast, "forecast", "predict")
    if forecast.fit is not fit:
        raise BayesScalingError(
            "forecast: it was made from another fit; give the forecast's own, forecast.fit."
        )
    if kind not in KINDS:
        raise BayesScalingError(f"kind: {kind!r} is not known; {suggest(str(kind), KINDS)}")
    posterior = fit.posterior["posterior"].to_dataset()
    priors = top_priors(fit.spec.free)
    densities = _densities(priors, posterior)
    drawn = _main_quantity(forecast, kind)
    tree = xr.DataTree.from_dict({"posterior": drawn, "log_prior": densities})
    places = forecast.targets[["family", *fit.spec.columns]]
    parts = []
    for name in priors:
        moved = az.psense(tree, group="prior", group_var_names=[name], alphas=ALPHAS)
        table = places.assign(prior=name, sensitivity=moved[kind].values)
        parts.append(table.assign(**_shifts(drawn[kind], densities[name])))
    table = pd.concat(parts, ignore_index=True)
    strongest = table.groupby("prior")["sensitivity"].transform("max")
    order = table.assign(strongest=strongest).sort_values(
        ["strongest", "prior"], ascending=[False, True], kind="stable"
    )
    return order.drop(columns="strongest").set_index("prior").reset_index()


def _main_quantity(forecast: Forecast, kind: str) -> xr.Dataset:
    """Take the draws of what a forecast is of, such as the mean pass rate of all problems."""
    (reading,) = forecast.readings(kind=kind)
    sizes = forecast.draws.sizes
    values = reading.values.reshape(sizes["chain"], sizes["draw"], -1)
    return xr.Dataset({kind: (("chain", "draw", "target"), values)})


def log_priors(fit: Fit) -> xr.Dataset:
    """Log density of each prior at the draws of a fit, summed over the groups that share it."""
    return _densities(top_priors(fit.spec.free), fit.posterior["posterior"].to_dataset())


def _densities(priors: Mapping[str, Prior], posterior: xr.Dataset) -> xr.Dataset:
    """Log density of each prior at the draws, summed over the groups that share it."""
    found = {}
    for name, prior in priors.items():
        values = posterior[name].transpose("chain", "draw", ...)
        density = values.copy(data=log_density(prior, values.values))
        found[name] = density.sum([dim for dim in values.dims if dim not in {"chain", "draw"}])
    return xr.Dataset(found)


def _shifts(drawn: xr.DataArray, density: xr.DataArray) -> dict[str, Array]:
    """Median and relative width of the forecast under a wider and a narrower prior."""
    values = drawn.transpose("chain", "draw", "target").values.reshape(-1, drawn.sizes["target"])
    now = np.quantile(values, [0.05, 0.95], axis=0)
    columns = {}
    for label, alpha in (("wider", WIDER), ("narrower", NARROWER)):
        scaled = density.azstats.power_scale_lw(alpha=alpha, dim=["chain", "draw"])
        weights = np.exp(scaled.values.ravel())
        low, middle, high = (weighted_quantile(values, weights, q) for q in (0.05, 0.5, 0.95))
        columns[f"median_{label}"] = middle
        columns[f"width_{label}"] = (high - low) / (now[1] - now[0])
    return columns


def weighted_quantile(values: Array, weights: Array, q: float) -> Array:
    """Quantile of weighted draws, one a column.

    Examples
    --------
    >>> weighted_quantile(np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 0.0, 1.0]), 0.4)
    array([1.])
    """
    order = np.argsort(values, axis=0)
    share = np.cumsum(weights[order], axis=0) / weights.sum()
    place = np.minimum((share < q).sum(axis=0), len(values) - 1)
    columns = np.arange(values.shape[1])
    return np.asarray(values[order[place, columns], columns])
