"""Simulation-based calibration: whether the sampler returns the posterior of its own model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.ecdf_utils import ecdf_pit
from joblib import delayed
from scipy import stats

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.evaluation.pass_calibration import fit_and_compare, simulate_counts
from bayes_scaling.evaluation.workers import spread
from bayes_scaling.inference.blocks import active_terms
from bayes_scaling.inference.design import Array, make_design
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import fit_runs
from bayes_scaling.inference.predictive import (
    discrepancy_at,
    draw_responses,
    flat_posterior,
    law_at,
    of_family,
)
from bayes_scaling.inference.sampling import Progress
from bayes_scaling.simulation import simulate
from bayes_scaling.specification.prior_density import log_density, top_priors
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec

LOG_LIKELIHOOD = "log_likelihood"
LOG_PRIOR = "log_prior"
TARGET = "target"
BAND_SIMULATIONS = 20_000


@dataclass(frozen=True, eq=False)
class Calibration:
    """Where the truth ranked among posterior draws, a simulation at a time.

    Attributes
    ----------
    ranks : DataFrame
        A row a simulation. Columns: each parameter, ``log_likelihood``, ``log_prior`` and
        ``target``, as the share of posterior draws below the truth; uniform if the sampler is
        right.
    converged : Series of bool
        Simulations that didn't converge are counted here, not dropped.
    """

    ranks: pd.DataFrame
    converged: pd.Series

    @property
    def datatree(self) -> xr.DataTree:
        """The ranks in ArviZ's group ``prior_sbc``, for ``arviz.plot_ecdf_pit``."""
        variables = {
            str(name): (("chain", "draw"), self.ranks[[name]].to_numpy().T) for name in self.ranks
        }
        return xr.DataTree.from_dict({"prior_sbc": xr.Dataset(variables)})

    def summary(self, prob: float = 0.999) -> pd.DataFrame:
        """Compare each rank ECDF with its simultaneous band.

        Parameters
        ----------
        prob : float
            Probability that a right sampler's ECDF lies wholly inside.

        Returns
        -------
        DataFrame
            A row a quantity: ``inside`` (bool), ``excess`` (by how much the ECDF leaves the band at
            worst; negative inside), ``mean`` of the ranks (0.5 if right) and ``coverage_90``.
        """
        rows = {}
        size = len(self.ranks)
        points, _, low, high = ecdf_pit(np.arange(size) / size, prob, BAND_SIMULATIONS)
        for name in self.ranks:
            shares = self.ranks[name].to_numpy()
            ecdf = np.searchsorted(np.sort(shares), points, side="right") / size
            excess = float(np.max(np.maximum(ecdf - high, low - ecdf)[1:-1]))
            rows[name] = {
                "inside": excess <= 0,
                "excess": excess,
                "mean": float(shares.mean()),
                "coverage_90": float(np.mean((shares > 0.05) & (shares < 0.95))),
            }
        return pd.DataFrame.from_dict(rows, orient="index")


def calibrate(
    model: str | Path | Spec,
    design: pd.DataFrame,
    *,
    random_seed: int,
    simulations: int = 300,
    target: float | None = None,
    jobs: int = 1,
    problems: int | None = None,
    n_samples: int | None = None,
    progress: Progress | None = None,
    fit_options: Mapping[str, Any] | None = None,
) -> Calibration:
    """Fit data simulated from the model, and rank the truth among the draws.

    Parameters
    ----------
    model : str, Path or Spec
    design : DataFrame
        The runs of one simulated ladder: ``compute``, and ``family`` where the model has it.
    random_seed : int
    simulations : int
    target : float, optional
        Compute of the run that is forecast, FLOP; by default 1,000 times the largest, and for
        passes 10 times as well.
    jobs : int
        Worker processes; each compiles the model once.
    problems, n_samples : int, optional
        For a model of passes: how many problems (12 by default), and the samples of each in each
        run (30 by default).
    progress : callable, optional
        Called with simulations done and simulations to do.
    fit_options : mapping, optional
        Passed to `fit`, as ``{"draws": 500}``.

    Returns
    -------
    Calibration

    References
    ----------
    Talts et al. (2018), Validating Bayesian inference algorithms with simulation-based calibration;
    Modrak et al. (2023) for the log-likelihood as a test quantity.

    Examples
    --------
    >>> ladder = pd.DataFrame({"compute": [1e18, 1e19, 1e20, 1e21]})
    >>> calibrate("loss", ladder, random_seed=1, simulations=3).ranks.shape[0]
    3
    """
    spec = load_model(model)
    if simulations < 1:
        raise BayesScalingError(f"simulations: expected a positive number, got {simulations!r}.")
    settings: dict[str, Any] = {"random_seed": random_seed, "simulations": simulations}
    settings |= {"target": target}
    if spec.response == "passes":
        settings |= {"problems": problems, "n_samples": n_samples}
        defaults: dict[str, Any] = {}
        reference: Any
        worlds, reference = simulate_counts(spec, design, **settings)
    else:
        _refuse_counts(spec, problems=problems, n_samples=n_samples)
        worlds, reference = _simulate_ladders(spec, design, **settings)
        defaults = {"draws": 500, "tune": 500}
    options = {**defaults, **(fit_options or {})}
    calls = (
        delayed(rank_one)(spec.text, spec.name, world, reference, random_seed + index, options)
        for index, world in enumerate(worlds)
    )
    ranks, converged = [], []
    for number, (shares, settled) in enumerate(spread(calls, jobs, in_order=True), start=1):
        ranks.append(shares)
        converged.append(settled)
        if progress:
            progress(number, len(worlds))
    return Calibration(pd.DataFrame(ranks), pd.Series(converged))


def _refuse_counts(spec: Spec, **given: int | None) -> None:
    for name, value in given.items():
        if value is not None:
            raise BayesScalingError(f"{name}: {spec.name} is a model of losses; leave it away.")


def _simulate_ladders(
    spec: Spec,
    design: pd.DataFrame,
    *,
    random_seed: int,
    simulations: int,
    target: float | None,
) -> tuple[list[pd.DataFrame], dict[str, float] | float]:
    """Simulate ladders and a run beyond each, called ``target``; return the reference too."""
    far = 1000 * design["compute"].max() if target is None else target
    aim = design.iloc[[-1]].assign(compute=far, run=TARGET)
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


def _reference(spec: Spec, design: pd.DataFrame) -> dict[str, float] | float:
    grid = make_design(spec, design.assign(**{spec.response: 1e9}))
    if "family" not in spec.groups:
        return float(grid.reference[0])
    return dict(zip(grid.families, map(float, grid.reference), strict=True))


def rank_one(
    text: str,
    name: str,
    world: pd.DataFrame,
    reference: Any,
    random_seed: int,
    options: Mapping[str, Any],
) -> tuple[dict[str, float], bool]:
    """Fit one simulated set of data and rank its truth; say whether the fit converged."""
    from bayes_scaling.specification.spec import parse_spec

    spec = parse_spec(text, name=name)
    compare = fit_and_compare if spec.response == "passes" else _fit_ladder
    compared, converged = compare(spec, world, reference, random_seed, options)
    rng = np.random.default_rng([random_seed, 3])
    return {name: _share_below(*pair, rng) for name, pair in compared.items()}, converged


def _fit_ladder(
    spec: Spec,
    world: pd.DataFrame,
    reference: dict[str, float] | float,
    random_seed: int,
    options: Mapping[str, Any],
) -> tuple[dict[str, tuple[xr.DataArray, float]], bool]:
    """Fit one simulated ladder; return the draws and the truth of each quantity."""
    seen = world[world["run"] != TARGET].drop(columns="simulation")
    future = world[world["run"] == TARGET].iloc[0]
    kept = seen[[c for c in seen.columns if not c.startswith("true_")]]
    fitted = fit_runs(spec, kept, random_seed=random_seed, reference=reference, **options)
    rng = np.random.default_rng([random_seed, 2])
    family = fitted.families.index(future["family"]) if "family" in spec.groups else 0
    index, compute = np.array([family]), np.array([float(future["compute"])])
    forecast = draw_responses(fitted, index, compute, rng)["run"].isel(target=0)
    posterior = fitted.posterior["posterior"].to_dataset()
    compared = {}
    for parameter in spec.free:
        values = posterior[parameter]
        own = values.isel(family=0) if "family" in values.dims else values
        compared[parameter] = own, float(seen[f"true_{parameter}"].iloc[0])
    compared[LOG_LIKELIHOOD] = _log_likelihoods(fitted, seen, rng)
    compared[LOG_PRIOR] = _log_priors(fitted, seen)
    compared[TARGET] = forecast, float(future[spec.response])
    return compared, fitted.diagnosis.converged


def _share_below(draws: xr.DataArray, truth: float, rng: np.random.Generator) -> float:
    """Rank of the truth among draws thinned to their effective number, made continuous."""
    size = float(az.ess(draws.to_dataset(name="x"))["x"])
    flat = draws.to_numpy().ravel()
    step = max(1, int(np.ceil(flat.size / max(size, 1.0))))
    thinned = flat[::step]
    below = int(np.sum(thinned < truth))
    return float((below + rng.uniform()) / (len(thinned) + 1))


def _log_likelihoods(
    fitted: Fit, seen: pd.DataFrame, rng: np.random.Generator
) -> tuple[xr.DataArray, float]:
    """Log likelihood given parameters and discrepancy, of each draw and of the truth."""
    spec, design = fitted.spec, fitted.design
    values, chains = flat_posterior(fitted)
    mean = law_at(spec, design, values, design.family, design.compute)
    if active_terms(spec):
        mean = mean + discrepancy_at(spec, design, values, design.family, design.compute, rng)
    of = {name: of_family(values[name], design.family) for name in spec.noise.parameters}
    drawn = _log_density(mean, of, design.response, design.relative_se).sum(axis=1)
    true = {name: seen[f"true_{name}"].to_numpy()[None, :] for name in spec.noise.parameters}
    centre = np.log(seen["true_expected"].to_numpy())[None, :]
    own = _log_density(centre, true, design.response, design.relative_se).sum()
    return xr.DataArray(drawn.reshape(chains), dims=("chain", "draw")), float(own)


def _log_priors(fitted: Fit, seen: pd.DataFrame) -> tuple[xr.DataArray, float]:
    """Log density under the stated priors, of each draw and of the truth.

    An implementation that ignores a prior may rank the parameters themselves evenly.
    """
    values, chains = flat_posterior(fitted)
    firsts = np.unique(fitted.design.family, return_index=True)[1]
    drawn, true = np.zeros(chains[0] * chains[1]), 0.0
    for name, prior in top_priors(fitted.spec.free).items():
        drawn += log_density(prior, values[name]).reshape(len(drawn), -1).sum(axis=1)
        own = seen[f"true_{name}"].to_numpy()[firsts if prior.over else firsts[:1]]
        true += float(log_density(prior, own).sum())
    return xr.DataArray(drawn.reshape(chains), dims=("chain", "draw")), true


def _log_density(
    mean: Array, of: Mapping[str, Array], response: Array, relative_se: Array
) -> Array:
    scale = np.sqrt(of["sigma"] ** 2 + relative_se**2)
    gap = (np.log(response) - mean) / scale
    standard = stats.t(of["nu"]) if "nu" in of else stats.norm()
    return np.asarray(standard.logpdf(gap) - np.log(scale))
