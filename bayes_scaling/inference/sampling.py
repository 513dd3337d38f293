"""From a specification and a design of losses to draws of what the specification names."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.inference.attempts import Attempt
from bayes_scaling.inference.compiled.recipes import Recipe
from bayes_scaling.inference.coordinates import whitened_parameters
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import (
    active_terms,
    by_family,
    named_weights,
    weights_name,
)
from bayes_scaling.inference.naming import dims_of, parameter_names, with_quoted
from bayes_scaling.inference.nuts import Draws, draw
from bayes_scaling.inference.precisions import draw_precisions
from bayes_scaling.inference.predictive import PRECISION, flat_values
from bayes_scaling.inference.sampler_data import WEIGHTS, sampler_arrays
from bayes_scaling.inference.structure import functions_of, structure_of
from bayes_scaling.specification.spec import Spec


def sampled_names(spec: Spec) -> list[str]:
    """Names of all variables that are kept: the parameters, and the discrepancies' weights."""
    return parameter_names(spec) + ([WEIGHTS] if active_terms(spec) else [])


def recipe_of(spec: Spec, design: Design) -> Recipe:
    """Say what is compiled: the same whatever the numbers of runs and, but for one, of families."""
    return Recipe(
        structure=structure_of(spec),
        sizes=tuple(whitened_parameters(spec, len(design.families))),
        functions=functions_of(spec),
        outputs=tuple(sampled_names(spec)),
        build=partial(_build, spec, design),
    )


def sample(spec: Spec, design: Design, **settings: Any) -> tuple[xr.Dataset, Draws]:
    """Draw from the posterior; `bayes_scaling.inference.nuts.draw` has the settings.

    Returns
    -------
    xarray.Dataset
        Dims ``chain, draw`` and, where a parameter has one a family, ``family``. ``precision`` has
        the dim ``run``.
    Draws
        As the sampler gave them.
    """
    drawn = draw(recipe_of(spec, design), sampler_arrays(spec, design), **settings)
    return _named(spec, design, drawn.values, settings["random_seed"]), drawn


def sample_losses(spec: Spec, design: Design, **settings: Any) -> Attempt:
    """Draw from the posterior, and compute what people quote; `nuts.draw` has the settings."""
    drawn, found = sample(spec, design, **settings)
    posterior = with_quoted(spec, drawn)
    own = {*parameter_names(spec), *spec.law.quoted}
    names = [name for name in posterior.data_vars if name in own]
    return Attempt(posterior, posterior[names], found.sample_stats, found.gradient_evaluations)


def _build(spec: Spec, design: Design) -> Any:
    from bayes_scaling.inference.graph import build_sampler_model

    return build_sampler_model(spec, design)


def _named(spec: Spec, design: Design, drawn: Mapping[str, Array], random_seed: int) -> xr.Dataset:
    """Keep what the model names, with dims named for things, and draw each run's precision."""
    own_dims = dims_of(spec)
    variables: dict[str, Any] = {
        name: (("chain", "draw", *own_dims[name]), drawn[name]) for name in parameter_names(spec)
    }
    chains, draws = next(iter(drawn.values())).shape[:2]
    coords: dict[str, Any] = {"chain": np.arange(chains), "draw": np.arange(draws)}
    if any("family" in dims for dims, _ in variables.values()):
        coords["family"] = list(design.families)
    coords |= {name: list(labels[1:]) for name, labels in design.labels.items()}
    if WEIGHTS not in drawn:
        return xr.Dataset(variables, coords)
    weights = drawn[WEIGHTS].reshape(-1, *drawn[WEIGHTS].shape[2:])
    terms = active_terms(spec)
    for term, own in zip(terms, np.split(weights, len(terms), axis=2), strict=True):
        by_block = list(own.swapaxes(0, 1))
        variables[weights_name(term)] = named_weights(spec, term, by_block, (chains, draws))
    if by_family(spec):
        coords["family"] = list(design.families)
    named = xr.Dataset(variables, coords)
    if "nu" not in spec.noise.parameters:
        return named
    flat, shape = flat_values(spec, named)
    rng = np.random.default_rng([random_seed, 7])
    precision = draw_precisions(spec, design, flat, weights, rng).reshape(*shape, -1)
    return named.assign_coords(run=list(design.runs)).assign(
        {PRECISION: (("chain", "draw", "run"), precision)}
    )
