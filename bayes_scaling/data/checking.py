"""What a careful colleague would say about a ladder before it is fitted."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_scaling.data.tables import check_runs

ENOUGH_SCALES = 5
SHORT_SPAN = 1.0  # decades
COLLINEAR = 0.99
SAME_LOSS = 1e-6
MIXED_COMPUTE = 1.5
RISE = 0.02
NAMED = 5


@dataclass(frozen=True)
class Remark:
    """Something to look at before fitting: the kind of thing, and a sentence about it."""

    topic: str
    message: str

    def __str__(self) -> str:
        return self.message


def check(runs: pd.DataFrame) -> tuple[Remark, ...]:
    """Say what a careful colleague would say before fitting.

    Each family is a ladder of its own. A remark is no error: the fit goes ahead.

    Parameters
    ----------
    runs : DataFrame
        A table of runs, as `check_runs` takes it.

    Returns
    -------
    tuple of Remark
        By family, then by topic: 'few scales', 'short span', 'gap', 'collinear', 'one axis',
        'pseudo-replicates', 'mixed compute', 'mixed loss units', 'unfinished', 'rises'.

    Raises
    ------
    DataError
        If the table is not fit for use (see `check_runs`).

    Examples
    --------
    >>> import pandas as pd
    >>> for remark in check(pd.DataFrame({"compute": [1e18, 3e18], "loss": [2.6, 2.7]})):
    ...     print(remark.topic)
    few scales
    short span
    rises
    """
    table = check_runs(runs)
    if "family" not in table:
        ladders: list[tuple[str, pd.DataFrame]] = [("the ladder", table)]
    else:
        families = table.groupby("family", sort=False)
        ladders = [(f"family {name!r}", ladder) for name, ladder in families]
    tests: Sequence[Callable[[str, pd.DataFrame], Iterable[Remark]]] = (
        _scales,
        _params_and_tokens,
        _pseudo_replicates,
        _mixed_conventions,
        _unfinished,
        _rises,
    )
    return tuple(
        remark for name, ladder in ladders for test in tests for remark in test(name, ladder)
    )


def _scales(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    scales = np.unique(ladder["compute"])
    if len(scales) < ENOUGH_SCALES:
        counted = "one compute" if len(scales) == 1 else f"{len(scales)} distinct computes"
        yield Remark(
            "few scales",
            f"{name} has {counted}; with fewer than {ENOUGH_SCALES} the shape of the curve, its "
            "floor above all, comes mostly from the priors.",
        )
    if len(scales) == 1:
        return
    span = math.log10(scales[-1] / scales[0])
    if span < SHORT_SPAN:
        yield Remark(
            "short span",
            f"{name} spans {span:.1f} decades of compute, {_flop(scales[0])} to "
            f"{_flop(scales[-1])}; under one decade tells little about the slope further out.",
        )
    steps = np.diff(np.log10(scales))
    widest = int(np.argmax(steps))
    if len(scales) >= 4 and steps[widest] > span / 2:
        yield Remark(
            "gap",
            f"{name} has a gap: nothing between {_flop(scales[widest])} and "
            f"{_flop(scales[widest + 1])}, {steps[widest]:.1f} of its {span:.1f} decades.",
        )


def _params_and_tokens(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    if not {"params", "tokens"} <= set(ladder.columns):
        return
    sizes = np.log(ladder[["params", "tokens"]].dropna())
    if len(sizes) < 3:
        return
    fixed = [column for column in ("params", "tokens") if len(np.unique(sizes[column])) == 1]
    if len(fixed) == 1:
        other = "tokens" if fixed == ["params"] else "params"
        yield Remark(
            "one axis",
            f"all runs of {name} have the same {fixed[0]}, {ladder[fixed[0]].max():.4g}: the curve "
            f"is one in {other}, and does not say what more {fixed[0]} would do.",
        )
    elif not fixed:
        r = float(np.corrcoef(sizes["params"], sizes["tokens"])[0, 1])
        if abs(r) > COLLINEAR:
            yield Remark(
                "collinear",
                f"params and tokens of {name} rise together (r = {r:.3f} on logs): their effects "
                "can't be told apart; a law in compute is fine.",
            )


def _pseudo_replicates(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    for compute, runs in ladder.groupby("compute"):
        ordered = runs.sort_values("loss")
        # Runs that follow each other closely in loss share a group.
        group = (ordered["loss"].diff() >= SAME_LOSS).cumsum()
        for _, twins in ordered.groupby(group):
            if len(twins) > 1:
                yield Remark(
                    "pseudo-replicates",
                    f"runs {_named(sorted(twins['run']))} of {name} have the same compute, "
                    f"{_flop(float(str(compute)))}, and the same loss, "
                    f"{twins['loss'].iloc[0]:.6g}; one run entered twice counts twice as evidence.",
                )


def _mixed_conventions(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    sources = sorted(set(ladder["compute_from"]))
    if len(sources) > 1:
        yield Remark(
            "mixed compute",
            f"{name} counts compute in more than one way ({', '.join(sources)}): part of the "
            "differences in loss may be differences in counting.",
        )
    if {"params", "tokens"} <= set(ladder.columns):
        stated = ladder[ladder["compute_from"] != "6ND"]
        stated = stated.dropna(subset=["params", "tokens"])
        ratio = stated["compute"] / (6 * stated["params"] * stated["tokens"])
        if len(ratio) and ratio.max() > MIXED_COMPUTE * ratio.min():
            low, high = (stated["run"].iloc[row] for row in (ratio.argmin(), ratio.argmax()))
            yield Remark(
                "mixed compute",
                f"compute over 6 x params x tokens goes from {ratio.min():.3g} ({low!r}) to "
                f"{ratio.max():.3g} ({high!r}) in {name}: are all runs counted in the same way? "
                "(Attention and embeddings weigh more in small models.)",
            )
    if "loss_unit" in ladder:
        units = sorted({"no unit" if unit != unit else str(unit) for unit in ladder["loss_unit"]})
        if len(units) > 1:
            yield Remark(
                "mixed loss units",
                f"{name} has losses in {', '.join(units)}; bring them to one unit.",
            )


def _unfinished(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    runs = ladder["run"][~ladder["finished"]].tolist() if "finished" in ladder else []
    if runs:
        yield Remark(
            "unfinished",
            f"{_named(runs)} of {name} did not finish: the loss of an unfinished run is too "
            "high for its compute, as its learning rate has not decayed.",
        )


def _rises(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    done = ladder[ladder["finished"]] if "finished" in ladder else ladder
    risen = []
    for run, compute, loss in zip(done["run"], done["compute"], done["loss"], strict=True):
        cheaper = done["loss"][done["compute"] < compute]
        if len(cheaper) and loss > (1 + RISE) * cheaper.min():
            better = done["run"][cheaper.idxmin()]
            risen.append(f"{run!r} ({loss:.4g}, {better!r} has {cheaper.min():.4g})")
    if risen:
        yield Remark(
            "rises",
            f"in {name} some runs have a loss more than {RISE:.0%} above that of a cheaper run: "
            f"{_listed(risen)}.",
        )


def _flop(compute: float) -> str:
    return f"{compute:.3g} FLOP"


def _named(runs: Sequence[str]) -> str:
    return _listed([repr(run) for run in runs])


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - NAMED} more" if len(items) > NAMED else ""
    return ", ".join(items[:NAMED]) + more
