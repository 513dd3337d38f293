"""Proper scores of forecasts of counts, a cell of a problem and a run at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import scoringrules
from scipy import special

from bayes_scaling.arrays import Array, Flags
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.likelihood import log_choose, log_likelihood
from bayes_scaling.inference.passes.predictive import (
    flat_draws,
    foretold_at,
    hazard,
    hazards_at_runs,
)
from bayes_scaling.inference.passes.subset import thin_draws

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


@dataclass(frozen=True, eq=False)
class Foretold:
    """Scores of the counts of hidden runs, each of shape ``(units, hidden runs)``.

    Attributes
    ----------
    log_density : ndarray
        Log probability of the count; 0 where there is none.
    crps : ndarray
        Of the share of right samples; NaN where there is none.
    """

    log_density: Array
    crps: Array


def score_hidden(refitted: Fit, whole: Design, hidden: Flags, rng: np.random.Generator) -> Foretold:
    """Score the counts of runs that a fit had in its design without seeing them.

    A draw's log hazard is normal given what was seen, so its binomial is averaged by quadrature:
    among many samples the binomial is far narrower than the gaps between draws.

    Parameters
    ----------
    refitted : Fit
    whole : Design
        With the counts that were hidden.
    hidden : ndarray of bool, shape (runs,)
    rng : numpy.random.Generator
        Of the draws that the CRPS takes.
    """
    spec, design = refitted.spec, refitted.design
    values = flat_draws(thin_draws(refitted.posterior["posterior"].to_dataset()))
    mean, sd = foretold_at(spec, design, values, hidden)
    n, c = (
        counts[:, hidden].T for counts in (whole.observed["n_samples"], whole.observed["n_correct"])
    )
    turned = partial(hazard, spec)
    density = averaged_density(turned, mean, sd, n, c)
    drawn = turned(mean + sd * rng.standard_normal(mean.shape))
    return Foretold(density.T, _crps_of_shares(drawn, n, c, rng).T)


def averaged_density(
    turned: Callable[[Array], Array], mean: Array, sd: Array, n: Array, c: Array
) -> Array:
    """Log of the mean binomial over draws of a normal predictor, which `turned` makes ``-log p``.

    Parameters
    ----------
    mean, sd : ndarray
        Draws along the first axis.
    n, c : ndarray
        Of the other axes.
    """
    parts = [
        log_likelihood(turned(mean + sd * node), n, c) + np.log(weight)
        for node, weight in zip(NODES, WEIGHTS / WEIGHTS.sum(), strict=True)
    ]
    density = special.logsumexp(special.logsumexp(parts, axis=0), axis=0) - np.log(len(mean))
    return np.asarray(density + log_choose(n, c))


def log_densities_of_counts(fit: Fit) -> Array:
    """Log probability of each count that was fitted, the binomial's mean over the draws.

    Returns
    -------
    ndarray, shape (units, runs)
        0 where there is no count.
    """
    hazards = hazards_at_runs(fit).to_numpy()
    hazards = hazards.reshape(-1, *hazards.shape[2:])
    n, c = fit.design.observed["n_samples"], fit.design.observed["n_correct"]
    mean = special.logsumexp(log_likelihood(hazards, n, c), axis=0) - np.log(len(hazards))
    return np.asarray(mean + log_choose(n, c))


def _crps_of_shares(hazards: Array, n: Array, c: Array, rng: np.random.Generator) -> Array:
    tried = np.maximum(n, 1.0)
    shares = rng.binomial(n.astype(int), np.exp(-hazards)) / tried
    scores = scoringrules.crps_ensemble(c / tried, np.moveaxis(shares, 0, -1), backend="numpy")
    return np.where(n > 0, scores, np.nan)
