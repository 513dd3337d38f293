"""Proper scores of forecasts of counts, a cell of a problem and a run at a time."""

import numpy as np
import scoringrules
from scipy import special

from bayes_scaling.inference.design import Array
from bayes_scaling.inference.passes.design import PassDesign
from bayes_scaling.inference.passes.fits import PassFit
from bayes_scaling.inference.passes.likelihood import log_choose, log_likelihood
from bayes_scaling.inference.passes.predictive import hazards_at_runs


def hazards_of(fit: PassFit) -> Array:
    """Draws of ``-log p`` at the runs of a fit, shape ``(draws, units, runs)``."""
    drawn = hazards_at_runs(fit).to_numpy()
    return np.asarray(drawn.reshape(-1, *drawn.shape[2:]))


def log_densities_of_counts(hazards: Array, design: PassDesign) -> Array:
    """Log predictive probability of each count, the binomial's mean over the draws.

    Parameters
    ----------
    hazards : ndarray, shape (draws, units, runs)
    design : PassDesign
        Whose counts are judged.

    Returns
    -------
    ndarray, shape (units, runs)
        0 where there is no count.
    """
    n, c = design.n_samples, design.n_correct
    mean = special.logsumexp(log_likelihood(hazards, n, c), axis=0) - np.log(len(hazards))
    return np.asarray(mean + log_choose(n, c))


def crps_of_shares(hazards: Array, design: PassDesign, rng: np.random.Generator) -> Array:
    """CRPS of the share of right samples in each cell, shape ``(units, runs)``; NaN without any."""
    n = design.n_samples
    tried = np.maximum(n, 1.0)
    shares = rng.binomial(n.astype(int), np.exp(-hazards)) / tried
    scores = scoringrules.crps_ensemble(
        design.n_correct / tried, np.moveaxis(shares, 0, -1), backend="numpy"
    )
    return np.where(n > 0, scores, np.nan)
