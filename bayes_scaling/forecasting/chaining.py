"""Pass rates along a loss that is forecast itself, with the doubt of both."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data.column_names import same_unit
from bayes_scaling.data.loss_checks import unit_of
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.forecasting.notes import forecast_notes, in_unit, response_unit
from bayes_scaling.forecasting.predicting import PREDICTORS
from bayes_scaling.forecasting.restrictions import restriction
from bayes_scaling.forecasting.targets import family_index
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import check_seed
from bayes_scaling.inference.passes.predictive import KINDS
from bayes_scaling.inference.places import Places
from bayes_scaling.responses import LOSSES

MOST_BELOW = 0.05  # of the draws of a loss: more says that the link doesn't reach so far
LEAST_ABOVE = 1e-3  # of what the best fitted run has above the floor
SAME = 0.01  # of a run's loss, in two tables


def chain(
    losses: Forecast,
    fit: Fit,
    *,
    family: str | None = None,
    restrict: str | None = None,
    random_seed: int | None = None,
) -> Forecast:
    r"""Forecast pass rates along a loss that is forecast itself.

    A draw of the loss, then one of the rates given it:

    .. math:: p(\text{rates} \mid C) = \int p(\text{rates} \mid L)\, p(L \mid C)\, dL,

    kind by kind: ``law`` along draws of the loss's law, ``expected`` along what runs reach on
    average, ``run`` along what one new run reaches.

    Parameters
    ----------
    losses : Forecast
        Of the loss, at any targets.
    fit : Fit
        Of counts along that loss, such as one of the model ``pass_rate_loss``.
    family : str, optional
        The task, of a fit of several tasks' scores.
    restrict : str, optional
        As in `predict`.
    random_seed : int, optional
        By default the fit's.

    Returns
    -------
    Forecast
        Its targets are those of `losses`, with the median ``loss`` of a new run; ``losses`` is the
        forecast that it goes along. A draw of the loss at or below the floor of the link is taken a
        little above it, and the notes say what share was.

    Raises
    ------
    DataError
        If `fit` doesn't forecast along a loss, or the two are of other units or give a run two
        losses, or the loss may well fall below where the link ends.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> ladder = bs.example("pythia").query("compute < 3e21")
    >>> losses = bs.predict(bs.fit("loss", ladder, random_seed=1), compute=2.4e22)
    >>> counts = bs.simulate("pass_rate_loss", ladder, random_seed=1, problems=24, n_samples=50)
    >>> rates = bs.chain(losses, bs.fit("pass_rate_loss", counts, random_seed=1))
    >>> list(rates.targets.columns)
    ['family', 'compute', 'loss', 'distance']
    """
    column = _demand_link(losses, fit)
    seed = fit.random_seed if random_seed is None else random_seed
    check_seed(seed)
    rng = np.random.default_rng([seed, 7])
    posterior = fit.posterior["posterior"]
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    drawn = {kind: losses.values(kind=kind) for kind in KINDS}
    rows = np.resize(rng.permutation(len(drawn["run"])), count)
    index = family_index(fit.families, family)
    groups = np.full(len(losses.targets), index, dtype=np.int64)
    places: dict[str, Places] = {}
    below = 0.0
    for kind, values in drawn.items():
        own = _above_floor(fit, column, values[rows])
        places[kind] = fit.design.places_of(groups, {column: own})
        share = (values <= fit.design.links[column].floor).mean(axis=0)
        below = max(below, float(share.max()))
    if below > MOST_BELOW:
        raise DataError(
            f"losses: {100 * below:.0f} % of the forecast {column} lies at or below "
            f"{fit.design.links[column].floor:.4g}, where the link between {column} and pass rates "
            "ends. A lower floor_of_smallest in the model reaches further."
        )
    middle = np.median(drawn["run"], axis=0)
    table = _targets(losses, fit, column, middle, fit.families[index])
    draws = PREDICTORS[fit.response.name](fit, places, np.random.default_rng([seed, 1]))
    draws = draws.assign_coords({name: ("target", table[name].to_numpy()) for name in table})
    chosen, said = restriction(fit, restrict=restrict)
    central = fit.design.places_of(groups, {column: _above_floor(fit, column, middle)})
    of_rates = forecast_notes(fit, central, table, draws)
    notes = dict.fromkeys((*_said(losses, column, below), *losses.notes, *of_rates, *said))
    return Forecast(table, draws, fit, tuple(notes), seed, chosen, losses)


def chained_again(forecast: Forecast, losses: Forecast) -> Forecast:
    """Chain the fit of a forecast with another forecast of the loss, over the same problems."""
    family = str(forecast.targets["family"].iloc[0])
    again = chain(losses, forecast.fit, family=family, random_seed=forecast.random_seed)
    return replace(again, chosen=forecast.chosen)


def _demand_link(losses: Forecast, fit: Fit) -> str:
    """Demand a forecast of the loss that the counts go along, and name its column."""
    if losses.fit.response.name != LOSSES.name:
        raise DataError(
            f"losses: expected a forecast of a loss, got one of {losses.fit.spec.name}."
        )
    if not fit.design.links:
        raise DataError(
            f"fit: {fit.spec.name} forecasts along {' and '.join(fit.spec.columns)}, not along a "
            "loss; fit the counts with pass_rate_loss."
        )
    (column,) = fit.design.links
    theirs, ours = unit_of(losses.fit.table), _unit_of_counts(fit, column)
    if theirs is not None and ours is not None and not same_unit(theirs, ours):
        raise DataError(
            f"losses: forecast in {theirs}, but the counts go along a {column} in {ours}; it has "
            "to be the same loss of the same validation set."
        )
    known = losses.fit.table.set_index("run")["loss"]
    for run, value in zip(fit.design.runs, fit.design.places.measured[column], strict=True):
        if run not in known.index:
            continue
        other = float(np.ravel(known.loc[[run]])[0])
        if abs(other - value) > SAME * value:
            raise DataError(
                f"losses: run {run!r} has {other:.4g} in the ladder of the loss and {value:.4g} "
                "beside the counts; it has to be the same loss of the same validation set."
            )
    return str(column)


def _unit_of_counts(fit: Fit, column: str) -> str | None:
    name = f"{column}_unit"
    if name not in fit.table:
        return None
    return unit_of(fit.table.rename(columns={name: "loss_unit"}))


def _above_floor(fit: Fit, column: str, losses: Array) -> Array:
    """Take losses at or below the floor of the link to just above it; say what share were."""
    floor = fit.design.links[column].floor
    least = floor + LEAST_ABOVE * (fit.design.places.measured[column].min() - floor)
    return np.maximum(losses, least)


def _targets(losses: Forecast, fit: Fit, column: str, middle: Array, family: str) -> pd.DataFrame:
    """Return the targets of the loss with its median, and how far they lie beyond the counts."""
    own: dict[str, Any] = {"family": family, column: middle}
    table = losses.targets.drop(columns="distance").assign(**own)
    if "compute" in table:
        last = float(fit.table["compute"].max())
        return table.assign(distance=np.log10(table["compute"].to_numpy(float) / last))
    return table.assign(distance=losses.targets["distance"].to_numpy())


def _said(losses: Forecast, column: str, below: float) -> Iterator[str]:
    ends = losses.quantile([0.05, 0.5, 0.95])
    shown = ", ".join(
        f"{row['q50']:.4g} [{row['q05']:.4g}, {row['q95']:.4g}]" for _, row in ends.iterrows()
    )
    unit = in_unit(response_unit(losses.fit))
    yield f"Along the forecast {column} (median and 90 %): {shown}{unit}."
    if below > 0:
        yield (
            f"{100 * below:.2g} % of draws of the {column} lie at or below the floor of its "
            "link with pass rates, and were taken a little above it."
        )
