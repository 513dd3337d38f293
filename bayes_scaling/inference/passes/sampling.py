"""From a specification and a design of counts to draws of what the specification names."""

from functools import partial
from typing import Any

import xarray as xr

from bayes_scaling.inference.attempts import Attempt
from bayes_scaling.inference.compiled.recipes import Recipe
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.nuts import draw
from bayes_scaling.inference.passes.recovery import recover_posterior
from bayes_scaling.inference.passes.sampler_data import MEAN, UNITS, pass_sampler_arrays
from bayes_scaling.inference.passes.terms import make_terms, scale_priors
from bayes_scaling.inference.structure import functions_of, structure_of
from bayes_scaling.specification.spec import Spec


def pass_recipe_of(spec: Spec, design: Design) -> Recipe:
    """Say what is compiled: the same whatever the numbers of problems, buckets and runs."""
    has_mean = bool(make_terms(spec, design).mean)
    return Recipe(
        structure=structure_of(spec),
        sizes=(has_mean,),
        functions=functions_of(spec),
        outputs=(*scale_priors(spec), UNITS, *([MEAN] if has_mean else [])),
        build=partial(_build, spec, design),
    )


def sample_passes(spec: Spec, design: Design, **settings: Any) -> Attempt:
    """Draw from the posterior of the parameters that the specification names.

    `bayes_scaling.inference.nuts.draw` has the settings.
    """
    recipe = pass_recipe_of(spec, design)
    drawn = draw(recipe, pass_sampler_arrays(spec, design), **settings)
    posterior = recover_posterior(spec, design, drawn.values)
    return Attempt(posterior, reported(posterior), drawn.sample_stats, drawn.gradient_evaluations)


def reported(posterior: xr.Dataset) -> xr.Dataset:
    """Leave out what is kept for forecasts only: discrepancies and effects of cells."""
    kept = [
        name
        for name, values in posterior.data_vars.items()
        if not any(str(dim).endswith("weight") for dim in values.dims)
        and ("run" not in values.dims or name == "run_effect")
    ]
    return posterior[kept]


def _build(spec: Spec, design: Design) -> Any:
    from bayes_scaling.inference.passes.graph import build_pass_sampler_model

    return build_pass_sampler_model(spec, design)
