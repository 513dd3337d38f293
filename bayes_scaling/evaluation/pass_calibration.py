"""Simulation-based calibration of models of pass rates: one simulated set of counts at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.errors import DataError
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import PROBLEM
from bayes_scaling.inference.passes.fitting import fit_passes
from bayes_scaling.inference.passes.likelihood import log_likelihood
from bayes_scaling.inference.passes.predictive import draw_hazards, hazards_at_runs
from bayes_scaling.inference.passes.terms import levels, scale_priors
from bayes_scaling.simulation.counts import simulate_passes
from bayes_scaling.simulation.simulating import demand_count
from bayes_scaling.specification.links import Link
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import Spec

AHEAD = (10.0, 1000.0)
PROBLEMS, SAMPLES = 12, 30
OPTIONS = {"draws": 800, "tune": 500, "chains": 4, "target_accept": 0.9}
TARGET = "target"
Draws = tuple[dict[str, xr.DataArray], dict[str, float]]


def simulate_counts(
    spec: Spec,
    design: pd.DataFrame,
    *,
    random_seed: int,
    simulations: int,
    target: float | None,
    problems: int | None = None,
    n_samples: int | None = None,
) -> tuple[list[pd.DataFrame], float]:
    """Simulate counts of the runs of a design and of targets ahead of them.

    Along a loss the targets lie where the link of the design's runs puts those computes.

    Returns
    -------
    list of DataFrame
        A table a simulation; the runs of targets are called ``target 10x``, or ``target``.
    float
        The reference compute, FLOP.
    """
    last = float(design["compute"].max())
    ahead = {f"{TARGET} {ratio:g}x": last * ratio for ratio in AHEAD}
    aims = ahead if target is None else {TARGET: float(target)}
    reference = float(np.exp(np.log(design["compute"].astype(float)).mean()))
    links = links_of(spec, design)
    scales = np.array(list(aims.values()))
    losses = {name: _losses_at(link, scales) for name, link in links.items()}
    runs = pd.concat(
        [
            design.assign(run=[f"run {number:02d}" for number in range(1, len(design) + 1)]),
            pd.DataFrame({"compute": scales, "run": list(aims), **losses}),
        ],
        ignore_index=True,
    )
    drawn = simulate_passes(
        spec,
        runs,
        random_seed=random_seed,
        size=simulations,
        reference=reference,
        problems=demand_count("problems", PROBLEMS if problems is None else problems),
        n_samples=demand_count("n_samples", SAMPLES if n_samples is None else n_samples),
        links=links or None,
    )
    return [world.drop(columns="simulation") for _, world in drawn.groupby("simulation")], reference


def links_of(spec: Spec, design: pd.DataFrame) -> dict[str, Link]:
    """Make the links of the runs that will be fitted; empty of a model that has none.

    Raises
    ------
    DataError
        If the design lacks the loss of its runs.
    """
    if spec.law.link is None:
        return {}
    (column,) = spec.columns
    if column not in design:
        raise DataError(
            f"design: {spec.name} forecasts along the {column} of runs; give the design a column "
            f"{column} beside compute."
        )
    numbers = {name: spec.pinned[name] for name in spec.coordinates.numbers}
    measured = (design[name].to_numpy(float) for name in (column, "compute"))
    return {column: spec.law.link(*measured, **numbers)}


def _losses_at(link: Link, scales: Array) -> Array:
    """Return the losses that a link takes to scales.

    Examples
    --------
    >>> own = Link(1.0, 3.0, 1e20, 2.0)
    >>> own(_losses_at(own, np.array([1e20, 4e20]))).round(-15).tolist()
    [1e+20, 4e+20]
    """
    above = (link.first - link.floor) * (scales / link.start) ** (-1 / link.power)
    return np.asarray(link.floor + above)


def fit_and_compare(
    spec: Spec,
    world: pd.DataFrame,
    reference: float,
    random_seed: int,
    options: Mapping[str, Any],
) -> tuple[dict[str, tuple[xr.DataArray, float]], Fit]:
    """Fit one simulated set of counts; return draws and truth of each quantity, and the fit.

    The quantities are the scales, the population's means, the first problem's parameters, the log
    likelihood, and the mean of ``-log p`` over problems of a new run at each target.
    """
    is_target = world["run"].str.startswith(TARGET)
    seen, future = world[~is_target], world[is_target]
    kept = seen[[name for name in seen.columns if not name.startswith("true_")]]
    fitted = fit_passes(
        spec, kept, random_seed=random_seed, reference=reference, **{**OPTIONS, **options}
    )
    posterior = fitted.posterior["posterior"].to_dataset()
    first = seen.iloc[0]
    compared = {
        name: (_of_first(posterior[name]), float(first[f"true_{name}"]))
        for name in ranked_parameters(spec)
    }
    compared["log_likelihood"] = _log_likelihoods(fitted, seen)
    rng = np.random.default_rng([random_seed, 2])
    (column,) = spec.columns
    aims = future.groupby("run", sort=False)[column].first()
    places = fitted.design.places_of(
        np.zeros(len(aims), dtype=np.int64), {column: aims.to_numpy(float)}
    )
    hazards = draw_hazards(fitted, places, rng)["run"].mean(PROBLEM)
    truth = future.groupby("run")["true_neg_log_pass"].mean()
    for place, name in enumerate(aims.index):
        compared[str(name)] = (hazards.isel(target=place), float(truth[name]))
    return compared, fitted


def ranked_parameters(spec: Spec) -> Sequence[str]:
    """Name the scales, and the parameters of the law with the means that problems share."""
    return [*scale_priors(spec), *_with_means(spec)]


def _with_means(spec: Spec) -> Iterator[str]:
    for parameter in spec.coordinates.parameters:
        for name, prior in levels(parameter, spec.priors[parameter]):
            if isinstance(prior, Prior):
                yield name


def _of_first(values: xr.DataArray) -> xr.DataArray:
    """Take the first problem, or its bucket: they are exchangeable, so one is as good as all."""
    own = [dim for dim in values.dims if dim not in {"chain", "draw"}]
    return values.isel(dict.fromkeys(own, 0), drop=True)


def _log_likelihoods(fitted: Fit, seen: pd.DataFrame) -> tuple[xr.DataArray, float]:
    """Log likelihood of the counts, without its constant, of each draw and of the truth."""
    design = fitted.design
    hazards = hazards_at_runs(fitted)
    drawn = log_likelihood(
        hazards.values, design.observed["n_samples"], design.observed["n_correct"]
    ).sum(axis=(2, 3))
    true = log_likelihood(
        seen["true_neg_log_pass"].to_numpy(),
        seen["n_samples"].to_numpy(float),
        seen["n_correct"].to_numpy(float),
    )
    return xr.DataArray(drawn, dims=("chain", "draw")), float(true.sum())
