"""Parameters that several laws have: those of a power of compute that may end at a floor."""

from typing import Any

from bayes_scaling.specification.domains import NONNEGATIVE, POSITIVE, SHARE
from bayes_scaling.specification.laws.law import Parameter, Values

LEVEL = Parameter("loss of the law at C0", POSITIVE, is_regressed=True, has_unit=True)
ELASTICITY = Parameter(
    "slope of the law at C0: -d log L / d log C",
    POSITIVE,
    is_regressed=True,
    is_slope=True,
    is_learned=True,
)
FLOOR_SHARE = Parameter(
    "share of the loss at C0 that no compute removes: c / L(C0)",
    SHARE,
    is_regressed=True,
    is_floor=True,
    is_learned=True,
)
REMOVED = Parameter(
    "part of the loss that compute removes, at C0",
    POSITIVE,
    is_regressed=True,
    is_quoted=True,
    has_unit=True,
    is_part=True,
)
EXPONENT = Parameter(
    "exponent of compute", POSITIVE, is_regressed=True, is_quoted=True, is_slope=True
)
FLOOR = Parameter(
    "floor: the loss that no compute removes",
    NONNEGATIVE,
    is_regressed=True,
    is_quoted=True,
    is_floor=True,
    has_unit=True,
    is_part=True,
)


def removed_at(quoted: Values, ratio: Any) -> Values:
    """Restate ``a`` of ``a (C/C0)^-b`` at another C0."""
    return {"a": quoted["a"] * ratio ** -quoted["b"]}
