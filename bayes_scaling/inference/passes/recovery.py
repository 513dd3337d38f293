"""From the sampler's whitened draws to the parameters that a specification names."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numba import njit
from threadpoolctl import threadpool_limits

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import weights_name
from bayes_scaling.inference.passes.design import BUCKET, unit_column
from bayes_scaling.inference.passes.kernel import factorise_unit, unwhiten
from bayes_scaling.inference.passes.sampler_data import (
    MEAN,
    UNITS,
    mean_matrix,
    pass_sampler_arrays,
    sampler_sites,
    unit_root,
)
from bayes_scaling.inference.passes.terms import (
    Term,
    Terms,
    levels,
    make_terms,
    scale_of,
    scale_priors,
)
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import Spec

Variable = tuple[tuple[str, ...], Array]
WEIGHTS = "population_weights"
TOGETHER = 500  # draws whose matrices are held at once


def recover_posterior(spec: Spec, design: Design, drawn: Mapping[str, Array]) -> xr.Dataset:
    """Turn draws of scales and whitened variables into the parameters of the model.

    Parameters
    ----------
    drawn : mapping of str to ndarray
        Each with the axes chain and draw first.

    Returns
    -------
    xarray.Dataset
        Scales, population means, each unit's parameters (dim ``problem`` or ``bucket``), effects
        and discrepancies at the runs.
    """
    terms = make_terms(spec, design)
    chains, draws = np.shape(drawn[UNITS])[:2]
    count = chains * draws
    flat = {name: np.reshape(values, (count, *values.shape[2:])) for name, values in drawn.items()}
    scales = {name: flat[name] for name in scale_priors(spec)}
    weights, means = _mean_weights(spec, design, terms, scales, flat)
    own = _unit_weights(spec, design, terms, scales, means, flat[UNITS])
    weights = _with_signs(terms.mean, scales, weights)
    own = _with_signs(terms.units, scales, own)
    scales = {name: np.abs(values) for name, values in scales.items()}
    return name_draws(spec, design, terms, scales, weights, own, (chains, draws))


def _with_signs(terms: tuple[Term, ...], scales: Mapping[str, Array], weights: Array) -> Array:
    """Give each term's weights the sign of its scale, which the sampler lets be negative."""
    signs = [
        np.sign(_scaled(term.scale, scales, weights.ndim - 1))
        * np.ones((1,) * (weights.ndim - 1) + (term.block.shape[-1],))
        for term in terms
    ]
    count = len(weights)
    return (
        weights
        * np.concatenate(
            [np.broadcast_to(sign, (count, *sign.shape[1:])) for sign in signs], axis=-1
        )
        if signs
        else weights
    )


def of_population(
    spec: Spec, terms: Terms, posterior: xr.Dataset
) -> tuple[dict[str, Array], Array]:
    """Return the draws of the scales, and the mean's weights, stored as ``population_weights``."""
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    scales = {name: posterior[name].values.reshape(count) for name in scale_priors(spec)}
    if not terms.mean:
        return scales, np.zeros((count, 0))
    return scales, posterior[WEIGHTS].values.reshape(count, -1)


def with_units(
    spec: Spec,
    design: Design,
    terms: Terms,
    posterior: xr.Dataset,
    scales: Mapping[str, Array],
    weights: Array,
    own: Array,
) -> xr.Dataset:
    """Return a posterior with all units of a design, given draws of their weights."""
    shape = (posterior.sizes["chain"], posterior.sizes["draw"])
    return name_draws(spec, design, terms, scales, weights, own, shape)


def name_draws(
    spec: Spec,
    design: Design,
    terms: Terms,
    scales: Mapping[str, Array],
    weights: Array,
    own: Array,
    shape: tuple[int, int],
) -> xr.Dataset:
    """Name what weights of all terms make, with the axes chain and draw of a `shape`."""
    unit = unit_column(spec)
    named: dict[str, Variable] = {name: ((), values) for name, values in scales.items()}
    by_term = _split(terms.mean, weights) | _split(terms.units, own)
    for name in spec.coordinates.parameters:
        named |= _parameter(name, spec, design, scales, by_term)
    named |= _deviations(terms, scales, by_term, named, unit)
    if terms.mean:
        named[WEIGHTS] = (("weight",), weights)
    coords: dict[str, Any] = {
        "chain": np.arange(shape[0]),
        "draw": np.arange(shape[1]),
        "run": list(design.runs),
        "bucket": list(design.units.buckets),
        unit: list(design.units.names),
    }
    used = {"chain", "draw"}.union(*(dims for dims, _ in named.values()))
    return xr.Dataset(
        {
            name: (("chain", "draw", *dims), values.reshape(*shape, *values.shape[1:]))
            for name, (dims, values) in named.items()
        },
        {name: labels for name, labels in coords.items() if name in used},
    )


@threadpool_limits.wrap(limits=1)  # type: ignore[untyped-decorator]
def _mean_weights(
    spec: Spec,
    design: Design,
    terms: Terms,
    scales: Mapping[str, Array],
    flat: Mapping[str, Array],
) -> tuple[Array, Array]:
    """Weights of the mean's terms, and the mean itself.

    As the sampler's compiled code has it, with ``P = 1 + D' I D = L L'``: the weights are
    ``L'^-1 (L^-1 D' pull + zeta)``.
    """
    shape = (len(design.units.buckets), len(design.runs))
    count = len(flat[UNITS])
    if not terms.mean:
        return np.zeros((count, 0)), np.broadcast_to(terms.constant, (count, *shape))
    arrays = pass_sampler_arrays(spec, design)
    information, pull = arrays["information"], arrays["pull"]
    weights, means = np.empty((count, flat[MEAN].shape[1])), np.empty((count, *shape))
    for rows in np.array_split(np.arange(count), math.ceil(count / TOGETHER)):
        matrix = np.stack([mean_matrix(terms, _at(scales, int(row))) for row in rows])
        across, by_bucket = matrix.swapaxes(1, 2), matrix.reshape(len(rows), *shape, -1)
        turned = (information @ by_bucket).reshape(matrix.shape)
        lower = np.linalg.cholesky(np.eye(matrix.shape[2]) + across @ turned)
        half = np.linalg.solve(lower, (across @ pull)[..., None]) + flat[MEAN][rows, :, None]
        found = np.linalg.solve(lower.swapaxes(1, 2), half)
        weights[rows] = found[..., 0]
        means[rows] = terms.constant + (matrix @ found).reshape(len(rows), *shape)
    return weights, means


def _unit_weights(
    spec: Spec,
    design: Design,
    terms: Terms,
    scales: Mapping[str, Array],
    means: Array,
    zeta: Array,
) -> Array:
    sites = sampler_sites(spec, design)
    weights = np.empty_like(zeta)
    for row in range(len(zeta)):
        root = unit_root(terms, _at(scales, row))
        gap = sites.y - means[row][design.units.bucket]
        _unwhiten_all(root, gap, zeta[row], sites.w, sites.group, weights[row])
    return weights


@njit(cache=True, error_model="numpy")
def _unwhiten_all(root: Array, gap: Array, zeta: Array, w: Array, group: Index, out: Array) -> None:
    groups, rank = len(w), root.shape[1]
    lower, inverse = np.zeros((groups, rank, rank)), np.zeros((groups, rank, rank))
    centre = np.empty(rank)
    for g in range(groups):
        factorise_unit(root, w[g], lower[g], inverse[g])
    for i in range(len(zeta)):
        g = group[i]
        unwhiten(root, gap[i], w[g], zeta[i], inverse[g], centre, out[i])


def _at(scales: Mapping[str, Array], row: int) -> dict[str, float]:
    return {name: float(values[row]) for name, values in scales.items()}


def _split(terms: tuple[Term, ...], weights: Array) -> dict[str, Array]:
    """Cut stacked weights into those of each term."""
    ends = np.cumsum([term.block.shape[-1] for term in terms])
    return {
        term.name: weights[..., end - term.block.shape[-1] : end]
        for term, end in zip(terms, ends, strict=True)
    }


def _parameter(
    name: str,
    spec: Spec,
    design: Design,
    scales: Mapping[str, Array],
    weights: Mapping[str, Array],
) -> dict[str, Variable]:
    """Each level of a parameter, from what all share to single units."""
    found: dict[str, Variable] = {}
    total: Any = 0.0
    for own, prior in reversed(list(levels(name, spec.priors[name]))):
        if not isinstance(prior, Prior):
            total = np.full(len(next(iter(weights.values()))), prior)
            continue
        drawn = weights[own][..., 0] if weights[own].ndim == 3 else weights[own]
        shift = _scaled(scale_of(own, prior), scales, 1) * drawn
        if prior.over is None:
            total = total + shift[:, 0]
            found[own] = ((), total)
            continue
        above = total[:, design.units.bucket] if total.ndim == 2 else total[:, None]
        total = above + shift
        found[own] = ((prior.over,), total)
    return found


def _deviations(
    terms: Terms,
    scales: Mapping[str, Array],
    weights: Mapping[str, Array],
    known: Mapping[str, Variable],
    unit: str,
) -> dict[str, Variable]:
    """Effects at the runs, and the weights of discrepancies."""
    found: dict[str, Variable] = {}
    for term in (*terms.mean, *terms.units):
        if term.of is not None:
            own = f"{term.of.name}_weight"
            found[weights_name(term.of)] = _weights_of(term, weights[term.name], own, unit)
    for term in terms.mean:
        if term.name in known or term.of is not None:
            continue
        values = np.einsum("bmr,sr->sbm", term.block, weights[term.name])
        values = _scaled(term.scale, scales, 2) * values
        shared = (term.block == term.block[:1]).all()
        found[term.name] = (("run",), values[:, 0]) if shared else ((BUCKET, "run"), values)
    for term in terms.units:
        if term.name not in known and term.of is None:
            values = np.einsum("mr,sir->sim", term.block, weights[term.name])
            found[term.name] = ((unit, "run"), _scaled(term.scale, scales, 2) * values)
    return found


def _weights_of(term: Term, weights: Array, own: str, unit: str) -> Variable:
    """Name the axes of a discrepancy's weights: of units, of buckets, or of all."""
    if weights.ndim == 3:
        return (unit, own), weights
    if term.of is not None and term.of.over == BUCKET:
        return (BUCKET, own), weights.reshape(len(weights), len(term.block), -1)
    return (own,), weights


def _scaled(scale: float | str, scales: Mapping[str, Array], axes: int) -> Any:
    """Return a scale with `axes` axes after that of the draws."""
    return scales[scale].reshape(-1, *[1] * axes) if isinstance(scale, str) else scale
