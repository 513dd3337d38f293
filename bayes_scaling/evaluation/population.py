"""The population that ladders come from: between sources, within a source, and the next ladder."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bayes_scaling.arrays import Array, Index

SWEEPS = 1500
BURN_IN = 300
REPEATS = 10  # next ladders drawn for each draw of the population
WEIGHT = 1.0  # what the starting spread counts for, in ladders and in sources


@dataclass(frozen=True, eq=False)
class Evidence:
    """What each ladder says by itself of the parameters, under priors that know little.

    Attributes
    ----------
    draws : ndarray, shape (ladders, draws, parameters)
        Of the parameters on the scale where their priors are normal.
    log_weights : ndarray, shape (ladders, draws)
        Turns the draws' prior on the parameters into a flat one.
    source : ndarray of int, shape (ladders,)
        Ladders of one source are not independent.
    """

    draws: Array
    log_weights: Array
    source: Index


def next_ladder(
    evidence: Evidence, centre: ArrayLike, spread: ArrayLike, rng: np.random.Generator
) -> Array:
    """Draw the parameters of a ladder of a source that is not among those learned from.

    A ladder's parameters are ``m_s + within * Normal``, its source's ``m_s`` are ``m + between *
    Normal``, each parameter by itself. A Gibbs sampler goes round: each ladder's parameters are one
    of its own draws, taken with the weight that the population gives them; the rest is conjugate.
    So every ladder is fitted once, and a source can be left out for nothing. The uncertainty of
    ``m``, ``between`` and ``within`` is in the draws that come back.

    Parameters
    ----------
    evidence : Evidence
    centre, spread : ndarray, shape (parameters,)
        Where the search starts: ``m ~ Normal(centre, 2 spread)``, and the two variances scaled
        inverse chi-squared about ``(spread / 2)^2`` with one degree of freedom.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (draws, parameters)

    References
    ----------
    Lunn et al. (2013), Fully Bayesian hierarchical modelling in two stages, with application to
    meta-analysis.
    """
    start, size = np.asarray(centre, float), np.asarray(spread, float)
    mean, between, within = start.copy(), size / 2, size / 2
    own = np.tile(start, (int(evidence.source.max()) + 1, 1))
    rows = []
    for sweep in range(SWEEPS):
        values = _pick(evidence, own, within, rng)
        own = _source_means(values, evidence.source, mean, between, within, rng)
        mean = _mean(own, between, start, size, rng)
        within = _spread(values - own[evidence.source], size, rng)
        between = _spread(own - mean, size, rng)
        if sweep >= BURN_IN:
            total = np.hypot(between, within)
            rows.append(mean + total * rng.standard_normal((REPEATS, len(mean))))
    return np.concatenate(rows)


def _pick(evidence: Evidence, own: Array, within: Array, rng: np.random.Generator) -> Array:
    """Pick one of each ladder's draws, by the population's density at it (Gumbel's trick)."""
    gap = (evidence.draws - own[evidence.source][:, None]) / within
    log_weights = evidence.log_weights - 0.5 * np.einsum("ldp,ldp->ld", gap, gap)
    chosen = (log_weights + rng.gumbel(size=log_weights.shape)).argmax(axis=1)
    return np.asarray(evidence.draws[np.arange(len(chosen)), chosen])


def _source_means(
    values: Array,
    source: Index,
    mean: Array,
    between: Array,
    within: Array,
    rng: np.random.Generator,
) -> Array:
    counts = np.bincount(source)[:, None]
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, source, values)
    precision = counts / within**2 + 1 / between**2
    middle = (sums / within**2 + mean / between**2) / precision
    return np.asarray(middle + rng.standard_normal(middle.shape) / np.sqrt(precision))


def _mean(
    own: Array, between: Array, centre: Array, spread: Array, rng: np.random.Generator
) -> Array:
    precision = len(own) / between**2 + 1 / (2 * spread) ** 2
    middle = (own.sum(axis=0) / between**2 + centre / (2 * spread) ** 2) / precision
    return np.asarray(middle + rng.standard_normal(middle.shape) / np.sqrt(precision))


def _spread(gaps: Array, spread: Array, rng: np.random.Generator) -> Array:
    squares = WEIGHT * (spread / 2) ** 2 + (gaps**2).sum(axis=0)
    return np.asarray(np.sqrt(squares / rng.chisquare(WEIGHT + len(gaps), gaps.shape[1])))
