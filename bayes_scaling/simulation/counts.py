"""Counts of passes drawn from a model."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.data import check_passes
from bayes_scaling.errors import DataError
from bayes_scaling.inference.design import Design, Reference
from bayes_scaling.inference.passes.design import (
    BUCKET,
    PROBLEM,
    make_pass_design,
    unit_column,
)
from bayes_scaling.inference.passes.predictive import hazard
from bayes_scaling.inference.passes.recovery import name_draws
from bayes_scaling.inference.passes.sampler_data import mean_at, unit_root
from bayes_scaling.inference.passes.terms import make_terms, scale_priors
from bayes_scaling.specification.links import Link
from bayes_scaling.specification.priors import draw_parameter
from bayes_scaling.specification.spec import Spec

BUCKETS = 6
OF_RUNS = ("run", "family", "compute", "params", "tokens")


def simulate_passes(
    spec: Spec,
    design: pd.DataFrame,
    *,
    random_seed: int,
    size: int,
    reference: Reference,
    problems: int,
    n_samples: int,
    links: Mapping[str, Link] | None = None,
) -> pd.DataFrame:
    """Draw counts; see `simulate` for the arguments.

    Of a model along a loss, `links` are those of the runs that will be fitted, where the design has
    others too; by default of all runs of the design.
    """
    if unit_column(spec) != PROBLEM:
        raise DataError(f"{spec.name} has no single problems to simulate; use a model that has.")
    table = check_passes(_cross(design, (*OF_RUNS, *spec.columns), problems, n_samples))
    grid = make_pass_design(spec, table, reference, links)
    rng = np.random.default_rng(random_seed)
    drawn, hazards = draw_hazards_of_prior(spec, grid, size, rng)
    p = np.exp(-hazards)
    columns: dict[str, Any] = {
        "simulation": np.arange(size)[:, None, None],
        "run": np.array(grid.runs, dtype=object),
        "compute": table.groupby("run")["compute"].first()[list(grid.runs)].to_numpy(),
        **{name: grid.places.shown[name] for name in spec.columns},
        "problem": np.array(grid.units.names, dtype=object)[:, None],
        "bucket": np.array(grid.units.buckets, dtype=object)[grid.units.bucket][:, None],
        "n_samples": n_samples,
        "n_correct": rng.binomial(n_samples, p),
        "true_pass_rate": p,
        "true_neg_log_pass": hazards,
        **_truth(grid, drawn),
    }
    return pd.DataFrame(
        {name: np.broadcast_to(values, p.shape).ravel() for name, values in columns.items()}
    )


def draw_hazards_of_prior(
    spec: Spec, grid: Design, size: int, rng: np.random.Generator
) -> tuple[xr.Dataset, Array]:
    """Draw what is inferred from the prior, and ``-log p`` of each unit at each run.

    Returns
    -------
    xarray.Dataset
        As of a posterior, dim ``draw``.
    ndarray, shape (size, units, runs)
    """
    terms = make_terms(spec, grid)
    scales: dict[str, Array] = {}
    for name, prior in scale_priors(spec).items():
        scales |= draw_parameter(name, prior, {}, size, rng)
    mean_rank = sum(term.block.shape[-1] for term in terms.mean)
    unit_rank = sum(term.block.shape[-1] for term in terms.units)
    shared = rng.standard_normal((size, mean_rank))
    own = rng.standard_normal((size, len(grid.units), unit_rank))
    drawn = name_draws(spec, grid, terms, scales, shared, own, (1, size)).isel(chain=0)
    hazards = np.empty((size, len(grid.units), len(grid.runs)))
    for row in range(size):
        at = {name: float(values[row]) for name, values in scales.items()}
        mean = mean_at(terms, at, shared[row], len(grid.units.buckets))[grid.units.bucket]
        hazards[row] = hazard(spec, mean + own[row] @ unit_root(terms, at).T)
    return drawn, hazards


def _truth(grid: Design, drawn: xr.Dataset) -> dict[str, Array]:
    """Columns ``true_NAME`` of scales and of parameters of problems and buckets."""
    found: dict[str, Array] = {}
    for name, values in drawn.data_vars.items():
        dims, own = values.dims[1:], values.values
        if dims == ():
            found[f"true_{name}"] = own[:, None, None]
        elif dims == (PROBLEM,):
            found[f"true_{name}"] = own[:, :, None]
        elif dims == (BUCKET,):
            found[f"true_{name}"] = own[:, grid.units.bucket, None]
    return found


def _cross(
    design: pd.DataFrame, columns: Collection[str], problems: int, n_samples: int
) -> pd.DataFrame:
    """Give every run every problem; buckets of equal size."""
    runs = design[[name for name in dict.fromkeys(columns) if name in design]]
    runs = runs if "run" in design else runs.assign(run=_names(len(design)))
    count = max(1, min(BUCKETS, problems // 2))
    width = len(str(problems))
    own = pd.DataFrame(
        {
            "problem": [f"{place:0{width}d}" for place in range(problems)],
            "bucket": [str(place * count // problems + 1) for place in range(problems)],
            "n_samples": n_samples,
            "n_correct": 0,
        }
    )
    return own.merge(runs, how="cross")


def _names(count: int) -> list[str]:
    width = len(str(count))
    return [f"run{place + 1:0{width}d}" for place in range(count)]
