"""Posterior predictive distributions at targets."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import demand_one_unit
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting.distance import demand_near
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.forecasting.frontiers import division_note
from bayes_scaling.forecasting.notes import forecast_notes
from bayes_scaling.forecasting.restrictions import restriction
from bayes_scaling.forecasting.targets import read_targets
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import check_seed
from bayes_scaling.inference.memory import demand_memory
from bayes_scaling.inference.passes.predictive import draw_hazards
from bayes_scaling.inference.predictive import draw_responses
from bayes_scaling.inference.score_predictive import draw_scores
from bayes_scaling.responses import ByResponse

MIN_SCALES = 2
COPIES = 12  # of all draws at a time: three kinds, their logarithms, and what they are made from


def predict(
    fit: Fit,
    targets: pd.DataFrame | None = None,
    *,
    compute: Any = None,
    family: str | Sequence[str] | None = None,
    restrict: str | None = None,
    random_seed: int | None = None,
    far: bool = False,
    **covariates: Any,
) -> Forecast:
    """Forecast what new runs will show.

    Parameters
    ----------
    fit : Fit
    targets : DataFrame, optional
        A row a target: ``compute``, or the covariates that the model has in its place, and
        ``family`` where the fit has several.
    compute : float, str, or sequence of these, optional
        Target computes instead of a table: FLOP, or text such as ``"40 PF-days"``. A model of
        parameters and tokens divides it at ``ratio=20``, tokens per parameter, or without one
        where the law is least.
    family : str or sequence of str, optional
        The family of the targets, where the fit has several. It needs at least one run in the fit.
    restrict : str, optional
        For passes, ``"solved_by_all"`` averages over the problems that every fitted run solved at
        least once, as the GPT-4 report did; the notes say what share that drops.
    random_seed : int, optional
        By default the fit's, so that the same fit gives the same forecast.
    far : bool
        Forecast targets more than 8 decades beyond the fitted runs, or more than 6 below them, all
        the same.
    **covariates
        Targets along whatever else the model forecasts along: ``params=7e9, tokens=1.4e12``, or
        ``loss=1.6`` where the loss of the run is known; where it is forecast too, use `chain`.
        ``recipe="muP"`` where the model compares recipes; else targets are of the first.

    Returns
    -------
    Forecast
        Its notes say which targets lie more than 2.5 decades beyond the fitted runs, and what the
        record of published ladders holds there.

    Raises
    ------
    DataError
        If a target isn't what it can be, its family has no run, counts of one scale say nothing of
        the exponent, the ladder is in another unit, or a target is too far from it, or looks as if
        its exponent was forgotten.
    BayesScalingError
        If so many targets don't fit into memory.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> list(forecast.summary().columns)[-4:]
    ['q05', 'q25', 'q75', 'q95']
    """
    if getattr(fit, "response", None) is None:
        raise DataError(f"fit: expected what fit or load_fit returns, got {type(fit).__name__}.")
    _refuse_sweeps(fit)
    places = read_targets(fit, targets, {"compute": compute, **covariates}, family)
    seed = fit.random_seed if random_seed is None else random_seed
    check_seed(seed)
    options = fit.response.own_options(fit.spec.name, restrict=restrict)
    _demand_scales(fit)
    if fit.spec.columns == ("compute",):
        demand_one_unit(fit.design.scale, places.scale)
    index = places.family
    own = {family: fit.design.of_family(int(family)) for family in np.unique(index)}
    last = np.array([own[family].max() for family in index])
    if not far and not fit.design.links:  # a floor says how far those reach
        first = np.array([own[family].min() for family in index])
        demand_near(places.scale, first, last, fit.spec.columns)
    count = max(1, len(fit.design.units))
    _demand_memory(fit, len(places) * count, (len(fit.design.runs) + len(places)) ** 2)
    table = pd.DataFrame(
        {
            "family": [fit.families[family] for family in index],
            **{
                name: [labels[own] for own in places.group(name)]
                for name, labels in fit.design.labels.items()
            },
            **places.shown,
            "distance": np.log10(places.scale / last),
        }
    )
    draws = PREDICTORS[fit.response.name](fit, places, np.random.default_rng([seed, 1]))
    draws = draws.assign_coords({name: ("target", table[name].to_numpy()) for name in table})
    chosen, said = restriction(fit, **options)
    named = {"compute": compute, **covariates} if targets is None else dict(targets.items())
    divided = () if {*fit.spec.columns} & {*named} else division_note(fit, named)
    notes = (*divided, *forecast_notes(fit, places, table, draws), *said)
    return Forecast(table, draws, fit, notes, seed, chosen)


PREDICTORS: ByResponse[Callable[[Fit, Any, np.random.Generator], xr.Dataset]] = {
    "loss": draw_responses,
    "passes": draw_hazards,
    "score": draw_scores,
}


def _refuse_sweeps(fit: Fit) -> None:
    """Refuse a fit of a sweep, whose runs have no order that a distance could go along."""
    if swept := fit.spec.law.swept:
        raise DataError(
            f"fit: {fit.spec.name} is of sweeps of the {swept}, which have no distance to a "
            "target; transfer(fit, width=...) says what a rate costs there."
        )


def _demand_scales(fit: Fit) -> None:
    """Refuse a fit of counts of one scale, which says nothing of the exponent."""
    if len(fit.design.units) and len(np.unique(fit.design.scale)) < MIN_SCALES:
        (name,) = fit.spec.columns
        unit = " FLOP" if name == "compute" else ""
        raise DataError(
            f"{name}: the fit has runs of one {name} only ({fit.design.scale[0]:.3g}{unit}), which "
            "say nothing of the exponent: a forecast would be the prior's. Add runs of other "
            "sizes; the fit can still be described with fit.summary()."
        )


def _demand_memory(fit: Fit, of_draw: int, more: int) -> None:
    """Refuse more targets than memory holds the draws of, `of_draw` numbers in each."""
    sizes = fit.posterior["posterior"].sizes
    drawn = sizes["chain"] * sizes["draw"]
    demand_memory(
        f"targets: forecasts of {of_draw} quantities in {drawn} draws",
        COPIES * (drawn * of_draw + more),
        "Ask for fewer targets at a time.",
    )
