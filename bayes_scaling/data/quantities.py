"""The checks on quantities: whether a column is what it is taken for, in the unit it is taken in.

`CHECKS` is the one table of them; docs/checks.md shows it. A remark doesn't stop a fit and travels
with its forecast. A refusal stops it, since what came out would mean nothing, until it is allowed
by its topic.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_scaling.data.column_names import name_unit, same_unit
from bayes_scaling.data.compute import SECONDS
from bayes_scaling.data.remarks import Remark, listed, named
from bayes_scaling.errors import DataError, suggest

RANGES = {"compute": (1e13, 1e28), "params": (1e5, 1e14), "tokens": (1e6, 1e15)}
NOUNS = {"compute": "FLOP", "params": "parameters", "tokens": "tokens"}
FACTOR = 3.0  # of 6 x params x tokens
LARGEST_VOCABULARY = 1e6
LARGEST_ENTROPY = {  # of a uniform guess among so many tokens
    None: math.log(LARGEST_VOCABULARY),
    "nats per token": math.log(LARGEST_VOCABULARY),
    "bits per token": math.log2(LARGEST_VOCABULARY),
}
SMALLEST_LIMIT = min(LARGEST_ENTROPY.values())
LOGARITHMS = {"log10": (8.0, 33.0), "ln": (34.0, 76.0)}  # of what training runs have
STEADY = 2.0  # a ladder whose largest compute is so many times its smallest is none
RANK_CORRELATION = 0.8
RISE = 0.02
FAR = 6.0  # decades
FEWEST = 3  # scales that tell whether losses rise

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

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Finder = Callable[[str, pd.DataFrame], Iterator[str]]


@dataclass(frozen=True)
class Check:
    """A check on quantities.

    Attributes
    ----------
    topic : str
        Its name; that of a refusal is one word, by which it is allowed.
    looks_at, threshold, override : str
        What it looks at, from where on it speaks, and the way past it.
    refuses : bool
    find : callable, optional
        Yields a sentence for each finding, given the name of a ladder and its checked table. Not
        there where the check is made while a column is read.
    """

    topic: str
    looks_at: str
    threshold: str
    override: str
    refuses: bool = False
    find: Finder | None = None


def remark_on_quantities(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    """Make the checks on a checked table of one family: runs, or one row a run of counts."""
    for check in CHECKS:
        for message in check.find(name, ladder) if check.find else ():
            yield Remark(check.topic, message, check.refuses)


def demand_meaning(remarks: Iterable[Remark], allow: str | Collection[str] = ()) -> None:
    """Refuse a table whose forecast would mean nothing.

    Parameters
    ----------
    remarks : iterable of Remark
        As `check` returns them.
    allow : str or collection of str
        Topics of refusals that are meant.

    Raises
    ------
    DataError
        For the first refusal that isn't allowed, or a topic that isn't known.
    """
    if refused := first_refusal(remarks, allow):
        raise DataError(f"{refused} If it is meant, allow={refused.topic!r} fits it all the same.")


def first_refusal(remarks: Iterable[Remark], allow: str | Collection[str] = ()) -> Remark | None:
    """Find the first refusal that isn't allowed; a topic that isn't known is a DataError."""
    allowed = [allow] if isinstance(allow, str) else list(allow)
    for topic in allowed:
        if topic not in REFUSALS:
            raise DataError(f"allow: {topic!r} is not known; {suggest(str(topic), REFUSALS)}")
    return next((one for one in remarks if one.refuses and one.topic not in allowed), None)


def _values(ladder: pd.DataFrame, column: str) -> Array:
    """Take a column as numbers; none where there is no such column."""
    return ladder[column].to_numpy(float) if column in ladder else np.empty(0)


def _out_of_range(column: str) -> Finder:
    low, high = RANGES[column]

    def find(name: str, ladder: pd.DataFrame) -> Iterator[str]:
        values = _values(ladder, column)
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


EXAMPLES = {
    "compute": "'6 ZFLOP' or 'FLOPs (1e21)'",
    "params": "'0.5B' or 'Model Size (B)'",
    "tokens": "'2T' or 'Tokens (T)'",
}


def _compute_factor(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    if not {"params", "tokens"} <= set(ladder.columns):
        return
    powers = np.log10(_values(ladder, "compute")) - math.log10(6)
    powers = powers - np.log10(_values(ladder, "params")) - np.log10(_values(ladder, "tokens"))
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


def _logarithm(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    compute = _values(ladder, "compute")[_is_given(ladder)]
    if len(compute) < 2 or compute.max() > STEADY * compute.min():
        return
    for base, (low, high) in LOGARITHMS.items():
        if low <= compute.min() and compute.max() <= high:
            yield (
                f"compute of {name} goes from {compute.min():.4g} to {compute.max():.4g}, which "
                f"looks like {base} of FLOP: a law in it would be another, and targets in FLOP lie "
                f"decades away. Map a column whose name begins with {base}, and it is undone."
            )


def _beyond_vocabulary(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    losses = _values(ladder, "loss")
    if not (losses > SMALLEST_LIMIT).any():
        return
    unit = unit_of(ladder)
    limit = LARGEST_ENTROPY.get(unit if unit is None else name_unit(unit), math.inf)
    above = ladder["run"][losses > limit].tolist()
    if above:
        yield (
            f"losses of {name} reach {losses.max():.4g}, above {limit:.1f}, the logarithm "
            f"of any vocabulary ({named(above)}): that is no cross-entropy of tokens. A perplexity "
            "is read as one from a column of that name mapped to loss; write per cent as shares; "
            "another unit, such as nats per answer, goes into a column loss_unit."
        )


def _rate(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    losses = _values(ladder, "loss")
    if len(losses) < 2:
        return
    unit = unit_of(ladder)
    in_share, in_per_cent = losses.max() <= 1, unit is not None and name_unit(unit) == "per cent"
    if (in_share and not is_entropy(unit)) or in_per_cent:
        what = "lie between 0 and 1" if in_share else "are per cent"
        yield (
            f"all losses of {name} {what}, as shares and error rates do. Priors and intervals of "
            "these models are of cross-entropies; of error rates they held the truth less often. "
            "Where it is a cross-entropy, a column loss_unit says so."
        )


def _rising(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    computes, losses = _values(ladder, "compute"), _values(ladder, "loss")
    if "finished" in ladder and len(losses):
        done = ladder["finished"].to_numpy(bool)
        computes, losses = computes[done], losses[done]
    if len(losses) < FEWEST:
        return
    first = float(np.median(losses[computes == computes.min()]))
    last = float(np.median(losses[computes == computes.max()]))
    if not last > (1 + RISE) * first:
        return
    ranks = pd.Series(losses).groupby(computes).median().rank().to_numpy()
    places = np.arange(len(ranks))
    if len(ranks) < FEWEST or np.corrcoef(places, ranks)[0, 1] < RANK_CORRELATION:
        return
    yield (
        f"losses of {name} rise with compute, from {first:.4g} to {last:.4g}: "
        f"no loss does, and these models only fall. {_instead(float(losses.max()))}"
    )


def _instead(largest: float) -> str:
    if largest <= 1:
        return (
            "A share of right answers? Fit 1 minus the share, or counts by problem with pass_rate."
        )
    if largest <= 100:
        return (
            "Per cent of right answers? Fit 1 minus the share, or counts by problem with pass_rate."
        )
    return "A score or a reward? Fit what falls."


def _constant(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    losses = _values(ladder, "loss")
    if len(losses) and losses.min() == losses.max() and _has_several_computes(ladder):
        yield (
            f"all losses of {name} are {losses[0]:.6g}, whatever the compute: they "
            "say nothing of the curve. Is it the right column, with all its decimals?"
        )


def _uncertain_some(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    wide, spread = _wide_errors(ladder)
    if len(wide) and not _drowned(ladder):
        yield (
            f"loss_se of {listed([repr(run) for run in wide])} of {name} is larger than the spread "
            f"of all its losses, {spread:.3g}: such runs say next to nothing. Is it a standard "
            "error, in the unit of the loss?"
        )


def _uncertain_all(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    if _drowned(ladder):
        _, spread = _wide_errors(ladder)
        yield (
            f"loss_se of {name} has a median of {ladder['loss_se'].median():.3g}, more than the "
            f"spread of all its losses, {spread:.3g}: the forecast would be the prior's. Is it a "
            "standard error, in the unit of the loss? An empty cell says that it isn't known."
        )


def _has_several_computes(ladder: pd.DataFrame) -> bool:
    computes = _values(ladder, "compute")
    return bool(computes.min() < computes.max())


def _wide_errors(ladder: pd.DataFrame) -> tuple[list[str], float]:
    losses, errors = _values(ladder, "loss"), _values(ladder, "loss_se")
    if not (len(losses) and len(errors) and _has_several_computes(ladder)):
        return [], math.nan
    spread = float(losses.max() - losses.min())
    wide = (errors > spread) & (spread > 0)
    return (ladder["run"][wide].tolist() if wide.any() else []), spread


def _drowned(ladder: pd.DataFrame) -> bool:
    wide, spread = _wide_errors(ladder)
    return bool(wide) and bool(np.median(np.nan_to_num(_values(ladder, "loss_se"))) > spread)


def _two_units(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    units = sorted(stated_units(ladder))
    if any(not same_unit(units[0], unit) for unit in units[1:]):
        yield (
            f"losses of {name} are in {', '.join(units)}: one curve can't hold several units. "
            "Bring them to one, or give each its own family."
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


def unit_of(ladder: pd.DataFrame) -> str | None:
    """Name the unit of the losses, where the table says it."""
    return ", ".join(stated_units(ladder)) or None


def stated_units(table: pd.DataFrame) -> list[str]:
    """List the units of the losses of a table, as they are written."""
    said = pd.unique(table["loss_unit"].to_numpy()) if "loss_unit" in table else ()
    return [str(unit) for unit in said if not pd.isna(unit)]


def is_entropy(unit: str | None) -> bool:
    """Whether a unit is one of cross-entropy."""
    return unit is not None and name_unit(unit).startswith(("nats", "bits"))


NO_NEED = "none needed; state the unit, and it is silent"
RENAME = "rename the column"

CHECKS = (
    *(
        Check(
            f"{column} range",
            column,
            f"any run below {low:.0e} or above {high:.0e} {NOUNS[column]}",
            NO_NEED,
            find=_out_of_range(column),
        )
        for column, (low, high) in RANGES.items()
    ),
    Check(
        "compute factor",
        "compute over 6 x params x tokens, where compute is given",
        "above 3 in all runs, or below 1/3 in all",
        NO_NEED,
        find=_compute_factor,
    ),
    Check(
        "logarithm",
        "compute",
        "all in 8 to 33 (log10) or 34 to 76 (ln), the largest at most twice the smallest",
        "name the column log10 or ln, or allow it",
        refuses=True,
        find=_logarithm,
    ),
    Check(
        "loss range",
        "loss in nats or bits per token, or without a unit",
        "any run above ln 1e6 = 13.8 (19.9 bits)",
        "none needed; loss_unit states another unit",
        find=_beyond_vocabulary,
    ),
    Check(
        "rate",
        "loss that isn't said to be in nats or bits",
        "all at most 1, or in per cent",
        "none needed; loss_unit states nats or bits",
        find=_rate,
    ),
    Check(
        "rising",
        "median loss at each compute, from 3 computes on",
        "rank correlation with compute from 0.8, and the last more than 2 % above the first",
        "allow it",
        refuses=True,
        find=_rising,
    ),
    Check(
        "constant",
        "loss, from 2 computes on",
        "all equal",
        "allow it",
        refuses=True,
        find=_constant,
    ),
    Check(
        "uncertain runs",
        "loss_se",
        "any above the largest less the smallest loss",
        "none needed",
        find=_uncertain_some,
    ),
    Check(
        "uncertain",
        "loss_se",
        "the median above the largest less the smallest loss",
        "empty the cells, or allow it",
        refuses=True,
        find=_uncertain_all,
    ),
    Check(
        "units",
        "loss_unit in one family",
        "two that differ",
        "a family each, or allow it",
        refuses=True,
        find=_two_units,
    ),
    Check(
        "unit in a name",
        "name of a column mapped to compute, params or tokens",
        "gives a scale, such as (B), zflop, PF-days or x10^18: values are multiplied by it",
        RENAME,
    ),
    Check(
        "logarithm in a name",
        "name of a column mapped to compute, params, tokens or loss",
        "says log10, log2 or ln: it is undone",
        RENAME,
    ),
    Check(
        "perplexity",
        "name of a column mapped to loss, or of the metric of a log",
        "says perplexity or ppl: its logarithm is the loss, in nats",
        RENAME,
    ),
    Check(
        "other unit in a name",
        "name of a column mapped to compute, params or tokens",
        "says hours, days, bytes or money: values are read as they stand",
        "none needed",
    ),
    Check(
        "target",
        "compute of a target",
        "1e+13 FLOP or more, and more than 6 decades beyond a ladder that lies below 1e+13",
        "give both in one unit",
        refuses=True,
    ),
    Check(
        "name against values",
        "cells of a column whose name gives a unit, a logarithm or a perplexity",
        "units of their own, or values inside the range above before they are scaled and beyond "
        "it after; a perplexity of 1 or less",
        RENAME,
        refuses=True,
    ),
    Check(
        "unclear name",
        "name of a mapped column",
        "two units, a factor below 1, a rate, a scaled loss, or a logarithm of no base",
        RENAME,
        refuses=True,
    ),
    Check(
        "two units said",
        "loss_unit against the name of the column or metric",
        "they differ",
        "leave one out",
        refuses=True,
    ),
)
REFUSALS = tuple(check.topic for check in CHECKS if check.refuses and check.find is not None)
