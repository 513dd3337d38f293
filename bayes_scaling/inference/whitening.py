"""The law's parameters as the sampler sees them: in units of the normal that regression gives.

`bayes_scaling.inference.coordinates` says at which point the law is linearised and with which
slopes; here that becomes part of the model's graph, with what it does to the density.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pymc as pm
import pytensor.tensor as pt

from bayes_scaling.inference.coordinates import (
    ANCHOR,
    Unconstraining,
    is_normal,
    seen,
    seen_by_data,
    stated,
    whitened_parameters,
)
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.inference.operation import Regression
from bayes_scaling.inference.variables import arguments_of, lengths, log_law
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.spec import Spec

OUTWARD = {"identity": lambda value: value, "log": pt.exp, "logit": pt.sigmoid}
# The inverse of a link, and the log of how much the link stretches.
INWARD: Mapping[str | None, Callable[[Any], tuple[Any, Any]]] = {
    "exp": lambda value: (pt.log(value), pt.log(value)),
    "sigmoid": lambda value: (
        pt.log(value) - pt.log1p(-value),
        pt.log(value) + pt.log1p(-value),
    ),
}

REACH = 5.0  # unconstrained units: where the law is far from linear, a centre may lie anywhere
WHITENED = "whitened"


def replaced(name: str, spec: Spec, whitened: Mapping[str, Any]) -> bool:
    """Whether a stated parameter follows from whitened ones."""
    own = name in spec.coordinates.parameters and name in spec.free
    return bool(whitened) and seen_by_data(spec) and own


def whitened_values(
    spec: Spec,
    design: Design,
    values: Mapping[str, Any],
    numbers: Mapping[str, Any],
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """Make the law's parameters from flat variables in units of their conditional normal.

    Each parameter is regressed in turn, the last first, on what the law leaves with the later ones
    at their own values and the earlier ones at the point of linearisation.
    """
    maps = whitened_parameters(spec, len(design.families))
    if not maps:
        return {}
    names, point = list(maps), data["point"]
    gaussians = {name: _gaussian(name, maps, spec, numbers, data) for name in names}
    coefficients, constants, diagonal = _regression(
        gaussians, _mode_variance(spec, values, data), data
    )
    moved = constants + pm.Flat(WHITENED, shape=lengths(point))
    own_points: dict[str, Any] = {}
    made = {name: _outward(maps[name], point[..., index]) for index, name in enumerate(names)}
    for index in reversed(range(len(names))):
        name = names[index]
        here = {**values, **seen(spec, made, data.get(ANCHOR))[0]}
        gap = data["log_response"] - log_law(spec, here, data)
        centre = (coefficients[..., index, :] * gap * data["mask"]).sum(-1)
        step = pt.clip(centre / diagonal[..., index], -REACH, REACH)
        own = point[..., index] + step + moved[..., index] / diagonal[..., index]
        made[name] = _outward(maps[name], own)
        own_points[name] = own
    pm.Potential("whitening", -pt.log(diagonal).sum())
    if seen_by_data(spec):
        return _restated(spec, maps, made, own_points, numbers, data.get(ANCHOR))
    return _named(spec, maps, gaussians, made, own_points)


def _named(
    spec: Spec,
    maps: Mapping[str, Unconstraining],
    gaussians: Mapping[str, tuple[Any, Any, Any]],
    made: dict[str, Any],
    points: Mapping[str, Any],
) -> dict[str, Any]:
    """Name the parameters that the sampler moves in, and weigh them by their priors."""
    for name, rule in maps.items():
        prior = spec.free[name]
        made[name] = pm.Deterministic(name, made[name], dims=prior.over)
        density = _log_prior(gaussians[name], prior, rule, points[name], made[name])
        pm.Potential(f"{name}_prior", density)
    return made


def _restated(
    spec: Spec,
    maps: Mapping[str, Unconstraining],
    made: Mapping[str, Any],
    points: Mapping[str, Any],
    numbers: Mapping[str, Any],
    anchor: Any,
) -> dict[str, Any]:
    """Name the parameters that the specification states, and weigh them by their priors."""
    values, stretch = seen(spec, made, anchor)
    if spec.coordinates.density is not None:
        stretch = stretch + pt.log(spec.coordinates.density(values))
    for name, rule in maps.items():
        stretch = stretch + _log_stretch(rule, points[name], made[name])
    pm.Potential("stretch", stretch.sum())
    own = [name for name in spec.coordinates.parameters if name in spec.free]
    for name, value in stated(spec, values, own).items():
        prior = spec.free[name]
        density = _density(prior, arguments_of(name, prior, spec, numbers), value)
        pm.Potential(f"{name}_prior", density.sum())
        values[name] = pm.Deterministic(name, value, dims=prior.over)
    return values


def _density(prior: Prior, arguments: Mapping[str, Any], value: Any) -> Any:
    """Log prior density of a parameter: of a normal, where its log or logit has one."""
    link = DISTRIBUTIONS[prior.dist].link
    if link not in INWARD:
        return pm.logp(getattr(pm, prior.dist).dist(**arguments), value)
    point, stretch = INWARD[link](value)
    return pm.logp(pm.Normal.dist(**arguments), point) - stretch


def _outward(rule: Unconstraining, point: Any) -> Any:
    value = OUTWARD[rule.kind](point)
    return value + rule.shift if rule.shift else value


def _mode_variance(spec: Spec, values: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    """Variance along each mode, shape (families, modes): noise and discrepancy."""
    sigma = values["sigma"]
    variance = (sigma[:, None] if getattr(sigma, "ndim", 0) == 1 else sigma) ** 2
    if "nu" in values:
        nu = values["nu"][:, None] if getattr(values["nu"], "ndim", 0) == 1 else values["nu"]
        variance = spread_of(variance, nu)
    for term in active_terms(spec):
        amplitude = values[term.name]
        amplitude = amplitude[:, None] if getattr(amplitude, "ndim", 0) == 1 else amplitude
        variance = variance + amplitude**2 * data[f"{term.name}_variance"]
    return variance


def spread_of(variance: Any, degrees: Any) -> Any:
    """Variance of a normal that says as much of its mean as Student-t noise does."""
    return variance if degrees is None else variance * (degrees + 3) / (degrees + 1)


def _regression(
    gaussians: Mapping[str, tuple[Any, Any, Any]], variance: Any, data: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Coefficients, constants and diagonal of each parameter's regression on gaps of the data."""
    point = data["point"]
    each = lengths(point)[:-1]
    mean, sd = (
        pt.stack([pt.broadcast_to(own[place], each) for own in gaussians.values()], axis=-1)
        for place in (0, 1)
    )
    slopes = data["slopes"]
    variance = pt.broadcast_to(variance, lengths(slopes)[:-1])
    given = [variance, mean, sd, point, slopes, data["turn"]]
    if point.type.ndim == 2:
        return tuple(Regression()(*given))
    return tuple(found[0] for found in Regression()(*(value[None] for value in given)))


def _gaussian(
    name: str,
    maps: Mapping[str, Unconstraining],
    spec: Spec,
    numbers: Mapping[str, Any],
    data: Mapping[str, Any],
) -> tuple[Any, Any, dict[str, Any]]:
    """Mean and sd of the unconstrained parameter under its prior, and the prior's arguments.

    They are exact where the prior is normal in these coordinates, which includes a pooled
    parameter given its population; otherwise the moments serve.
    """
    arguments = {} if seen_by_data(spec) else arguments_of(name, spec.free[name], spec, numbers)
    if arguments and is_normal(spec.free[name], maps[name]):
        return arguments["mu"], arguments["sigma"], arguments
    index = list(maps).index(name)
    return data["moments"][0, index], data["moments"][1, index], arguments


def _log_prior(
    gaussian: tuple[Any, Any, Any], prior: Prior, rule: Unconstraining, point: Any, value: Any
) -> Any:
    """Log prior density of the unconstrained parameter."""
    mean, sd, arguments = gaussian
    if is_normal(prior, rule):
        return pm.logp(pm.Normal.dist(mean, sd), point).sum()
    dist = getattr(pm, prior.dist).dist(**arguments)
    density = pm.logp(dist, value)
    if rule.shift:  # truncated below
        density = density - pt.log1mexp(pm.logcdf(dist, rule.shift))
    return (density + _log_stretch(rule, point, value)).sum()


def _log_stretch(rule: Unconstraining, point: Any, value: Any) -> Any:
    """Log derivative of a parameter by its unconstrained self."""
    if rule.kind == "log":
        return point
    return pt.log(value) + pt.log1p(-value) if rule.kind == "logit" else pt.zeros_like(point)
