"""The plain model: what a specification says, as a statistician would write it down.

The latent curve is ``eta = law(theta, covariates) + sum_j s_j R_j w_j`` with standard normal w, on
the scale of the law's coordinates; what is observed, the response says given eta. One builder makes
it for whatever is modelled, with names and coordinates for PyMC's own tools (`build_plain`), or
with all data in one array for the sampler (`bayes_scaling.inference.forms`).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm

from bayes_scaling.arrays import Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import (
    FAMILY,
    active_terms,
    by_family,
    exact_roots,
    weights_name,
)
from bayes_scaling.inference.naming import effect_name, who_share
from bayes_scaling.inference.passes.design import unit_column
from bayes_scaling.inference.variables import OPTIONS, shifted
from bayes_scaling.responses import RESPONSES
from bayes_scaling.specification.prior_draws import truncation
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import Spec

RUN = "run"
ROW = "_of_run"
UNIT = "_of_unit"
Values = dict[str, Any]
Make = Callable[..., Any]


def build_plain(spec: Spec, design: Design) -> pm.Model:
    """Build the ``pm.Model`` of a specification and a design.

    Parameters
    ----------
    spec : Spec
    design : Design
        With the roots of its discrepancies, or they are found.

    Returns
    -------
    pm.Model
        Its variables have the names and dims of a fit's posterior, so that PyMC's posterior
        predictive and log likelihood can be asked of both together.
    """
    arrays = plain_arrays(spec, design)
    with pm.Model(coords=coordinates_of(spec, design)) as model:
        latent, values = latent_curve(spec, arrays, _named(spec, arrays))
        for block in blocks_of(spec, arrays, latent, values):
            model.register_rv(block.dist, block.name, observed=block.observed, dims=block.dims)
    return model


def plain_arrays(spec: Spec, design: Design) -> dict[str, Any]:
    """Return all that the model reads of a design."""
    arrays: dict[str, Any] = {
        f"x_{name}": x for name, x in zip(spec.columns, design.x, strict=True)
    }
    arrays |= {name + ROW: index for name, index in design.places.groups.items()}
    if FAMILY in spec.groups:
        arrays[FAMILY + ROW] = design.family
    for name, index in groups_of_units(design).items():
        arrays[name + UNIT] = index
    roots = design.roots or exact_roots(spec, design)
    for term in active_terms(spec):
        arrays[f"{term.name}_root"] = roots[term.name].rows
        arrays[f"{term.name}_left_out"] = roots[term.name].left_out
    return {**arrays, **design.observed}


def groups_of_units(design: Design) -> dict[str, Index]:
    """Return the groups that units are in, by column, themselves included."""
    if not len(design.units):
        return {}
    each = np.arange(len(design.units))
    return {"problem": each, "bucket": design.units.bucket}


def coordinates_of(spec: Spec, design: Design) -> dict[str, Any]:
    """Return the labels of all dims."""
    found: dict[str, Any] = {RUN: list(design.runs)}
    if FAMILY in spec.groups:
        found[FAMILY] = list(design.families)
    found |= {name: list(own[1:]) for name, own in design.labels.items()}
    if len(design.units):
        found |= {
            "bucket": list(design.units.buckets),
            unit_column(spec): list(design.units.names),
        }
    return found


def latent_curve(spec: Spec, data: Mapping[str, Any], make: Make) -> tuple[Any, Values]:
    """Make the variables of a model, and the latent curve at its cells.

    Parameters
    ----------
    spec : Spec
    data : mapping of str to Any
        As `plain_arrays` returns them; numbers or variables.
    make : callable
        Makes a variable from its name and prior, or a standard normal from its name, dims and
        shape.
    """
    values: Values = {name: make(name, prior) for name, prior in spec.stated.items()}
    x = shifted(spec, values, data)
    stated = {name: _spread(spec, name, values, data) for name in spec.coordinates.parameters}
    latent = spec.law.curve(*x, **spec.coordinates.to_curve(stated))
    for term in active_terms(spec):
        latent = latent + _discrepancy(spec, term, values, data, make)
    for name, prior in spec.effects.items():
        if prior != 0.0:
            latent = latent + values[name] * _effect(name, values[name], data, make)
    return latent, values


def blocks_of(spec: Spec, data: Mapping[str, Any], latent: Any, values: Values) -> Any:
    """Return the observations given the latent curve, as the response says."""
    noise = {name: _spread(spec, name, values, data) for name in spec.noise.parameters}
    lost = sum(
        _spread(spec, term.name, values, data) ** 2 * data[f"{term.name}_left_out"]
        for term in active_terms(spec)
    )
    return RESPONSES[spec.response].blocks(spec, latent, {**data, "left_out": lost}, noise)


def _spread(spec: Spec, name: str, values: Values, data: Mapping[str, Any]) -> Any:
    """Take each cell's own value of a parameter that has one a group."""
    prior, value = spec.stated[name], values[name]
    over = prior.over if isinstance(prior, Prior) else None
    if over is None:
        return value
    if over + UNIT in data:
        return value[data[over + UNIT]][:, None]
    return value[data[over + ROW]]


def _discrepancy(spec: Spec, term: Any, values: Values, data: Mapping[str, Any], make: Make) -> Any:
    """Make a discrepancy at the cells: its root times standard normal weights."""
    root, own = data[f"{term.name}_root"], f"{term.name}_weight"
    over = term.over if term.over and (term.over + UNIT in data or by_family(spec)) else None
    weights = make(weights_name(term), None, over=over, own=own, length=root.shape[1])
    scale = _spread(spec, term.name, values, data)
    if over is None:
        return scale * (root * weights).sum(-1)
    if over + UNIT in data:
        return scale * (weights[data[over + UNIT]][:, None, :] * root).sum(-1)
    return scale * (root * weights[data[over + ROW]]).sum(-1)


def _effect(name: str, scale: Any, data: Mapping[str, Any], make: Make) -> Any:
    """Make the effect of each run, on all units, on those of a bucket, or on each apart."""
    over = who_share(name)
    runs = next(value for key, value in data.items() if key.startswith("x_")).shape[0]
    effect = make(effect_name(name), None, over=over, own=RUN, length=runs, scale=scale)
    return effect if over is None else effect[data[over + UNIT]]


def _named(spec: Spec, data: Mapping[str, Any]) -> Make:
    """Return the maker of variables under the names of a posterior, pooled ones centred."""

    def make(name: str, prior: Any, **shape: Any) -> Any:
        if shape:
            return _standard(name, **shape)
        return _variable(name, prior)

    def _standard(name: str, *, over: str | None, own: str, length: int, scale: Any = None) -> Any:
        if own != RUN:
            pm.modelcontext(None).add_coord(own, np.arange(length))
        dims = (own,) if over is None else (over, own)
        if scale is None:
            return pm.Normal(name, 0.0, 1.0, dims=dims)
        return pm.Normal(name, 0.0, scale, dims=dims) / scale

    def _variable(name: str, prior: float | Prior) -> Any:
        if not isinstance(prior, Prior):
            return prior
        arguments = {}
        for key, value in prior.arguments.items():
            inner = _variable(f"{name}_{key}", value)
            outer = value.over if isinstance(value, Prior) else None
            arguments[key] = inner if outer is None else inner[data[outer + UNIT]]
        above = truncation(spec, name)
        dist = getattr(pm, prior.dist)
        if above is not None:
            base = dist.dist(**arguments)
            return pm.Truncated(name, base, lower=above, upper=None, dims=prior.over)
        options = OPTIONS.get(prior.dist, {})
        return dist(name, **arguments, dims=prior.over, **options)

    return make
