"""A unit's weights by importance sampling, from the normal that its sites give.

Given what all units share, the weights w of one have the density ``N(w; 0, 1) prod_m
Binomial(c_m)``. The kernel's map turns a standard normal z into a candidate w of density
``N(z; 0, 1) |L|``, so each candidate carries the weight ``exp((z'z - w'w) / 2) prod_m
Binomial(c_m) / |L|``, whose mean over z is the density of the unit's counts.
"""

import math

import numpy as np
from numba import njit

from bayes_scaling.inference.design import Array
from bayes_scaling.inference.passes.kernel import count_density, factorise, unwhiten


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
        Standard normals, and what they are turned to.
    y, w, c, n : ndarray, shape (runs,)
        The unit's sites, successes and samples.
    link : int
    log_weight : ndarray, shape (candidates,)
    """
    runs, rank = root.shape
    lower, inverse = np.zeros((rank, rank)), np.zeros((rank, rank))
    centre = np.empty(rank)
    factorise(root, w, lower, inverse)
    volume = 0.0
    for k in range(rank):
        volume += math.log(lower[k, k])
    for s in range(len(normal)):
        unwhiten(root, y - mean, w, normal[s], inverse, centre, tried[s])
        total = -volume
        for k in range(rank):
            total += 0.5 * (normal[s, k] ** 2 - tried[s, k] ** 2)
        for m in range(runs):
            if n[m] > 0:
                t = mean[m]
                for k in range(rank):
                    t += root[m, k] * tried[s, k]
                total += count_density(t, c[m], n[m], link)[0]
        log_weight[s] = total


@njit(cache=True, error_model="numpy")
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
    """Write one candidate a unit, chosen by weight, and add the share of them that carry weight.

    The arrays have an axis of units before those of `weigh`; `uniform`, shape ``(units,)``, makes
    the choice.
    """
    units, candidates, rank = normal.shape
    tried, log_weight = np.empty((candidates, rank)), np.empty(candidates)
    for i in range(units):
        weigh(root, mean[i], normal[i], y[i], w[i], c[i], n[i], link, tried, log_weight)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        share[i] += 1.0 / (weight**2).sum() / candidates
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
