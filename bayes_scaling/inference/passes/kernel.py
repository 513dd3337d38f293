"""Log density of all problems' counts and its gradient, in one pass of compiled code.

A problem's log hazards at the runs, ``t = mean + R w`` with ``-log p = exp(t)``, have a standard
normal prior on w. The sampler moves in whitened coordinates ``zeta`` of w: with Gaussian sites of
precision W at y, which stand for the counts,

    P = 1 + R' W R = L L',   w = P^-1 R' W (y - mean) + L'^-1 zeta,

which is exact for any W; the better the sites, the more alike the posterior of zeta is to a
standard normal, whatever the scales in R.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

POWER, LOGISTIC = 0, 1
LARGEST = 30.0  # exp of it passes every hazard that a count can tell from infinity
SMALLEST = -700.0  # exp of it is the smallest hazard that isn't rounded to zero


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
def factorise(root: Array, w: Array, lower: Array, inverse: Array) -> None:
    """Write the Cholesky factor of ``1 + R' W R`` and the factor's inverse."""
    runs, rank = root.shape
    for i in range(rank):
        for j in range(i + 1):
            total = 1.0 if i == j else 0.0
            for m in range(runs):
                total += root[m, i] * w[m] * root[m, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            lower[i, j] = math.sqrt(total) if i == j else total / lower[j, j]
    for j in range(rank):
        inverse[j, j] = 1.0 / lower[j, j]
        for i in range(j + 1, rank):
            total = 0.0
            for k in range(j, i):
                total += lower[i, k] * inverse[k, j]
            inverse[i, j] = -total / lower[i, i]


@njit(cache=True, error_model="numpy")
def unwhiten(
    root: Array, gap: Array, w: Array, zeta: Array, inverse: Array, centre: Array, out: Array
) -> None:
    """Write the centre ``P^-1 R' W gap`` and the weights ``centre + L'^-1 zeta``."""
    runs, rank = root.shape
    half = np.empty(rank)
    pulled = np.empty(rank)
    for k in range(rank):
        total = 0.0
        for m in range(runs):
            total += root[m, k] * w[m] * gap[m]
        pulled[k] = total
    for i in range(rank):
        total = 0.0
        for j in range(i + 1):
            total += inverse[i, j] * pulled[j]
        half[i] = total
    for i in range(rank):
        one, two = 0.0, 0.0
        for j in range(i, rank):
            one += inverse[j, i] * half[j]
            two += inverse[j, i] * zeta[j]
        centre[i] = one
        out[i] = one + two


@njit(cache=True, error_model="numpy")
def evaluate(
    root: Array,
    mean: Array,
    zeta: Array,
    y: Array,
    w: Array,
    c: Array,
    n: Array,
    link: int,
) -> tuple[Any, Array, Array, Array]:
    """Log density of the counts and of zeta, and its gradient by root, mean and zeta.

    Parameters
    ----------
    root : ndarray, shape (runs, rank)
    mean : ndarray, shape (problems, runs)
    zeta : ndarray, shape (problems, rank)
    y, w : ndarray, shape (problems, runs)
        Positions and precisions of the sites; precision 0 where there is no count.
    c, n : ndarray, shape (problems, runs)
        Successes and samples.
    link : int
    """
    problems, runs = mean.shape
    rank = root.shape[1]
    density = 0.0
    by_root, by_mean = np.zeros((runs, rank)), np.empty((problems, runs))
    by_zeta = np.empty((problems, rank))
    lower, inverse = np.zeros((rank, rank)), np.zeros((rank, rank))
    centre, weights, pull = np.empty(rank), np.empty(rank), np.empty(rank)
    a, product, both = np.empty(rank), np.empty((rank, rank)), np.empty((rank, rank))
    gap, push = np.empty(runs), np.empty(runs)
    for i in range(problems):
        for m in range(runs):
            gap[m] = y[i, m] - mean[i, m]
        factorise(root, w[i], lower, inverse)
        unwhiten(root, gap, w[i], zeta[i], inverse, centre, weights)
        for k in range(rank):
            density -= 0.5 * weights[k] ** 2 + math.log(lower[k, k])
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
        _pull_back(inverse, zeta[i], pull, centre, by_zeta[i], a, product, both)
        for m in range(runs):
            along = 0.0
            for k in range(rank):
                along += root[m, k] * a[k]
            by_mean[i, m] = push[m] - w[i, m] * along
            for k in range(rank):
                turned = 0.0
                for j in range(rank):
                    turned += root[m, j] * both[j, k]
                by_root[m, k] += push[m] * weights[k] + w[i, m] * (gap[m] * a[k] + turned)
    return np.asarray(density), by_root, by_mean, by_zeta


@njit(cache=True, error_model="numpy")
def _pull_back(
    inverse: Array,
    zeta: Array,
    pull: Array,
    centre: Array,
    by_zeta: Array,
    a: Array,
    product: Array,
    both: Array,
) -> None:
    """Write the gradient by zeta, ``a = P^-1 pull``, and the one by P (both triangles summed).

    Of the factor L, ``L' d/dL`` is ``-zeta q' - 1`` below and on the diagonal, with q the gradient
    by zeta.
    """
    rank = len(zeta)
    for i in range(rank):
        total = 0.0
        for j in range(i + 1):
            total += inverse[i, j] * pull[j]
        by_zeta[i] = total
    for i in range(rank):
        total = 0.0
        for j in range(i, rank):
            total += inverse[j, i] * by_zeta[j]
        a[i] = total
    for j in range(rank):  # lower half of the gradient by L, times L' and the inverse
        for k in range(rank):
            total = 0.0
            for m in range(k, j + 1):
                entry = -zeta[j] * by_zeta[m]
                if m == j:
                    entry = 0.5 * (entry - 1.0)
                total += entry * inverse[m, k]
            product[j, k] = total
    for i in range(rank):
        for k in range(rank):
            both[i, k] = -(a[i] * centre[k] + centre[i] * a[k])
    for i in range(rank):
        for k in range(rank):
            total = 0.0
            for j in range(i, rank):
                total += inverse[j, i] * product[j, k]
            both[i, k] += total
            both[k, i] += total
