"""The last value of a metric of a log, by one rule for every logger.

It is the last entry in time: by the wall time where the log has one, or else by the order in which
entries stand. A run that was resumed may have logged higher steps before; the entry of the highest
is kept beside, so that both values can be said.
"""

from collections.abc import Sequence

import numpy as np

from bayes_scaling.arrays import Array

FEWEST = 3  # entries that tell a log which stands newest first


def last_entry(
    steps: Sequence[float] | Array,
    values: Sequence[float] | Array,
    times: Sequence[float] | Array | None = None,
) -> dict[str, float]:
    """Find the last entry in time, and the one of the highest step.

    Parameters
    ----------
    steps, values : sequence of float
        Of the entries, as they stand; at least one.
    times : sequence of float, optional
        Wall times. Without them entries are in the order of time, unless their steps fall
        throughout: such a log stands newest first.

    Returns
    -------
    dict of str to float
        last_step and loss of the last entry; reached, the highest step; back_step and back_loss,
        the highest step and its loss where the last entry's step is lower, NaN where it isn't.

    Examples
    --------
    >>> found = last_entry([6000, 12000, 0, 8000], [2.10, 1.98, 1.96, 1.87])
    >>> found["last_step"], found["loss"], found["back_step"], found["back_loss"]
    (8000.0, 1.87, 12000.0, 1.98)
    """
    step, value = np.asarray(steps, float), np.asarray(values, float)
    if times is not None:
        order = np.argsort(np.asarray(times, float), kind="stable")
    elif len(step) >= FEWEST and (np.diff(step) < 0).all():
        order = np.arange(len(step))[::-1]
    else:
        order = np.arange(len(step))
    step, value = step[order], value[order]
    last, highest = {"last_step": float(step[-1]), "loss": float(value[-1])}, np.fmax.reduce(step)
    back = {"back_step": np.nan, "back_loss": np.nan, "reached": float(highest)}
    if highest > step[-1]:
        top = int(np.flatnonzero(step == highest)[-1])
        back |= {"back_step": float(highest), "back_loss": float(value[top])}
    return last | back
