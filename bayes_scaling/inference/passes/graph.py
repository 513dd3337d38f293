"""From a specification and a design to a `pm.Model` of counts.

Two models of one posterior, as for losses: `build_pass_model` as a statistician would write it
down, and `build_pass_sampler_model` in whitened coordinates. A test holds one against the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.linalg import cholesky, solve_triangular

from bayes_scaling.inference.design import Array
from bayes_scaling.inference.passes.design import PassDesign
from bayes_scaling.inference.passes.kernel import LOGISTIC, POWER
from bayes_scaling.inference.passes.operation import CountDensity
from bayes_scaling.inference.passes.sites import Sites, make_sites
from bayes_scaling.inference.passes.terms import Term, Terms, make_terms, scale_priors
from bayes_scaling.inference.structure import HALF_NORMAL, numbers_of, packed, unpacked
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
    """Return what enters the sampler's model as ``pm.Data``: all that changes between data sets."""
    terms = make_terms(spec, design)
    sites = make_sites(design, LINKS[spec.law.name])
    information, pull = _of_mean(spec, design, terms, sites)
    arrays = {
        "constant": terms.constant,
        "bucket_of_unit": design.bucket,
        "n_samples": design.n_samples,
        "n_correct": design.n_correct,
        "site": sites.y,
        "site_precision": sites.w,
        "information": information,
        "pull": pull,
    }
    arrays |= {f"{term.name}_block": _fixed_scale(term) * term.block for term in terms.mean}
    arrays |= {f"{term.name}_root": _fixed_scale(term) * term.block for term in terms.units}
    return arrays | packed(numbers_of(scale_priors(spec), spec))


def build_pass_sampler_model(spec: Spec, design: PassDesign) -> pm.Model:
    """Build the same posterior for the sampler.

    Given the scales, the mean's weights have the prior N(0, 1) and, with the sites in place of the
    counts, a normal posterior; the units' weights likewise given the mean. Both are sampled in
    units of these normals.
    """
    terms = make_terms(spec, design)
    with pm.Model() as model:
        data = {
            name: pm.Data(name, value, shape=value.shape)
            for name, value in pass_sampler_arrays(spec, design).items()
        }
        values = _signed_scales(spec, data)
        mean = _whitened_mean(terms, design, values, data)
        root = pt.concatenate(
            [_free_scale(term, values) * data[f"{term.name}_root"] for term in terms.units], axis=1
        )
        rank = sum(term.block.shape[1] for term in terms.units)
        zeta = pm.Flat(UNITS, shape=(len(design.units), rank))
        names = ("site", "site_precision", "n_correct", "n_samples")
        density = CountDensity(LINKS[spec.law.name])(
            root, mean[data["bucket_of_unit"]], zeta, *(data[name] for name in names)
        )
        pm.Potential("counts", density[0])
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


def _free_scale(term: Term, values: Mapping[str, Any]) -> Any:
    """Return a scale that is a variable; one that is a number is in the data."""
    return values[term.scale] if isinstance(term.scale, str) else 1.0


def _fixed_scale(term: Term) -> float:
    return 1.0 if isinstance(term.scale, str) else term.scale


def _whitened_mean(
    terms: Terms, design: PassDesign, values: Mapping[str, Any], data: Mapping[str, Any]
) -> Any:
    """Mean log hazard of each bucket at each run, from flat variables."""
    count, runs = len(design.buckets), len(design.runs)
    constant = pt.tile(data["constant"], (count,))
    if not terms.mean:
        return constant.reshape((count, runs))
    blocks = [_free_scale(term, values) * data[f"{term.name}_block"] for term in terms.mean]
    rank = sum(term.block.shape[-1] for term in terms.mean)
    design_matrix = pt.concatenate(blocks, axis=2).reshape((count * runs, rank))
    turned = pt.dot(data["information"], design_matrix)
    root = cholesky(pt.dot(design_matrix.T, turned) + np.eye(rank))
    right = pt.dot(design_matrix.T, data["pull"]) - pt.dot(turned.T, constant)
    half = solve_triangular(root, right, lower=True, b_ndim=1)
    flat = pm.Flat(MEAN, shape=rank)
    weights = solve_triangular(root.T, half + flat, lower=False, b_ndim=1)
    pm.Potential("mean_prior", -0.5 * (weights**2).sum() - pt.log(pt.diagonal(root)).sum())
    return (constant + pt.dot(design_matrix, weights)).reshape((count, runs))


def _of_mean(spec: Spec, design: PassDesign, terms: Terms, sites: Sites) -> tuple[Array, Array]:
    """Information on the mean at buckets and runs, units integrated out at typical scales."""
    typical = {
        name: float(DISTRIBUTIONS[prior.dist].scipy(**prior.arguments).median())
        for name, prior in scale_priors(spec).items()
    }
    root = unit_root(terms, typical)
    covariance = root @ root.T
    count, runs = len(design.buckets), len(design.runs)
    information, pull = np.zeros((count, runs, count, runs)), np.zeros((count, runs))
    for unit, bucket in enumerate(design.bucket):
        w = sites.w[unit]
        own = np.linalg.solve(np.eye(runs) + w[:, None] * covariance, np.diag(w))
        information[bucket, :, bucket] += (own + own.T) / 2
        pull[bucket] += own @ sites.y[unit]
    return information.reshape(count * runs, -1), pull.ravel()


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
