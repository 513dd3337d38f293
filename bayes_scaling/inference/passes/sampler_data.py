"""What the sampler's model of counts reads, and the matrices that it and the recovery share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.passes.kernel import LOGISTIC, POWER
from bayes_scaling.inference.passes.sites import GroupedSites, group_sites, make_sites
from bayes_scaling.inference.passes.terms import Term, Terms, make_terms, scale_priors
from bayes_scaling.inference.structure import numbers_of, packed
from bayes_scaling.specification.laws.law import LOG_HAZARD, MINUS_LOGIT
from bayes_scaling.specification.priors import DISTRIBUTIONS
from bayes_scaling.specification.spec import Spec

MEAN, UNITS = "whitened_mean", "whitened_units"
LINKS = {LOG_HAZARD: POWER, MINUS_LOGIT: LOGISTIC}


def pass_sampler_arrays(spec: Spec, design: Design) -> dict[str, Any]:
    """Return what enters the sampler's model as data: all that changes between data sets."""
    terms = make_terms(spec, design)
    sites = sampler_sites(spec, design)
    information, pull = _of_mean(spec, design, terms, sites)
    names = list(scale_priors(spec))
    count, runs = len(design.units.buckets), len(design.runs)
    arrays = {
        "mean_block": _side_by_side(terms.mean, (count, runs)).reshape(count * runs, -1),
        "mean_scale": _scale_of_columns(terms.mean, names),
        "unit_block": _side_by_side(terms.units, (runs,)),
        "unit_scale": _scale_of_columns(terms.units, names),
        "constant": terms.constant,
        "information": information,
        "pull": pull,
        "bucket_of_unit": design.units.bucket,
        "site": sites.y,
        "site_precision": sites.w,
        "group_of_unit": sites.group,
        "n_correct": design.observed["n_correct"],
        "n_samples": design.observed["n_samples"],
    }
    return arrays | packed(numbers_of(scale_priors(spec), spec))


def link_of(spec: Spec) -> int:
    """Return the kernel's link for the scale that the curve is on."""
    return LINKS[spec.coordinates.scale]


def sampler_sites(spec: Spec, design: Design) -> GroupedSites:
    """Sites that the sampler's coordinates rest on."""
    return group_sites(make_sites(design, link_of(spec)))


def _side_by_side(terms: Sequence[Term], shape: tuple[int, ...]) -> Array:
    """Stack the blocks of terms; those of a scale that is a number are of that scale."""
    blocks = [
        term.block if isinstance(term.scale, str) else term.scale * term.block for term in terms
    ]
    return np.concatenate([np.zeros((*shape, 0)), *blocks], axis=-1)


def _scale_of_columns(terms: Sequence[Term], names: Sequence[str]) -> Array:
    """Find the scale of each column: its place among the names, or, of a number, after them."""
    places = [
        names.index(term.scale) if isinstance(term.scale, str) else len(names) for term in terms
    ]
    return np.repeat(np.array(places, int), [term.block.shape[-1] for term in terms])


def _of_mean(spec: Spec, design: Design, terms: Terms, sites: GroupedSites) -> tuple[Array, Array]:
    """Information on each bucket's mean at the runs, units integrated out at typical scales.

    The second array is what it pulls the mean to, less the constant.
    """
    typical = {
        name: float(DISTRIBUTIONS[prior.dist].scipy(**prior.arguments).median())
        for name, prior in scale_priors(spec).items()
    }
    root = unit_root(terms, typical)
    covariance = root @ root.T
    count, runs = len(design.units.buckets), len(design.runs)
    information, pull = np.zeros((count, runs, runs)), np.zeros((count, runs))
    for unit, bucket in enumerate(design.units.bucket):
        w = sites.w[sites.group[unit]]
        own = np.linalg.solve(np.eye(runs) + w[:, None] * covariance, np.diag(w))
        information[bucket] += (own + own.T) / 2
        pull[bucket] += own @ (sites.y[unit] - terms.constant)
    return information, pull.ravel()


def mean_matrix(terms: Terms, scales: Mapping[str, float]) -> Array:
    """Stack the scaled blocks of the mean, shape ``(buckets * runs, rank)``."""
    return _stack(terms.mean, scales).reshape(-1, sum(t.block.shape[-1] for t in terms.mean))


def mean_at(terms: Terms, scales: Mapping[str, float], weights: Array, buckets: int) -> Array:
    """Mean log hazard given the weights of its terms, shape ``(buckets, runs)``."""
    constant = np.tile(terms.constant, (buckets, 1))
    if not terms.mean:
        return constant
    return np.asarray(constant + (mean_matrix(terms, scales) @ weights).reshape(constant.shape))


def unit_root(terms: Terms, scales: Mapping[str, float]) -> Array:
    """Stack the scaled blocks of the units, shape ``(runs, rank)``."""
    return _stack(terms.units, scales)


def _stack(terms: Sequence[Term], scales: Mapping[str, float]) -> Array:
    blocks = [
        (scales[term.scale] if isinstance(term.scale, str) else term.scale) * term.block
        for term in terms
    ]
    return np.concatenate(blocks, axis=-1)
