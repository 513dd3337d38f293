"""From a specification and a design to a `pm.Model` of counts.

Two models of one posterior, as for losses: `build_pass_model` as a statistician would write it
down, and `build_pass_sampler_model` in whitened coordinates. A test holds one against the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_scaling.inference.design import Array
from bayes_scaling.inference.packing import unpack
from bayes_scaling.inference.passes.design import PassDesign
from bayes_scaling.inference.passes.kernel import LOGISTIC, POWER
from bayes_scaling.inference.passes.operation import CountDensity
from bayes_scaling.inference.passes.sites import GroupedSites, group_sites, make_sites
from bayes_scaling.inference.passes.terms import Term, Terms, make_terms, scale_priors
from bayes_scaling.inference.structure import HALF_NORMAL, NUMBERS, numbers_of, packed, unpacked
from bayes_scaling.inference.variables import make_variable
from bayes_scaling.specification.priors import DISTRIBUTIONS
from bayes_scaling.specification.spec import Spec

MEAN, UNITS = "whitened_mean", "whitened_units"
LINKS = {"power": POWER, "logistic": LOGISTIC}


def build_pass_model(spec: Spec, design: PassDesign) -> pm.Model:
    """Build the model as it is written down: hazards as sums of Gaussian terms, binomial counts.

    Parameters
    ----------
    spec : Spec
    design : PassDesign

    Returns
    -------
    pm.Model
        With dims ``unit, bucket, run``; the weights of each term are standard normal, and
        ``log_hazard`` is log(-log p), or minus the logit of p.
    """
    terms = make_terms(spec, design)
    coords = {"unit": design.units, "bucket": design.buckets, "run": design.runs}
    with pm.Model(coords=coords) as model:
        values = _scales(spec)
        mean = pt.as_tensor_variable(np.tile(terms.constant, (len(design.buckets), 1)))
        for term in terms.mean:
            weights = pm.Normal(f"{term.name}_weights", shape=term.block.shape[-1])
            mean = mean + _scale(term, values) * pt.dot(term.block, weights)
        hazard = mean[design.bucket]
        for term in terms.units:
            shape = (len(design.units), term.block.shape[-1])
            weights = pm.Normal(f"{term.name}_weights", shape=shape)
            hazard = hazard + _scale(term, values) * pt.dot(weights, term.block.T)
        hazard = pm.Deterministic("log_hazard", hazard, dims=("unit", "run"))
        h = pt.exp(hazard)
        logit = -hazard if LINKS[spec.law.name] == LOGISTIC else -h - pt.log1mexp(-h)
        n, c = design.n_samples.astype(int), design.n_correct.astype(int)
        pm.Binomial("n_correct", n=n, logit_p=logit, observed=c, dims=("unit", "run"))
    return model


def pass_sampler_arrays(spec: Spec, design: PassDesign) -> dict[str, Any]:
    """Return what enters the sampler's model as data: all that changes between data sets."""
    terms = make_terms(spec, design)
    sites = sampler_sites(spec, design)
    information, pull = _of_mean(spec, design, terms, sites)
    names = list(scale_priors(spec))
    count, runs = len(design.buckets), len(design.runs)
    arrays = {
        "mean_block": _side_by_side(terms.mean, (count, runs)).reshape(count * runs, -1),
        "mean_scale": _scale_of_columns(terms.mean, names),
        "unit_block": _side_by_side(terms.units, (runs,)),
        "unit_scale": _scale_of_columns(terms.units, names),
        "constant": terms.constant,
        "information": information,
        "pull": pull,
        "bucket_of_unit": design.bucket,
        "site": sites.y,
        "site_precision": sites.w,
        "group_of_unit": sites.group,
        "n_correct": design.n_correct,
        "n_samples": design.n_samples,
    }
    return arrays | packed(numbers_of(scale_priors(spec), spec))


def sampler_sites(spec: Spec, design: PassDesign) -> GroupedSites:
    """Sites that the sampler's coordinates rest on."""
    return group_sites(make_sites(design, LINKS[spec.law.name]))


def build_pass_sampler_model(spec: Spec, design: PassDesign) -> pm.Model:
    """Build the same posterior for the sampler.

    Given the scales, the mean's weights have the prior N(0, 1) and, with the sites in place of the
    counts, a normal posterior; the units' weights likewise given the mean. Both are sampled in
    units of these normals.
    """
    arrays = pass_sampler_arrays(spec, design)
    ranks = (arrays["mean_block"].shape[1], arrays["unit_block"].shape[1])
    with pm.Model() as model:
        data = unpack(arrays)
        scales = pt.stack([*_signed_scales(spec, data).values(), 1.0])
        flat = pm.Flat(MEAN, shape=ranks[0]) if ranks[0] else np.zeros(0)
        zeta = pm.Flat(UNITS, shape=(len(design.units), ranks[1]))
        density = CountDensity(LINKS[spec.law.name])
        counted = [data[name] for name in arrays if name != NUMBERS]
        pm.Potential("density", density(scales, flat, zeta, *counted)[0])
    return model


def _scales(spec: Spec) -> dict[str, Any]:
    return {name: make_variable(name, prior, spec) for name, prior in scale_priors(spec).items()}


def _signed_scales(spec: Spec, data: Mapping[str, Any]) -> dict[str, Any]:
    """Give half-normal scales a sign: a scale and its weights turned together change nothing.

    So a scale that may be zero is passed through smoothly, where its logarithm has a long tail.
    """
    found, numbers = {}, unpacked(numbers_of(scale_priors(spec), spec), data)
    for name, prior in scale_priors(spec).items():
        if prior.dist == HALF_NORMAL and not prior.nested:
            unit = pm.Normal(f"{name}_raw", 0.0, 1.0)
            found[name] = pm.Deterministic(name, numbers[f"{name}_sigma"] * unit)
        else:
            found[name] = make_variable(name, prior, spec, numbers)
    return found


def _scale(term: Term, values: Mapping[str, Any]) -> Any:
    return values[term.scale] if isinstance(term.scale, str) else term.scale


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


def _of_mean(
    spec: Spec, design: PassDesign, terms: Terms, sites: GroupedSites
) -> tuple[Array, Array]:
    """Information on each bucket's mean at the runs, units integrated out at typical scales.

    The second array is what it pulls the mean to, less the constant.
    """
    typical = {
        name: float(DISTRIBUTIONS[prior.dist].scipy(**prior.arguments).median())
        for name, prior in scale_priors(spec).items()
    }
    root = unit_root(terms, typical)
    covariance = root @ root.T
    count, runs = len(design.buckets), len(design.runs)
    information, pull = np.zeros((count, runs, runs)), np.zeros((count, runs))
    for unit, bucket in enumerate(design.bucket):
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
