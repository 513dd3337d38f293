"""The frozen record of a forecast of losses."""

from dataclasses import dataclass

import pandas as pd
import xarray as xr

from bayes_scaling.forecasting.summaries import Summaries
from bayes_scaling.inference.fits import Fit


@dataclass(frozen=True, eq=False)
class Forecast(Summaries):
    """What one new run at each target will show, as draws.

    Attributes
    ----------
    targets : DataFrame
        Columns ``family, compute, distance``; the distance is in decades beyond the last fitted run
        of the family, negative inside the ladder.
    draws : xarray.Dataset
        Dims ``chain, draw, target``, a variable for each kind of interval: ``law`` (the curve
        alone), ``expected`` (law and discrepancy: what runs at that scale reach on average) and
        ``run`` (plus run-to-run noise: what one new run will show).
    fit : Fit
        The fit that it was made from.
    notes : tuple of str
        What the reader has to know: a fit that didn't converge, a prior that the data contradict,
        a floor that comes from the prior, a target below the ladder or far beyond it.
    random_seed : int or None
        Of the draws; where it is None, they were made with the fit's.
    """

    targets: pd.DataFrame
    draws: xr.Dataset
    fit: Fit
    notes: tuple[str, ...]
    random_seed: int | None = None
