"""Checks on losses: whether they are a cross-entropy's, each on a checked table of one family."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data.amount_checks import values_of
from bayes_scaling.data.column_names import name_metric, name_unit, same_unit
from bayes_scaling.data.remarks import listed, named
from bayes_scaling.metrics import METRICS

LARGEST_VOCABULARY = 1e6
LARGEST_ENTROPY = {  # of a uniform guess among so many tokens
    None: math.log(LARGEST_VOCABULARY),
    "nats per token": math.log(LARGEST_VOCABULARY),
    "bits per token": math.log2(LARGEST_VOCABULARY),
}
SMALLEST_LIMIT = min(LARGEST_ENTROPY.values())
RANK_CORRELATION = 0.8
RISE = 0.02
METRIC_COLUMNS = ("metric", "loss_unit")  # the first that says what losses are counts
FEWEST = 3  # scales that tell whether losses rise
MOST = 500  # scales of which all pairs are looked at


def beyond_vocabulary(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for losses above that of a uniform guess among any vocabulary."""
    losses = values_of(ladder, "loss")
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


def rate(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for losses that are shares or percentages."""
    losses = values_of(ladder, "loss")
    if len(losses) < 2:
        return
    unit = unit_of(ladder)
    in_share, in_per_cent = losses.max() <= 1, unit is not None and name_unit(unit) == "per cent"
    if (in_share or in_per_cent) and not metrics_of(ladder):
        what = "lie between 0 and 1" if in_share else "are per cent"
        yield (
            f"all losses of {name} {what}, as shares and error rates do. The priors of loss are "
            "those of cross-entropies; of error rates its intervals held the truth less often. "
            "metric='error_rate' says that they are, metric='cross_entropy' that they aren't, and "
            "so does a column metric or loss_unit."
        )


def rising(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for losses that rise with compute, so far that no forecast would mean anything."""
    _, losses = _medians(ladder)
    if _rises_far(losses):
        yield (
            f"losses of {name} rise with compute, from {losses[0]:.4g} to {losses[-1]:.4g}: "
            f"no loss does, and these models only fall. {_instead(float(losses.max()))}"
        )


def rising_slope(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for losses that rise a little: more pairs of scales that rise than fall."""
    computes, losses = _medians(ladder)
    if len(losses) < FEWEST or _rises_far(losses):
        return
    chosen = np.linspace(0, len(losses) - 1, min(len(losses), MOST)).round().astype(int)
    before, after = np.triu_indices(len(chosen), k=1)
    rise, run = (np.log10(values[chosen]) for values in (losses, computes))
    slope = float(np.median((rise[after] - rise[before]) / (run[after] - run[before])))
    if slope > 0:
        yield (
            f"losses of {name} rise with compute, by {100 * (10**slope - 1):.2g} % a decade "
            "(the median over pairs of scales), and these models only fall. Prior and data are in "
            "conflict: what a forecast says of the slope comes from the prior."
        )


def _rises_far(losses: Array) -> bool:
    """Whether losses, by compute, rise almost throughout and beyond what runs scatter."""
    if len(losses) < FEWEST or not losses[-1] > (1 + RISE) * losses[0]:
        return False
    ranks = pd.Series(losses).rank().to_numpy()
    return bool(np.corrcoef(np.arange(len(ranks)), ranks)[0, 1] >= RANK_CORRELATION)


def _medians(ladder: pd.DataFrame) -> tuple[Array, Array]:
    """Take the computes of finished runs in their order, and the median loss at each."""
    computes, losses = values_of(ladder, "compute"), values_of(ladder, "loss")
    if "finished" in ladder and len(losses):
        done = ladder["finished"].to_numpy(bool)
        computes, losses = computes[done], losses[done]
    medians = pd.Series(losses, dtype=float).groupby(computes[: len(losses)]).median()
    return np.asarray(medians.index, float), np.asarray(medians, float)


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


def constant(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for losses that are all the same."""
    losses = values_of(ladder, "loss")
    if len(losses) and losses.min() == losses.max() and _has_several_computes(ladder):
        yield (
            f"all losses of {name} are {losses[0]:.6g}, whatever the compute: they "
            "say nothing of the curve. Is it the right column, with all its decimals?"
        )


def uncertain_some(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for runs whose standard error is above the spread of all losses."""
    wide, spread = _wide_errors(ladder)
    if len(wide) and not _drowned(ladder):
        yield (
            f"loss_se of {listed([repr(run) for run in wide])} of {name} is larger than the spread "
            f"of all its losses, {spread:.3g}: such runs say next to nothing. Is it a standard "
            "error, in the unit of the loss?"
        )


def uncertain_all(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for standard errors that drown what the losses say."""
    if _drowned(ladder):
        _, spread = _wide_errors(ladder)
        yield (
            f"loss_se of {name} has a median of {_median_error(ladder):.3g}, more than the "
            f"spread of all its losses, {spread:.3g}: the forecast would be the prior's. Is it a "
            "standard error, in the unit of the loss? An empty cell says that it isn't known."
        )


def _has_several_computes(ladder: pd.DataFrame) -> bool:
    computes = values_of(ladder, "compute")
    return bool(computes.min() < computes.max())


def _wide_errors(ladder: pd.DataFrame) -> tuple[list[str], float]:
    losses, errors = values_of(ladder, "loss"), values_of(ladder, "loss_se")
    if not (len(losses) and len(errors) and _has_several_computes(ladder)):
        return [], math.nan
    spread = float(losses.max() - losses.min())
    wide = (errors > spread) & (spread > 0)
    return (ladder["run"][wide].tolist() if wide.any() else []), spread


def _drowned(ladder: pd.DataFrame) -> bool:
    wide, spread = _wide_errors(ladder)
    return bool(wide) and _median_error(ladder) > spread


def _median_error(ladder: pd.DataFrame) -> float:
    """Take the median standard error; an unknown one drowns nothing, and counts as zero."""
    return float(np.median(np.nan_to_num(values_of(ladder, "loss_se"))))


def two_units(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for losses of one ladder in several units."""
    units = sorted(stated_units(ladder))
    if any(not same_unit(units[0], unit) for unit in units[1:]):
        yield (
            f"losses of {name} are in {', '.join(units)}: one curve can't hold several units. "
            "Bring them to one, or give each its own family."
        )


def two_metrics(name: str, ladder: pd.DataFrame) -> Iterator[str]:
    """Look for losses of one ladder that are said to be two things; counts are none."""
    if "loss" not in ladder:
        return
    said = [metrics_in(ladder, column) for column in METRIC_COLUMNS]
    found = said[0] if said[0] == ["other"] else sorted({*said[0], *said[1]})
    if len(found) > 1:
        yield (
            f"losses of {name} are said to be {' and '.join(METRICS[one] for one in found)} by the "
            "columns metric and loss_unit: one curve can't hold both. Correct the one that is "
            "wrong, or give each its own family."
        )


def unit_of(ladder: pd.DataFrame) -> str | None:
    """Name the unit of the losses, where the table says it."""
    return ", ".join(stated_units(ladder)) or None


def stated_units(table: pd.DataFrame) -> list[str]:
    """List the units of the losses of a table, as they are written."""
    said = pd.unique(table["loss_unit"].to_numpy()) if "loss_unit" in table else ()
    return [str(unit) for unit in said if not pd.isna(unit)]


def metrics_of(table: pd.DataFrame) -> list[str]:
    """List what the losses of a table are said to be: by its column metric, or else loss_unit."""
    return next(filter(None, (metrics_in(table, column) for column in METRIC_COLUMNS)), [])


def metrics_in(table: pd.DataFrame, column: str) -> list[str]:
    """List the kinds of metric that a column names, whatever else it holds."""
    cells = table[column].tolist() if column in table else []
    texts = dict.fromkeys(cell for cell in cells if isinstance(cell, str))
    return sorted({kind for kind in map(name_metric, texts) if kind is not None})
