"""Log density of residuals of a law, its discrepancies integrated out, in compiled code.

Residuals r of a block of runs are normal with covariance ``K = diag(v) + sum_j s_j^2 C_j``, with v
the variance of each run's noise, C_j the covariance of a discrepancy at unit amplitude and s_j its
amplitude. With ``a = K^-1 r``, the derivative of the log density by K is ``(a a' - K^-1) / 2``.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from bayes_scaling.inference.factors import Array, factorise


@njit(error_model="numpy")
def evaluate(
    residual: Array, variance: Array, amplitude: Array, unit: Array
) -> tuple[Any, Array, Array, Array]:
    """Log density without its constant, and its gradient by all but `unit`.

    Parameters
    ----------
    residual, variance : ndarray, shape (blocks, slots)
        Of an empty slot 0 and 1.
    amplitude : ndarray, shape (terms, blocks)
    unit : ndarray, shape (terms, blocks, slots, slots)
        Covariances at unit amplitude; 0 at empty slots.
    """
    blocks, slots = residual.shape
    terms = len(amplitude)
    density = 0.0
    by_residual, by_variance = np.empty((blocks, slots)), np.empty((blocks, slots))
    by_amplitude = np.zeros((terms, blocks))
    for b in range(blocks):
        lower, inverse = np.zeros((slots, slots)), np.zeros((slots, slots))
        for i in range(slots):
            for j in range(i + 1):
                for t in range(terms):
                    lower[i, j] += amplitude[t, b] ** 2 * unit[t, b, i, j]
            lower[i, i] += variance[b, i]
        factorise(lower, inverse)
        precision, a = np.zeros((slots, slots)), np.zeros(slots)
        for k in range(slots):
            white = 0.0
            for j in range(k + 1):
                white += inverse[k, j] * residual[b, j]
            density -= 0.5 * white**2 + math.log(lower[k, k])
            for i in range(k + 1):
                a[i] += inverse[k, i] * white
                for j in range(i + 1):
                    precision[i, j] += inverse[k, i] * inverse[k, j]
        for i in range(slots):
            by_residual[b, i] = -a[i]
            by_variance[b, i] = 0.5 * (a[i] ** 2 - precision[i, i])
            for t in range(terms):
                total = by_variance[b, i] * unit[t, b, i, i]
                for j in range(i):
                    total += (a[i] * a[j] - precision[i, j]) * unit[t, b, i, j]
                by_amplitude[t, b] += 2.0 * amplitude[t, b] * total
    return np.asarray(density), by_residual, by_variance, by_amplitude
