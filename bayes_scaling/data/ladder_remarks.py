"""Remarks on any ladder of runs: its scales, its sizes, and how they were counted."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayes_scaling.data.loss_checks import unit_of
from bayes_scaling.data.remarks import Remark, flop

ENOUGH_SCALES = 5
SHORT_SPAN = 1.0  # decades
COLLINEAR = 0.99
MIXED_COMPUTE = 1.5


def remark_on_scales(name: str, ladder: pd.DataFrame, unsure: str) -> Iterator[Remark]:
    """Remark on few scales, a short span and gaps; `unsure` is what few scales leave open."""
    scales = np.unique(ladder["compute"])
    if len(scales) < ENOUGH_SCALES:
        counted = "one compute" if len(scales) == 1 else f"{len(scales)} distinct computes"
        yield Remark(
            "few scales",
            f"{name} has {counted}; with fewer than {ENOUGH_SCALES} {unsure} "
            "is mostly what the priors say.",
        )
    if len(scales) == 1:
        return
    span = math.log10(scales[-1] / scales[0])
    if span < SHORT_SPAN:
        yield Remark(
            "short span",
            f"{name} spans {span:.1f} decades of compute, {flop(scales[0])} to "
            f"{flop(scales[-1])}; under one decade tells little about the slope further out.",
        )
    steps = np.diff(np.log10(scales))
    widest = int(np.argmax(steps))
    if len(scales) >= 4 and steps[widest] > span / 2:
        yield Remark(
            "gap",
            f"{name} has a gap: nothing between {flop(scales[widest])} and "
            f"{flop(scales[widest + 1])}, {steps[widest]:.1f} of its {span:.1f} decades.",
        )


def remark_on_sizes(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    """Remark on params and tokens that rise together, or of which one stays the same."""
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


def remark_on_conventions(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    """Remark on compute counted in several ways, and losses in several units."""
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
        unsaid = ladder["loss_unit"].isna()
        if unsaid.any() and not unsaid.all():
            yield Remark(
                "mixed loss units",
                f"{name} has losses in {unit_of(ladder)} and {unsaid.sum()} without a unit; state "
                "it for all.",
            )
