"""The GPT-4 report's law of accuracies, on what is above chance, as a law of error rates."""

from typing import Any

from bayes_scaling.specification.domains import NONNEGATIVE, POSITIVE, REAL, SHARE
from bayes_scaling.specification.laws.elementwise import elementwise, exp, minus_expm1
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, Values, as_given
from bayes_scaling.specification.laws.shared import FLOOR_SHARE

MOST = 50.0  # of log h: an accuracy of exp(-exp(50)) above chance is chance
LEAST = -700.0  # of log h: the last that isn't zero as a number


def curve(x: Any, log_alpha: Any, k: Any, floor_share: Any, chance: Any) -> Any:
    r"""Log of an error rate whose accuracy above chance is ``exp(-alpha (C/C0)^-k)``.

    With g the chance level and f what mislabelled answers leave of the distance to it,

    .. math:: \text{error} = (1 - g) \bigl(1 - (1 - f) e^{-h}\bigr), \quad
              h = \alpha (C/C_0)^{-k}.

    For f = 0 it is ``-log((accuracy - g) / (1 - g)) = alpha (C/C0)^-k``. The error starts at its
    ceiling 1 - g, falls as a power of compute once h is small, and ends at ``c = (1 - g) f``. It is
    stated by the floor's share of the error at C0, as that of `power_floor` is.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    log_alpha : float or array
        Log of h at C0.
    k : float or array
        Exponent of compute, positive.
    floor_share : float or array
        ``c`` over the error at C0.
    chance : float or array
        Accuracy of a guess: one over the number of choices; 0 where answers are free.

    Returns
    -------
    float or array
        Log of the error rate, of the broadcast shape; below ``log(1 - g)``.

    References
    ----------
    OpenAI (2023), GPT-4 Technical Report, section 3.2, for g = f = 0.

    Examples
    --------
    >>> from math import exp, isclose
    >>> error = exp(curve(0.0, log_alpha=0.0, k=0.2, floor_share=0.0, chance=0.25))
    >>> isclose(error, 0.75 * (1 - exp(-1)))
    True
    """
    maths = elementwise(x, log_alpha, k, floor_share, chance)
    h = maths.exp(maths.maximum(maths.minimum(log_alpha - k * x, MOST), LEAST))
    floor = _floor(log_alpha, floor_share)
    return maths.log1p(-chance) + maths.log(minus_expm1(h) + floor * maths.exp(-h))


def _floor(log_alpha: Any, floor_share: Any) -> Any:
    """Floor f as a share of the distance from chance, from its share of the error at C0."""
    maths = elementwise(log_alpha, floor_share)
    here = maths.exp(maths.minimum(log_alpha, MOST))
    return floor_share * minus_expm1(here) / (1 - floor_share * maths.exp(-here))


def _to_natural(values: Values) -> Values:
    floor = _floor(values["log_alpha"], values["floor_share"])
    return {
        "alpha": exp(values["log_alpha"]),
        "k": values["k"],
        "c": (1 - values["chance"]) * floor,
    }


def _at_reference(quoted: Values, ratio: Any) -> Values:
    return {"alpha": quoted["alpha"] * ratio ** -quoted["k"]}


LAW = Law(
    name="above_chance",
    columns=("compute",),
    equations={
        "loss": "L(C) = (1 - g) (1 - (1 - f) exp(-alpha (C/C0)^-k))\n"
        "g = `chance`, log alpha = `log_alpha`, (1 - g) f = c = `floor_share` L(C0)"
    },
    curve=curve,
    parameters={
        "log_alpha": Parameter(
            "log of -log of the accuracy above chance at C0", REAL, is_regressed=True
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
            ("log_alpha", "k", "floor_share", "chance"), as_given, numbers=frozenset({"chance"})
        ),
    ),
    to_natural=_to_natural,
    at_reference=_at_reference,
)
