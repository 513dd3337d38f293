"""The law's parameters as the sampler sees them: in units of the normal that regression gives.

`bayes_scaling.inference.coordinates` says at which point the law is linearised and with which
slopes; here that becomes part of the model's graph, with what it does to the density.
"""

from collections.abc import Mapping
from typing import Any

import pymc as pm
import pytensor.tensor as pt

from bayes_scaling.inference.blocks import active_terms
from bayes_scaling.inference.coordinates import (
    Unconstraining,
    seen_by_data,
    stated,
    whitened_parameters,
)
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.variables import arguments_of, log_law
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.spec import Spec

OUTWARD = {"identity": lambda value: value, "log": pt.exp, "logit": pt.sigmoid}
LINK_OF = {"identity": "identity", "log": "exp", "logit": "sigmoid"}

WHITENED = "whitened"


def replaced(name: str, spec: Spec, whitened: Mapping[str, Any]) -> bool:
    """Whether a stated parameter follows from whitened ones."""
    return bool(whitened) and seen_by_data(spec) and name in spec.coordinates.parameters


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
    weights = 1 / _mode_variance(spec, values, data)
    root = _cholesky(_precision(gaussians, weights, data["slopes"]))
    flat = pm.Flat(WHITENED, shape=point.type.shape)
    own_points: dict[str, Any] = {}
    made = {name: _outward(maps[name], point[..., index]) for index, name in enumerate(names)}
    for index in reversed(range(len(names))):
        name = names[index]
        gap = data["log_response"] - log_law(spec, {**values, **made}, data)
        pull = _pull(gaussians, weights, data, gap * data["mask"], index + 1)
        own = point[..., index] + (_forward(root, pull)[-1] + flat[..., index]) / root[index][index]
        made[name] = _outward(maps[name], own)
        own_points[name] = own
    pm.Potential("whitening", -sum(pt.log(root[i][i]).sum() for i in range(len(root))))
    return _named(spec, maps, gaussians, made, own_points, numbers)


def _named(
    spec: Spec,
    maps: Mapping[str, Unconstraining],
    gaussians: Mapping[str, tuple[Any, Any, Any]],
    made: dict[str, Any],
    points: Mapping[str, Any],
    numbers: Mapping[str, Any],
) -> dict[str, Any]:
    """Name the parameters that the specification states, and weigh them by their priors."""
    if not seen_by_data(spec):
        for name, rule in maps.items():
            prior = spec.free[name]
            made[name] = pm.Deterministic(name, made[name], dims=prior.over)
            density = _log_prior(gaussians[name], prior, rule, points[name], made[name])
            pm.Potential(f"{name}_prior", density)
        return made
    assert spec.coordinates.density is not None
    stretch = pt.log(spec.coordinates.density(made))
    for name, rule in maps.items():
        stretch = stretch + _log_stretch(rule, points[name], made[name])
    pm.Potential("stretch", stretch.sum())
    for name, value in stated(spec, made).items():
        prior = spec.free[name]
        arguments = arguments_of(name, prior, spec, numbers)
        density = pm.logp(getattr(pm, prior.dist).dist(**arguments), value)
        pm.Potential(f"{name}_prior", density.sum())
        made[name] = pm.Deterministic(name, value, dims=prior.over)
    return made


def _outward(rule: Unconstraining, point: Any) -> Any:
    value = OUTWARD[rule.kind](point)
    return value + rule.shift if rule.shift else value


def _mode_variance(spec: Spec, values: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    """Variance along each mode, shape (families, modes): noise and discrepancy."""
    sigma = values["sigma"]
    variance = (sigma[:, None] if getattr(sigma, "ndim", 0) == 1 else sigma) ** 2
    if "nu" in values:
        nu = values["nu"][:, None] if getattr(values["nu"], "ndim", 0) == 1 else values["nu"]
        variance = variance * (nu + 3) / (nu + 1)
    for term in active_terms(spec):
        amplitude = values[term.name]
        amplitude = amplitude[:, None] if getattr(amplitude, "ndim", 0) == 1 else amplitude
        variance = variance + amplitude**2 * data[f"{term.name}_variance"]
    return variance


def _precision(
    gaussians: Mapping[str, tuple[Any, Any, Any]], weights: Any, slopes: Any
) -> list[list[Any]]:
    """Precision of the linearised parameters: lower half, an entry for each family."""
    lower = []
    for i, (_, sd, _) in enumerate(gaussians.values()):
        row = [(weights * slopes[..., i] * slopes[..., j]).sum(-1) for j in range(i + 1)]
        row[i] = row[i] + 1 / sd**2
        lower.append(row)
    return lower


def _pull(
    gaussians: Mapping[str, tuple[Any, Any, Any]],
    weights: Any,
    data: Mapping[str, Any],
    gap: Any,
    count: int,
) -> list[Any]:
    """Right-hand side of the regression of the first `count` parameters on a gap, shape (n,)."""
    turned = (data["turn"] * gap[..., None, :]).sum(-1)
    return [
        (weights * data["slopes"][..., index] * turned).sum(-1)
        + (mean - data["point"][..., index]) / sd**2
        for index, (mean, sd, _) in enumerate(list(gaussians.values())[:count])
    ]


def _cholesky(matrix: list[list[Any]]) -> list[list[Any]]:
    """Lower root of a small matrix of variables; entry by entry it compiles ten times faster."""
    root: list[list[Any]] = []
    for i, row in enumerate(matrix):
        root.append([])
        for j in range(i + 1):
            rest = row[j] - sum(root[i][k] * root[j][k] for k in range(j))
            root[i].append(pt.sqrt(rest) if i == j else rest / root[j][j])
    return root


def _forward(root: list[list[Any]], right: list[Any]) -> list[Any]:
    """Solve ``root @ y = right`` for as many entries as `right` has."""
    solved: list[Any] = []
    for i, value in enumerate(right):
        solved.append((value - sum(root[i][k] * solved[k] for k in range(i))) / root[i][i])
    return solved


def needs_moments(spec: Spec, maps: Mapping[str, Unconstraining]) -> bool:
    """Whether the prior of any whitened parameter is a normal by its moments only."""
    return seen_by_data(spec) or not all(_is_normal(spec.free[name], maps[name]) for name in maps)


def _is_normal(prior: Prior, rule: Unconstraining) -> bool:
    return DISTRIBUTIONS[prior.dist].link == LINK_OF[rule.kind] and rule.shift == 0.0


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
    if arguments and _is_normal(spec.free[name], maps[name]):
        return arguments["mu"], arguments["sigma"], arguments
    index = list(maps).index(name)
    return data["moments"][0, index], data["moments"][1, index], arguments


def _log_prior(
    gaussian: tuple[Any, Any, Any], prior: Prior, rule: Unconstraining, point: Any, value: Any
) -> Any:
    """Log prior density of the unconstrained parameter."""
    mean, sd, arguments = gaussian
    if _is_normal(prior, rule):
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
