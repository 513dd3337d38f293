"""The frozen record of a forecast."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.arrays import Flags
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.forecasting.describing import describe_forecast, show_forecast
from bayes_scaling.forecasting.quantities import QUANTITIES, Quantities
from bayes_scaling.forecasting.summaries import (
    ALL,
    Reading,
    Tables,
    Values,
    demand_group,
    demand_kind,
)
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import BUCKET, PROBLEM, unit_column

BY = (ALL, BUCKET, PROBLEM)


@dataclass(frozen=True, eq=False)
class Forecast(Tables):
    """What one new run at each target will show, as draws.

    Attributes
    ----------
    targets : DataFrame
        Columns ``family``, the covariates such as ``compute``, and ``distance``: decades beyond
        the last fitted run of the family, negative inside the ladder.
    draws : xarray.Dataset
        The response, or ``-log p`` of every problem; dims ``chain, draw, target`` and, of counts,
        ``problem`` or ``bucket``, with the targets' columns as coordinates. A variable for each
        kind of interval: ``law`` (the curve alone), ``expected`` (and discrepancies: what runs at
        that scale reach on average) and ``run`` (and what one new run has of its own).
    fit : Fit
        The fit that it was made from.
    notes : tuple of str
        What the reader has to know: a fit that didn't converge, a prior that the data contradict,
        a floor that comes from the prior, a target below the ladder or far beyond it.
    random_seed : int or None
        Of the draws; where it is None, they were made with the fit's.
    chosen : ndarray of bool, shape (units,)
        The problems that are averaged over; all, unless restricted. Empty where there are none.
    losses : Forecast or None
        The forecast of the loss that it goes along, where `chain` made it.
    """

    targets: pd.DataFrame
    draws: xr.Dataset
    fit: Fit
    notes: tuple[str, ...]
    random_seed: int | None = None
    chosen: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))
    losses: "Forecast | None" = None

    def __repr__(self) -> str:
        return "\n".join(describe_forecast(self))

    def _repr_html_(self) -> str:
        return show_forecast(self)

    @property
    def n_samples(self) -> int:
        """Samples of a problem, where none are named: the median of the counts that were fitted."""
        if "n_samples" not in self.fit.table:
            return 1
        return int(self.fit.table["n_samples"].median())

    def members(self, by: str = ALL) -> Iterator[tuple[str, Values]]:
        """Yield each group's name, and the units that it averages over."""
        units = self.fit.design.units
        if by == ALL:
            yield ALL, np.flatnonzero(self.chosen)
        elif by == BUCKET:
            for place, label in enumerate(units.buckets):
                own = np.flatnonzero((units.bucket == place) & self.chosen)
                if len(own):
                    yield label, own
        else:
            for unit in np.flatnonzero(self.chosen):
                yield units.names[unit], np.array([unit])

    def _index(self) -> Any:
        index = super()._index()
        if self.losses is None:
            return index
        return index.droplevel([name for name in self.fit.spec.columns if name in index.names])

    def _quantities(self) -> Quantities:
        return QUANTITIES[self.fit.response.name]

    def _readings(
        self, of: str | None, by: str, n_samples: int | None, kind: str
    ) -> Iterator[Reading]:
        demand_kind(kind)
        units = self.fit.design.units
        demand_group(by, BY if len(units) else (ALL,))
        if by == PROBLEM and unit_column(self.fit.spec) != PROBLEM:
            raise BayesScalingError(
                f"by: {self.fit.spec.name} knows nothing of single problems; "
                'allowed: "all", "bucket".'
            )
        own = self._quantities()
        count = self.n_samples if n_samples is None else n_samples
        quantity = own.find(own.main if of is None else of, count, units.sizes)
        if quantity.name == "n_correct" and by != PROBLEM:
            raise BayesScalingError(
                "of: n_correct is the count of one problem; ask quantile or summary for it, by "
                'writing by="problem".'
            )
        drawn = self.draws[kind].values
        rng = np.random.default_rng([self.random_seed or 0, 4])
        each = quantity.draw(drawn.reshape(-1, *drawn.shape[2:]), rng)
        if not len(units):
            yield Reading(ALL, quantity, each)
            return
        sizes = units.sizes
        for label, place in self.members(by):
            of_group = each[:, :, place]
            values = (
                of_group.sum(axis=-1)
                if quantity.is_count
                else of_group @ sizes[place] / sizes[place].sum()
            )
            yield Reading(label, quantity, values)
