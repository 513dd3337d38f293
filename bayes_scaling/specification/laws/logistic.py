"""A logistic law of pass rates: the log odds rise along the log of compute."""

from typing import Any

import numpy as np

from bayes_scaling.specification.domains import REAL
from bayes_scaling.specification.laws.elementwise import elementwise
from bayes_scaling.specification.laws.law import (
    MINUS_LOGIT,
    Coordinates,
    Law,
    Linear,
    Parameter,
    Values,
    as_given,
)


def curve(x: Any, difficulty: Any, k: Any) -> Any:
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
    >>> round(float(np.exp(-np.exp(curve(0.0, difficulty=0.0, k=0.3)))), 12)
    0.5
    """
    maths = elementwise(x, difficulty, k)
    return maths.log(maths.logaddexp(0.0 * x, difficulty - k * x))


def _basis(x: Any) -> Values:
    return {"difficulty": np.ones_like(x), "k": -x}


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
            linear=Linear(MINUS_LOGIT, _basis),
        ),
    ),
    to_natural=as_given,
)
