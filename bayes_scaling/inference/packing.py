"""All data of a compiled model as one array: compiled code reads it through one pointer.

Its first number says how many there are; then come the lengths of all axes, then the values.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit

from bayes_scaling.arrays import Array

PACKED = "data"


def pack(arrays: Mapping[str, Any]) -> Array:
    """Lay arrays out one after the other, behind their lengths.

    Examples
    --------
    >>> pack({"x": np.full((1, 2), 7.0), "y": np.ones(1)}).tolist()
    [7.0, 1.0, 2.0, 1.0, 7.0, 7.0, 1.0]
    """
    values = [np.asarray(value) for value in arrays.values()]
    lengths = [length for value in values for length in value.shape]
    flat = np.concatenate([np.zeros(1), lengths, *(value.ravel() for value in values)])
    flat[0] = len(flat)
    return flat.astype(float)


@njit(error_model="numpy")
def find_part(flat: Array, ranks: tuple[int, ...], place: int) -> tuple[int, int]:
    """Find where an array's lengths and its values begin, from how many axes each array has."""
    axis, start = 1, 1
    for rank in ranks:
        start += rank
    for array in range(place):
        size = 1
        for _ in range(ranks[array]):
            size *= int(flat[axis])
            axis += 1
        start += size
    return axis, start


@njit(error_model="numpy")
def number(flat: Array, ranks: tuple[int, ...], place: int) -> Array:
    """Return an array without axes."""
    _, start = find_part(flat, ranks, place)
    return flat[start : start + 1].reshape(())


@njit(error_model="numpy")
def vector(flat: Array, ranks: tuple[int, ...], place: int) -> Array:
    """Return an array of one axis."""
    axis, start = find_part(flat, ranks, place)
    return flat[start : start + int(flat[axis])]


@njit(error_model="numpy")
def matrix(flat: Array, ranks: tuple[int, ...], place: int) -> Array:
    """Return an array of two axes."""
    axis, start = find_part(flat, ranks, place)
    one, two = int(flat[axis]), int(flat[axis + 1])
    return flat[start : start + one * two].reshape(one, two)


@njit(error_model="numpy")
def block(flat: Array, ranks: tuple[int, ...], place: int) -> Array:
    """Return an array of three axes."""
    axis, start = find_part(flat, ranks, place)
    one, two, three = int(flat[axis]), int(flat[axis + 1]), int(flat[axis + 2])
    return flat[start : start + one * two * three].reshape(one, two, three)


BY_RANK = (number, vector, matrix, block)
