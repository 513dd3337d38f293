"""A straight line of log odds in log compute, with one bend."""

from typing import Any

from bayes_scaling.specification.domains import POSITIVE, REAL
from bayes_scaling.specification.laws.elementwise import softplus
from bayes_scaling.specification.laws.law import (
    LOG_ODDS,
    Coordinates,
    Law,
    Parameter,
    as_given,
)


def curve(x: Any, level: Any, slope: Any, bend: Any, place: Any, width: Any) -> Any:
    r"""Log odds of a right answer against those of a guess, a line that bends once.

    .. math:: \eta(x) = level + slope\, x + bend\, w \ln\bigl(1 + e^{(x - place)/w}\bigr).

    With no bend it is monotone, with no slope either it is flat; with a bend of the other sign than
    the slope it turns where ``slope + bend sigma((x - place)/w) = 0``.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    level : float or array
        Of the line at C0.
    slope, bend : float or array
        Log odds an e-fold before the bend, and what comes to it after.
    place, width : float or array
        Where the bend is, ``ln(C / C0)``, and how gradual, in e-folds.

    Returns
    -------
    float or array
        logit p - logit g, of the broadcast shape.

    Examples
    --------
    >>> float(curve(4.0, level=0.5, slope=-0.25, bend=0.0, place=0.0, width=1.0))
    -0.5
    >>> round(float(curve(9.0, level=0.0, slope=-0.25, bend=0.5, place=0.0, width=0.1)), 6)
    2.25
    """
    return level + slope * x + bend * width * softplus((x - place) / width)


LAW = Law(
    name="bent_line",
    columns=("compute",),
    equations={
        "score": "logit p(C) - logit g = `level` + `slope` x + "
        "`bend` `width` ln(1 + exp((x - `place`)/`width`)), x = ln(C/C0)"
    },
    curve=curve,
    parameters={
        "level": Parameter("log odds against a guess at C0, of the line", REAL),
        "slope": Parameter("log odds an e-fold, before the bend", REAL),
        "bend": Parameter("what the slope gains at the bend", REAL),
        "place": Parameter("where the bend is, ln(C/C0)", REAL),
        "width": Parameter("e-folds in which it bends", POSITIVE),
    },
    coordinates=(
        Coordinates(
            ("level", "slope", "bend", "place", "width"), as_given, response="score", scale=LOG_ODDS
        ),
    ),
    to_natural=as_given,
)
