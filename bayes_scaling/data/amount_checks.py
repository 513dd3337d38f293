"""Checks on amounts: compute, params and tokens, each on a checked table of one family.

A finder is given the name of a ladder and its table, and yields a sentence for each finding.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Flags
from bayes_scaling.data.compute import SECONDS
from bayes_scaling.data.notices import readings_of
from bayes_scaling.errors import DataError

RANGES = {"compute": (1e13, 1e28), "params": (1e5, 1e14), "tokens": (1e6, 1e15)}
FIRST_ABSURD = {"compute": 1e25, "params": 1e12, "tokens": 1e14}  # of the smallest of all runs
FOREIGN = "other unit in a name"  # the topic of a reading
NOUNS = {"compute": "FLOP", "params": "parameters", "tokens": "tokens"}
FACTOR = 3.0  # of 6 x params x tokens
LOGARITHMS = {"log10": (8.0, 33.0), "ln": (34.0, 76.0)}  # of what training runs have
STEADY = 2.0  # a ladder whose largest compute is so many times its smallest is none
FAR = 6.0  # decades
EXAMPLES = {
    "compute": "'6 ZFLOP' or 'FLOPs (1e21)'",
    "params": "'0.5B' or 'Model Size (B)'",
    "tokens": "'2T' or 'Tokens (T)'",
}
UNITS_OF_COMPUTE = {
    "GFLOP": 1e9,
    "TFLOP": 1e12,
    "PFLOP": 1e15,
    "EFLOP": 1e18,
    "ZFLOP": 1e21,
    "YFLOP": 1e24,
    "PF-hours": 1e15 * SECONDS["hour"],
    "PF-days": 1e15 * SECONDS["day"],
}
UNITS_OF_SIZES = {
    "params or tokens in thousands (K)": 1e3,
    "params or tokens in millions (M)": 1e6,
    "params or tokens in billions (B)": 1e9,
    "tokens in trillions (T), or params and tokens in millions (M x M)": 1e12,
    "params and tokens in millions and billions (M x B)": 1e15,
    "params and tokens in billions (B x B)": 1e18,
    "params in billions and tokens in trillions (B x T)": 1e21,
}

Finder = Callable[[str, pd.DataFrame], Iterator[str]]


def values_of(ladder: pd.DataFrame, column: str) -> Array:
    """Take a column as numbers; none where there is no such column."""
    return ladder[column].to_numpy(float) if column in ladder else np.empty(0)


def is_foreign(column: str, ladder: pd.DataFrame) -> bool:
    """Whether it was said that a column is in hours, bytes or the like."""
    return any((topic, ours) == (FOREIGN, column) for topic, ours, _ in readings_of(ladder))


def out_of_range(column: str) -> Finder:
    """Look for amounts that no training run has."""
    low, high = RANGES[column]

    def find(name: str, ladder: pd.DataFrame) -> Iterator[str]:
        values = np.empty(0) if is_foreign(column, ladder) else values_of(ladder, column)
        outside = np.count_nonzero((values < low) | (values > high))
        if outside:
            known = values[~np.isnan(values)]
            yield (
                f"{column} of {name} goes from {known.min():.3g} to {known.max():.3g} "
                f"{NOUNS[column]}; training runs have {low:.0e} to {high:.0e}, and {outside} of "
                f"{len(known)} runs lie outside. If they are in another unit, give it in the cells "
                f"or in the name of a column that is mapped to {column}, such as "
                f"{EXAMPLES[column]}."
            )

    return find


def compute_factor(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for compute that is far from 6 x params x tokens in every run."""
    if not {"params", "tokens"} <= set(ladder.columns):
        return
    if any(is_foreign(column, ladder) for column in RANGES):
        return
    powers = np.log10(values_of(ladder, "compute")) - math.log10(6)
    powers = powers - np.log10(values_of(ladder, "params")) - np.log10(values_of(ladder, "tokens"))
    powers = powers[_is_given(ladder) & ~np.isnan(powers)]
    edge = math.log10(FACTOR)
    if len(powers) and (powers.min() > edge or powers.max() < -edge):
        middle = float(np.median(powers))
        yield (
            f"compute of {name} is {_factor(middle)} times 6 x params x tokens (the median; more "
            f"than a factor of {FACTOR:g} away in every run): {_suggestion(middle)}"
        )


def _is_given(ladder: pd.DataFrame) -> Flags:
    """Whether compute was given, and not made of params and tokens, for each run."""
    given: Flags = ladder["compute_from"].to_numpy() != "6ND"
    return given


def _factor(power: float) -> str:
    return f"{10**power:.3g}" if abs(power) < 300 else f"1e{power:.0f}"


def _suggestion(power: float) -> str:
    """Say which unit would explain a factor, given as its power of ten."""
    units = {f"compute in {unit}": -math.log10(size) for unit, size in UNITS_OF_COMPUTE.items()}
    units |= {unit: math.log10(size) for unit, size in UNITS_OF_SIZES.items()}
    found = [unit for unit, worth in units.items() if abs(power - worth) < math.log10(FACTOR)]
    if found:
        return f"that fits {', or '.join(found)}. Give the unit in the cells or the column's name."
    return (
        "is one of the three in another unit, are the params those that a token passes through "
        "(of a mixture of experts), or the tokens those of one epoch?"
    )


def logarithm(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for compute that is a logarithm of FLOP."""
    compute = values_of(ladder, "compute")[_is_given(ladder)]
    if len(compute) < 2 or compute.max() > STEADY * compute.min():
        return
    for base, (low, high) in LOGARITHMS.items():
        if low <= compute.min() and compute.max() <= high:
            yield (
                f"compute of {name} goes from {compute.min():.4g} to {compute.max():.4g}, which "
                f"looks like {base} of FLOP: a law in it would be another, and targets in FLOP lie "
                f"decades away. Map a column whose name begins with {base}, and it is undone."
            )


def demand_one_unit(fitted: Array, targets: Array) -> None:
    """Refuse targets in FLOP beside a ladder whose compute is in another unit.

    Raises
    ------
    DataError
        If no fitted compute is one of a training run, a target is, and lies too far beyond.
    """
    low, largest = RANGES["compute"][0], float(fitted.max())
    beyond = np.log10(targets) - math.log10(largest)
    far = np.flatnonzero((targets >= low) & (beyond > FAR))
    if largest < low and len(far):
        raise DataError(
            f"compute: the target {targets[far[0]]:.3g} FLOP lies {beyond[far[0]]:.0f} decades "
            f"beyond the largest fitted run, which has {largest:.3g}: the ladder is in another "
            "unit. Give that in its cells or in the name of a column that is mapped to compute, "
            f"such as {EXAMPLES['compute']}; or give the target in the ladder's own unit."
        )
