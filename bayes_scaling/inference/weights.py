"""Weights of discrepancies, in units of the normal that residuals give them, in compiled code.

A discrepancy is a root R of its unit covariance times its amplitude s and standard normal weights.
With A the roots of all discrepancies of a block of runs, side by side, each times its amplitude,
residuals r of the law, ``v / o_i`` about the variance of run i's noise and O the diagonal matrix of
these o, the weights given the rest are about normal, with precision ``P = 1 + A' O A / v = L L'``
and centre ``P^-1 A' O r / v``. In coordinates zeta

    w = P^-1 A' O r / v + L'^-1 zeta,   g = A w,

an exact change of variables whatever the noise, and the log density of zeta under the prior of w is
``-w'w / 2 - log |L|``. Since ``R' O R`` is data, the work grows as the runs times the weights.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from bayes_scaling.arrays import Array
from bayes_scaling.inference.factors import close, factorise, place, pull_back


@njit(error_model="numpy")
def _condition(
    residual: Array,
    variance: float,
    scale: Array,
    share: Array,
    root: Array,
    gram: Array,
    lower: Array,
    inverse: Array,
    right: Array,
) -> None:
    """Write L, its inverse, and ``A' O r / v``."""
    slots, rank = root.shape
    right[:] = 0.0
    for i in range(slots):
        pull = share[i] * residual[i] / variance
        for k in range(rank):
            right[k] += pull * root[i, k]
    for j in range(rank):
        right[j] *= scale[j]
        for k in range(j + 1):
            lower[j, k] = scale[j] * scale[k] * gram[j, k] / variance
        lower[j, j] += 1.0
    factorise(lower, inverse)


@njit(error_model="numpy")
def _scales(amplitude: Array, block: int, count: int) -> Array:
    """Amplitude of each weight of a block."""
    scale = np.empty(count)
    for k in range(count):
        scale[k] = amplitude[k * len(amplitude) // count, block]
    return scale


@njit(error_model="numpy")
def weigh(
    residual: Array,
    variance: Array,
    amplitude: Array,
    zeta: Array,
    share: Array,
    root: Array,
    gram: Array,
) -> tuple[Array, Array, Any]:
    """Discrepancies at the runs, their weights, and the log density of zeta.

    Parameters
    ----------
    residual : ndarray, shape (blocks, slots)
    variance : ndarray, shape (blocks,)
    amplitude : ndarray, shape (terms, blocks)
    zeta : ndarray, shape (blocks, weights)
        Of all terms, one after the other.
    share : ndarray, shape (blocks, slots)
        How much each run counts, o above; 0 at empty slots.
    root : ndarray, shape (blocks, slots, weights)
        Roots of the covariances at unit amplitude; 0 at empty slots.
    gram : ndarray, shape (blocks, weights, weights)
        ``R' O R``.

    Returns
    -------
    offset : ndarray, shape (blocks, slots)
    weights : ndarray, shape (blocks, weights)
    density : ndarray, shape ()
    """
    blocks, slots, rank = root.shape
    offset, weights = np.empty((blocks, slots)), np.empty((blocks, rank))
    lower, inverse = np.empty((rank, rank)), np.empty((rank, rank))
    right, centre, scaled = np.empty(rank), np.empty(rank), np.empty(rank)
    density = 0.0
    for b in range(blocks):
        scale = _scales(amplitude, b, rank)
        _condition(
            residual[b], variance[b], scale, share[b], root[b], gram[b], lower, inverse, right
        )
        place(inverse, right, zeta[b], centre, weights[b])
        for k in range(rank):
            density -= 0.5 * weights[b, k] ** 2 + math.log(lower[k, k])
            scaled[k] = scale[k] * weights[b, k]
        for i in range(slots):
            total = 0.0
            for k in range(rank):
                total += root[b, i, k] * scaled[k]
            offset[b, i] = total
    return offset, weights, np.asarray(density)


@njit(error_model="numpy")
def pull_weights_back(
    residual: Array,
    variance: Array,
    amplitude: Array,
    zeta: Array,
    share: Array,
    root: Array,
    gram: Array,
    by_offset: Array,
    by_density: Any,
) -> tuple[Array, Array, Array, Array]:
    """Gradient by residual, variance, amplitude and zeta, from those by offset and density."""
    blocks, slots, rank = root.shape
    by_residual, by_variance = np.empty((blocks, slots)), np.empty(blocks)
    by_amplitude, by_zeta = np.zeros(amplitude.shape), np.empty((blocks, rank))
    lower, inverse = np.empty((rank, rank)), np.empty((rank, rank))
    right, centre, weights = np.empty(rank), np.empty(rank), np.empty(rank)
    along, pull, a, scaled = np.empty(rank), np.empty(rank), np.empty(rank), np.empty(rank)
    count = by_density.item()
    for b in range(blocks):
        scale = _scales(amplitude, b, rank)
        _condition(
            residual[b], variance[b], scale, share[b], root[b], gram[b], lower, inverse, right
        )
        place(inverse, right, zeta[b], centre, weights)
        along[:] = 0.0
        for i in range(slots):
            for k in range(rank):
                along[k] += by_offset[b, i] * root[b, i, k]
        for k in range(rank):
            pull[k] = scale[k] * along[k] - count * weights[k]
        by_lower, by_precision = np.zeros((rank, rank)), np.zeros((rank, rank))
        pull_back(inverse, zeta[b], pull, centre, by_zeta[b], a, by_lower, by_precision)
        for k in range(rank):
            by_lower[k, k] += 1.0 - count  # the determinant counts as much as the density
        close(inverse, by_lower, by_precision)
        total = 0.0
        for j in range(rank):
            turned = 0.0
            for k in range(rank):
                turned += by_precision[j, k] * gram[b, j, k] * scale[k] / variance[b]
            total += 0.5 * scale[j] * turned + a[j] * right[j]
            by_scale = along[j] * weights[j] + turned + a[j] * right[j] / scale[j]
            by_amplitude[j * len(amplitude) // rank, b] += by_scale
            scaled[j] = scale[j] * a[j] / variance[b]
        by_variance[b] = -total / variance[b]
        for i in range(slots):
            total = 0.0
            for k in range(rank):
                total += root[b, i, k] * scaled[k]
            by_residual[b, i] = share[b, i] * total
    return by_residual, by_variance, by_amplitude, by_zeta
