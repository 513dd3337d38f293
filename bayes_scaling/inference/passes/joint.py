"""Log density of everything but the scales' priors, with its gradient, in compiled code.

The mean log hazards of all buckets and runs, ``constant + D v``, have a standard normal prior on v.
They too are sampled in whitened coordinates (`inference.factors`): D' I D is the information of the
counts on v, and D' pull what they pull towards. Columns of D, and of the units' root R, are those
of terms at unit scale, each times the scale of its term.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.factors import close, factorise, place, pull_back
from bayes_scaling.inference.passes.kernel import evaluate_units


@njit(error_model="numpy")
def scaled(block: Array, scales: Array, scale_of: Index) -> Array:
    """Multiply each column of a block by its scale."""
    found = np.empty(block.shape)
    for i in range(block.shape[0]):
        for k in range(block.shape[1]):
            found[i, k] = block[i, k] * scales[scale_of[k]]
    return found


@njit(error_model="numpy")
def add_by_scales(by_scaled: Array, block: Array, scale_of: Index, by_scales: Array) -> None:
    """Add the gradient by scales, from the one by what `scaled` returns."""
    for i in range(block.shape[0]):
        for k in range(block.shape[1]):
            by_scales[scale_of[k]] += by_scaled[i, k] * block[i, k]


@njit(error_model="numpy")
def factorise_mean(
    matrix: Array, information: Array, turned: Array, lower: Array, inverse: Array
) -> None:
    """Write ``I D``, the Cholesky factor of ``1 + D' I D`` and the factor's inverse.

    The information has no entries between buckets: its shape is (buckets, runs, runs).
    """
    buckets, runs, _ = information.shape
    rank = matrix.shape[1]
    for k in range(rank):
        lower[k, k] = 1.0
    for b in range(buckets):
        first = b * runs
        for m in range(runs):
            for r in range(runs):
                weight = information[b, m, r]
                for k in range(rank):
                    turned[first + m, k] += weight * matrix[first + r, k]
            for i in range(rank):
                for j in range(i + 1):
                    lower[i, j] += matrix[first + m, i] * turned[first + m, j]
    factorise(lower, inverse)


@njit(error_model="numpy")
def place_mean(
    matrix: Array, pull: Array, flat: Array, inverse: Array, centre: Array, out: Array
) -> None:
    """Write the centre of the mean's weights, and the weights at whitened coordinates."""
    right = np.zeros(len(flat))
    for r in range(len(pull)):
        for k in range(len(flat)):
            right[k] += matrix[r, k] * pull[r]
    place(inverse, right, flat, centre, out)


@njit(error_model="numpy")
def evaluate(
    scales: Array,
    flat: Array,
    zeta: Array,
    mean_block: Array,
    mean_scale: Index,
    unit_block: Array,
    unit_scale: Index,
    constant: Array,
    information: Array,
    pull: Array,
    bucket: Index,
    y: Array,
    w: Array,
    group: Index,
    c: Array,
    n: Array,
    link: int,
) -> tuple[Any, Array, Array, Array]:
    """Log density of counts, units and mean, and its gradient by scales, flat and zeta.

    Parameters
    ----------
    scales : ndarray, shape (scales,)
    flat : ndarray, shape (rank of the mean,)
        Whitened coordinates of the mean's weights.
    zeta : ndarray, shape (units, rank of a unit)
        Those of the units'.
    mean_block : ndarray, shape (buckets * runs, rank of the mean)
    unit_block : ndarray, shape (runs, rank of a unit)
    mean_scale, unit_scale : ndarray of int
        Which scale each column has.
    constant : ndarray, shape (runs,)
    information : ndarray, shape (buckets, runs, runs)
    pull : ndarray, shape (buckets * runs,)
    bucket : ndarray of int, shape (units,)
    y, w, group, c, n, link
        As for `kernel.evaluate_units`.
    """
    units, runs = y.shape
    rank = len(flat)
    matrix, root = scaled(mean_block, scales, mean_scale), scaled(unit_block, scales, unit_scale)
    turned = np.zeros(matrix.shape)
    lower, inverse = np.zeros((rank, rank)), np.zeros((rank, rank))
    by_lower, by_precision = np.zeros((rank, rank)), np.zeros((rank, rank))
    centre, weights, along, a = np.empty(rank), np.empty(rank), np.empty(rank), np.empty(rank)
    factorise_mean(matrix, information, turned, lower, inverse)
    place_mean(matrix, pull, flat, inverse, centre, weights)
    mean, of_units = np.empty(len(matrix)), np.empty((units, runs))
    for r in range(len(matrix)):
        mean[r] = constant[r % runs]
        for k in range(rank):
            mean[r] += matrix[r, k] * weights[k]
    for i in range(units):
        for m in range(runs):
            of_units[i, m] = mean[bucket[i] * runs + m]
    density, by_root, by_units, by_zeta = evaluate_units(
        root, of_units, zeta, y, w, group, c, n, link
    )
    by_mean, by_flat = np.zeros(len(matrix)), np.empty(rank)
    for i in range(units):
        for m in range(runs):
            by_mean[bucket[i] * runs + m] += by_units[i, m]
    for k in range(rank):
        density -= 0.5 * weights[k] ** 2 + math.log(lower[k, k])
        along[k] = -weights[k]
        for r in range(len(matrix)):
            along[k] += matrix[r, k] * by_mean[r]
    pull_back(inverse, flat, along, centre, by_flat, a, by_lower, by_precision)
    close(inverse, by_lower, by_precision)
    by_matrix = np.empty(matrix.shape)
    for r in range(len(matrix)):
        for k in range(rank):
            by_matrix[r, k] = by_mean[r] * weights[k] + pull[r] * a[k]
            for j in range(rank):
                by_matrix[r, k] += turned[r, j] * by_precision[j, k]
    by_scales = np.zeros(len(scales))
    add_by_scales(by_matrix, mean_block, mean_scale, by_scales)
    add_by_scales(by_root, unit_block, unit_scale, by_scales)
    return np.asarray(density), by_scales, by_flat, by_zeta
