"""Curves that bend on log-log paper: one smooth break, and a ceiling beside the floor.

Pure functions, as in `bayes_scaling.specification.curves`.
"""

from typing import Any

import numpy as np

from bayes_scaling.specification.curves import constant, elementwise, softplus

DECADE = float(np.log(10.0))
HALLEY_STEPS = 3


def broken_power_floor(
    x: Any,
    level: Any,
    elasticity: Any,
    floor_share: Any,
    bend: Any,
    break_at: Any,
    break_width: Any,
) -> Any:
    r"""Log of a power law with a floor whose exponent changes once, smoothly.

    With f the floor's share of the loss at C0, z where the break is and w how wide, in e-folds,

    .. math:: \ln L = \ln(level) + \ln\bigl(f + (1 - f) e^{-h(x)}\bigr), \quad
              h'(x) = b + (b_2 - b)\, S\bigl((x - z) / w\bigr), \quad h(0) = 0,

    where S is the logistic function, ``b2 = b exp(bend)``, and b is such that the elasticity at C0
    is what it says, ``h'(0) = elasticity / (1 - f)``. It is the broken law of Caballero et al. with
    one break, ``L = c + a (C/C0)^-b (1 + (C / C_break)^(1/w))^(-(b2 - b) w)``.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    level, elasticity, floor_share : float or array
        As for `power_floor`.
    bend : float or array
        Log of the exponent far above the break over the one far below; 0 is no break.
    break_at : float or array
        Where the break is, decades from C0.
    break_width : float or array
        Decades; nine tenths of the change take place within six of them.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Caballero et al. (2023), Broken neural scaling laws, equation 1 with n = 1.

    Examples
    --------
    >>> from bayes_scaling.specification.curves import power_floor
    >>> flat = broken_power_floor(2.0, 2.0, 0.08, 0.5, bend=0.0, break_at=1.0, break_width=0.3)
    >>> bool(np.isclose(flat, power_floor(2.0, 2.0, 0.08, 0.5)))
    True
    """
    maths = elementwise(x, level, elasticity, floor_share, bend, break_at, break_width)
    before, after = exponents(elasticity, floor_share, bend, break_at, break_width)
    width, position = DECADE * break_width, DECADE * break_at
    passed = softplus((x - position) / width) - softplus(-position / width)
    decay = before * x + (after - before) * width * passed
    with np.errstate(divide="ignore"):
        log_floor = maths.log(floor_share)
    return maths.log(level) + maths.logaddexp(log_floor, maths.log1p(-floor_share) - decay)


def exponents(
    elasticity: Any, floor_share: Any, bend: Any, break_at: Any, break_width: Any
) -> tuple[Any, Any]:
    """Exponents far below and far above the break of `broken_power_floor`."""
    maths = elementwise(elasticity, floor_share, bend, break_at, break_width)
    passed = maths.exp(-softplus(break_at / break_width))
    here = 1 + maths.expm1(bend) * passed
    before = elasticity / (1 - floor_share) / here
    return before, before * maths.exp(bend)


def saturating(
    x: Any, level: Any, elasticity: Any, floor_share: Any, ceiling_share: Any, gamma: Any
) -> Any:
    r"""Log of a law that leaves a ceiling and ends at a floor, M4 of Alabdulmohsin et al.

    .. math:: \frac{L - c}{(l_0 - L)^\gamma} = a (C/C_0)^{-b}

    gives L only implicitly. On the scale ``v = logit((L - c) / (l0 - c))`` it reads
    ``G(v) = G(v_0) - b x`` with ``G(v) = gamma softplus(v) - softplus(-v)``, whose slope lies
    between 1 and gamma. Three steps of Halley's method from its asymptotes leave less than 1e-10
    for gamma from 0.05 to 10, and a step of Newton's ends it. The derivatives are those of the
    last step: at the solution they are exact.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    level, elasticity, floor_share : float or array
        As for `power_floor`.
    ceiling_share : float or array
        ``level / l0``: the loss at C0 over that without any training.
    gamma : float or array
        Exponent of the ceiling; towards 0 the law is `power_floor`, at 1 it is a logistic curve.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Alabdulmohsin, Neyshabur and Zhai (2022), Revisiting neural scaling laws in language and vision,
    section 3.

    Examples
    --------
    >>> float(np.exp(saturating(0.0, 2.0, 0.08, 0.5, ceiling_share=0.25, gamma=0.7)))
    2.0
    """
    maths = elementwise(x, level, elasticity, floor_share, ceiling_share, gamma)
    here = maths.log(ceiling_share) - maths.log1p(-ceiling_share) + maths.log1p(-floor_share)
    decay = saturating_exponent(elasticity, floor_share, ceiling_share, gamma)
    goal = gamma * softplus(here) - softplus(-here) - decay * x
    start = _solve(constant(goal), constant(gamma))
    value, slope, _ = _implicit(start, gamma)
    there = start - (value - goal) / slope
    fallen = softplus(-here) - softplus(-there)
    with np.errstate(divide="ignore"):
        log_floor = maths.log(floor_share)
    return maths.log(level) + maths.logaddexp(log_floor, maths.log1p(-floor_share) + fallen)


def _solve(goal: Any, gamma: Any) -> Any:
    """Find v with ``G(v) = goal`` by Halley's method."""
    maths = elementwise(goal, gamma)
    there = maths.minimum(goal, 0.0) + maths.maximum(goal, 0.0) / gamma
    for _ in range(HALLEY_STEPS):
        value, slope, bend = _implicit(there, gamma)
        gap = value - goal
        there = there - gap * slope / (slope * slope - 0.5 * gap * bend)
    return there


def _implicit(there: Any, gamma: Any) -> tuple[Any, Any, Any]:
    """``G(v) = gamma softplus(v) - softplus(-v)`` and its first two derivatives."""
    maths = elementwise(there, gamma)
    above = softplus(there)
    below = maths.exp(-above)
    slope = gamma + (1 - gamma) * below
    return (gamma - 1) * above + there, slope, (gamma - 1) * below * (1 - below)


def saturating_exponent(elasticity: Any, floor_share: Any, ceiling_share: Any, gamma: Any) -> Any:
    """Exponent b of `saturating`: the slope at C0 is the elasticity."""
    risen = ceiling_share * (1 - floor_share) / (1 - ceiling_share)  # (level - c) / (l0 - level)
    return elasticity * (1 + gamma * risen) / (1 - floor_share)
