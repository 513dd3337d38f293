"""Log density of all problems' counts given their mean, with its gradient, in compiled code.

A problem's log hazards at the runs, ``t = mean + R w`` with ``-log p = exp(t)``, have a standard
normal prior on w. The sampler moves in whitened coordinates ``zeta`` of w: with Gaussian sites of
precision W at y, which stand for the counts,

    P = 1 + R' W R = L L',   w = P^-1 R' W (y - mean) + L'^-1 zeta,

which is exact for any W; the better the sites, the more alike the posterior of zeta is to a
standard normal, whatever the scales in R.
"""

import math

import numpy as np
from numba import njit

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.factors import close, factorise, place, pull_back

POWER, LOGISTIC = 0, 1
LARGEST = 30.0  # exp of it passes every hazard that a count can tell from infinity
SMALLEST = -700.0  # exp of it is the smallest hazard that isn't rounded to zero


@njit(error_model="numpy")
def count_density(t: float, c: float, n: float, link: int) -> tuple[float, float]:
    """Binomial log likelihood at a log hazard, without its constant, and its derivative."""
    if link == LOGISTIC:
        tail = math.exp(-abs(t))
        soft = max(t, 0.0) + math.log1p(tail)
        share = 1.0 / (1.0 + tail) if t > 0 else tail / (1.0 + tail)
        return -c * soft - (n - c) * (soft - t), -c * share + (n - c) * (1.0 - share)
    if t > LARGEST:
        return -c * math.exp(LARGEST), 0.0
    h = math.exp(max(t, SMALLEST))
    value, slope = -c * h, -c * h
    if n > c:
        fail = math.log(-math.expm1(-h)) if h < math.log(2.0) else math.log1p(-math.exp(-h))
        value += (n - c) * fail
        if h < 700.0:
            slope += (n - c) * h / math.expm1(h)
    return value, slope


@njit(error_model="numpy")
def factorise_unit(root: Array, w: Array, lower: Array, inverse: Array) -> None:
    """Write the Cholesky factor of ``1 + R' W R``, and the factor's inverse."""
    runs, rank = root.shape
    for i in range(rank):
        for j in range(i + 1):
            total = 1.0 if i == j else 0.0
            for m in range(runs):
                total += root[m, i] * w[m] * root[m, j]
            lower[i, j] = total
    factorise(lower, inverse)


@njit(error_model="numpy")
def unwhiten(
    root: Array, gap: Array, w: Array, zeta: Array, inverse: Array, centre: Array, out: Array
) -> None:
    """Write the centre ``P^-1 R' W gap`` and the weights ``centre + L'^-1 zeta`` of one problem."""
    runs, rank = root.shape
    right = np.zeros(rank)
    for m in range(runs):
        for k in range(rank):
            right[k] += root[m, k] * w[m] * gap[m]
    place(inverse, right, zeta, centre, out)


@njit(error_model="numpy")
def evaluate_units(
    root: Array,
    mean: Array,
    zeta: Array,
    y: Array,
    w: Array,
    group: Index,
    c: Array,
    n: Array,
    link: int,
) -> tuple[float, Array, Array, Array]:
    """Log density of the counts and of zeta, and its gradient by root, mean and zeta.

    Problems of one group share the precisions of their sites, and so L, which is most of the work.

    Parameters
    ----------
    root : ndarray, shape (runs, rank)
    mean : ndarray, shape (problems, runs)
    zeta : ndarray, shape (problems, rank)
    y : ndarray, shape (problems, runs)
        Positions of the sites.
    w : ndarray, shape (groups, runs)
        Their precisions, a group at a time.
    group : ndarray of int, shape (problems,)
    c, n : ndarray, shape (problems, runs)
        Successes and samples.
    link : int
    """
    problems, runs = mean.shape
    groups, rank = len(w), root.shape[1]
    density = 0.0
    by_root, by_mean = np.zeros((runs, rank)), np.empty((problems, runs))
    by_zeta = np.empty((problems, rank))
    lower, inverse = np.zeros((groups, rank, rank)), np.zeros((groups, rank, rank))
    by_lower, by_precision = np.zeros((groups, rank, rank)), np.zeros((groups, rank, rank))
    centre, weights, pull, a = np.empty(rank), np.empty(rank), np.empty(rank), np.empty(rank)
    gap, push = np.empty(runs), np.empty(runs)
    for g in range(groups):
        factorise_unit(root, w[g], lower[g], inverse[g])
    for i in range(problems):
        g = group[i]
        for m in range(runs):
            gap[m] = y[i, m] - mean[i, m]
        unwhiten(root, gap, w[g], zeta[i], inverse[g], centre, weights)
        for k in range(rank):
            density -= 0.5 * weights[k] ** 2 + math.log(lower[g, k, k])
            pull[k] = -weights[k]
        for m in range(runs):
            t = mean[i, m]
            for k in range(rank):
                t += root[m, k] * weights[k]
            if n[i, m] > 0:
                value, push[m] = count_density(t, c[i, m], n[i, m], link)
                density += value
            else:
                push[m] = 0.0
            for k in range(rank):
                pull[k] += root[m, k] * push[m]
        pull_back(inverse[g], zeta[i], pull, centre, by_zeta[i], a, by_lower[g], by_precision[g])
        for m in range(runs):
            along = 0.0
            for k in range(rank):
                along += root[m, k] * a[k]
                by_root[m, k] += push[m] * weights[k] + w[g, m] * gap[m] * a[k]
            by_mean[i, m] = push[m] - w[g, m] * along
    for g in range(groups):
        close(inverse[g], by_lower[g], by_precision[g])
        for m in range(runs):
            for k in range(rank):
                turned = 0.0
                for j in range(rank):
                    turned += root[m, j] * by_precision[g, j, k]
                by_root[m, k] += w[g, m] * turned
    return density, by_root, by_mean, by_zeta
