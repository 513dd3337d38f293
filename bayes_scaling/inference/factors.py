"""Small linear algebra of whitened coordinates, written out for compiled code.

Weights w have a precision ``P = L L'`` and a right-hand side r: in coordinates zeta they are

    w = P^-1 r + L'^-1 zeta,

and the density of a point is that of w less ``log |L|``. Here are this map and its gradient.
"""

import math

import numpy as np
from numba import njit

from bayes_scaling.arrays import Array


@njit(error_model="numpy")
def factorise(lower: Array, inverse: Array) -> None:
    """Turn the lower half of a precision into its Cholesky factor; write the factor's inverse."""
    rank = len(lower)
    for i in range(rank):
        for j in range(i + 1):
            total = lower[i, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            lower[i, j] = math.sqrt(total) if i == j else total / lower[j, j]
    for i in range(rank):
        inverse[i, : i + 1] = 0.0
        for k in range(i):
            for j in range(k + 1):
                inverse[i, j] -= lower[i, k] * inverse[k, j]
        for j in range(i):
            inverse[i, j] /= lower[i, i]
        inverse[i, i] = 1.0 / lower[i, i]


@njit(error_model="numpy")
def solve(inverse: Array, right: Array, half: Array, out: Array) -> None:
    """Write ``L^-1 right`` and ``P^-1 right``."""
    rank = len(right)
    for i in range(rank):
        half[i] = 0.0
        for j in range(i + 1):
            half[i] += inverse[i, j] * right[j]
    for i in range(rank):
        out[i] = 0.0
        for j in range(i, rank):
            out[i] += inverse[j, i] * half[j]


@njit(error_model="numpy")
def place(inverse: Array, right: Array, zeta: Array, centre: Array, out: Array) -> None:
    """Write the centre ``P^-1 right`` and the weights ``centre + L'^-1 zeta``."""
    rank = len(right)
    solve(inverse, right, np.empty(rank), centre)
    for i in range(rank):
        out[i] = centre[i]
        for j in range(i, rank):
            out[i] += inverse[j, i] * zeta[j]


@njit(error_model="numpy")
def pull_back(
    inverse: Array,
    zeta: Array,
    pull: Array,
    centre: Array,
    by_zeta: Array,
    a: Array,
    by_lower: Array,
    by_precision: Array,
) -> None:
    """Turn the gradient `pull` by w into those by the map's arguments.

    Writes q, the gradient by zeta, and ``a = P^-1 pull``, the one by the right-hand side. Adds the
    gradient by P, and the one by L in the form ``L' d/dL = -zeta q' - 1`` below and on the
    diagonal, its last term from the determinant.
    """
    rank = len(zeta)
    solve(inverse, pull, by_zeta, a)
    for i in range(rank):
        by_lower[i, i] -= 1.0
        for j in range(i + 1):
            by_lower[i, j] -= zeta[i] * by_zeta[j]
            by_precision[i, j] -= a[i] * centre[j] + centre[i] * a[j]


@njit(error_model="numpy")
def close(inverse: Array, by_lower: Array, by_precision: Array) -> None:
    """Turn the gradient by L into one by P (both triangles summed), and add it there."""
    rank = len(inverse)
    product = np.zeros((rank, rank))
    for j in range(rank):
        for k in range(j + 1):
            for m in range(k, j + 1):
                entry = 0.5 * by_lower[j, m] if m == j else by_lower[j, m]
                product[j, k] += entry * inverse[m, k]
    for i in range(rank):
        for k in range(i):
            by_precision[k, i] = by_precision[i, k]
    for i in range(rank):
        for k in range(rank):
            total = 0.0
            for j in range(max(i, k), rank):
                total += inverse[j, i] * product[j, k]
            by_precision[i, k] += total
            by_precision[k, i] += total
