"""The targets of a forecast, checked."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Index
from bayes_scaling.data import amount_of
from bayes_scaling.errors import DataError, suggest
from bayes_scaling.forecasting.frontiers import divide
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.places import Places

COMPUTE, RATIO = "compute", "ratio"


def read_targets(
    fit: Fit,
    targets: pd.DataFrame | None,
    covariates: Mapping[str, Any],
    family: str | Sequence[str] | None,
) -> Places:
    """Return the places of targets, given as a table or as the numbers of each covariate."""
    given = {name: value for name, value in covariates.items() if value is not None}
    groups = {name: given.pop(name) for name in fit.design.labels if name in given}
    columns = fit.spec.columns
    if targets is not None and given:
        raise DataError(f"targets: give either a table of targets or {_said(columns)}, not both.")
    if targets is not None:
        if not isinstance(targets, pd.DataFrame):
            raise DataError(
                f"targets: expected a DataFrame, got {type(targets).__name__}. For plain numbers "
                f"write {_said(columns)}."
            )
        asked = _asked(fit, targets)
        for name in asked:
            if name not in targets:
                raise DataError(
                    f"targets: the table lacks the column {name}; it has "
                    f"{', '.join(map(str, targets.columns))}."
                )
        given = {name: list(targets[name]) for name in asked}
        given |= {RATIO: list(targets[RATIO])} if asked != columns and RATIO in targets else {}
        family = list(targets["family"]) if "family" in targets else family
        groups |= {name: list(targets[name]) for name in fit.design.labels if name in targets}
    is_divided = _is_divided(fit, given)
    _demand_names(fit, given, is_divided=is_divided)
    lists = {name: _listed(value) for name, value in given.items()}
    count = max(map(len, [*lists.values(), *map(_listed, groups.values())]))
    for name, values in lists.items():
        if not values:
            raise DataError(f"{name}: no target given.")
        if len(values) not in {1, count}:
            raise DataError(f"{name}: {len(values)} numbers for {count} targets.")
    numbers: dict[str, Array] = {
        name: np.broadcast_to([_amount(name, value) for value in values], (count,)).copy()
        for name, values in lists.items()
    }
    index = _families(fit, family, count)
    if is_divided:
        numbers = divide(fit, numbers[COMPUTE], index, numbers.get(RATIO))
    numbers = {name: numbers[name] for name in columns}
    grouped = {name: _group(fit, name, value, count) for name, value in groups.items()}
    return fit.design.places_of(index, numbers, grouped)


def _asked(fit: Fit, targets: pd.DataFrame) -> tuple[str, ...]:
    """Name the columns that a table of targets has to have."""
    own = fit.spec.columns
    by_compute = COMPUTE in targets and not {*own} & {*targets.columns}
    return (COMPUTE,) if fit.spec.law.frontier is not None and by_compute else own


def _is_divided(fit: Fit, given: Mapping[str, Any]) -> bool:
    """Whether targets of a law of parameters and tokens are given by compute."""
    if fit.spec.law.frontier is None or COMPUTE not in given:
        return False
    both = [name for name in fit.spec.columns if name in given]
    if both:
        raise DataError(
            f"{both[0]}: compute= is divided between {' and '.join(fit.spec.columns)}; give it "
            f"alone or with ratio=, or give {_said(fit.spec.columns)}."
        )
    return True


def _group(fit: Fit, column: str, value: Any, count: int) -> Index:
    """Find which group of runs each target is of, such as its recipe."""
    labels = fit.design.labels[column]
    given = _listed(value)
    if len(given) not in {1, count}:
        raise DataError(f"{column}: {len(given)} names for {count} targets.")
    found = [group_index(column, labels, label) for label in given]
    return np.broadcast_to(np.array(found, dtype=np.int64), (count,)).copy()


def group_index(column: str, labels: Sequence[str], label: Any) -> int:
    """Find a group of runs by its name among those fitted; raises DataError."""
    if label not in labels:
        raise DataError(
            f"{column}: {label!r} has no run in the fit; {suggest(str(label), labels)} Add its "
            "runs and fit again."
        )
    return labels.index(label)


def _amount(name: str, value: object) -> float:
    if name == RATIO:
        if isinstance(value, int | float) and 0 < value < np.inf:
            return float(value)
        raise DataError(f"ratio: expected tokens per parameter, such as 20, got {value!r}.")
    try:
        return amount_of(name, value)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


def _demand_names(fit: Fit, given: Mapping[str, Any], *, is_divided: bool) -> None:
    """Demand every covariate of the model, and no other."""
    columns = fit.spec.columns
    if is_divided and given.keys() <= {COMPUTE, RATIO}:
        return
    if RATIO in given and fit.spec.law.frontier is not None and not is_divided:
        raise DataError(f"ratio: it divides a compute; give compute= with it, or {_said(columns)}.")
    for name in given:
        if name not in columns:
            raise DataError(
                f"{name}: {fit.spec.name} forecasts along {' and '.join(columns)}; "
                f"{suggest(name, columns)}"
            )
    missing = [name for name in columns if name not in given]
    if len(missing) == len(columns):
        raise DataError(
            f"targets: say where to forecast: give {_said(columns)}, or a table with "
            f"{'the column' if len(columns) == 1 else 'the columns'} {', '.join(columns)}."
        )
    if missing:
        raise DataError(f"{missing[0]}: {fit.spec.name} needs it beside {', '.join(given)}.")


def _said(columns: Sequence[str]) -> str:
    return " and ".join(f"{name}=" for name in columns)


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) or np.ndim(value) == 0 else list(value)


def _families(fit: Fit, family: str | Sequence[str] | None, count: int) -> Index:
    if not (family is None or isinstance(family, str) or _are_names(family)):
        raise DataError(f"family: expected a name, or one a target, got {family!r}.")
    labels = [family] * count if family is None or isinstance(family, str) else list(family)
    if len(labels) != count:
        raise DataError(
            f"family: {len(labels)} families for {count} targets; give one a target, or one for "
            "all."
        )
    named, rows = "family" in fit.table, fit.response.rows
    for label in labels:
        if label is not None and not named and label not in fit.families:
            raise DataError(f"family: got {label!r}, but the {rows} name no family; leave it away.")
    return np.array([family_index(fit.families, label) for label in labels], dtype=np.int64)


def _are_names(family: object) -> bool:
    """Whether they are names, some of which may be None: the only family of the fit."""
    return isinstance(family, Sequence) and all(isinstance(one, str | None) for one in family)


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
