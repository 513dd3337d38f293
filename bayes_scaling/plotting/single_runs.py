"""What figures of a response that has a row a run show of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.inference.fits import Fit


@dataclass(frozen=True)
class Shown:
    """How one response is drawn.

    Attributes
    ----------
    of_table : callable
        From a checked table to what is drawn of each row.
    along : callable
        From draws at a grid of targets to those of one new run, smooth from target to target.
    """

    of_table: Callable[[pd.DataFrame], Any]
    along: Callable[[xr.Dataset], Array]


def _noise_once(draws: xr.Dataset) -> Array:
    """Give all targets one draw of a run's noise, which has the same law everywhere.

    The quantiles stay what they are, and are spared the jitter of a fresh draw at every target.
    """
    noise = (draws["run"] / draws["expected"]).isel(target=0)
    return np.asarray((draws["expected"] * noise).transpose("chain", "draw", "target"))


SHOWN: Mapping[str, Shown] = {
    "loss": Shown(lambda table: table["loss"], _noise_once),
    "score": Shown(
        lambda table: table["n_correct"] / table["n_items"],
        lambda draws: np.asarray(draws["run"]),
    ),
}


def shown_of(fit: Fit) -> Shown:
    """Return how a fit's response is drawn; raises BayesScalingError if it has no row a run."""
    if fit.response.name not in SHOWN:
        raise BayesScalingError(
            f"forecast: {fit.spec.name} forecasts a {fit.response.forecast}; plot_pass_rate draws "
            "it."
        )
    return SHOWN[fit.response.name]


def seen_of(fit: Fit) -> Array:
    """Return what was measured of each fitted run, as it is drawn."""
    return np.asarray(shown_of(fit).of_table(fit.table), dtype=float)
