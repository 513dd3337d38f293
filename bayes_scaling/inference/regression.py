"""Regression of gaps on the slopes of a law, for whitened coordinates, in compiled code.

Parameters u of a law near a point have a normal prior of means m and standard deviations s, and
gaps of the data to the law, turned to modes of variance v, are nearly linear in them with slopes S.
So their precision is ``P = S' V^-1 S + diag(s^-2) = L L'``, and given the later parameters and the
earlier ones at the point, the centre of the k-th, in units of ``1 / L_kk``, is the k-th entry of
``L^-1 (S' V^-1 T gap + (m - point) / s^2)``, with T the turn to the modes: linear in the gap.
"""

import numpy as np
from numba import njit

from bayes_scaling.arrays import Array
from bayes_scaling.inference.factors import close, factorise


@njit(error_model="numpy")
def _factorise(variance: Array, sd: Array, slopes: Array, lower: Array, inverse: Array) -> None:
    modes, rank = slopes.shape
    for i in range(rank):
        for j in range(i + 1):
            total = 1.0 / sd[i] ** 2 if i == j else 0.0
            for m in range(modes):
                total += slopes[m, i] * slopes[m, j] / variance[m]
            lower[i, j] = total
    factorise(lower, inverse)


@njit(error_model="numpy")
def _spread(inverse: Array, slopes: Array) -> Array:
    """``S L'^-1``, shape (modes, parameters)."""
    modes, rank = slopes.shape
    found = np.zeros((modes, rank))
    for m in range(modes):
        for k in range(rank):
            for j in range(k + 1):
                found[m, k] += inverse[k, j] * slopes[m, j]
    return found


@njit(error_model="numpy")
def regress(
    variance: Array, mean: Array, sd: Array, point: Array, slopes: Array, turn: Array
) -> tuple[Array, Array, Array]:
    """Coefficients of each parameter's centre on the gap, its constant, and the diagonal of L.

    Parameters
    ----------
    variance : ndarray, shape (families, modes)
    mean, sd, point : ndarray, shape (families, parameters)
    slopes : ndarray, shape (families, modes, parameters)
    turn : ndarray, shape (families, modes, slots)

    Returns
    -------
    coefficients : ndarray, shape (families, parameters, slots)
    constants, diagonal : ndarray, shape (families, parameters)
    """
    families, modes, rank = slopes.shape
    slots = turn.shape[2]
    coefficients = np.zeros((families, rank, slots))
    constants, diagonal = np.zeros((families, rank)), np.empty((families, rank))
    lower, inverse = np.zeros((rank, rank)), np.zeros((rank, rank))
    for f in range(families):
        _factorise(variance[f], sd[f], slopes[f], lower, inverse)
        spread = _spread(inverse, slopes[f])
        for k in range(rank):
            diagonal[f, k] = lower[k, k]
            for j in range(k + 1):
                constants[f, k] += inverse[k, j] * (mean[f, j] - point[f, j]) / sd[f, j] ** 2
            for m in range(modes):
                weight = spread[m, k] / variance[f, m]
                for r in range(slots):
                    coefficients[f, k, r] += weight * turn[f, m, r]
    return coefficients, constants, diagonal


@njit(error_model="numpy")
def pull_back(
    variance: Array,
    mean: Array,
    sd: Array,
    point: Array,
    slopes: Array,
    turn: Array,
    by_coefficients: Array,
    by_constants: Array,
    by_diagonal: Array,
) -> tuple[Array, Array, Array]:
    """Gradient by variance, mean and sd, from those by what `regress` returns."""
    families, modes, rank = slopes.shape
    by_variance = np.zeros((families, modes))
    by_mean, by_sd = np.zeros((families, rank)), np.zeros((families, rank))
    lower, inverse = np.zeros((rank, rank)), np.zeros((rank, rank))
    for f in range(families):
        _factorise(variance[f], sd[f], slopes[f], lower, inverse)
        spread = _spread(inverse, slopes[f])
        by_inverse, by_pull = np.zeros((rank, rank)), np.zeros(rank)
        for m in range(modes):
            for k in range(rank):
                turned = 0.0
                for r in range(turn.shape[2]):
                    turned += turn[f, m, r] * by_coefficients[f, k, r]
                turned /= variance[f, m]
                by_variance[f, m] -= spread[m, k] * turned / variance[f, m]
                for j in range(k + 1):
                    by_inverse[k, j] += turned * slopes[f, m, j]
        for k in range(rank):
            for j in range(k + 1):
                away = (mean[f, j] - point[f, j]) / sd[f, j] ** 2
                by_inverse[k, j] += by_constants[f, k] * away
                by_pull[j] += by_constants[f, k] * inverse[k, j]
        by_lower, by_precision = np.zeros((rank, rank)), np.zeros((rank, rank))
        for i in range(rank):
            for j in range(i + 1):
                for k in range(j + 1):
                    by_lower[i, j] -= by_inverse[i, k] * inverse[j, k]
            by_lower[i, i] += lower[i, i] * by_diagonal[f, i]
        close(inverse, by_lower, by_precision)
        for m in range(modes):
            total = 0.0
            for i in range(rank):
                for j in range(rank):
                    total += by_precision[i, j] * slopes[f, m, i] * slopes[f, m, j]
            by_variance[f, m] -= 0.5 * total / variance[f, m] ** 2
        for j in range(rank):
            away = mean[f, j] - point[f, j]
            by_mean[f, j] = by_pull[j] / sd[f, j] ** 2
            by_sd[f, j] = -(by_precision[j, j] + 2.0 * by_pull[j] * away) / sd[f, j] ** 3
    return by_variance, by_mean, by_sd
