"""The variables of a model, made from its data and priors, and the law as a function of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_scaling.inference.coordinates import stated
from bayes_scaling.inference.operation import Part
from bayes_scaling.inference.packing import PACKED, pack
from bayes_scaling.inference.structure import standardised
from bayes_scaling.specification.prior_draws import truncation
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.spec import Spec

Inside = Callable[[str, str], Any]

LINKS = {"identity": lambda value: value, "exp": pt.exp, "sigmoid": pt.sigmoid}
OPTIONS = {"LogitNormal": {"transform": pm.distributions.transforms.logodds}}  # PyMC has none


def unpack(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Make the datum of a model, and return the variables that it holds, in their shapes.

    The model reads its data's lengths too, so it serves data of any.
    """
    flat = pm.Data(PACKED, pack(arrays))
    ranks = tuple(np.ndim(value) for value in arrays.values())
    found = {name: Part(ranks, place)(flat) for place, name in enumerate(arrays)}
    whole = {name for name, value in arrays.items() if value.dtype.kind != "f"}
    return {name: pt.cast(part, "int64") if name in whole else part for name, part in found.items()}


def lengths(value: Any) -> tuple[Any, ...]:
    """Return the lengths of a variable's axes, one by one."""
    return tuple(value.shape[axis] for axis in range(value.ndim))


def all_parameters(spec: Spec) -> dict[str, float | Prior]:
    """Return every parameter of a specification, the pinned ones first."""
    return {**spec.pinned, **spec.free}


def make_variable(
    name: str,
    prior: float | Prior,
    spec: Spec,
    numbers: Mapping[str, Any] | None = None,
    inside: Inside | None = None,
) -> Any:
    """Make the variable of a parameter, pooled ones non-centred; a pinned one is a number or data.

    Where the `numbers` of priors are variables, it is a standard variable turned by them. Of groups
    within groups, `inside` gives the outer one of each.
    """
    if not isinstance(prior, Prior):
        return (numbers or {}).get(name, prior)
    arguments = arguments_of(name, prior, spec, numbers, inside)
    link = DISTRIBUTIONS[prior.dist].link
    above = truncation(spec, name)
    if above is not None:
        base = getattr(pm, prior.dist).dist(**arguments)
        return pm.Truncated(name, base, lower=above, upper=None, dims=prior.over)
    if link and (prior.nested or numbers is not None):
        raw = pm.Normal(f"{name}_raw", 0.0, 1.0, dims=prior.over)
        value = LINKS[link](arguments["mu"] + arguments["sigma"] * raw)
        return pm.Deterministic(name, value, dims=prior.over)
    if numbers is not None and standardised(name, prior, spec):
        raw = pm.HalfNormal(f"{name}_raw", 1.0, dims=prior.over)
        return pm.Deterministic(name, arguments["sigma"] * raw, dims=prior.over)
    options = OPTIONS.get(prior.dist, {})
    return getattr(pm, prior.dist)(name, **arguments, dims=prior.over, **options)


def arguments_of(
    name: str,
    prior: Prior,
    spec: Spec,
    numbers: Mapping[str, Any] | None = None,
    inside: Inside | None = None,
) -> dict[str, Any]:
    """Return the arguments of a parameter's prior; those that have priors become variables."""
    given = numbers or {}
    found = {}
    for key, value in prior.arguments.items():
        if not isinstance(value, Prior):
            found[key] = given.get(f"{name}_{key}", value)
            continue
        outer = make_variable(f"{name}_{key}", value, spec, numbers, inside)
        nested = inside is not None and value.over and prior.over
        found[key] = outer[inside(prior.over, value.over)] if nested else outer  # type: ignore
    return found


def at_runs(value: Any, family: Any) -> Any:
    """Take each run's own value of a parameter that has one a family."""
    return value[family] if getattr(value, "ndim", 0) == 1 else value


def curve_at(spec: Spec, values: Mapping[str, Any], family: Any) -> dict[str, Any]:
    """Return the arguments of the curve, each run's own."""
    curve = spec.coordinates.to_curve(stated(spec, values))
    return {name: at_runs(value, family) for name, value in curve.items()}


def shifted(spec: Spec, values: Mapping[str, Any], data: Mapping[str, Any]) -> list[Any]:
    """Logarithm of each covariate at the runs, with what their groups add; the first adds none."""
    found = {name: data[f"x_{name}"] for name in spec.columns}
    for name, own in spec.shifts.items():
        every = pt.concatenate([pt.zeros(1), values[own]])
        found[name] = found[name] + every[data[f"{spec.free[own].over}_of_run"]]
    return list(found.values())


def log_law(spec: Spec, values: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    """Log of the law at the runs."""
    x = shifted(spec, values, data)
    return spec.law.curve(*x, **curve_at(spec, values, data.get("family_of_run")))
