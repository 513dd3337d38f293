"""Draws of the response at target computes, given the posterior: law, discrepancy and noise."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.blocks import active_terms, by_family
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.roots import Root, find_roots, rows_at
from bayes_scaling.inference.shares import drawn_below, top_of
from bayes_scaling.specification.discrepancy import square_root
from bayes_scaling.specification.spec import Spec

if TYPE_CHECKING:
    from bayes_scaling.inference.fits import Fit

KINDS = ("law", "expected", "run")
PRECISION = "precision"  # of each run's normal noise; a gamma variable makes it Student-t


def draw_responses(fit: "Fit", places: Places, rng: np.random.Generator) -> xr.Dataset:
    """Draw the response at targets from the posterior predictive distribution.

    Given the parameters and each run's precision, the discrepancy at the fitted runs and at the
    targets is jointly normal, so its conditional is exact at any distance on either side. Of error
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
    x = [own[None, :] for own in design.x_at(places)]
    stated = {name: of_family(values[name], places.family) for name in spec.coordinates.parameters}
    return np.asarray(spec.law.curve(*x, **spec.coordinates.to_curve(stated)))


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
    """Draw the discrepancy at targets given the fitted runs, shape ``(draws, targets)``.

    Its weights are drawn given the runs, and the rest of it at the targets given the weights.
    """
    drawn, terms = np.zeros((len(values["sigma"]), len(places))), active_terms(spec)
    if not terms:
        return drawn
    gap = np.log(design.observed["y"]) - law_at(spec, design, values, design.places)
    for block, roots in enumerate(find_roots(spec, design)):
        there = np.arange(len(places))
        if by_family(spec):
            there = np.flatnonzero(places.family == block)
        own_places = places.at(there)
        amplitudes = [of_family(values[term.name], np.array([block])) for term in terms]
        noise = _run_variance(design, values, roots, amplitudes)
        weights = _draw_weights(roots, amplitudes, noise, gap[:, roots[0].runs], rng)
        for term, root, amplitude, own in zip(terms, roots, amplitudes, weights, strict=True):
            rows = rows_at(design, term, root, own_places)
            rest = square_root(
                design.covariance_between(term, own_places, own_places) - rows @ rows.T
            )
            beside = rng.standard_normal((len(drawn), rest.shape[1])) @ rest.T
            drawn[:, there] += amplitude * (own @ rows.T + beside)
    return drawn


def _run_variance(
    design: Design, values: Mapping[str, Array], roots: Sequence[Root], amplitudes: Sequence[Array]
) -> Array:
    """Variance of each run's noise and of what the roots leave out, shape ``(draws, runs)``."""
    runs = roots[0].runs
    variance = (
        of_family(values["sigma"], design.family[runs]) ** 2
        + design.observed["relative_se"][runs] ** 2
    )
    for root, amplitude in zip(roots, amplitudes, strict=True):
        variance = variance + amplitude**2 * root.left_out
    return variance / values[PRECISION][:, runs] if PRECISION in values else variance


def _draw_weights(
    roots: Sequence[Root],
    amplitudes: Sequence[Array],
    noise: Array,
    gap: Array,
    rng: np.random.Generator,
) -> list[Array]:
    """Draw the weights of each root given the runs, shape ``(draws, rank)``.

    With A the roots times their amplitudes and V the noise, they are normal with precision
    ``1 + A' V^-1 A`` and the centre that this gives ``A' V^-1 gap``.
    """
    rows = np.column_stack([root.rows for root in roots])
    ranks = [root.rows.shape[1] for root in roots]
    scale = np.repeat(np.column_stack(amplitudes), ranks, axis=1)
    count, rank = scale.shape
    pairs = (rows[:, :, None] * rows[:, None, :]).reshape(len(rows), -1)
    precision = np.eye(rank) + (
        scale[:, :, None] * scale[:, None, :] * ((1 / noise) @ pairs).reshape(count, rank, rank)
    )
    lower = np.linalg.cholesky(precision)
    half = np.linalg.solve(lower, (scale * ((gap / noise) @ rows))[:, :, None])
    moved = half + rng.standard_normal((count, rank, 1))
    weights = np.linalg.solve(np.swapaxes(lower, 1, 2), moved)[:, :, 0]
    return np.split(weights, np.cumsum(ranks)[:-1], axis=1)
