"""Simulation-based calibration: whether the sampler returns the posterior of its own model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.ecdf_utils import ecdf_pit
from joblib import delayed

from bayes_scaling.data import check_quantities
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.evaluation.loss_calibration import compare_ladder, simulate_ladders
from bayes_scaling.evaluation.pass_calibration import fit_and_compare, simulate_counts
from bayes_scaling.evaluation.score_calibration import (
    compare_score_ladder,
    simulate_score_ladders,
)
from bayes_scaling.evaluation.sweeps import refuse_sweeps
from bayes_scaling.evaluation.workers import demand_jobs, spread
from bayes_scaling.inference.conflicts import conflict_notes
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.nuts import Progress
from bayes_scaling.responses import RESPONSES, ByResponse
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec, scale_column

BAND_SIMULATIONS = 20_000
RISES = {"rising", "rising slope"}


@dataclass(frozen=True)
class Exercise:
    """How data of a response are simulated, fitted, and compared with the truth.

    Attributes
    ----------
    simulate, compare : callable
    options : mapping of str to Any
        Of the fits, unless told otherwise.
    """

    simulate: Callable[..., tuple[list[pd.DataFrame], Any]]
    compare: Callable[..., tuple[dict[str, tuple[xr.DataArray, float]], Fit]]
    options: Mapping[str, Any]


EXERCISES: ByResponse[Exercise] = {
    "loss": Exercise(simulate_ladders, compare_ladder, {"draws": 500, "tune": 500}),
    "passes": Exercise(simulate_counts, fit_and_compare, {}),
    "score": Exercise(simulate_score_ladders, compare_score_ladder, {"draws": 500, "tune": 500}),
}


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
    in_conflict : Series of bool
        Simulations of which it would be said that prior and data are in conflict, though the model
        is true: a scale beyond its prior's 99.5 % point, or a ladder that rises.
    """

    ranks: pd.DataFrame
    converged: pd.Series
    in_conflict: pd.Series

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
        The runs of one simulated ladder: ``compute``, or what else the model's covariates are,
        ``family`` where the model has it, and ``loss`` where it goes along that.
    random_seed : int
    simulations : int
    target : float, optional
        Compute of the run that is forecast, FLOP, or the product of its covariates where there are
        several; by default 1,000 times the largest, for passes 10
        times as well, and for scores 10 times. Along a loss it is the compute that the loss stands
        for, by the link of the ladder.
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
    refuse_sweeps(spec, "calibrate")
    if simulations < 1:
        raise BayesScalingError(f"simulations: expected a positive number, got {simulations!r}.")
    demand_jobs(jobs)
    own = RESPONSES[spec.response]
    settings = own.own_options(spec.name, problems=problems, n_samples=n_samples)
    settings |= {"random_seed": random_seed, "simulations": simulations, "target": target}
    how = EXERCISES[own.name]
    worlds, reference = how.simulate(spec, design, **settings)
    options = {**how.options, **(fit_options or {})}
    calls = (
        delayed(rank_one)(spec.text, spec.name, world, reference, random_seed + index, options)
        for index, world in enumerate(worlds)
    )
    ranks, converged, in_conflict = [], [], []
    for number, (shares, *said) in enumerate(spread(calls, jobs, in_order=True), start=1):
        ranks.append(shares)
        converged.append(said[0])
        in_conflict.append(said[1])
        if progress:
            progress(number, len(worlds))
    return Calibration(pd.DataFrame(ranks), pd.Series(converged), pd.Series(in_conflict))


def rank_one(
    text: str,
    name: str,
    world: pd.DataFrame,
    reference: Any,
    random_seed: int,
    options: Mapping[str, Any],
) -> tuple[dict[str, float], bool, bool]:
    """Fit one simulated set of data and rank its truth; say if it converged, and is in conflict."""
    from bayes_scaling.specification.spec import parse_spec

    spec = parse_spec(text, name=name)
    compare = EXERCISES[spec.response].compare
    compared, fitted = compare(spec, world, reference, random_seed, options)
    rng = np.random.default_rng([random_seed, 3])
    ranks = {name: _share_below(*pair, rng) for name, pair in compared.items()}
    return ranks, fitted.diagnosis.converged, _is_in_conflict(fitted)


def _is_in_conflict(fitted: Fit) -> bool:
    """Whether a scale contradicts its prior, or a ladder rises where the law only falls."""
    rises = any(
        remark.topic in RISES
        for remark in check_quantities(fitted.table, scale_column(fitted.spec))
    )
    return rises or any(True for _ in conflict_notes(fitted))


def _share_below(draws: xr.DataArray, truth: float, rng: np.random.Generator) -> float:
    """Rank of the truth among draws thinned to their effective number, made continuous."""
    size = float(az.ess(draws.to_dataset(name="x"))["x"])
    flat = draws.to_numpy().ravel()
    step = max(1, int(np.ceil(flat.size / max(size, 1.0))))
    thinned = flat[::step]
    below = int(np.sum(thinned < truth))
    return float((below + rng.uniform()) / (len(thinned) + 1))
