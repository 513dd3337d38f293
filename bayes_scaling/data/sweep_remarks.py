"""Remarks on sweeps, before any fit: settings whose optimum may lie beyond what was tried."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data.remarks import Remark, listed

ENDS = {"lowest": ("min", "below"), "highest": ("max", "above")}


def end_of_least(swept: Array, losses: Array) -> str | None:
    """Say at which end of a sweep its least loss stands; None where it is inside.

    What diverged counts as tried, and its loss must not be the least.

    Examples
    --------
    >>> end_of_least(np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.5, 2.4]))
    'highest'
    """
    best = swept[np.argmin(losses)]
    return next((end for end, (least, _) in ENDS.items() if best == getattr(swept, least)()), None)


def remark_on_sweep(sweep: pd.DataFrame, columns: Sequence[str], swept: str) -> Iterator[Remark]:
    """Remark on settings whose least loss stands at an end of their sweep.

    Parameters
    ----------
    sweep : DataFrame
        As `check_sweep` returns it.
    columns : sequence of str
        The covariates of the law.
    swept : str
        The one that each setting is swept along.

    Examples
    --------
    >>> runs = {"width": 64.0, "learning_rate": [0.01, 0.02, 0.04], "loss": [3.0, 2.5, 2.4]}
    >>> sweep = pd.DataFrame(runs).assign(diverged=False)
    >>> (remark,) = remark_on_sweep(sweep, ("width", "learning_rate"), "learning_rate")
    >>> remark.message
    'at width 64 the least loss is at the highest learning_rate tried; add runs above it.'
    """
    others = [name for name in columns if name != swept]
    at_end: dict[str, list[str]] = {end: [] for end in ENDS}
    named = sweep if "family" in sweep else sweep.assign(family="")
    for place, runs in named.groupby(["family", *others], sort=False):
        family, *values = place
        words = " and ".join(f"{n} {value:g}" for n, value in zip(others, values, strict=True))
        losses = runs["loss"].where(~runs["diverged"], np.inf).to_numpy(float)
        if (end := end_of_least(runs[swept].to_numpy(float), losses)) is not None:
            at_end[end].append(f"{words} of {family}" if family else words)
    for end, settings in at_end.items():
        if settings:
            yield Remark(
                "one-sided",
                f"at {listed(settings)} the least loss is at the {end} {swept} tried; add runs "
                f"{ENDS[end][1]} it.",
            )
