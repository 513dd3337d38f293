"""Error rates lie below 1: draws beyond it are drawn again, and runs beyond it refused."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Flags
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.specification.spec import Spec

ERROR_RATE = "error_rate"
TOP = float(np.log(np.nextafter(1.0, 0.0)))  # log of the largest error rate
SLACK = 1e-12  # a law at its ceiling isn't beyond it


def top_of(spec: Spec) -> float:
    """Log of what the response stays below: 1 for an error rate, else infinity."""
    return TOP if spec.metric == ERROR_RATE else np.inf


def demand_shares(spec: Spec, runs: pd.DataFrame) -> None:
    """Refuse runs that are no error rates, where a model is of error rates; raises DataError."""
    if np.isinf(top_of(spec)):
        return
    above = np.flatnonzero(runs[spec.response].to_numpy(float) > 1)
    if len(above):
        row = runs.iloc[int(above[0])]
        raise DataError(
            f"row {above[0] + 1} (run {row['run']}), column {spec.response!r}: got "
            f"{row[spec.response]:g}, and {spec.name} is a model of error rates, from 0 to 1. "
            "Divide per cent by 100; a loss that is no error rate is for another model."
        )


def drawn_below(top: float, kinds: Sequence[Array], rng: np.random.Generator) -> list[Array]:
    """Condition draws on a response below its top.

    Parameters
    ----------
    top : float
        Log of the response's upper end.
    kinds : sequence of ndarray, shape (draws, targets)
        Law, law with discrepancy, and one run, on the log, of the same draws.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray
        At each target the draws of which any kind is beyond the top give way to others of the same
        target, whole.

    Raises
    ------
    BayesScalingError
        If no draw at a target lies below.
    """
    if np.isinf(top):
        return list(kinds)
    beyond = are_beyond(top, kinds)
    found = [np.minimum(kind, top) for kind in kinds]
    for target in np.flatnonzero(beyond.any(axis=0)):
        bad, good = (np.flatnonzero(beyond[:, target] == wanted) for wanted in (True, False))
        if not len(good):
            raise BayesScalingError(
                f"targets: at target {target + 1} no draw of the model is an error rate below 1: "
                "it lies too far below the ladder. loss_above_chance has a ceiling there."
            )
        taken = rng.choice(good, len(bad))
        for kind in found:
            kind[bad, target] = kind[taken, target]
    return found


def are_beyond(top: float, kinds: Sequence[Array]) -> Flags:
    """Say of each draw and place whether any kind lies beyond the top."""
    return np.asarray(np.any([kind > top + SLACK for kind in kinds], axis=0))
