"""The curves: pure functions of operators and a few elementwise functions.

The same function runs on floats, on the PyTensor graph of the model and on the posterior's arrays.
Compute enters as ``x = ln(C / C0)``, with C0 the reference compute of the ladder.
"""

from typing import Any

import numpy as np


def elementwise(*values: Any) -> Any:
    """PyTensor's functions if any value is part of a graph, NumPy's otherwise."""
    if any(type(value).__module__.startswith("pytensor") for value in values):
        import pytensor.tensor

        return pytensor.tensor
    return np


def power_floor(x: Any, level: Any, elasticity: Any, floor_share: Any) -> Any:
    r"""Log of a power law with a floor, ``ln(a (C/C0)^-b + c)``.

    In the coordinates that data see, with f the floor's share of the loss at C0,

    .. math:: \ln L = \ln(level) + \ln\bigl(f + (1 - f) e^{-b x}\bigr), \quad
              b = elasticity / (1 - f).

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    level : float or array
        Loss at C0, ``a + c``, in the unit of the loss.
    elasticity : float or array
        ``-d ln L / d ln C`` at C0.
    floor_share : float or array
        ``f = c / (a + c)``.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Henighan et al. (2020); OpenAI (2023), GPT-4 Technical Report, section 3.1.

    Examples
    --------
    >>> float(np.exp(power_floor(0.0, level=2.0, elasticity=0.08, floor_share=0.5)))
    2.0
    """
    maths = elementwise(x, level, elasticity, floor_share)
    decay = elasticity / (1 - floor_share)
    with np.errstate(divide="ignore"):  # a floor pinned to 0 has the log -inf, and adds nothing
        log_floor = maths.log(floor_share)
    return maths.log(level) + maths.logaddexp(log_floor, maths.log1p(-floor_share) - decay * x)


def power(x: Any, level: Any, elasticity: Any) -> Any:
    """Log of a pure power law, ``ln(a (C/C0)^-b)``: the floor is zero.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    level : float or array
        Loss at C0, here equal to ``a``.
    elasticity : float or array
        ``-d ln L / d ln C``, here equal to ``b``.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Kaplan et al. (2020), section 1.2.

    Examples
    --------
    >>> round(float(np.exp(power(np.log(10.0), level=2.0, elasticity=1.0))), 6)
    0.2
    """
    return elementwise(x, level, elasticity).log(level) - elasticity * x


def exp(value: Any) -> Any:
    """Exponential of a number, an array or a variable of a graph."""
    return elementwise(value).exp(value)


def softplus(value: Any) -> Any:
    """``ln(1 + exp(value))``, without overflow.

    Examples
    --------
    >>> float(softplus(800.0)), round(float(softplus(0.0)), 4)
    (800.0, 0.6931)
    """
    maths = elementwise(value)
    return maths.maximum(value, 0.0) + maths.log1p(maths.exp(-maths.abs(value)))


def constant(value: Any) -> Any:
    """Return the value itself, without derivatives where it is part of a graph."""
    if elementwise(value) is np:
        return value
    from pytensor.gradient import disconnected_grad

    return disconnected_grad(value)


def logistic(x: Any, difficulty: Any, k: Any) -> Any:
    """Log of -log p under a logistic law, ``logit p = k ln(C/C0) - difficulty``.

    It is the two-parameter item-response model with ability ln C. In the tail of hard problems p
    is a power of compute; near p = 1 it agrees with the law `power`.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    difficulty : float or array
        Minus the log odds of a pass at C0.
    k : float or array
        Slope of the log odds along ln C.

    Returns
    -------
    float or array
        ln(-ln p), of the broadcast shape.

    References
    ----------
    Birnbaum (1968), in Lord and Novick, Statistical Theories of Mental Test Scores.

    Examples
    --------
    >>> round(float(np.exp(-np.exp(logistic(0.0, difficulty=0.0, k=0.3)))), 12)
    0.5
    """
    maths = elementwise(x, difficulty, k)
    return maths.log(maths.logaddexp(0.0 * x, difficulty - k * x))
