"""NUTS through nutpie, on machine code that is kept: the same seed gives the same draws."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from bayes_scaling.arrays import Array
from bayes_scaling.inference.compiled.codes import find_code
from bayes_scaling.inference.compiled.folders import LOG
from bayes_scaling.inference.compiled.layouts import split
from bayes_scaling.inference.compiled.recipes import Recipe
from bayes_scaling.inference.packing import PACKED, pack
from bayes_scaling.inference.stops import explained_stops
from bayes_scaling.inference.traces import after_tuning, count_all, stack_chains

Progress = Callable[[int, int], None]
Values = Mapping[str, Array]
STATISTICS = ("diverging", "energy", "n_steps", "step_size")


@dataclass(frozen=True)
class Draws:
    """Draws of a recipe's outputs and the statistics of the sampler.

    Attributes
    ----------
    values : mapping of str to ndarray
        Each with the axes chain and draw first.
    sample_stats : xarray.Dataset
    gradient_evaluations : int
        Of all chains, tuning included.
    """

    values: Mapping[str, Array]
    sample_stats: xr.Dataset
    gradient_evaluations: int


def draw(
    recipe: Recipe,
    arrays: Mapping[str, Any],
    *,
    random_seed: int,
    draws: int,
    tune: int,
    chains: int,
    target_accept: float,
    progress: Progress | None = None,
    low_rank: bool = False,
) -> Draws:
    """Draw from the posterior of a recipe's model, given its data.

    Parameters
    ----------
    progress : callable, optional
        Called with the draws done and the draws to do, tuning included, over all chains.
    low_rank : bool
        Whether the sampler learns the strongest correlations of the posterior too.

    Returns
    -------
    Draws
        The same for the same seed, whatever the number of cores.

    Raises
    ------
    SamplingError
        If the sampler stops.
    """
    model, columns, cut = _ready(recipe, arrays)
    import nutpie  # by now without ArviZ's figures

    # Threads of BLAS under threads of chains are 200 times slower.
    with threadpool_limits(1), explained_stops():
        running = nutpie.sample(
            model,
            draws=draws,
            tune=tune,
            chains=chains,
            seed=random_seed,
            target_accept=target_accept,
            progress_bar=False,
            adaptation="low_rank" if low_rank else "diag",
            progress_callback=_reporter(progress) if progress else None,
            blocking=False,  # else nutpie takes an interrupt for the end, and gives what it has
            return_raw_trace=True,  # a tree of it takes as long as a small fit
        )
        try:
            trace = running.wait()
        except BaseException:
            running.cancel()
            raise
    drawn, statistics = trace.get_arrow_trace()
    kept = after_tuning(statistics)
    stats = {name: (("chain", "draw"), stack_chains(statistics, kept, name)) for name in STATISTICS}
    return Draws(
        values=cut({name: stack_chains(drawn, kept, name) for name in columns}),
        sample_stats=xr.Dataset(stats, attrs={"tune": tune}),
        gradient_evaluations=count_all(statistics, "n_steps"),
    )


def _ready(
    recipe: Recipe, arrays: Mapping[str, Any]
) -> tuple[Any, Sequence[str], Callable[[Values], Values]]:
    """Return a model for nutpie, the columns of its draws, and the way from them to the outputs.

    A nutpie or a numba of another inside than is known here compiles the model by itself.
    """
    from bayes_scaling.inference.compiled.nutpie_models import DRAWN, FITS, nutpie_model

    data = pack(arrays)
    try:
        code = find_code(recipe) if FITS else None
    except (AttributeError, ImportError, TypeError) as error:
        LOG.info("kept code: nutpie compiles the model by itself: %r", error)
        code = None
    if code is None:
        lengths = tuple(np.shape(value) for value in arrays.values())
        model = _compiled_by_nutpie(recipe, lengths).with_data(**{PACKED: data})
        return model, recipe.outputs, lambda found: found
    _, shapes = code.shapes(data)
    return nutpie_model(code, data), (DRAWN,), lambda found: split(found[DRAWN], shapes)


@lru_cache(maxsize=32)
def _compiled_by_nutpie(recipe: Recipe, lengths: tuple[tuple[int, ...], ...]) -> Any:  # noqa: ARG001
    """Compile as nutpie does: for data of these lengths, in this process."""
    import nutpie

    return nutpie.compile_pymc_model(recipe.build(), var_names=list(recipe.outputs))


def _reporter(progress: Progress) -> Callable[[list[Any]], None]:
    def report(chains: list[Any]) -> None:
        progress(
            sum(chain.finished_draws for chain in chains),
            sum(chain.total_draws for chain in chains),
        )

    return report
