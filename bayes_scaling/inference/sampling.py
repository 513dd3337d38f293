"""From a specification and a design of losses to draws of what the specification names."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.inference.blocks import Blocks, active_terms, lay_out
from bayes_scaling.inference.compiled.layouts import Array
from bayes_scaling.inference.compiled.recipes import Recipe
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.nuts import Draws, draw
from bayes_scaling.inference.sampler_data import PRECISION, sampler_arrays
from bayes_scaling.inference.structure import functions_of, structure_of
from bayes_scaling.specification.spec import Spec


def parameter_names(spec: Spec) -> list[str]:
    """Names of the inferred parameters and hyperparameters."""
    names = []
    for name, prior in spec.free.items():
        names += [*(f"{name}_{key}" for key in prior.nested), name]
    return names


def sampled_names(spec: Spec) -> list[str]:
    """Names of all variables that are kept: the parameters, and each run's precision."""
    has_precision = bool(active_terms(spec)) and "nu" in spec.noise.parameters
    return parameter_names(spec) + ([PRECISION] if has_precision else [])


def recipe_of(spec: Spec, design: Design) -> Recipe:
    """Say what is compiled for a specification and a design."""
    return Recipe(
        structure=structure_of(spec),
        sizes=(len(design.families), lay_out(spec, design).shape[1]),
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
    return _named(spec, design, lay_out(spec, design), drawn.values), drawn


def _build(spec: Spec, design: Design) -> Any:
    from bayes_scaling.inference.graph import build_sampler_model

    return build_sampler_model(spec, design)


def _named(spec: Spec, design: Design, blocks: Blocks, drawn: Mapping[str, Array]) -> xr.Dataset:
    """Keep what the model names, with dims named for things and this fit's families and runs."""
    variables: dict[str, Any] = {}
    for name in sampled_names(spec):
        values = drawn[name]
        if name == PRECISION:
            blocked = values.reshape(*values.shape[:2], *blocks.shape)
            variables[name] = (("chain", "draw", "run"), blocked[:, :, blocks.block, blocks.slot])
        else:
            dims = ("chain", "draw") if values.ndim == 2 else ("chain", "draw", "family")
            variables[name] = (dims, values)
    chains, draws = next(iter(drawn.values())).shape[:2]
    coords: dict[str, Any] = {"chain": np.arange(chains), "draw": np.arange(draws)}
    if any("family" in dims for dims, _ in variables.values()):
        coords["family"] = list(design.families)
    if PRECISION in variables:
        coords["run"] = list(design.runs)
    return xr.Dataset(variables, coords)
