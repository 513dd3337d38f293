"""Elementwise functions of numbers, arrays and variables of a graph, for the curves of laws."""

from typing import Any

import numpy as np
from scipy import special


def elementwise(*values: Any) -> Any:
    """PyTensor's functions if any value is part of a graph, NumPy's otherwise."""
    if any(type(value).__module__.startswith("pytensor") for value in values):
        import pytensor.tensor

        return pytensor.tensor
    return np


def exp(value: Any) -> Any:
    """Exponential of a number, an array or a variable of a graph."""
    return elementwise(value).exp(value)


def minus_expm1(value: Any) -> Any:
    """``1 - exp(-value)``, of small values too.

    Examples
    --------
    >>> float(minus_expm1(1e-20))
    1e-20
    """
    return -elementwise(value).expm1(-value)


def softplus(value: Any) -> Any:
    """``ln(1 + exp(value))``, without overflow.

    Examples
    --------
    >>> float(softplus(800.0)), round(float(softplus(0.0)), 4)
    (800.0, 0.6931)
    """
    maths = elementwise(value)
    return maths.maximum(value, 0.0) + maths.log1p(maths.exp(-maths.abs(value)))


def sigmoid(value: Any) -> Any:
    """``1 / (1 + exp(-value))``, without overflow.

    Examples
    --------
    >>> [float(sigmoid(value)) for value in (0.0, -800.0)]
    [0.5, 0.0]
    """
    maths = elementwise(value)
    if maths is np:
        return special.expit(value)
    return maths.sigmoid(value)


def constant(value: Any) -> Any:
    """Return the value itself, without derivatives where it is part of a graph."""
    if elementwise(value) is np:
        return value
    from pytensor.gradient import disconnected_grad

    return disconnected_grad(value)
