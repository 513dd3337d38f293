"""A law between a ceiling and a floor, M4 of Alabdulmohsin et al."""

from typing import Any

import numpy as np

from bayes_scaling.specification.domains import POSITIVE, UNIT
from bayes_scaling.specification.laws.elementwise import constant, elementwise, softplus
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, Values, as_given
from bayes_scaling.specification.laws.shared import (
    ELASTICITY,
    EXPONENT,
    FLOOR,
    FLOOR_SHARE,
    LEVEL,
    REMOVED,
    removed_at,
)

HALLEY_STEPS = 3


def curve(
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
    >>> float(np.exp(curve(0.0, 2.0, 0.08, 0.5, ceiling_share=0.25, gamma=0.7)))
    2.0
    """
    maths = elementwise(x, level, elasticity, floor_share, ceiling_share, gamma)
    here = maths.log(ceiling_share) - maths.log1p(-ceiling_share) + maths.log1p(-floor_share)
    decay = _exponent(elasticity, floor_share, ceiling_share, gamma)
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


def _exponent(elasticity: Any, floor_share: Any, ceiling_share: Any, gamma: Any) -> Any:
    """Exponent b: the slope at C0 is the elasticity."""
    risen = ceiling_share * (1 - floor_share) / (1 - ceiling_share)  # (level - c) / (l0 - level)
    return elasticity * (1 + gamma * risen) / (1 - floor_share)


def _to_natural(values: Values) -> Values:
    level, share = values["level"], values["floor_share"]
    ceiling = level / values["ceiling_share"]
    names = ("elasticity", "floor_share", "ceiling_share", "gamma")
    return {
        "a": level * (1 - share) / (ceiling - level) ** values["gamma"],
        "b": _exponent(**{name: values[name] for name in names}),
        "c": level * share,
        "ceiling": ceiling,
    }


LAW = Law(
    name="saturating",
    columns=("compute",),
    equations={"loss": "(L - c) / (L_untrained - L)^gamma = a (C/C0)^-b"},
    curve=curve,
    parameters={
        "level": LEVEL,
        "elasticity": ELASTICITY,
        "floor_share": FLOOR_SHARE,
        "ceiling_share": Parameter("loss at C0 over that of an untrained model", UNIT),
        "gamma": Parameter("exponent with which the law leaves its ceiling", POSITIVE),
        "a": REMOVED,
        "b": EXPONENT,
        "c": FLOOR,
        "ceiling": Parameter("loss of an untrained model", POSITIVE, is_quoted=True, has_unit=True),
    },
    coordinates=(
        Coordinates(("level", "elasticity", "floor_share", "ceiling_share", "gamma"), as_given),
    ),
    to_natural=_to_natural,
    at_reference=removed_at,
)
