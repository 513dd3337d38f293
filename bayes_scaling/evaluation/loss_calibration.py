"""Simulation-based calibration of models of losses: one simulated ladder at a time."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.design import Reference, make_design
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import fit_runs
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.predictive import (
    discrepancy_at,
    draw_responses,
    flat_posterior,
    law_at,
    of_family,
)
from bayes_scaling.simulation import simulate
from bayes_scaling.specification.prior_density import log_density, top_priors
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import Spec

LOG_LIKELIHOOD = "log_likelihood"
LOG_PRIOR = "log_prior"
TARGET = "target"
FAR = 1000.0  # times the largest run


def simulate_ladders(
    spec: Spec,
    design: pd.DataFrame,
    *,
    random_seed: int,
    simulations: int,
    target: float | None,
) -> tuple[list[pd.DataFrame], Reference]:
    """Simulate ladders and a run beyond each, called ``target``; return the reference too."""
    aim = _beyond(spec, design, target).assign(run=TARGET)
    named = design.assign(run=[f"run {number}" for number in range(1, len(design) + 1)])
    reference = _reference(spec, named)
    drawn = simulate(
        spec,
        pd.concat([named, aim], ignore_index=True),
        random_seed=random_seed,
        size=simulations,
        reference=reference,
    )
    return [world for _, world in drawn.groupby("simulation")], reference


def _beyond(spec: Spec, design: pd.DataFrame, target: float | None) -> pd.DataFrame:
    """Return the run that is forecast: of several covariates, their product is what is spent."""
    largest = {name: float(design[name].max()) for name in spec.columns}
    times = FAR if target is None else target / math.prod(largest.values())
    aims = {name: value * times ** (1 / len(largest)) for name, value in largest.items()}
    return design.iloc[[-1]][[c for c in design if c != "compute"]].assign(**aims)


def _reference(spec: Spec, design: pd.DataFrame) -> dict[str, dict[str, float]]:
    grid = make_design(spec, design.assign(**{spec.response: 1e9}))
    return {
        name: dict(zip(grid.families, map(float, values), strict=True))
        for name, values in grid.references.items()
    }


def compare_ladder(
    spec: Spec,
    world: pd.DataFrame,
    reference: Reference,
    random_seed: int,
    options: Mapping[str, Any],
) -> tuple[dict[str, tuple[xr.DataArray, float]], Fit]:
    """Fit one simulated ladder; return the draws and the truth of each quantity, and the fit."""
    seen = world[world["run"] != TARGET].drop(columns="simulation")
    future = world[world["run"] == TARGET].iloc[0]
    kept = seen[[c for c in seen.columns if not c.startswith("true_")]]
    fitted = fit_runs(spec, kept, random_seed=random_seed, reference=reference, **options)
    rng = np.random.default_rng([random_seed, 2])
    family = fitted.families.index(future["family"]) if "family" in spec.groups else 0
    numbers = {name: np.array([float(future[name])]) for name in spec.columns}
    groups = {
        name: np.array([labels.index(future[name])])
        for name, labels in fitted.design.labels.items()
    }
    aim = Places(np.array([family]), numbers, groups=groups)
    forecast = draw_responses(fitted, aim, rng)["run"].isel(target=0)
    posterior = fitted.posterior["posterior"].to_dataset()
    compared = {}
    for parameter, prior in spec.free.items():
        values = posterior[parameter]
        own = values.isel({dim: 0 for dim in values.dims if dim not in {"chain", "draw"}})
        row = _first_rows(fitted, prior)[0]
        compared[parameter] = own, float(seen[f"true_{parameter}"].iloc[row])
    compared[LOG_LIKELIHOOD] = _log_likelihoods(fitted, seen, rng)
    compared[LOG_PRIOR] = log_priors_of(fitted, seen)
    compared[TARGET] = forecast, float(future[spec.response])
    return compared, fitted


def _log_likelihoods(
    fitted: Fit, seen: pd.DataFrame, rng: np.random.Generator
) -> tuple[xr.DataArray, float]:
    """Log likelihood given parameters and discrepancy, of each draw and of the truth."""
    spec, design = fitted.spec, fitted.design
    values, chains = flat_posterior(fitted)
    mean = law_at(spec, design, values, design.places)
    if active_terms(spec):
        mean = mean + discrepancy_at(spec, design, values, design.places, rng)
    of = {name: of_family(values[name], design.family) for name in spec.noise.parameters}
    drawn = _log_density(mean, of, design.observed["y"], design.observed["relative_se"]).sum(axis=1)
    true = {name: seen[f"true_{name}"].to_numpy()[None, :] for name in spec.noise.parameters}
    centre = np.log(seen["true_expected"].to_numpy())[None, :]
    own = _log_density(centre, true, design.observed["y"], design.observed["relative_se"]).sum()
    return xr.DataArray(drawn.reshape(chains), dims=("chain", "draw")), float(own)


def log_priors_of(fitted: Fit, seen: pd.DataFrame) -> tuple[xr.DataArray, float]:
    """Log density under the stated priors, of each draw and of the truth.

    An implementation that ignores a prior may rank the parameters themselves evenly.
    """
    values, chains = flat_posterior(fitted)
    drawn, true = np.zeros(chains[0] * chains[1]), 0.0
    for name, prior in top_priors(fitted.spec.free).items():
        drawn += log_density(prior, values[name]).reshape(len(drawn), -1).sum(axis=1)
        own = seen[f"true_{name}"].to_numpy()[_first_rows(fitted, prior)]
        true += float(log_density(prior, own).sum())
    return xr.DataArray(drawn.reshape(chains), dims=("chain", "draw")), true


def _first_rows(fitted: Fit, prior: Prior) -> Index:
    """Return a row of the table for each value that a parameter has."""
    if prior.over is None:
        return np.zeros(1, dtype=np.int64)
    firsts = np.unique(fitted.design.places.group(prior.over), return_index=True)[1]
    return firsts[1:] if prior.over in fitted.design.labels else firsts


def _log_density(
    mean: Array, of: Mapping[str, Array], response: Array, relative_se: Array
) -> Array:
    scale = np.sqrt(of["sigma"] ** 2 + relative_se**2)
    gap = (np.log(response) - mean) / scale
    standard = stats.t(of["nu"]) if "nu" in of else stats.norm()
    return np.asarray(standard.logpdf(gap) - np.log(scale))
