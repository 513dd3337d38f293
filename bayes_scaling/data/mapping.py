"""From the user's columns to ours: new names, and what the old ones say of their values."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.data.amount_checks import FIRST_ABSURD, FOREIGN, NOUNS, RANGES
from bayes_scaling.data.column_names import (
    BASE_NAMES,
    AmountName,
    LossName,
    name_metric,
    read_amount_name,
    read_loss_name,
    same_unit,
)
from bayes_scaling.data.compute import plain_number
from bayes_scaling.data.loss_checks import LARGEST_VOCABULARY, metrics_in, metrics_of, stated_units
from bayes_scaling.data.notices import tell
from bayes_scaling.data.remarks import listed
from bayes_scaling.errors import DataError, suggest
from bayes_scaling.metrics import METRICS

DIGITS = 15  # so that 21.6 x 1e21 is 2.16e22, and hashes like it


def map_columns(
    table: pd.DataFrame, columns: Mapping[str, str] | None, known: Collection[str]
) -> pd.DataFrame:
    """Rename columns from the user's names to ours, which are `known`.

    A column that already has the name is replaced. Units and logarithms that the name of an amount
    says are brought to FLOP or a plain count; a perplexity becomes its logarithm. What was done is
    told in ``attrs``, as `readings_of` lists it.

    Raises
    ------
    DataError
        If a name isn't there or isn't known, or what it says is unclear or contradicts the values.
    """
    demand_columns(columns)
    if not columns:
        return table
    renamed = _rename(table, columns, known)
    for theirs, ours in columns.items():
        if ours in RANGES:
            renamed = _read_amounts(renamed, theirs, ours)
        elif ours == "loss":
            renamed = read_losses(renamed, theirs)
    return renamed


def demand_columns(columns: object) -> None:
    """Demand a mapping from the user's names to ours; raises DataError."""
    fits = columns is None or (
        isinstance(columns, Mapping)
        and all(isinstance(name, str) for pair in columns.items() for name in pair)
    )
    if not fits:
        raise DataError(
            f"columns: got {columns!r}; write a mapping from the table's names to ours, such as "
            "{'final_loss': 'loss'}."
        )


def _rename(
    table: pd.DataFrame, columns: Mapping[str, str], known: Collection[str]
) -> pd.DataFrame:
    there = [str(name) for name in table.columns]
    for theirs, ours in columns.items():
        if theirs not in there:
            raise DataError(f"columns: {theirs!r} isn't in the table; {suggest(theirs, there)}")
        if ours not in known:
            raise DataError(f"columns: {ours!r} isn't a column of ours; {suggest(ours, known)}")
    if len(set(columns.values())) < len(columns):
        pairs = ", ".join(f"{theirs!r} to {ours!r}" for theirs, ours in columns.items())
        raise DataError(f"columns: two names are mapped to the same column: {pairs}.")
    replaced = [name for name in columns.values() if name in there and name not in columns]
    return table.drop(columns=replaced).rename(columns=dict(columns))


def read_losses(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Take the losses of a table for what the name of their column or metric says."""
    said = read_loss_name(name)
    if said.is_perplexity:
        table = _from_perplexity(table, name, said)
    elif said.base is not None:
        table = _undo_log_of_loss(table, name, said.base)
    if said.unit is not None:
        if not said.is_perplexity:
            told = (
                f"{name!r} says the unit of the losses, {said.unit}; they are read as they stand."
            )
            table = _told(table, "loss unit in a name", "loss", told)
        table = state_unit(table, said.unit, f"the name {name!r}")
    return _read_metric(table, name)


def state_unit(table: pd.DataFrame, unit: str, where: str = "loss_unit") -> pd.DataFrame:
    """State the unit of all losses; a table that says another one is refused."""
    there = stated_units(table)
    for other in there:
        if not same_unit(str(other), unit):
            raise DataError(
                f"loss_unit: {where} says {unit}, but the table says {other!s}; leave one of the "
                "two out, so that it is clear which counts."
            )
    return (
        table if len(there) and table["loss_unit"].notna().all() else table.assign(loss_unit=unit)
    )


def _read_metric(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Take the losses for what a name says that they are, unless the table says something else."""
    metric, there = name_metric(name), metrics_of(table)
    if metric is None or metric in metrics_in(table, "loss_unit") or there not in ([], [metric]):
        return table
    told = f"{name!r} says that the losses are {METRICS[metric]}; they are read as they stand."
    stated = table if there else table.assign(metric=metric)
    return _told(stated, "metric in a name", "loss", told)


def state_metric(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """State what all losses are; a column metric that says something else is refused."""
    if not isinstance(metric, str) or metric not in METRICS:
        raise DataError(
            f"metric: {metric!r} is not known of a table; {suggest(str(metric), METRICS)}"
        )
    for other in metrics_in(table, "metric"):
        if other != metric:
            raise DataError(
                f"metric: metric= says {metric}, but the column metric says {other}; leave one of "
                "the two out, so that it is clear which counts."
            )
    return table.assign(metric=metric)


def _read_amounts(table: pd.DataFrame, theirs: str, ours: str) -> pd.DataFrame:
    said = read_amount_name(theirs, ours)
    if said.foreign:
        unit = said.foreign.replace(" ", "-")
        return _told(
            table,
            FOREIGN,
            ours,
            f"column {theirs!r} is in {unit} by its name. It is taken as the {ours}; wherever "
            f"{NOUNS[ours]} is written, read {unit}.",
        )
    if said.base is None and said.scale == 1:
        return table
    raw = _numbers(table[ours], theirs)
    with np.errstate(over="ignore"):
        read = (raw if said.base is None else said.base**raw) * said.scale
    _demand_sense(raw, read, theirs, ours)
    if said.base is None:
        _demand_scale(raw, read, theirs, ours)
    else:
        _demand_base(raw, said, theirs, ours)
    how = [] if said.base is None else [f"{BASE_NAMES[said.base]} is undone"]
    how += [] if said.scale == 1 else [f"values are multiplied by {said.scale:.3g}"]
    rounded = np.char.mod(f"%.{DIGITS}g", read.to_numpy()).astype(float)
    told = f"column {theirs!r} is read as its name says: {' and '.join(how)}, to {NOUNS[ours]}."
    topic = "unit in a name" if said.base is None else "logarithm in a name"
    return _told(table.assign(**{ours: rounded}), topic, ours, told)


def _numbers(cells: "pd.Series[Any]", name: str) -> "pd.Series[float]":
    """Read cells that may hold nothing but numbers, since the name gives their unit."""
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype(float)
    texts = cells.astype("string").map(plain_number, na_action="ignore").astype("string")
    numbers = pd.to_numeric(texts, errors="coerce").astype("Float64")
    odd = (numbers.isna() & texts.notna() & ~texts.isin(["", "nan", "None"])).to_numpy(bool)
    if odd.any():
        row, *others = np.flatnonzero(odd).tolist()
        also = [f"row {place + 1} ({cells.iloc[place]!r})" for place in others]
        more = f" The same goes for {listed(also)}." if also else ""
        raise DataError(
            f"row {row + 1}, column {name!r}: got {cells.iloc[row]!r}, but the column's name gives "
            "a unit already; write plain numbers, or rename the column so that only the cells "
            f"do.{more}"
        )
    return pd.Series(numbers.to_numpy(float, na_value=np.nan), index=cells.index)


def _demand_sense(
    raw: "pd.Series[float]", read: "pd.Series[float]", theirs: str, ours: str
) -> None:
    """Refuse values that are amounts already, whatever the name says."""
    low, high = RANGES[ours]
    absurd = ((read > high) & raw.between(low, high)) | (np.isinf(read) & ~np.isinf(raw))
    if absurd.any():
        row = int(absurd.to_numpy().argmax())
        raise DataError(
            f"row {row + 1}, column {theirs!r}: got {raw.iloc[row]:.4g}, which the column's name "
            f"makes {read.iloc[row]:.3g} {NOUNS[ours]}; training runs have {low:.0e} to "
            f"{high:.0e}. If the cells are {NOUNS[ours]} already, rename the column."
        )


def _demand_scale(
    raw: "pd.Series[float]", read: "pd.Series[float]", theirs: str, ours: str
) -> None:
    """Refuse a unit where all values are amounts as they stand, and it makes all absurdly large."""
    low, high = RANGES[ours]
    if raw.dropna().between(low, high).all() and read.min() >= FIRST_ABSURD[ours]:
        raise DataError(
            f"column {theirs!r}: got {raw.min():.4g} to {raw.max():.4g}, which the column's name "
            f"makes {read.min():.3g} to {read.max():.3g} {NOUNS[ours]}, too much for the smallest "
            f"of a ladder. If the cells are {NOUNS[ours]} already, rename the column."
        )


def _demand_base(raw: "pd.Series[float]", said: AmountName, theirs: str, ours: str) -> None:
    """Refuse a logarithm whose base makes all values absurd: of another base, or none."""
    low, high = RANGES[ours]

    def undone(base: float) -> "pd.Series[float]":
        with np.errstate(over="ignore"):
            return (base ** raw.dropna()) * said.scale

    assert said.base is not None
    read = undone(said.base)
    if read.empty or read.between(low, FIRST_ABSURD[ours], inclusive="left").any():
        return
    likely = [name for base, name in BASE_NAMES.items() if undone(base).between(low, high).all()]
    likely = [name for name in likely if name != BASE_NAMES[said.base]]
    if likely or (read > high).all():
        looks = f"; they look like {' or '.join(likely)}" if likely else ""
        raise DataError(
            f"column {theirs!r}: got {raw.min():.4g} to {raw.max():.4g}, of which the column's "
            f"name makes {read.min():.3g} to {read.max():.3g} {NOUNS[ours]}{looks}. Training runs "
            f"have {low:.0e} to {high:.0e}; rename the column to say what its values are."
        )


def _from_perplexity(table: pd.DataFrame, name: str, said: LossName) -> pd.DataFrame:
    values = _numbers(table["loss"], name)
    if said.base is not None:
        times = "" if said.base == math.e else f", times ln {said.base:g},"
        return _told(
            table.assign(
                loss=values * math.log(said.base), **_errors_times(table, math.log(said.base))
            ),
            "perplexity",
            "loss",
            f"{name!r} is the logarithm of a perplexity: it{times} is the loss, in {said.unit}.",
        )
    low = (values <= 1).to_numpy()
    if low.any():
        row = int(low.argmax())
        raise DataError(
            f"row {row + 1}, column {name!r}: got {values.iloc[row]:.4g}; a perplexity is above 1. "
            "If it is a loss already, rename the column."
        )
    errors = _errors_times(table, 1 / values)
    also = ", and loss_se is divided by the perplexity" if errors else ""
    return _told(
        table.assign(loss=np.log(values), **errors),
        "perplexity",
        "loss",
        f"{name!r} is a perplexity: its logarithm is the loss, in {said.unit}{also}.",
    )


def _undo_log_of_loss(table: pd.DataFrame, name: str, base: float) -> pd.DataFrame:
    values = _numbers(table["loss"], name)
    limit = math.log(LARGEST_VOCABULARY, base)
    if (values > limit).any():
        raise DataError(
            f"column {name!r}: got {values.max():.4g}; {BASE_NAMES[base]} of a loss isn't above "
            f"{limit:.1f}. If the values are losses already, rename the column."
        )
    losses = base**values
    errors = _errors_times(table, losses * math.log(base))
    also = ", and loss_se is that of the loss then" if errors else ""
    told = f"column {name!r} is read as its name says: {BASE_NAMES[base]} is undone{also}."
    return _told(table.assign(loss=losses, **errors), "logarithm in a name", "loss", told)


def _errors_times(
    table: pd.DataFrame, slope: "float | pd.Series[float]"
) -> dict[str, "pd.Series[float]"]:
    """Carry standard errors along when losses are transformed, by the slope of that."""
    if "loss_se" not in table:
        return {}
    return {"loss_se": _numbers(table["loss_se"], "loss_se") * slope}


def _told(table: pd.DataFrame, topic: str, ours: str, sentence: str) -> pd.DataFrame:
    return tell(table, [(topic, ours, sentence)])
