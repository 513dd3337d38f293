"""How far a target lies beyond what was fitted, and what the record holds there."""

import math
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.errors import DataError
from bayes_scaling.scales import unit_after

FAR = 2.5  # decades of compute; what it is along another scale isn't known
FARTHEST = 8.0  # decades beyond the runs that predict takes without being told that they are meant
LOWEST = 6.0  # decades below the runs, where a number looks like one without its exponent
ENOUGH_SOURCES = 5  # fewer say nothing of calibration
RECORD = "record.csv"
RECORDED = "loss"  # the model that was judged
MEANT = "If it is meant, far=True forecasts it all the same."


@cache
def distance_record() -> pd.DataFrame:
    """Read how forecasts of published ladders fared, by their distance.

    Returns
    -------
    DataFrame
        A row a bin of distances, in decades of compute beyond the last fitted run: ``above, upto,
        sources, ladders, forecasts, coverage_90`` (the share of truths inside the 90 % interval of
        kind ``run``, of the model ``loss`` with priors learned from other sources). It is made by
        ``benchmarks/distance_record.py``.

    Examples
    --------
    >>> distance_record()["upto"].tolist()
    [0.5, 1.0, 1.5, 2.0, 2.5, inf]
    """
    with (files("bayes_scaling.forecasting") / RECORD).open(encoding="utf-8") as file:
        return pd.read_csv(file)


def record_at(distance: float) -> str:
    """Say in a sentence what the record holds as far out as a target; empty inside the ladder."""
    table = distance_record()
    found = table[(table["above"] < distance) & (distance <= table["upto"])]
    if found.empty:
        return ""
    row = found.iloc[0]
    few = ", too few to claim calibration" if row["sources"] < ENOUGH_SOURCES else ""
    bounds = f"more than {row['above']:g}"
    if math.isfinite(row["upto"]):
        bounds = f"{row['above']:g} to {row['upto']:g}"
    return (
        f"Of published ladders, {row['forecasts']:.0f} forecasts were judged at {bounds} decades: "
        f"the 90 % interval of {RECORDED} held {100 * row['coverage_90']:.0f} % of the truths "
        f"({row['sources']:.0f} sources{few})."
    )


def farthest(targets: pd.DataFrame) -> float | None:
    """Return the largest distance of a table of targets, if it is far."""
    distance = float(targets["distance"].max())
    return distance if distance > FAR else None


def far_notes(targets: pd.DataFrame, *, is_recorded: bool) -> Iterator[str]:
    """Say which targets are far, and what the record holds there, where there is one."""
    distance = farthest(targets)
    if distance is None:
        return
    far = targets[targets["distance"] > FAR]
    named = ", ".join(
        f"{place} ({away:.2f} decades)"
        for place, away in zip(said_of(far), far["distance"], strict=True)
    )
    judged = record_at(distance) if is_recorded else "There is no record of such forecasts there."
    yield f"Far: more than {FAR:g} decades beyond the fitted runs: {named}. {judged}"


def demand_near(
    scales: Array,
    smallest: Array | float,
    largest: Array | float,
    columns: tuple[str, ...] = ("compute",),
) -> None:
    """Refuse targets so far from the fitted runs that they must be meant.

    Parameters
    ----------
    scales : ndarray
        Of the targets: their compute, or what else they are forecast along.
    smallest, largest : ndarray or float
        The ends of the ladder that each target belongs to.
    columns : tuple of str
        What the scale is, or is the product of.

    Raises
    ------
    DataError
        If a target lies more than 8 decades beyond the largest run, or more than 6 below the
        smallest, as a number does whose exponent was forgotten.
    """
    name, unit = " x ".join(columns), unit_after(columns)
    smallest, largest = (np.broadcast_to(end, len(scales)) for end in (smallest, largest))
    beyond, below = np.log10(scales / largest), np.log10(smallest / scales)
    for place in np.flatnonzero(beyond > FARTHEST):
        raise DataError(
            f"{name}: the target {scales[place]:.3g}{unit} lies {beyond[place]:.1f} decades "
            f"beyond the largest fitted run, which has {largest[place]:.3g}. Beyond {FARTHEST:g} "
            f"decades a forecast is little but its priors. {MEANT}"
        )
    for place in np.flatnonzero(below > LOWEST):
        raise DataError(
            f"{name}: {scales[place]:.4g}{unit} is {below[place]:.0f} decades below the smallest "
            f"run, which has {smallest[place]:.3g}; was "
            f"{_with_exponent(float(scales[place]), float(largest[place]))} meant? {MEANT}"
        )


def said_of(targets: pd.DataFrame) -> list[str]:
    """Say where each target is: '2.3e+22 FLOP', or '7e+09 params and 1.4e+12 tokens'."""
    names = [name for name in targets if name not in {"family", "distance"}]
    columns = [[_said(str(name), value) for value in targets[name]] for name in names]
    return [" and ".join(parts) for parts in zip(*columns, strict=True)]


def _said(name: str, value: Any) -> str:
    """Say a number with its unit, or the name of a group, such as a recipe."""
    return str(value) if isinstance(value, str) else f"{value:.3g}{unit_after([name])}"


def _with_exponent(number: float, largest: float) -> str:
    """Give a number the exponent by which it is the first beyond the largest run."""
    exponent = math.floor(math.log10(number))
    leading = number / 10.0**exponent
    needed = math.ceil(math.log10(largest / leading))
    return f"{leading:.4g}e{needed}"
