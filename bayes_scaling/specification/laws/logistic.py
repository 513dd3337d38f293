"""A logistic law of pass rates: the log odds rise along the log of compute."""

from typing import Any

from bayes_scaling.specification.domains import REAL
from bayes_scaling.specification.laws.law import (
    MINUS_LOGIT,
    Coordinates,
    Law,
    Parameter,
    as_given,
)


def curve(x: Any, difficulty: Any, k: Any) -> Any:
    """Minus the log odds of a pass under a logistic law, ``logit p = k ln(C/C0) - difficulty``.

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
        Minus the log odds, of the broadcast shape.

    References
    ----------
    Birnbaum (1968), in Lord and Novick, Statistical Theories of Mental Test Scores.

    Examples
    --------
    >>> import numpy as np
    >>> round(1 / (1 + float(np.exp(curve(np.log(10.0), difficulty=0.5, k=0.3)))), 3)
    0.548
    """
    return difficulty - k * x


LAW = Law(
    name="logistic",
    columns=("compute",),
    equations={"passes": "logit p_i(C) = k_i log(C/C0) - d_i"},
    curve=curve,
    parameters={
        "difficulty": Parameter("minus the log odds of a pass at C0", REAL),
        "k": Parameter("exponent of a problem", REAL),
    },
    coordinates=(
        Coordinates(
            ("difficulty", "k"),
            as_given,
            response="passes",
            scale=MINUS_LOGIT,
            is_linear=True,
        ),
    ),
    to_natural=as_given,
)
