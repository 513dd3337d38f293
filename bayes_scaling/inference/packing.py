"""All data of a compiled model as one array: each array of its own takes a second to compile."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_scaling.inference.design import Array

PACKED = "data"


def pack(arrays: Mapping[str, Any]) -> dict[str, Array]:
    """Lay arrays out one after the other, as a compiled model's ``with_data`` takes them.

    Examples
    --------
    >>> pack({"x": np.zeros((2, 2)), "y": np.ones(1)})["data"].tolist()
    [0.0, 0.0, 0.0, 0.0, 1.0]
    """
    flat = [np.ravel(value).astype(float) for value in arrays.values()]
    return {PACKED: np.concatenate(flat)}


def unpack(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Make the datum of a model, and return the variables that it holds, in their shapes."""
    packed = pack(arrays)[PACKED]
    flat = pm.Data(PACKED, packed, shape=packed.shape)
    found, start = {}, 0
    for name, value in arrays.items():
        part = flat[start : start + value.size].reshape(value.shape)
        found[name] = part if value.dtype.kind == "f" else pt.cast(part, "int64")
        start += value.size
    return found
