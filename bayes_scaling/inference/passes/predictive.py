"""Draws of each unit's hazard at target computes, given the posterior."""

from collections.abc import Mapping
from copy import deepcopy

import numpy as np
import xarray as xr

from bayes_scaling.arrays import Array, Flags, Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms, at_runs, draw_term
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import unit_column
from bayes_scaling.inference.passes.kernel import LOGISTIC
from bayes_scaling.inference.passes.sampler_data import link_of
from bayes_scaling.inference.places import Places
from bayes_scaling.specification.discrepancy import Discrepancy, covariance, square_root
from bayes_scaling.specification.spec import Spec

KINDS = ("law", "expected", "run")
POPULATION_AXES = 3  # chain, draw and run
Parameters = Mapping[str, Array]


def draw_hazards(
    fit: Fit, places: Places | Mapping[str, Places], rng: np.random.Generator
) -> xr.Dataset:
    """Draw ``-log p`` of every unit at targets from the posterior predictive distribution.

    Parameters
    ----------
    fit : Fit
    places : Places
        The targets; or those of each kind, where they are forecast themselves.
    rng : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        Variables ``law`` (alpha C^-k alone), ``expected`` (and discrepancies) and ``run`` (and the
        effects of a new run), dims ``chain, draw, target`` and ``problem`` or ``bucket``.
    """
    posterior = fit.posterior["posterior"].to_dataset()
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    values = flat_draws(posterior)
    at = places if isinstance(places, Mapping) else dict.fromkeys(KINDS, places)
    law, expected = (law_at(fit.spec, fit.design, values, at[kind]) for kind in KINDS[:2])
    state = deepcopy(rng)
    expected = expected + discrepancies_at(fit.spec, fit.design, values, at["expected"], rng)
    run = expected
    if at["run"] is not at["expected"]:
        run = law_at(fit.spec, fit.design, values, at["run"])
        run = run + discrepancies_at(fit.spec, fit.design, values, at["run"], state)
    run = run + effects_at(fit.spec, fit.design, values, law.shape, rng)
    dims = ("chain", "draw", "target", unit_column(fit.spec))
    kinds = dict(zip(KINDS, (law, expected, run), strict=True))
    return xr.Dataset(
        {
            kind: (dims, hazard(fit.spec, value).reshape(chains, draws, *value.shape[1:]))
            for kind, value in kinds.items()
        },
        {unit_column(fit.spec): list(fit.design.units.names)},
    )


def hazards_at_runs(fit: Fit) -> xr.DataArray:
    """Return the draws of ``-log p`` of every unit at the fitted runs, all effects included.

    Returns
    -------
    xarray.DataArray
        Dims ``chain, draw``, ``problem`` or ``bucket``, and ``run``.
    """
    posterior = fit.posterior["posterior"].to_dataset()
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    values = flat_draws(posterior)
    unit = unit_column(fit.spec)
    total = np.swapaxes(law_at(fit.spec, fit.design, values, fit.design.places), 1, 2)
    for term in active_terms(fit.spec):
        own = at_runs(fit.spec, fit.design, values, term)
        total = total + np.swapaxes(_to_units(own, term, fit.spec, fit.design), 1, 2)
    for name, array in posterior.data_vars.items():
        if "run" not in array.dims:
            continue
        own = values[str(name)]
        if array.ndim == POPULATION_AXES:
            own = own[:, None, :]
        elif unit not in array.dims:
            own = own[:, fit.design.units.bucket]
        total = total + own
    shape = (chains, draws, *total.shape[1:])
    coords = {unit: list(fit.design.units.names), "run": list(fit.design.runs)}
    dims = ("chain", "draw", unit, "run")
    return xr.DataArray(hazard(fit.spec, total).reshape(shape), coords, dims)


def flat_draws(posterior: xr.Dataset) -> dict[str, Array]:
    """Return the draws of each variable, chains one after the other."""
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    return {
        str(name): np.asarray(values).reshape(count, *values.shape[2:])
        for name, values in posterior.data_vars.items()
    }


def hazard(spec: Spec, predictor: Array) -> Array:
    """Return ``-log p`` from the linear predictor of a law."""
    if link_of(spec) == LOGISTIC:
        return np.logaddexp(0.0, predictor)
    return np.exp(predictor)


def law_at(spec: Spec, design: Design, values: Parameters, places: Places) -> Array:
    """Linear predictor of the law, shape ``(draws, targets, units)``."""
    x = [np.atleast_2d(own)[..., None] for own in design.x_at(places)]
    stated = {
        name: _of_units(name, spec, design, values)[:, None, :]
        for name in spec.coordinates.parameters
    }
    predictor = np.asarray(spec.law.curve(*x, **spec.coordinates.to_curve(stated)))
    count = max(map(len, values.values()))
    return np.broadcast_to(predictor, (count, len(places), len(design.units)))


def _of_units(name: str, spec: Spec, design: Design, values: Parameters) -> Array:
    """Return a parameter's draws, one a unit, whichever groups it varies over."""
    if name not in values:
        return np.full((1, len(design.units)), spec.pinned[name])
    drawn = values[name]
    if drawn.ndim == 1:
        return np.broadcast_to(drawn[:, None], (len(drawn), len(design.units)))
    over = getattr(spec.priors[name], "over", None)
    return drawn if over == unit_column(spec) else drawn[:, design.units.bucket]


def discrepancies_at(
    spec: Spec,
    design: Design,
    values: Parameters,
    places: Places,
    rng: np.random.Generator,
) -> Array:
    """Draw the sum of all discrepancies at targets given their weights."""
    total = np.zeros((1, len(places), len(design.units)))
    for term in active_terms(spec):
        drawn = draw_term(spec, design, values, term, places, rng)
        total = total + _to_units(drawn, term, spec, design)
    return total


def foretold_at(
    spec: Spec, design: Design, values: Parameters, hidden: Flags
) -> tuple[Array, Array]:
    """Mean and standard deviation of the linear predictor at runs whose counts were hidden.

    Given a draw of the parameters and of the discrepancies at the other runs it is normal: what the
    law and those say, and what is fresh, the rest of the discrepancies and the effects of the run.

    Parameters
    ----------
    hidden : ndarray of bool, shape (runs,)

    Returns
    -------
    mean, sd : ndarray, shapes ``(draws, hidden runs, units)`` and ``(draws, hidden runs, 1)``
    """
    mean = np.array(law_at(spec, design, values, design.places.at(hidden)))
    variance = np.zeros((len(mean), int(hidden.sum()), 1))
    for term in active_terms(spec):
        where = design.positions(term, design.places)
        gain, root = conditional(term, where[~hidden], where[hidden])
        kept = at_runs(spec, design, values, term)[..., ~hidden]
        known = np.einsum("s...m,tm->s...t", kept, gain)
        mean += _to_units(known, term, spec, design)
        amplitude = values.get(term.name, np.full(len(mean), term.amplitude))
        variance += (amplitude[:, None] ** 2 * (root**2).sum(axis=1))[:, :, None]
    for name, prior in spec.effects.items():
        scale = values.get(name, np.full(len(mean), prior))
        variance += scale[:, None, None] ** 2
    return mean, np.sqrt(variance)


def _to_units(drawn: Array, term: Discrepancy, spec: Spec, design: Design) -> Array:
    if drawn.ndim == 2:
        return drawn[:, :, None]
    own = drawn if term.over == unit_column(spec) else drawn[:, design.units.bucket]
    return np.swapaxes(own, 1, 2)


def conditional(term: Discrepancy, at: Array, to: Array) -> tuple[Array, Array]:
    """Gain and root of a discrepancy at targets given its values at runs, at unit amplitude.

    Parameters
    ----------
    term : Discrepancy
    at, to : ndarray
        Positions of the runs, and of the targets.

    Returns
    -------
    gain : ndarray, shape (targets, runs)
    root : ndarray, shape (targets, rank)
    """
    between = covariance(term, to, at)
    gain = between @ np.linalg.pinv(covariance(term, at, at), rcond=1e-12, hermitian=True)
    rest = covariance(term, to, to) - gain @ between.T
    return gain, square_root((rest + rest.T) / 2)


def effects_at(
    spec: Spec,
    design: Design,
    values: Parameters,
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> Array:
    """Draw the effects of new runs: for all units, for each bucket, for each unit."""
    total = np.zeros((1, 1, 1))
    for name, prior in spec.effects.items():
        if prior == 0.0:
            continue
        scale = values.get(name, np.full(shape[0], prior))
        sharing = _who_share(name, spec, design)
        drawn = rng.standard_normal((*shape[:2], sharing.max() + 1))[:, :, sharing]
        total = total + scale[:, None, None] * drawn
    return total


def _who_share(name: str, spec: Spec, design: Design) -> Index:
    """Give each unit the number of its effect of a run: units of one number share it."""
    if name == "sigma_run":
        return np.zeros(len(design.units), dtype=np.int64)
    if name == f"sigma_{unit_column(spec)}_run":
        return np.arange(len(design.units))
    return design.units.bucket
