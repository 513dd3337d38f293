"""A pure power law, of losses and of hazards."""

from typing import Any

from bayes_scaling.specification.domains import REAL
from bayes_scaling.specification.laws.elementwise import elementwise, exp
from bayes_scaling.specification.laws.law import (
    LOG_HAZARD,
    Coordinates,
    Law,
    Parameter,
    Values,
    as_given,
)
from bayes_scaling.specification.laws.shared import (
    ELASTICITY,
    EXPONENT,
    LEVEL,
    REMOVED,
    removed_at,
)


def curve(x: Any, level: Any, elasticity: Any) -> Any:
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
    >>> import numpy as np
    >>> round(float(np.exp(curve(np.log(10.0), level=2.0, elasticity=1.0))), 6)
    0.2
    """
    return elementwise(x, level, elasticity).log(level) - elasticity * x


def _from_ab(values: Values) -> Values:
    return {"level": values["a"], "elasticity": values["b"]}


def _from_hazard(values: Values) -> Values:
    return {"level": exp(values["log_alpha"]), "elasticity": values["k"]}


def _to_natural(values: Values) -> Values:
    return {"a": values["level"], "b": values["elasticity"]}


LAW = Law(
    name="power",
    columns=("compute",),
    equations={
        "loss": "L(C) = a (C/C0)^-b",
        "passes": "-log p_i(C) = alpha_i (C/C0)^-k_i",
    },
    curve=curve,
    parameters={
        "level": LEVEL,
        "elasticity": ELASTICITY,
        "a": REMOVED,
        "b": EXPONENT,
        "log_alpha": Parameter("difficulty of a problem: log(-log p) at C0", REAL),
        "k": Parameter("exponent of a problem", REAL),
    },
    coordinates=(
        Coordinates(("level", "elasticity"), as_given),
        Coordinates(("a", "b"), _from_ab),
        Coordinates(
            ("log_alpha", "k"),
            _from_hazard,
            response="passes",
            scale=LOG_HAZARD,
            is_linear=True,
        ),
    ),
    to_natural=_to_natural,
    at_reference=removed_at,
)
