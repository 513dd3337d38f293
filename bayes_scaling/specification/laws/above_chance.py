"""The GPT-4 report's law of accuracies, on what is above chance, as a law of error rates."""

from typing import Any

from bayes_scaling.specification.domains import NONNEGATIVE, POSITIVE, SHARE, UNIT
from bayes_scaling.specification.laws.elementwise import elementwise, minus_expm1
from bayes_scaling.specification.laws.law import (
    Anchored,
    Coordinates,
    Law,
    Parameter,
    Values,
    as_given,
)
from bayes_scaling.specification.laws.shared import FLOOR_SHARE

MOST = 50.0  # of log h: an accuracy of exp(-exp(50)) above chance is chance
LEAST = -700.0  # of log h: the last that isn't zero as a number


def curve(x: Any, ceiling_share: Any, k: Any, floor_share: Any, chance: Any) -> Any:
    r"""Log of an error rate whose accuracy above chance is ``exp(-alpha (C/C0)^-k)``.

    With g the chance level and f what mislabelled answers leave of the distance to it,

    .. math:: \text{error} = (1 - g) \bigl(1 - (1 - f) e^{-h}\bigr), \quad
              h = \alpha (C/C_0)^{-k}.

    For f = 0 it is ``-log((accuracy - g) / (1 - g)) = alpha (C/C0)^-k``. The error starts at its
    ceiling 1 - g, falls as a power of compute once h is small, and ends at ``c = (1 - g) f``. It is
    stated by what data see: with u the error at C0 over its ceiling, and the floor's share of that
    error, ``f = floor_share u`` and ``alpha = log((1 - f) / (1 - u))``.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    ceiling_share : float or array
        Error at C0 over 1 - g, that of a guess; between 0 and 1.
    k : float or array
        Exponent of compute, positive.
    floor_share : float or array
        ``c`` over the error at C0.
    chance : float or array
        Accuracy of a guess: one over the number of choices; 0 where answers are free.

    Returns
    -------
    float or array
        Log of the error rate, of the broadcast shape; at most ``log(1 - g)``.

    References
    ----------
    OpenAI (2023), GPT-4 Technical Report, section 3.2, for g = f = 0.

    Examples
    --------
    >>> from math import exp, isclose
    >>> isclose(exp(curve(0.0, ceiling_share=0.4, k=0.2, floor_share=0.5, chance=0.25)), 0.3)
    True
    """
    maths = elementwise(x, ceiling_share, k, floor_share, chance)
    log_h = maths.log(_alpha(ceiling_share, floor_share)) - k * x
    h = maths.exp(maths.maximum(maths.minimum(log_h, MOST), LEAST))
    floor = floor_share * ceiling_share
    return maths.log1p(-chance) + maths.log(minus_expm1(h) + floor * maths.exp(-h))


def _alpha(ceiling_share: Any, floor_share: Any) -> Any:
    """``log((1 - f) / (1 - u))``, of shares near 1 too."""
    fallen = ceiling_share * (1 - floor_share) / (1 - ceiling_share * floor_share)
    return -elementwise(ceiling_share, floor_share).log1p(-fallen)


def _to_natural(values: Values) -> Values:
    return {
        "alpha": _alpha(values["ceiling_share"], values["floor_share"]),
        "k": values["k"],
        "c": (1 - values["chance"]) * values["ceiling_share"] * values["floor_share"],
    }


def _at_reference(quoted: Values, ratio: Any) -> Values:
    return {"alpha": quoted["alpha"] * ratio ** -quoted["k"]}


def _at(values: Values, x: Any) -> Values:
    """At the compute whose ``ln(C/C0)`` is x: u as ``-ln(1 - u)``, k, and the floor over u."""
    floor = values["floor_share"] * values["ceiling_share"]
    maths = elementwise(values["k"], floor, x)
    alpha = _alpha(values["ceiling_share"], values["floor_share"]) * maths.exp(-values["k"] * x)
    fallen = alpha - maths.log1p(-floor)
    return {"fallen": fallen, "k": values["k"], "floor_share": floor / minus_expm1(fallen)}


def _from(values: Values, x: Any) -> tuple[Values, Any]:
    """From there to C0, by alpha and f: near the ceiling u there is 1 as a number, alpha isn't.

    The stretch of alpha and f is u there, that of alpha from there to C0 ``e^(kx)``, and that of u
    and its floor's share ``(1 - u) / u``.
    """
    there, k = minus_expm1(values["fallen"]), values["k"]
    floor = values["floor_share"] * there
    maths = elementwise(there, k, floor, x)
    alpha = (values["fallen"] + maths.log1p(-floor)) * maths.exp(k * x)
    share = minus_expm1(alpha) + floor * maths.exp(-alpha)
    stretch = maths.log(there) + k * x + maths.log1p(-floor) - alpha - maths.log(share)
    return {"ceiling_share": share, "k": k, "floor_share": floor / share}, stretch


LAW = Law(
    name="above_chance",
    columns=("compute",),
    equations={
        "loss": "L(C) = (1 - g) (1 - (1 - f) exp(-alpha (C/C0)^-k))\n"
        "g = `chance`, L(C0) = (1 - g) `ceiling_share`, (1 - g) f = c = `floor_share` L(C0)"
    },
    curve=curve,
    parameters={
        "ceiling_share": Parameter(
            "error rate at C0 over that of a guess", UNIT, is_regressed=True
        ),
        "k": Parameter(
            "exponent of compute",
            POSITIVE,
            is_regressed=True,
            is_slope=True,
            is_learned=True,
            is_quoted=True,
        ),
        "floor_share": FLOOR_SHARE,
        "chance": Parameter("accuracy of a guess", SHARE),
        "alpha": Parameter("-log of the accuracy above chance at C0", POSITIVE, is_quoted=True),
        "c": Parameter(
            "floor: the error rate that no compute removes",
            NONNEGATIVE,
            is_quoted=True,
            is_floor=True,
        ),
    },
    coordinates=(
        Coordinates(
            ("ceiling_share", "k", "floor_share", "chance"), as_given, numbers=frozenset({"chance"})
        ),
    ),
    to_natural=_to_natural,
    at_reference=_at_reference,
    anchored=Anchored(
        {"fallen": POSITIVE, "k": POSITIVE, "floor_share": SHARE}, inward=_at, outward=_from
    ),
)
