"""Fits of earlier versions, which kept no weights of discrepancies: draw or find them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.inference.design import Design, Root
from bayes_scaling.inference.discrepancies import active_terms, named_weights, weights_name
from bayes_scaling.inference.predictive import PRECISION, flat_values, law_at, of_family
from bayes_scaling.inference.roots import BlockRoot, find_roots
from bayes_scaling.specification.spec import Spec


def with_weights_of_losses(
    spec: Spec, design: Design, posterior: xr.Dataset, random_seed: int
) -> xr.Dataset:
    """Draw the weights of all discrepancies given the parameters and the runs."""
    terms = active_terms(spec)
    if all(weights_name(term) in posterior for term in terms):
        return posterior
    values, shape = flat_values(spec, posterior)
    gap = np.log(design.observed["y"]) - law_at(spec, design, values, design.places)
    rng = np.random.default_rng([random_seed, 8])
    found: dict[str, list[Array]] = {term.name: [] for term in terms}
    rank = max(root.rows.shape[1] for root in design.roots.values())
    for block, roots in enumerate(find_roots(spec, design)):
        amplitudes = [of_family(values[term.name], np.array([block])) for term in terms]
        noise = _run_variance(design, values, roots, amplitudes)
        drawn = _draw_weights(roots, amplitudes, noise, gap[:, roots[0].runs], rng)
        for term, own in zip(terms, drawn, strict=True):
            padded = np.zeros((len(own), rank))
            padded[:, : own.shape[1]] = own
            found[term.name].append(padded)
    return posterior.assign(
        {weights_name(term): named_weights(spec, term, found[term.name], shape) for term in terms}
    )


def with_weights_of_counts(
    spec: Spec,
    design: Design,
    posterior: xr.Dataset,
    random_seed: int,  # noqa: ARG001
) -> xr.Dataset:
    """Find the weights of discrepancies from the values at the runs that were kept of them."""
    for term in active_terms(spec):
        kept = term.name.replace("amplitude", "discrepancy")
        if weights_name(term) in posterior or kept not in posterior:
            continue
        root: Root = design.roots[term.name]
        inverse = root.rows / (root.rows**2).sum(axis=0)
        scale: Any = posterior.get(term.name, term.amplitude)
        weights = (posterior[kept] / scale).dot(
            xr.DataArray(inverse, dims=("run", f"{term.name}_weight")), dim="run"
        )
        posterior = posterior.drop_vars(kept).assign({weights_name(term): weights})
    return posterior


def _run_variance(
    design: Design,
    values: Mapping[str, Array],
    roots: Sequence[BlockRoot],
    amplitudes: Sequence[Array],
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
    roots: Sequence[BlockRoot],
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
