"""NUTS through nutpie: a model is compiled once a shape and refitted by swapping its data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import nutpie
import xarray as xr
from threadpoolctl import threadpool_limits

from bayes_scaling.inference.blocks import Blocks, active_terms, lay_out
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.graph import PRECISION, build_sampler_model, sampler_arrays
from bayes_scaling.inference.packing import pack
from bayes_scaling.inference.stops import explained_stops
from bayes_scaling.inference.structure import Structure, structure_of
from bayes_scaling.specification.spec import Spec

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ModelShape:
    """What a compiled model depends on; two fits of one shape share it.

    The spec and the design are carried along to build the first model of a shape and are not
    compared.
    """

    structure: Structure
    families: int
    slots: int
    spec: Spec = field(compare=False, repr=False)
    design: Design = field(compare=False, repr=False)

    @classmethod
    def of(cls, spec: Spec, design: Design) -> "ModelShape":
        """Find the shape of a specification and a design."""
        slots = lay_out(spec, design).shape[1]
        return cls(structure_of(spec), len(design.families), slots, spec, design)


@dataclass(frozen=True)
class Draws:
    """Draws of the free parameters and the statistics of the sampler.

    Attributes
    ----------
    posterior : xarray.Dataset
        Dims ``chain, draw`` and, where a parameter has one a family, ``family``. ``precision`` has
        the dim ``run``.
    sample_stats : xarray.Dataset
    gradient_evaluations : int
        Of all chains, tuning included.
    """

    posterior: xr.Dataset
    sample_stats: xr.Dataset
    gradient_evaluations: int


@lru_cache(maxsize=32)
def compile_model(shape: ModelShape) -> Any:
    """Compile the model of a shape with nutpie; the result is kept for the process's life."""
    model = build_sampler_model(shape.spec, shape.design)
    return nutpie.compile_pymc_model(model, var_names=sampled_names(shape.spec))


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


def sample(
    spec: Spec,
    design: Design,
    *,
    random_seed: int,
    draws: int,
    tune: int,
    chains: int,
    target_accept: float,
    progress: Progress | None = None,
) -> Draws:
    """Draw from the posterior.

    Parameters
    ----------
    progress : callable, optional
        Called with the draws done and the draws to do, tuning included, over all chains.

    Returns
    -------
    Draws
        The same for the same seed, whatever the number of cores.
    """
    shape = ModelShape.of(spec, design)
    compiled = compile_model(shape).with_data(**pack(sampler_arrays(spec, design)))
    drawn, stats, steps = run_sampler(
        compiled,
        random_seed=random_seed,
        draws=draws,
        tune=tune,
        chains=chains,
        target_accept=target_accept,
        progress=progress,
    )
    return Draws(_named(spec, design, lay_out(spec, design), drawn), stats, steps)


def run_sampler(
    compiled: Any,
    *,
    random_seed: int,
    draws: int,
    tune: int,
    chains: int,
    target_accept: float,
    progress: Progress | None = None,
) -> tuple[xr.Dataset, xr.Dataset, int]:
    """Run NUTS on a compiled model.

    Returns
    -------
    posterior : xarray.Dataset
    sample_stats : xarray.Dataset
    gradient_evaluations : int
        Of all chains, tuning included.

    Raises
    ------
    SamplingError
        If the sampler stops.
    """
    # Threads of BLAS under threads of chains are 200 times slower.
    with threadpool_limits(1), explained_stops():
        running = nutpie.sample(
            compiled,
            draws=draws,
            tune=tune,
            chains=chains,
            seed=random_seed,
            target_accept=target_accept,
            progress_bar=False,
            progress_callback=_reporter(progress) if progress else None,
            blocking=False,  # else nutpie takes an interrupt for the end, and gives what it has
        )
        try:
            tree = running.wait()
        except BaseException:
            running.cancel()
            raise
    steps = tree.sample_stats["n_steps"].sum() + tree["warmup_sample_stats"]["n_steps"].sum()
    stats = tree.sample_stats.to_dataset()
    kept = [name for name in ("diverging", "energy", "n_steps", "step_size") if name in stats]
    return tree.posterior.to_dataset(), stats[kept], int(steps)


def _reporter(progress: Progress) -> Callable[[list[Any]], None]:
    def report(chains: list[Any]) -> None:
        progress(
            sum(chain.finished_draws for chain in chains),
            sum(chain.total_draws for chain in chains),
        )

    return report


def _named(spec: Spec, design: Design, blocks: Blocks, drawn: xr.Dataset) -> xr.Dataset:
    """Keep what the model names, with dims named for things and this fit's families and runs."""
    variables: dict[str, Any] = {}
    for name in sampled_names(spec):
        values = np.asarray(drawn[name])
        if name == PRECISION:
            blocked = values.reshape(*values.shape[:2], *blocks.shape)
            variables[name] = (("chain", "draw", "run"), blocked[:, :, blocks.block, blocks.slot])
        else:
            dims = ("chain", "draw") if values.ndim == 2 else ("chain", "draw", "family")
            variables[name] = (dims, values)
    coords: dict[str, Any] = {
        "chain": np.arange(drawn.sizes["chain"]),
        "draw": np.arange(drawn.sizes["draw"]),
    }
    if any("family" in dims for dims, _ in variables.values()):
        coords["family"] = list(design.families)
    if PRECISION in variables:
        coords["run"] = list(design.runs)
    return xr.Dataset(variables, coords)
