"""Draws of scores: at targets given the posterior, and at the runs of a design from the prior."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy import stats

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.predictive import (
    KINDS,
    discrepancy_at,
    flat_posterior,
    law_at,
    of_family,
)
from bayes_scaling.inference.worlds import draw_discrepancy
from bayes_scaling.responses.scores import NLL, concentration, score_of
from bayes_scaling.specification.prior_draws import draw_prior
from bayes_scaling.specification.spec import Spec

if TYPE_CHECKING:
    from bayes_scaling.inference.fits import Fit

EDGE = 1e-12  # of a probability, so that a beta distribution has both its counts
Values = Mapping[str, Array]


def draw_scores(
    fit: "Fit", places: Places | Mapping[str, Places], rng: np.random.Generator
) -> xr.Dataset:
    """Draw the score of new runs from the posterior predictive distribution.

    Parameters
    ----------
    fit : Fit
    places : Places
        The targets; or those of each kind, where they are forecast themselves.
    rng : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        Dims ``chain, draw, target``. ``law`` and ``expected`` (and discrepancies) are probabilities
        of a right answer, ``run`` the share of right answers that a run shows on as many items as
        its task has.
    """
    values, chains = flat_posterior(fit)
    at = places if isinstance(places, Mapping) else dict.fromkeys(KINDS, places)
    latent = {kind: law_at(fit.spec, fit.design, values, at[kind]) for kind in KINDS}
    state = deepcopy(rng)
    for kind, own in (("expected", rng), ("run", state)):  # of one discrepancy
        latent[kind] = latent[kind] + discrepancy_at(fit.spec, fit.design, values, at[kind], own)
    family = at["run"].family
    chance, items = (of_ladders(fit.design, name)[family] for name in ("chance", "n_items"))
    scores = {kind: _score(fit.spec, own, chance, values, family) for kind, own in latent.items()}
    counts = draw_counts(scores["run"], items, values, family, rng)
    scores["run"] = counts / items
    shape = (*chains, len(family))
    dims = ("chain", "draw", "target")
    return xr.Dataset({kind: (dims, scores[kind].reshape(shape)) for kind in KINDS})


def law_scores(fit: "Fit", places: Places) -> Array:
    """Return the law's probabilities of a right answer at places: ``(draws, places)``."""
    values, _ = flat_posterior(fit)
    return _law_scores(fit.spec, fit.design, values, places)


def law_scores_of_prior(fit: "Fit", places: Places, count: int, rng: np.random.Generator) -> Array:
    """Return what the law is at places before any data: ``(draws, places)``."""
    values = draw_prior(fit.spec, fit.design.counts, count, rng)
    return _law_scores(fit.spec, fit.design, values, places)


def _law_scores(spec: Spec, design: Design, values: Values, places: Places) -> Array:
    chance = of_ladders(design, "chance")[places.family]
    latent = law_at(spec, design, values, places)
    return _score(spec, latent, chance, values, places.family)


def of_ladders(design: Design, name: str) -> Array:
    """Return the median over each ladder's runs of a number that they come with."""
    values = design.observed[name]
    every = range(len(design.families))
    return np.array([np.median(values[design.family == own]) for own in every])


def _score(spec: Spec, latent: Array, chance: Array, values: Values, family: Index) -> Array:
    lapse = of_family(values["lapse"], family)
    return np.asarray(score_of(spec.coordinates.scale, latent, chance, lapse))


def draw_counts(
    score: Array,
    items: Array,
    values: Values,
    family: Index,
    rng: np.random.Generator,
) -> Array:
    """Draw counts of right answers, beta-binomial about the score; shape ``(draws, targets)``."""
    own = np.clip(score, EDGE, 1 - EDGE)
    total = concentration(own, of_family(values["sigma"], family))
    rates = rng.beta(own * total, (1 - own) * total)
    return np.asarray(rng.binomial(items.astype(np.int64), rates), dtype=float)


def draw_score_worlds(
    spec: Spec, design: Design, count: int, rng: np.random.Generator
) -> tuple[dict[str, Array], Array, dict[str, Array]]:
    """Draw parameters from the prior, and the scores of a design's runs from the model.

    Returns
    -------
    values : dict of str to ndarray
    expected : ndarray, shape (count, runs)
        Probabilities of a right answer.
    observed : dict of str to ndarray
        ``n_correct``, and ``log_nll`` where the model has it.
    """
    values = draw_prior(spec, design.counts, count, rng)
    latent = law_at(spec, design, values, design.places)
    latent = latent + draw_discrepancy(spec, design, values, rng)
    family, seen = design.family, design.observed
    expected = _score(spec, latent, seen["chance"], values, family)
    found = {"n_correct": draw_counts(expected, seen["n_items"], values, family, rng)}
    if spec.noise_name == NLL:
        offset, sd = (of_family(values[name], family) for name in ("offset", "nll_sd"))
        found["log_nll"] = latent + offset + sd * rng.standard_normal(latent.shape)
    return values, expected, found


def counts_at_runs(fit: "Fit", rng: np.random.Generator) -> xr.Dataset:
    """Draw what the fitted runs would show if they were evaluated again on other equal runs."""
    values, chains = flat_posterior(fit)
    design, seen = fit.design, fit.design.observed
    latent = latent_at_runs(fit, values)
    score = _score(fit.spec, latent, seen["chance"], values, design.family)
    found = {"n_correct": draw_counts(score, seen["n_items"], values, design.family, rng)}
    if fit.spec.noise_name == NLL:
        offset, sd = (of_family(values[name], design.family) for name in ("offset", "nll_sd"))
        found["log_nll"] = latent + offset + sd * rng.standard_normal(latent.shape)
    shape, dims = (*chains, len(design.runs)), ("chain", "draw", "run")
    drawn = {name: (dims, values.reshape(shape)) for name, values in found.items()}
    return xr.Dataset(drawn, {"run": list(design.runs)})


def latent_at_runs(fit: "Fit", values: Values) -> Array:
    """Return the latent curve at the fitted runs, discrepancies included: ``(draws, runs)``."""
    design = fit.design
    latent = law_at(fit.spec, design, values, design.places)
    rng = np.random.default_rng(0)  # at a run nothing is left to chance
    return latent + discrepancy_at(fit.spec, design, values, design.places, rng)


def log_score_densities(fit: "Fit", *, counts_only: bool = False) -> Array:
    """Log probability of what each fitted run showed, given each draw: ``(draws, runs)``."""
    values, _ = flat_posterior(fit)
    design = fit.design
    latent = latent_at_runs(fit, values)
    score = _score(fit.spec, latent, design.observed["chance"], values, design.family)
    found = log_scores_given(score, of_family(values["sigma"], design.family), design.observed)
    return found if counts_only else found + _log_nll(fit.spec, latent, design, values)


def densities_at(fit: "Fit", whole: Design, rows: Index, rng: np.random.Generator) -> Array:
    """Log probability of what runs showed, fitted or not, given each draw: ``(draws, rows)``."""
    values, _ = flat_posterior(fit)
    places = whole.places.at(rows)
    family = np.array([fit.families.index(whole.families[own]) for own in places.family])
    at = replace(places, family=family)
    if fit.design.links:  # which the runs that are left out had a part in
        at = fit.design.places_of(family, places.shown)
    latent = law_at(fit.spec, fit.design, values, at)
    latent = latent + discrepancy_at(fit.spec, fit.design, values, at, rng)
    own = {name: cells[rows] for name, cells in whole.observed.items()}
    score = _score(fit.spec, latent, own["chance"], values, family)
    found = log_scores_given(score, of_family(values["sigma"], family), own)
    design = replace(whole, observed=own, places=at)
    return found + _log_nll(fit.spec, latent, design, values)


def log_scores_given(score: Array, sigma: Array, seen: Mapping[str, Array]) -> Array:
    """Log probability of counts, beta-binomial about a score."""
    own = np.clip(score, EDGE, 1 - EDGE)
    total = concentration(own, sigma)
    dist = stats.betabinom(seen["n_items"].astype(int), own * total, (1 - own) * total)
    return np.asarray(dist.logpmf(seen["n_correct"].astype(int)))


def _log_nll(spec: Spec, latent: Array, design: Design, values: Values) -> Array:
    """Log density of the log negative log-likelihoods; 0 where a model doesn't read them."""
    if spec.noise_name != NLL:
        return np.zeros(1)
    offset, sd = (of_family(values[name], design.family) for name in ("offset", "nll_sd"))
    return np.asarray(stats.norm(latent + offset, sd).logpdf(design.observed["log_nll"]))
