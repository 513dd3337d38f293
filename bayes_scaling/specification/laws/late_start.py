"""A power law with a floor that starts late: small runs lie on a plateau."""

from typing import Any

import numpy as np

from bayes_scaling.specification.domains import UNIT
from bayes_scaling.specification.laws.elementwise import elementwise
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, Values, as_given
from bayes_scaling.specification.laws.shared import (
    EXPONENT,
    FLOOR,
    FLOOR_SHARE,
    LEVEL,
    REMOVED,
    removed_at,
)


def curve(x: Any, level: Any, b: Any, floor_share: Any, start: Any) -> Any:
    r"""Log of a power law with a floor that starts late, ``ln(a ((C + x0)/C0)^-b + c)``.

    With f the floor's share of the loss at C0 and ``s = x0 / C0``,

    .. math:: \ln L = \ln(level) + \ln\Bigl(f + (1 - f)
              \Bigl(\frac{e^x + s}{1 + s}\Bigr)^{-b}\Bigr).

    Far below x0 the loss is flat, far above it follows `power_floor`; as s goes to 0 it is that law
    with the elasticity ``b (1 - f)``.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    level : float or array
        Loss at C0, in the unit of the loss.
    b : float or array
        Exponent of compute far above the start.
    floor_share : float or array
        ``f = c / L(C0)``.
    start : float or array
        ``s = x0 / C0``, below 1: the plateau ends in the ladder's lower half.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Lin et al. (2024), Selecting large language model to fine-tune via rectified scaling law, whose
    data that were learned before are this law's x0.

    Examples
    --------
    >>> float(np.exp(curve(0.0, level=2.0, b=0.3, floor_share=0.5, start=0.4)))
    2.0
    """
    maths = elementwise(x, level, b, floor_share, start)
    with np.errstate(divide="ignore"):  # a floor or a start pinned to 0 adds nothing
        log_floor, log_start = maths.log(floor_share), maths.log(start)
    grown = maths.logaddexp(x, log_start) - maths.log1p(start)
    return maths.log(level) + maths.logaddexp(log_floor, maths.log1p(-floor_share) - b * grown)


def _to_natural(values: Values) -> Values:
    level, share, start = values["level"], values["floor_share"], values["start"]
    return {
        "a": level * (1 - share) * (1 + start) ** values["b"],
        "b": values["b"],
        "c": level * share,
    }


LAW = Law(
    name="late_start",
    columns=("compute",),
    equations={"loss": "L(C) = a ((C + x_0)/C0)^-b + c\nx_0 = `start` C0"},
    curve=curve,
    parameters={
        "level": LEVEL,
        "b": EXPONENT,
        "floor_share": FLOOR_SHARE,
        "start": Parameter("where the plateau ends, as a share of C0: x_0 / C0", UNIT),
        "a": REMOVED,
        "c": FLOOR,
    },
    coordinates=(Coordinates(("level", "b", "floor_share", "start"), as_given),),
    to_natural=_to_natural,
    at_reference=removed_at,
)
