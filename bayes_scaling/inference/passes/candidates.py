"""A unit's weights by importance sampling: from the normal that its sites give, and the prior.

Given what all units share, the weights w of one have the density ``N(w; 0, 1) prod_m
Binomial(c_m)``. The kernel's map turns a standard normal z into a candidate w of density
``q(w) = N(z; 0, 1) |L|``. Counts of zero at several runs all say that the hazard is high, which
sites, one a run, count several times, so q may be too narrow. Hence half of the candidates are of
the prior, and each carries the weight

    N(w; 0, 1) prod_m Binomial(c_m) / ((q(w) + N(w; 0, 1)) / 2),

which is bounded by twice the likelihood. Its mean is the density of the unit's counts.
"""

import math

import numpy as np
from numba import njit

from bayes_scaling.arrays import Array
from bayes_scaling.inference.passes.kernel import count_density, factorise_unit, unwhiten


@njit(cache=True, error_model="numpy")
def weigh(
    root: Array,
    mean: Array,
    normal: Array,
    y: Array,
    w: Array,
    c: Array,
    n: Array,
    link: int,
    tried: Array,
    log_weight: Array,
) -> None:
    """Write one unit's candidates and the logarithms of their weights, less binomial constants.

    Parameters
    ----------
    root : ndarray, shape (runs, rank)
    mean : ndarray, shape (runs,)
    normal, tried : ndarray, shape (candidates, rank)
        Standard normals, and what they are turned to: the first half by the sites, the rest stay.
    y, w, c, n : ndarray, shape (runs,)
        The unit's sites, successes and samples.
    link : int
    log_weight : ndarray, shape (candidates,)
    """
    runs, rank = root.shape
    lower, inverse = np.zeros((rank, rank)), np.zeros((rank, rank))
    centre, gap = np.empty(rank), y - mean
    factorise_unit(root, w, lower, inverse)
    volume = 0.0
    for k in range(rank):
        volume += math.log(lower[k, k])
    for s in range(len(normal)):
        if s < len(normal) // 2:
            unwhiten(root, gap, w, normal[s], inverse, centre, tried[s])
        else:
            tried[s] = normal[s]
        log_site, log_prior = volume, 0.0
        for k in range(rank):
            z = 0.0
            for i in range(k, rank):
                z += lower[i, k] * (tried[s, i] - centre[i])
            log_site -= 0.5 * z**2
            log_prior -= 0.5 * tried[s, k] ** 2
        top = max(log_site, log_prior)
        both = math.exp(log_site - top) + math.exp(log_prior - top)
        total = log_prior - top - math.log(0.5 * both)
        for m in range(runs):
            if n[m] > 0:
                t = mean[m]
                for k in range(rank):
                    t += root[m, k] * tried[s, k]
                total += count_density(t, c[m], n[m], link)[0]
        log_weight[s] = total


@njit(cache=True, error_model="numpy", nogil=True)
def resample(
    root: Array,
    mean: Array,
    normal: Array,
    uniform: Array,
    y: Array,
    w: Array,
    c: Array,
    n: Array,
    link: int,
    out: Array,
    share: Array,
) -> None:
    """Write one candidate a unit, chosen by weight, and the share of them that carry weight.

    The arrays have an axis of units before those of `weigh`; `uniform`, shape ``(units,)``, makes
    the choice.
    """
    units, candidates, rank = normal.shape
    tried, log_weight = np.empty((candidates, rank)), np.empty(candidates)
    for i in range(units):
        weigh(root, mean[i], normal[i], y[i], w[i], c[i], n[i], link, tried, log_weight)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        share[i] = 1.0 / (weight**2).sum() / candidates
        chosen, reached = candidates - 1, 0.0
        for s in range(candidates):
            reached += weight[s]
            if reached > uniform[i]:
                chosen = s
                break
        out[i] = tried[chosen]


@njit(cache=True, error_model="numpy")
def log_mean_weights(
    root: Array,
    mean: Array,
    normal: Array,
    y: Array,
    w: Array,
    c: Array,
    n: Array,
    link: int,
    out: Array,
) -> None:
    """Write the logarithm of each unit's mean weight over one set of candidates.

    The arrays but `normal`, shape (candidates, rank), have an axis of units before those of
    `weigh`.
    """
    tried, log_weight = np.empty(normal.shape), np.empty(len(normal))
    for i in range(len(mean)):
        weigh(root, mean[i], normal, y[i], w[i], c[i], n[i], link, tried, log_weight)
        top = log_weight.max()
        out[i] = top + math.log(np.exp(log_weight - top).mean())
