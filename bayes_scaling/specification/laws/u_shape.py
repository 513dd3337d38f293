"""A distractor that larger models learn first, and the true task that they learn later."""

from typing import Any

from bayes_scaling.specification.domains import NONNEGATIVE, POSITIVE, REAL
from bayes_scaling.specification.laws.elementwise import sigmoid
from bayes_scaling.specification.laws.law import (
    LOG_ODDS,
    Coordinates,
    Law,
    Parameter,
    as_given,
)


def curve(
    x: Any, fall: Any, rise: Any, distractor: Any, gap: Any, width: Any, late_width: Any
) -> Any:
    r"""Log odds of a right answer against those of a guess: down to a trough, then up.

    With A the share of the distractor task that is learnt and B that of the true task,

    .. math:: \eta(x) = A(x) \bigl(B(x)\, rise - (1 - B(x))\, fall\bigr), \quad
              A = \sigma\left(\frac{x - distractor}{width}\right), \quad
              B = \sigma\left(\frac{x - distractor - gap}{late\_width}\right).

    A small model guesses (0), one that knows only the distractor does worse (-fall), one that knows
    both does better (rise). It rises throughout where the fall is nil, and falls throughout where
    the true task comes after all that is looked at.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    fall, rise : float or array
        Log odds against a guess at the bottom, and at the end.
    distractor : float or array
        Where half of the distractor task is learnt, ``ln(C / C0)``.
    gap : float or array
        How much later half of the true task is learnt, in e-folds; positive.
    width, late_width : float or array
        How gradually each is learnt, in e-folds.

    Returns
    -------
    float or array
        logit p - logit g, of the broadcast shape.

    References
    ----------
    Wei et al. (2022), Inverse scaling can become U-shaped.

    Examples
    --------
    >>> shape = {"fall": 1.0, "rise": 3.0, "distractor": -4.0, "gap": 8.0}
    >>> found = [curve(x, **shape, width=0.5, late_width=0.5) for x in (-20.0, 0.0, 20.0)]
    >>> [round(float(eta), 3) + 0.0 for eta in found]
    [0.0, -0.998, 3.0]
    """
    early = sigmoid((x - distractor) / width)
    late = sigmoid((x - distractor - gap) / late_width)
    return early * (late * rise - (1 - late) * fall)


LAW = Law(
    name="u_shape",
    columns=("compute",),
    equations={
        "score": "logit p(C) - logit g = A (B `rise` - (1 - B) `fall`)\n"
        "A = 1/(1 + exp(-(x - `distractor`)/`width`)), "
        "B = 1/(1 + exp(-(x - `distractor` - `gap`)/`late_width`)), x = ln(C/C0)"
    },
    curve=curve,
    parameters={
        "fall": Parameter(
            "log odds below a guess where only the distractor is learnt", NONNEGATIVE
        ),
        "rise": Parameter("log odds above a guess where the true task is learnt", NONNEGATIVE),
        "distractor": Parameter("where half of the distractor is learnt, ln(C/C0)", REAL),
        "gap": Parameter("e-folds from the distractor to the true task", POSITIVE),
        "width": Parameter("e-folds in which the distractor is learnt", POSITIVE),
        "late_width": Parameter("e-folds in which the true task is learnt", POSITIVE),
    },
    coordinates=(
        Coordinates(
            ("fall", "rise", "distractor", "gap", "width", "late_width"),
            as_given,
            response="score",
            scale=LOG_ODDS,
        ),
    ),
    to_natural=as_given,
)
