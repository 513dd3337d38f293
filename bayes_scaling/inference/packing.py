"""All data of a compiled model as one array: compiled code reads it through one pointer.

Its first number says how many there are; then come the lengths of all axes, then the values.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayes_scaling.inference.design import Array

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
