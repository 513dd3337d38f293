"""A power law with a floor."""

from typing import Any

import numpy as np

from bayes_scaling.specification.domains import POSITIVE, SHARE
from bayes_scaling.specification.laws.elementwise import elementwise
from bayes_scaling.specification.laws.law import Anchored, Coordinates, Law, Values, as_given
from bayes_scaling.specification.laws.shared import (
    ELASTICITY,
    EXPONENT,
    FLOOR,
    FLOOR_SHARE,
    LEVEL,
    REMOVED,
    removed_at,
)


def curve(x: Any, level: Any, elasticity: Any, floor_share: Any) -> Any:
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
    >>> float(np.exp(curve(0.0, level=2.0, elasticity=0.08, floor_share=0.5)))
    2.0
    """
    maths = elementwise(x, level, elasticity, floor_share)
    decay = elasticity / (1 - floor_share)
    with np.errstate(divide="ignore"):  # a floor pinned to 0 has the log -inf, and adds nothing
        log_floor = maths.log(floor_share)
    return maths.log(level) + maths.logaddexp(log_floor, maths.log1p(-floor_share) - decay * x)


def _from_abc(values: Values) -> Values:
    a, b, c = values["a"], values["b"], values["c"]
    return {"level": a + c, "elasticity": b * a / (a + c), "floor_share": c / (a + c)}


def _from_floor(values: Values) -> Values:
    return {
        "level": values["level"],
        "elasticity": values["elasticity"],
        "floor_share": values["c"] / values["level"],
    }


def _stretch(seen: Values) -> Any:
    return seen["level"] / (1 - seen["floor_share"])


def _to_natural(values: Values) -> Values:
    level, share = values["level"], values["floor_share"]
    return {
        "a": level * (1 - share),
        "b": values["elasticity"] / (1 - share),
        "c": level * share,
    }


def _at(values: Values, x: Any) -> Values:
    """Restate level, elasticity and the floor's share at the compute whose ``ln(C/C0)`` is x."""
    level, share = values["level"], values["floor_share"]
    maths = elementwise(level, values["elasticity"], share, x)
    decay = values["elasticity"] / (1 - share)
    removed, floor = level * (1 - share) * maths.exp(-decay * x), level * share
    there = removed + floor
    return {"level": there, "elasticity": decay * removed / there, "floor_share": floor / there}


def _from(values: Values, x: Any) -> tuple[Values, Any]:
    """From there to C0: a grows by ``e^(bx)``, and a, b, c are stretched by ``level / (1 - f)``."""
    seen = _at(values, -x)
    maths = elementwise(values["level"], values["elasticity"], values["floor_share"], x)
    decay = values["elasticity"] / (1 - values["floor_share"])
    return seen, 2 * (maths.log(values["level"]) + decay * x - maths.log(seen["level"]))


LAW = Law(
    name="power_floor",
    columns=("compute",),
    equations={"loss": "L(C) = a (C/C0)^-b + c"},
    curve=curve,
    parameters={
        "level": LEVEL,
        "elasticity": ELASTICITY,
        "floor_share": FLOOR_SHARE,
        "a": REMOVED,
        "b": EXPONENT,
        "c": FLOOR,
    },
    coordinates=(
        Coordinates(("level", "elasticity", "floor_share"), as_given),
        Coordinates(("level", "elasticity", "c"), _from_floor, above={"level": "c"}),
        Coordinates(("a", "b", "c"), _from_abc, density=_stretch),
    ),
    to_natural=_to_natural,
    at_reference=removed_at,
    anchored=Anchored(
        {"level": POSITIVE, "elasticity": POSITIVE, "floor_share": SHARE}, inward=_at, outward=_from
    ),
)
