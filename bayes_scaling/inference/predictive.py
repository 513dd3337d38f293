"""Draws of the response at target computes, given the posterior: law, discrepancy and noise."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms, draw_term
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.shares import drawn_below, top_of
from bayes_scaling.specification.spec import Spec

if TYPE_CHECKING:
    from bayes_scaling.inference.fits import Fit

KINDS = ("law", "expected", "run")
PRECISION = "precision"  # of each run's normal noise; a gamma variable makes it Student-t


def draw_responses(fit: "Fit", places: Places, rng: np.random.Generator) -> xr.Dataset:
    """Draw the response at targets from the posterior predictive distribution.

    Given the discrepancies at the fitted runs those at the targets are normal, so the forecast is
    exact at any distance on either side. Of error
    rates the distribution is that given that they lie below 1.

    Parameters
    ----------
    fit : Fit
    places : Places
        The targets.
    rng : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        Variables ``law, expected, run``, dims ``chain, draw, target``.
    """
    values, chains = flat_posterior(fit)
    log_law = law_at(fit.spec, fit.design, values, places)
    g = discrepancy_at(fit.spec, fit.design, values, places, rng)
    expected = log_law + g
    run = expected + noise_at(fit.spec, values, places.family, log_law.shape, rng)
    drawn = drawn_below(top_of(fit.spec), (log_law, expected, run), rng)
    shape = (*chains, len(places))
    dims = ("chain", "draw", "target")
    kinds = dict(zip(KINDS, drawn, strict=True))
    return xr.Dataset({kind: (dims, np.exp(v).reshape(shape)) for kind, v in kinds.items()})


def flat_posterior(fit: "Fit") -> tuple[dict[str, Array], tuple[int, int]]:
    """Return every parameter with draws along one axis, and the numbers of chains and draws."""
    return flat_values(fit.spec, fit.posterior["posterior"].to_dataset())


def flat_values(spec: Spec, posterior: xr.Dataset) -> tuple[dict[str, Array], tuple[int, int]]:
    """Return every parameter with draws along one axis, pinned ones included."""
    chains = (posterior.sizes["chain"], posterior.sizes["draw"])
    count = chains[0] * chains[1]
    values = {
        str(name): np.asarray(array).reshape(count, *array.shape[2:])
        for name, array in posterior.data_vars.items()
    }
    values |= {name: np.full(count, value) for name, value in spec.pinned.items()}
    return values, chains


def of_family(value: Array, family: Index) -> Array:
    """Take a parameter's draws for each target, shape ``(draws, targets)``."""
    return value[:, family] if value.ndim == 2 else value[:, None]


def law_at(spec: Spec, design: Design, values: Mapping[str, Array], places: Places) -> Array:
    """Log of the law at places, shape ``(draws, places)``."""
    found = zip(spec.columns, design.x_at(places), strict=True)
    x = [np.atleast_2d(own) + shift_at(spec, values, name, places) for name, own in found]
    stated = {name: of_family(values[name], places.family) for name in spec.coordinates.parameters}
    return np.asarray(spec.law.curve(*x, **spec.coordinates.to_curve(stated)))


def shift_at(spec: Spec, values: Mapping[str, Array], column: str, places: Places) -> Array:
    """Return what groups add to the logarithm of a covariate, shape ``(draws or 1, places)``."""
    own = spec.shifts.get(column)
    if own is None:
        return np.zeros((1, len(places)))
    index, drawn = places.group(str(spec.free[own].over)), values[own]
    return np.column_stack([np.zeros(len(drawn)), drawn])[:, index]


def noise_at(
    spec: Spec,
    values: Mapping[str, Array],
    family: Index,
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> Array:
    """Run-to-run noise of the log response, shape ``(draws, targets)``."""
    of = {name: of_family(values[name], family) for name in spec.noise.parameters}
    return np.asarray(of["sigma"] * spec.noise.standard(rng, of, shape))


def discrepancy_at(
    spec: Spec,
    design: Design,
    values: Mapping[str, Array],
    places: Places,
    rng: np.random.Generator,
) -> Array:
    """Draw the sum of all discrepancies at targets given their weights, ``(draws, targets)``."""
    drawn = np.zeros((len(values["sigma"]), len(places)))
    for term in active_terms(spec):
        drawn += draw_term(spec, design, values, term, places, rng)
    return drawn
