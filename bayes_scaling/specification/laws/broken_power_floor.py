"""A power law with a floor whose exponent changes once, smoothly."""

from typing import Any

import numpy as np

from bayes_scaling.specification.domains import POSITIVE, REAL
from bayes_scaling.specification.laws.elementwise import elementwise, exp, softplus
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

DECADE = float(np.log(10.0))


def curve(
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
    >>> from bayes_scaling.specification.laws import power_floor
    >>> flat = curve(2.0, 2.0, 0.08, 0.5, bend=0.0, break_at=1.0, break_width=0.3)
    >>> bool(np.isclose(flat, power_floor.curve(2.0, 2.0, 0.08, 0.5)))
    True
    """
    maths = elementwise(x, level, elasticity, floor_share, bend, break_at, break_width)
    before, after = _exponents(elasticity, floor_share, bend, break_at, break_width)
    width, position = DECADE * break_width, DECADE * break_at
    passed = softplus((x - position) / width) - softplus(-position / width)
    decay = before * x + (after - before) * width * passed
    with np.errstate(divide="ignore"):
        log_floor = maths.log(floor_share)
    return maths.log(level) + maths.logaddexp(log_floor, maths.log1p(-floor_share) - decay)


def _exponents(
    elasticity: Any, floor_share: Any, bend: Any, break_at: Any, break_width: Any
) -> tuple[Any, Any]:
    """Exponents far below and far above the break."""
    maths = elementwise(elasticity, floor_share, bend, break_at, break_width)
    passed = maths.exp(-softplus(break_at / break_width))
    here = 1 + maths.expm1(bend) * passed
    before = elasticity / (1 - floor_share) / here
    return before, before * maths.exp(bend)


def _to_natural(values: Values) -> Values:
    shape = {name: values[name] for name in ("bend", "break_at", "break_width")}
    before, after = _exponents(values["elasticity"], values["floor_share"], **shape)
    width = DECADE * values["break_width"]
    passed = softplus(-values["break_at"] / values["break_width"])
    return {
        "a": values["level"] * (1 - values["floor_share"]) * exp((after - before) * width * passed),
        "b": before,
        "b_after": after,
        "c": values["level"] * values["floor_share"],
    }


LAW = Law(
    name="broken_power_floor",
    columns=("compute",),
    equations={
        "loss": "L(C) = a (C/C0)^-b (1 + (C/C_break)^(1/w))^(-(b_after - b) w) + c\n"
        "log10(C_break/C0) = `break_at`, w = `break_width` log 10"
    },
    curve=curve,
    parameters={
        "level": LEVEL,
        "elasticity": ELASTICITY,
        "floor_share": FLOOR_SHARE,
        "bend": Parameter("log of the exponent after the break over that before", REAL),
        "break_at": Parameter("place of the break, decades from C0", REAL),
        "break_width": Parameter("width of the break, decades", POSITIVE),
        "a": REMOVED,
        "b": EXPONENT,
        "b_after": Parameter("exponent far above the break", POSITIVE, is_quoted=True),
        "c": FLOOR,
    },
    coordinates=(
        Coordinates(
            ("level", "elasticity", "floor_share", "bend", "break_at", "break_width"), as_given
        ),
    ),
    to_natural=_to_natural,
    at_reference=removed_at,
)
