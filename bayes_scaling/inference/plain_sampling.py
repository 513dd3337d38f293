"""The plain model for the sampler: any law and any response, with all data in one array."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.inference.attempts import Attempt
from bayes_scaling.inference.compiled.recipes import Recipe
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms, by_family, weights_name
from bayes_scaling.inference.naming import (
    dims_of,
    effect_name,
    parameter_names,
    who_share,
    with_quoted,
)
from bayes_scaling.inference.nuts import draw
from bayes_scaling.inference.passes.design import unit_column
from bayes_scaling.inference.plain import (
    RUN,
    UNIT,
    Make,
    blocks_of,
    latent_curve,
    plain_arrays,
)
from bayes_scaling.inference.sampler_data import COUNT
from bayes_scaling.inference.structure import data_of, functions_of, packed, structure_of, unpacked
from bayes_scaling.inference.variables import make_variable, unpack
from bayes_scaling.responses import RESPONSES
from bayes_scaling.specification.spec import Spec


def sample_plain(spec: Spec, design: Design, **settings: Any) -> Attempt:
    """Draw from the posterior of the plain model; `nuts.draw` has the settings."""
    arrays = sampler_arrays(spec, design)
    drawn = draw(plain_recipe(spec, design), arrays, **settings)
    posterior = with_quoted(spec, _named(spec, design, drawn.values))
    own = {*parameter_names(spec), *spec.law.quoted}
    names = [name for name in posterior.data_vars if name in own]
    stats, count = drawn.sample_stats, drawn.gradient_evaluations
    return Attempt(posterior, posterior[names], stats, count)


def sampler_arrays(spec: Spec, design: Design) -> dict[str, Any]:
    """Return all that the model reads: a design's arrays, counts of groups, priors' numbers."""
    counts = design.counts
    if len(design.units):
        counts |= {"bucket": len(design.units.buckets), "problem": len(design.units)}
    used = {f"{COUNT}{name}": np.asarray(counts[name]) for name in counts if name in spec.groups}
    return {**plain_arrays(spec, design), **used, **packed(data_of(spec))}


def plain_recipe(spec: Spec, design: Design) -> Recipe:
    """Say what is compiled: the same whatever the numbers of runs, units and groups."""
    own = RESPONSES[spec.response]
    terms = [weights_name(term) for term in active_terms(spec)]
    effects = [effect_name(name) for name, prior in spec.effects.items() if prior != 0.0]
    return Recipe(
        structure=("plain", structure_of(spec), spec.columns, own.name),
        sizes=tuple(sampler_arrays(spec, design)),
        functions=(*functions_of(spec), own.blocks),
        outputs=(*parameter_names(spec), *terms, *effects),
        build=partial(_build, spec, design),
    )


def _build(spec: Spec, design: Design) -> pm.Model:
    with pm.Model() as model:
        data = unpack(sampler_arrays(spec, design))
        for name in data:
            if name.startswith(COUNT):
                model.add_coord(name.removeprefix(COUNT), length=data[name])
        latent, values = latent_curve(spec, data, _unit_scaled(spec, data))
        for block in blocks_of(spec, data, latent, values):
            own = block.log_density
            density = pm.logp(block.dist, block.observed) if own is None else own
            pm.Potential(f"likelihood_{block.name}", density.sum())
    return model


def _unit_scaled(spec: Spec, data: Mapping[str, Any]) -> Make:
    """Return the maker of variables that are turned from standard ones."""
    numbers = unpacked(data_of(spec), data)

    def inside(_: str, outer: str) -> Any:
        return data[outer + UNIT]

    def make(name: str, prior: Any, **shape: Any) -> Any:
        if not shape:
            return make_variable(name, prior, spec, numbers, inside)
        over, own, length = shape["over"], shape["own"], shape["length"]
        lengths = (length,) if over is None else (data[COUNT + over], length)
        if own != RUN:
            return pm.Normal(name, 0.0, 1.0, shape=lengths)
        unit = pm.Normal(f"{name}_raw", 0.0, 1.0, shape=lengths)
        pm.Deterministic(name, shape["scale"] * unit)
        return unit

    return make


def _named(spec: Spec, design: Design, drawn: Mapping[str, Array]) -> xr.Dataset:
    """Name the axes of what was drawn."""
    unit = unit_column(spec) if len(design.units) else ""
    dims = dims_of(spec)
    for term in active_terms(spec):
        over = term.over if term.over in {"bucket", "problem"} or by_family(spec) else None
        own = f"{term.name}_weight"
        dims[weights_name(term)] = (over, own) if over else (own,)
    for name, own_prior in spec.effects.items():
        over = who_share(name)
        if own_prior != 0.0:
            dims[effect_name(name)] = (over, RUN) if over else (RUN,)
    labels = {
        RUN: list(design.runs),
        "family": list(design.families),
        **{name: list(own[1:]) for name, own in design.labels.items()},
        "bucket": list(design.units.buckets),
        unit: list(design.units.names),
    }
    used = {dim for own in dims.values() for dim in own}
    variables = {name: (("chain", "draw", *dims[name]), drawn[name]) for name in dims}
    chains, draws = next(iter(drawn.values())).shape[:2]
    coords: dict[str, Any] = {"chain": np.arange(chains), "draw": np.arange(draws)}
    return xr.Dataset(variables, coords | {k: v for k, v in labels.items() if k in used})
