"""What ArviZ's figures and scores read of a fit beside its posterior, made when asked for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.evaluation.pointwise import log_densities
from bayes_scaling.evaluation.prior_scaling import log_priors
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import unit_column
from bayes_scaling.inference.passes.evidence import log_evidence
from bayes_scaling.inference.passes.predictive import hazards_at_runs
from bayes_scaling.inference.predictive import draw_responses
from bayes_scaling.inference.prior_predictive import draw_prior_predictive
from bayes_scaling.inference.score_predictive import counts_at_runs, log_score_densities
from bayes_scaling.responses import ByResponse
from bayes_scaling.simulation.counts import draw_hazards_of_prior

PRIOR_DRAWS = 1000
Groups = Mapping[str, xr.Dataset]


def with_groups(fit: Fit, *names: str) -> Fit:
    """Return a fit whose tree has more groups, for ArviZ; `Fit.save` keeps them.

    Parameters
    ----------
    fit : Fit
    *names : {"prior", "prior_predictive", "posterior_predictive", "log_likelihood", "log_prior"}
        By default all. ``log_likelihood`` of losses is that of each run given all others, and of
        counts that of each problem given what problems share, its own parameters integrated out:
        what `compare` leaves out, so that ``arviz.loo`` gives its elpd.

    Returns
    -------
    Fit

    Raises
    ------
    BayesScalingError
        If a group isn't known.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> fit = bs.with_groups(bs.fit("loss", small, random_seed=1), "log_likelihood")
    >>> fit.posterior["log_likelihood"]["loss"].shape
    (4, 1000, 5)
    """
    makers = MAKERS[fit.response.name]
    for name in names:
        if name not in makers:
            raise BayesScalingError(f"names: {name!r} is not known; {suggest(name, makers)}")
    tree = fit.posterior.copy()
    for place, name in enumerate(makers):
        if names and name not in names:
            continue
        rng = np.random.default_rng([fit.random_seed, 9, place])
        tree[name] = xr.DataTree(makers[name](fit, rng))
    return replace(fit, posterior=tree)


def _prior_of_losses(fit: Fit, rng: np.random.Generator) -> xr.Dataset:
    return draw_prior_predictive(fit.spec, fit.design, PRIOR_DRAWS, rng)["prior"].to_dataset()


def _losses_of_prior(fit: Fit, rng: np.random.Generator) -> xr.Dataset:
    tree = draw_prior_predictive(fit.spec, fit.design, PRIOR_DRAWS, rng)
    return tree["prior_predictive"].to_dataset()


def _losses_again(fit: Fit, rng: np.random.Generator) -> xr.Dataset:
    drawn = draw_responses(fit, fit.design.places, rng)["run"].rename(target="run")
    return drawn.assign_coords(run=list(fit.design.runs)).to_dataset(name=fit.spec.response)


def _densities_of_runs(fit: Fit, rng: np.random.Generator) -> xr.Dataset:
    every = np.arange(len(fit.design.runs))
    found = log_densities(fit, fit.design, every, [np.array([run]) for run in every], rng)
    return _by_unit(fit, found, "run", fit.design.runs).to_dataset(name=fit.spec.response)


def _scores_again(fit: Fit, rng: np.random.Generator) -> xr.Dataset:
    """Draw the counts of the fitted runs anew, and their negative log-likelihoods."""
    return counts_at_runs(fit, rng)


def _densities_of_scores(fit: Fit, rng: np.random.Generator) -> xr.Dataset:  # noqa: ARG001
    found = log_score_densities(fit)
    return _by_unit(fit, found, "run", fit.design.runs).to_dataset(name="n_correct")


def _log_priors(fit: Fit, rng: np.random.Generator) -> xr.Dataset:  # noqa: ARG001
    return log_priors(fit)


def _prior_of_counts(fit: Fit, rng: np.random.Generator) -> xr.Dataset:
    drawn, _ = draw_hazards_of_prior(fit.spec, fit.design, PRIOR_DRAWS, rng)
    kept = [name for name in drawn.data_vars if not str(name).endswith("weights")]
    return drawn[kept].expand_dims("chain")


def _counts_of_prior(fit: Fit, rng: np.random.Generator) -> xr.Dataset:
    _, hazards = draw_hazards_of_prior(fit.spec, fit.design, PRIOR_DRAWS, rng)
    return _counts(fit, hazards[None], rng)


def _counts_again(fit: Fit, rng: np.random.Generator) -> xr.Dataset:
    return _counts(fit, hazards_at_runs(fit).values, rng)


def _counts(fit: Fit, hazards: Any, rng: np.random.Generator) -> xr.Dataset:
    unit = unit_column(fit.spec)
    counts = rng.binomial(fit.design.observed["n_samples"].astype(int), np.exp(-hazards))
    coords = {unit: list(fit.design.units.names), "run": list(fit.design.runs)}
    return xr.Dataset({"n_correct": (("chain", "draw", unit, "run"), counts)}, coords)


def _densities_of_units(fit: Fit, rng: np.random.Generator) -> xr.Dataset:  # noqa: ARG001
    posterior = fit.posterior["posterior"].to_dataset()
    found = log_evidence(fit.spec, fit.design, posterior, fit.random_seed)
    units = fit.design.units.names
    return _by_unit(fit, found, unit_column(fit.spec), units).to_dataset(name="n_correct")


def _by_unit(fit: Fit, found: Any, dim: str, labels: Any) -> xr.DataArray:
    sizes = fit.posterior["posterior"].sizes
    shape = (sizes["chain"], sizes["draw"], len(labels))
    return xr.DataArray(found.reshape(shape), {dim: list(labels)}, ("chain", "draw", dim))


MAKERS: ByResponse[Mapping[str, Callable[[Fit, np.random.Generator], xr.Dataset]]] = {
    "loss": {
        "prior": _prior_of_losses,
        "prior_predictive": _losses_of_prior,
        "posterior_predictive": _losses_again,
        "log_likelihood": _densities_of_runs,
        "log_prior": _log_priors,
    },
    "passes": {
        "prior": _prior_of_counts,
        "prior_predictive": _counts_of_prior,
        "posterior_predictive": _counts_again,
        "log_likelihood": _densities_of_units,
    },
    "score": {
        "prior": _prior_of_losses,
        "prior_predictive": _losses_of_prior,
        "posterior_predictive": _scores_again,
        "log_likelihood": _densities_of_scores,
        "log_prior": _log_priors,
    },
}
