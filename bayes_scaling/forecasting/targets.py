"""The targets of a forecast, checked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.data import parse_compute
from bayes_scaling.errors import DataError, suggest


def read_targets(
    targets: pd.DataFrame | None, compute: Any, family: str | Sequence[str] | None
) -> tuple[np.ndarray[Any, Any], list[str | None]]:
    """Return the computes of the targets, FLOP, and their families where they are named."""
    if targets is None and compute is None:
        raise DataError(
            "compute: no target given; say what is forecast, as predict(fit, compute=2.3e22), or "
            "with a table of targets that has the column compute."
        )
    if targets is not None and compute is not None:
        raise DataError("targets: give either a table of targets or compute=, not both.")
    if targets is not None:
        if not isinstance(targets, pd.DataFrame):
            raise DataError(
                f"targets: expected a DataFrame, got {type(targets).__name__}. For plain numbers "
                "write compute=."
            )
        if "compute" not in targets:
            raise DataError(
                "targets: the table lacks the column compute; it has "
                f"{', '.join(map(str, targets.columns))}."
            )
        compute = list(targets["compute"])
        family = list(targets["family"]) if "family" in targets else family
    single = isinstance(compute, str) or np.ndim(compute) == 0
    values = [compute] if single else list(compute)
    if not values:
        raise DataError("compute: no target given.")
    try:
        computes = np.array([parse_compute(value) for value in values])
    except DataError as error:
        raise DataError(f"compute: {error}") from None
    if not (family is None or isinstance(family, str) or _are_names(family)):
        raise DataError(f"family: expected a name, or one a target, got {family!r}.")
    if family is None or isinstance(family, str):
        return computes, [family] * len(computes)
    if len(family) != len(computes):
        raise DataError(
            f"family: {len(family)} families for {len(computes)} targets; give one a target, or "
            "one for all."
        )
    return computes, list(family)


def _are_names(family: object) -> bool:
    return isinstance(family, Sequence) and all(isinstance(name, str) for name in family)


def family_index(families: Sequence[str], label: str | None) -> int:
    """Find a target's family among those fitted; raises DataError if it has no run there."""
    if label is None:
        if len(families) > 1:
            raise DataError(
                f"family: the fit has {len(families)} families, say which one the target is "
                f"of: {', '.join(families)}."
            )
        return 0
    if label not in families:
        raise DataError(
            f"family: {label!r} has no run in the fit, so its level is unknown; "
            f"{suggest(str(label), families)} Add at least one of its runs and fit again."
        )
    return families.index(label)
