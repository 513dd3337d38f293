"""Runs of one compute that differ by more than noise: several configurations, not replicates."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Index
from bayes_scaling.data.loss_checks import metrics_of
from bayes_scaling.data.notices import tell
from bayes_scaling.data.remarks import Remark, flop, listed, named
from bayes_scaling.errors import DataError, suggest

ONE_COMPUTE = 1.02  # the largest over the smallest
NOISE = 0.02  # of losses; replicates lie closer
NOISE_OF_RATES = 0.1  # of error rates, which few items are counted for
SURE = 4.0  # standard errors
TOLD = ("params", "tokens", "width", "learning_rate", "batch_tokens", "recipe")


def remark_on_configurations(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    """Remark on runs of one compute whose losses lie further apart than those of replicates."""
    done = _finished(ladder)
    losses = done["loss"].to_numpy(float)
    limit = 1 + (NOISE_OF_RATES if metrics_of(ladder) == ["error_rate"] else NOISE)
    errors = done["loss_se"].to_numpy(float) if "loss_se" in done else np.zeros(len(done))
    found = []
    for rows in _groups(done):
        low, high = rows[losses[rows].argmin()], rows[losses[rows].argmax()]
        unsure = SURE * float(np.hypot(*np.nan_to_num(errors[[low, high]])))
        if losses[high] > limit * losses[low] + unsure:
            found.append((low, high, rows))
    if not found:
        return
    runs, compute = done["run"].tolist(), done["compute"].to_numpy(float)
    said = [
        f"{runs[low]!r} ({losses[low]:.4g}) and {runs[high]!r} ({losses[high]:.4g}) at "
        f"{flop(compute[low])}"
        for low, high, _ in found
    ]
    differing = _differing(done, [rows for _, _, rows in found])
    apart = f", and differ in {listed(differing)}" if differing else ""
    yield Remark(
        "configurations",
        f"in {name} runs of one compute lie further apart than replicates do ({limit - 1:.0%}): "
        f"{listed(said)}{apart}. As replicates they widen every interval to hold all of them; "
        "keep='best' keeps the best configuration at each compute.",
    )


def keep_best(table: pd.DataFrame) -> pd.DataFrame:
    """Keep, of the finished runs at one compute of a family, the one with the lowest loss."""
    losses, gone = table["loss"].to_numpy(float), set()
    done = table["finished"].to_numpy(bool) if "finished" in table else np.ones(len(table), bool)
    families = table["family"].to_numpy() if "family" in table else np.zeros(len(table))
    for family in dict.fromkeys(families.tolist()):
        own = np.flatnonzero(families == family)
        for group in _groups(table.iloc[own]):
            rows = own[group]
            if done[rows].any():
                best = rows[np.where(done[rows], losses[rows], np.inf).argmin()]
                gone |= {*rows.tolist()} - {int(best)}
    if not gone:
        return table
    kept = [row for row in range(len(table)) if row not in gone]
    dropped = [str(table["run"].iloc[row]) for row in sorted(gone)]
    sentence = (
        f"of runs at one compute the one with the lowest loss is kept: {len(kept)} of "
        f"{len(table)}, without {named(dropped)}. The lowest of several lies a little below what "
        "its configuration reaches on average."
    )
    left = table.iloc[kept].reset_index(drop=True)
    return tell(left, [("configurations", "loss", sentence)])


def _keep_all(table: pd.DataFrame) -> pd.DataFrame:
    return table


KEEPERS: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "all": _keep_all,
    "best": keep_best,
}


def demand_keep(keep: str) -> None:
    """Demand a way to keep runs; raises DataError."""
    if not isinstance(keep, str) or keep not in KEEPERS:
        raise DataError(f"keep: got {keep!r}; {suggest(str(keep), KEEPERS)}")


def _finished(ladder: pd.DataFrame) -> pd.DataFrame:
    return ladder[ladder["finished"].astype(bool)] if "finished" in ladder else ladder


def _groups(ladder: pd.DataFrame) -> Iterator[Index]:
    """Yield the rows of each compute that several runs have, within 2 %."""
    compute = ladder["compute"].to_numpy(float)
    group: list[int] = []
    for row in np.argsort(compute, kind="stable").tolist():
        if group and compute[row] > ONE_COMPUTE * compute[group[0]]:
            if len(group) > 1:
                yield np.array(group)
            group = []
        group.append(row)
    if len(group) > 1:
        yield np.array(group)


def _differing(ladder: pd.DataFrame, groups: list[Index]) -> list[str]:
    """List the columns by which runs of one compute differ, and that a configuration has."""
    there = [column for column in TOLD if column in ladder]
    return [
        column
        for column in there
        if any(len(ladder[column].iloc[rows].unique()) > 1 for rows in groups)
    ]
