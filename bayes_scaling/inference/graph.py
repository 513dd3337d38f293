"""From a specification and a design to a `pm.Model`: the only place that builds one.

Two models of one posterior: `build_model` says it as a statistician would write it down, and
`build_sampler_model` as the sampler likes it, with the discrepancy integrated out and the law's
parameters whitened. A test holds one against the other.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.linalg import cholesky, solve_triangular

from bayes_scaling.inference.blocks import active_terms, by_family, lay_out
from bayes_scaling.inference.coordinates import (
    Linearisation,
    Unconstraining,
    linearise,
    seen_by_data,
    stated,
    whitened_parameters,
)
from bayes_scaling.inference.design import Design
from bayes_scaling.specification.discrepancy import square_root
from bayes_scaling.specification.prior_draws import truncation
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.spec import Spec

LINKS = {"identity": lambda value: value, "exp": pt.exp, "sigmoid": pt.sigmoid}
OUTWARD = {"identity": lambda value: value, "log": pt.exp, "logit": pt.sigmoid}
OPTIONS = {"LogitNormal": {"transform": pm.distributions.transforms.logodds}}  # PyMC has none
LINK_OF = {"identity": "identity", "log": "exp", "logit": "sigmoid"}

PRECISION = "precision"
WHITENED = "whitened"


def build_model(spec: Spec, design: Design) -> pm.Model:
    """Build the model as it is written down: a law, a discrepancy, and noise.

    Parameters
    ----------
    spec : Spec
    design : Design

    Returns
    -------
    pm.Model
        With dims ``run`` and ``family``; ``g`` of each discrepancy is a root of its covariance
        times standard normal weights.
    """
    with pm.Model(coords={"run": design.runs, "family": design.families}) as model:
        x = pm.Data("x", design.x, dims="run")
        family = pm.Data("family_of_run", design.family, dims="run")
        values = {name: _plain(name, prior, spec) for name, prior in _all(spec).items()}
        mean = spec.law.curve(x, **_curve_at(spec, values, family))
        for term in active_terms(spec):
            root = square_root(design.covariance(term))
            weights = pm.Normal(f"{term.name}_weights", shape=root.shape[1])
            mean = mean + _at(values[term.name], family) * pt.dot(root, weights)
        scale = pt.sqrt(_at(values["sigma"], family) ** 2 + design.relative_se**2)
        shape = {name: _at(values[name], family) for name in spec.noise.shape_parameters}
        likelihood = getattr(pm, spec.noise.dist)
        observed = np.log(design.response)
        likelihood(
            f"log_{spec.response}", mu=mean, sigma=scale, observed=observed, dims="run", **shape
        )
    return model


def sampler_arrays(spec: Spec, design: Design) -> dict[str, Any]:
    """Return what enters the sampler's model as ``pm.Data``: all that changes between ladders.

    Only what the model uses: a compiled model knows of nothing else. The axis of blocks is there
    where families are blocks, and the axis of families where the specification has families.
    """
    blocks = lay_out(spec, design)
    of_blocks: dict[str, Any] = {
        "mask": blocks.mask,
        "x": blocks.lay(design.x),
        "log_response": blocks.lay(np.log(design.response)),
        "variance_of_run": blocks.lay(design.relative_se**2),
    }
    of_families: dict[str, Any] = {}
    whitened = whitened_parameters(spec, len(design.families))
    if whitened:
        linear = linearise(spec, design)
        of_families = {"point": linear.point, "slopes": linear.slopes, "turn": linear.turn}
        of_families |= {f"{name}_variance": unit for name, unit in linear.variance.items()}
    own = any(isinstance(prior, Prior) and prior.over for prior in spec.priors.values())
    if "family" in spec.groups and (whitened or own):
        of_blocks["family_of_run"] = blocks.lay(design.family)
    for term in active_terms(spec):
        of_blocks[f"{term.name}_covariance"] = blocks.lay_pairs(design.covariance(term))
    if not by_family(spec):
        of_blocks = {name: array[0] for name, array in of_blocks.items()}
    if "family" not in spec.groups:
        of_families = {name: array[0] for name, array in of_families.items()}
    return {**of_blocks, **of_families}


def build_sampler_model(spec: Spec, design: Design) -> pm.Model:
    """Build the same posterior for the sampler.

    Student-t noise is a normal whose precision is a gamma variable, one a run. Given these, the
    discrepancy is integrated out, and the law's parameters are sampled in units of the normal that
    linear regression gives them (`bayes_scaling.inference.coordinates`).
    """
    linear = linearise(spec, design)
    with pm.Model(coords={"family": design.families}) as model:
        data = {
            name: pm.Data(name, value, shape=value.shape)
            for name, value in sampler_arrays(spec, design).items()
        }
        whitened = whitened_parameters(spec, len(design.families))
        values = {
            name: _plain(name, prior, spec)
            for name, prior in _all(spec).items()
            if name not in whitened and not _replaced(name, spec, whitened)
        }
        covariance = _Covariance(spec, values, data)
        values |= _whitened_values(spec, design, linear, values, data)
        residual = (data["log_response"] - _law(spec, values, data)) * data["mask"]
        pm.Potential("likelihood", covariance.log_likelihood(residual))
    return model


def _all(spec: Spec) -> dict[str, float | Prior]:
    return {**spec.pinned, **spec.free}


def _at(value: Any, family: Any) -> Any:
    """Take each run's own value of a parameter that has one a family."""
    return value[family] if getattr(value, "ndim", 0) == 1 else value


def _curve_at(spec: Spec, values: Mapping[str, Any], family: Any) -> dict[str, Any]:
    curve = spec.coordinates.to_curve(stated(spec, values))
    return {name: _at(value, family) for name, value in curve.items()}


def _plain(name: str, prior: float | Prior, spec: Spec) -> Any:
    """Make the variable of a parameter, pooled ones non-centred; a pinned one is a number."""
    if not isinstance(prior, Prior):
        return prior
    arguments = _arguments(name, prior, spec)
    link = DISTRIBUTIONS[prior.dist].link
    above = truncation(spec, name)
    if above is not None:
        base = getattr(pm, prior.dist).dist(**arguments)
        return pm.Truncated(name, base, lower=above, upper=None, dims=prior.over)
    if prior.nested and link:
        raw = pm.Normal(f"{name}_raw", 0.0, 1.0, dims=prior.over)
        value = LINKS[link](arguments["mu"] + arguments["sigma"] * raw)
        return pm.Deterministic(name, value, dims=prior.over)
    options = OPTIONS.get(prior.dist, {})
    return getattr(pm, prior.dist)(name, **arguments, dims=prior.over, **options)


def _arguments(name: str, prior: Prior, spec: Spec) -> dict[str, Any]:
    return {key: _plain(f"{name}_{key}", value, spec) for key, value in prior.arguments.items()}


class _Covariance:
    """The covariance of the residuals, block by block, and what is done with its root."""

    def __init__(self, spec: Spec, values: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        family = data.get("family_of_run")
        self.mask = data["mask"]
        self.variance = _at(values["sigma"], family) ** 2 + data["variance_of_run"]
        self.degrees = _at(values["nu"], family) if "nu" in values else None
        self.terms = [
            (_at_block(values[term.name]), data[f"{term.name}_covariance"])
            for term in active_terms(spec)
        ]
        if self.terms:
            self.root = cholesky(self._dense())

    def _dense(self) -> Any:
        variance = self.variance
        if self.degrees is not None:
            half, shape = self.degrees / 2, self.mask.type.shape
            variance = variance / pm.Gamma(PRECISION, alpha=half, beta=half, shape=shape)
        diagonal = variance * self.mask + (1 - self.mask)
        dense = diagonal[..., None] * np.eye(self.mask.type.shape[-1])
        for amplitude, unit in self.terms:
            dense = dense + amplitude**2 * unit
        return dense

    def log_likelihood(self, residual: Any) -> Any:
        """Log density of the residuals, constants left out where they are normal."""
        if self.terms:
            white = solve_triangular(self.root, residual[..., None], lower=True, b_ndim=2)
            diagonal = pt.diagonal(self.root, axis1=-2, axis2=-1)
            return -0.5 * (white**2).sum() - pt.log(diagonal).sum()
        scale = pt.sqrt(self.variance)
        dist = (
            pm.Normal.dist(mu=0.0, sigma=scale)
            if self.degrees is None
            else pm.StudentT.dist(nu=self.degrees, mu=0.0, sigma=scale)
        )
        return (pm.logp(dist, residual) * self.mask).sum()


def _at_block(value: Any) -> Any:
    """Give a parameter of each family the shape of that family's covariance."""
    return value[:, None, None] if getattr(value, "ndim", 0) == 1 else value


def _whitened_values(
    spec: Spec, design: Design, linear: Linearisation, values: Mapping[str, Any], data: Any
) -> dict[str, Any]:
    """Make the law's parameters from flat variables in units of their conditional normal.

    Each parameter is regressed in turn, the last first, on what the law leaves with the later ones
    at their own values and the earlier ones at the point of linearisation.
    """
    maps = whitened_parameters(spec, len(design.families))
    if not maps:
        return {}
    names, point = list(maps), data["point"]
    gaussians = {name: _gaussian(name, linear, spec) for name in names}
    weights = 1 / _mode_variance(spec, values, data)
    root = _cholesky(_precision(gaussians, weights, data["slopes"]))
    flat = pm.Flat(WHITENED, shape=point.type.shape)
    own_points: dict[str, Any] = {}
    made = {name: _outward(maps[name], point[..., index]) for index, name in enumerate(names)}
    for index in reversed(range(len(names))):
        name = names[index]
        gap = data["log_response"] - _law(spec, {**values, **made}, data)
        pull = _pull(gaussians, weights, data, gap * data["mask"], index + 1)
        own = point[..., index] + (_forward(root, pull)[-1] + flat[..., index]) / root[index][index]
        made[name] = _outward(maps[name], own)
        own_points[name] = own
    pm.Potential("whitening", -sum(pt.log(root[i][i]).sum() for i in range(len(root))))
    return _named(spec, maps, gaussians, made, own_points)


def _named(
    spec: Spec,
    maps: Mapping[str, Unconstraining],
    gaussians: Mapping[str, tuple[Any, Any, Any]],
    made: dict[str, Any],
    points: Mapping[str, Any],
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
        density = pm.logp(getattr(pm, prior.dist).dist(**_arguments(name, prior, spec)), value)
        pm.Potential(f"{name}_prior", density.sum())
        made[name] = pm.Deterministic(name, value, dims=prior.over)
    return made


def _replaced(name: str, spec: Spec, whitened: Mapping[str, Any]) -> bool:
    """Whether a stated parameter follows from whitened ones."""
    return bool(whitened) and seen_by_data(spec) and name in spec.coordinates.parameters


def _outward(rule: Unconstraining, point: Any) -> Any:
    value = OUTWARD[rule.kind](point)
    return value + rule.shift if rule.shift else value


def _law(spec: Spec, values: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    return spec.law.curve(data["x"], **_curve_at(spec, values, data.get("family_of_run")))


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


def _gaussian(name: str, linear: Linearisation, spec: Spec) -> tuple[Any, Any, dict[str, Any]]:
    """Mean and sd of the unconstrained parameter under its prior, and the prior's arguments.

    They are exact where the prior is normal in these coordinates, which includes a pooled
    parameter given its population; otherwise the moments serve.
    """
    maps = whitened_parameters(spec, len(linear.point))
    rule, index = maps[name], list(maps).index(name)
    moments = float(linear.prior_mean[index]), float(linear.prior_sd[index])
    if seen_by_data(spec):
        return *moments, {}
    prior = spec.free[name]
    arguments = _arguments(name, prior, spec)
    if DISTRIBUTIONS[prior.dist].link == LINK_OF[rule.kind] and rule.shift == 0.0:
        return arguments["mu"], arguments["sigma"], arguments
    return *moments, arguments


def _log_prior(
    gaussian: tuple[Any, Any, Any], prior: Prior, rule: Unconstraining, point: Any, value: Any
) -> Any:
    """Log prior density of the unconstrained parameter."""
    mean, sd, arguments = gaussian
    if DISTRIBUTIONS[prior.dist].link == LINK_OF[rule.kind] and rule.shift == 0.0:
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
