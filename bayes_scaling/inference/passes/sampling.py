"""NUTS for counts: a model is compiled once a shape and refitted by swapping its data."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import nutpie
import xarray as xr

from bayes_scaling.inference.attempts import Attempt
from bayes_scaling.inference.packing import pack
from bayes_scaling.inference.passes.design import PassDesign
from bayes_scaling.inference.passes.graph import (
    MEAN,
    UNITS,
    build_pass_sampler_model,
    pass_sampler_arrays,
)
from bayes_scaling.inference.passes.recovery import WEIGHTS, recover_posterior
from bayes_scaling.inference.passes.terms import make_terms, scale_priors
from bayes_scaling.inference.sampling import Progress, run_sampler
from bayes_scaling.inference.structure import Structure, structure_of
from bayes_scaling.specification.spec import Spec


@dataclass(frozen=True)
class PassShape:
    """What a compiled model depends on; two fits of one shape share it.

    The spec and the design are carried along to build the first model of a shape and are not
    compared.
    """

    structure: Structure
    units: int
    buckets: int
    ranks: tuple[tuple[int, ...], ...]
    spec: Spec = field(compare=False, repr=False)
    design: PassDesign = field(compare=False, repr=False)

    @classmethod
    def of(cls, spec: Spec, design: PassDesign) -> "PassShape":
        """Find the shape of a specification and a design."""
        terms = make_terms(spec, design)
        ranks = tuple(term.block.shape for term in (*terms.mean, *terms.units))
        structure = structure_of(spec)
        return cls(structure, len(design.units), len(design.buckets), ranks, spec, design)


@lru_cache(maxsize=16)
def compile_pass_model(shape: PassShape) -> Any:
    """Compile the model of a shape with nutpie; the result is kept for the process's life."""
    model = build_pass_sampler_model(shape.spec, shape.design)
    own = {*scale_priors(shape.spec), UNITS, MEAN}
    names = [name for name in model.named_vars if name in own]
    return nutpie.compile_pymc_model(model, var_names=names)


def sample_passes(
    spec: Spec,
    design: PassDesign,
    *,
    random_seed: int,
    draws: int,
    tune: int,
    chains: int,
    target_accept: float,
    progress: Progress | None = None,
) -> Attempt:
    """Draw from the posterior of the parameters that the specification names."""
    shape = PassShape.of(spec, design)
    compiled = compile_pass_model(shape).with_data(**pack(pass_sampler_arrays(spec, design)))
    tree, stats, steps = run_sampler(
        compiled,
        random_seed=random_seed,
        draws=draws,
        tune=tune,
        chains=chains,
        target_accept=target_accept,
        progress=progress,
    )
    names = [*scale_priors(spec), UNITS, MEAN]
    drawn = {name: np.asarray(tree[name]) for name in names if name in tree}
    posterior = recover_posterior(spec, design, drawn)
    return Attempt(posterior, reported(posterior), stats, steps)


def reported(posterior: xr.Dataset) -> xr.Dataset:
    """Leave out what is kept for forecasts only: discrepancies and effects of cells."""
    kept = [
        name
        for name, values in posterior.data_vars.items()
        if name != WEIGHTS and ("run" not in values.dims or name == "run_effect")
    ]
    return posterior[kept]
