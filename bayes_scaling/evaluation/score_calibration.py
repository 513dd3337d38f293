"""Simulation-based calibration of models of scores: one simulated set of tasks at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.evaluation.loss_calibration import (
    LOG_LIKELIHOOD,
    LOG_PRIOR,
    TARGET,
    log_priors_of,
)
from bayes_scaling.inference.design import Reference
from bayes_scaling.inference.designing import design_of
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import fit_runs
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.predictive import flat_posterior
from bayes_scaling.inference.score_predictive import (
    draw_scores,
    log_score_densities,
    log_scores_given,
)
from bayes_scaling.simulation import simulate
from bayes_scaling.simulation.score_ladders import ITEMS
from bayes_scaling.specification.spec import Spec

BEYOND = 10.0  # times the largest run: as far as a next model is


def simulate_score_ladders(
    spec: Spec,
    design: pd.DataFrame,
    *,
    random_seed: int,
    simulations: int,
    target: float | None,
) -> tuple[list[pd.DataFrame], Reference]:
    """Simulate tasks and a run beyond each, called ``target``; return the reference too."""
    (column,) = spec.columns
    far = BEYOND * design[column].max() if target is None else target
    labels = design["task"].unique() if "task" in design else [None]
    firsts = [design[design["task"] == label] if label else design for label in labels]
    aims = pd.concat([own.iloc[[-1]].assign(**{column: far, "run": TARGET}) for own in firsts])
    named = design.assign(run=[f"run {number}" for number in range(1, len(design) + 1)])
    grid = design_of(spec, _table(named))
    reference = {
        name: dict(zip(grid.families, map(float, values), strict=True))
        for name, values in grid.references.items()
    }
    drawn = simulate(
        spec,
        pd.concat([named, aims], ignore_index=True),
        random_seed=random_seed,
        size=simulations,
        reference=reference,
    )
    return [world for _, world in drawn.groupby("simulation")], reference


def _table(design: pd.DataFrame) -> pd.DataFrame:
    from bayes_scaling.data import check_scores

    items = design.get("n_items", ITEMS)
    return check_scores(design.assign(n_items=items, n_correct=items, nll=1.0))


def compare_score_ladder(
    spec: Spec,
    world: pd.DataFrame,
    reference: Reference,
    random_seed: int,
    options: Mapping[str, Any],
) -> tuple[dict[str, tuple[xr.DataArray, float]], Fit]:
    """Fit one simulated set of tasks; return draws and truth of each quantity, and the fit.

    Parameters that each task has are those of the first; so is the target.
    """
    seen = world[world["run"] != TARGET].drop(columns="simulation").reset_index(drop=True)
    future = world[world["run"] == TARGET].iloc[0]
    kept = seen[[name for name in seen.columns if not name.startswith("true_")]]
    fitted = fit_runs(spec, kept, random_seed=random_seed, reference=reference, **options)
    family = fitted.families.index(future["family"])
    aim = {name: np.array([float(future[name])]) for name in spec.columns}
    rng = np.random.default_rng([random_seed, 2])
    drawn = draw_scores(fitted, Places(np.array([family]), aim), rng)["expected"].isel(target=0)
    posterior = fitted.posterior["posterior"].to_dataset()
    compared = {}
    for name in spec.free:
        values = posterior[name]
        own = values.isel(family=family) if "family" in values.dims else values
        row = seen[seen["family"] == future["family"]].iloc[0]
        compared[name] = own, float(row[f"true_{name}"])
    compared[LOG_LIKELIHOOD] = _log_likelihoods(fitted, seen)
    compared[LOG_PRIOR] = log_priors_of(fitted, seen)
    compared[TARGET] = drawn, float(future["true_expected"])
    return compared, fitted


def _log_likelihoods(fitted: Fit, seen: pd.DataFrame) -> tuple[xr.DataArray, float]:
    """Log likelihood of the counts given the curve, of each draw and of the truth."""
    _, chains = flat_posterior(fitted)
    drawn = log_score_densities(fitted, counts_only=True).sum(axis=1).reshape(chains)
    true = log_scores_given(
        seen["true_expected"].to_numpy()[None, :],
        seen["true_sigma"].to_numpy()[None, :],
        fitted.design.observed,
    ).sum()
    return xr.DataArray(drawn, dims=("chain", "draw")), float(true)
