"""Posterior predictive distributions at target computes."""

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
import pandas as pd

from bayes_scaling.data import demand_one_unit
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting.distance import demand_near
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.forecasting.notes import loss_notes, pass_notes
from bayes_scaling.forecasting.pass_forecasts import PassForecast, restriction
from bayes_scaling.forecasting.targets import family_index, read_targets
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import check_seed
from bayes_scaling.inference.memory import demand_memory
from bayes_scaling.inference.passes.fits import PassFit
from bayes_scaling.inference.passes.predictive import draw_hazards
from bayes_scaling.inference.predictive import draw_responses
from bayes_scaling.responses import ByResponse

MIN_COMPUTES = 2
COPIES = 12  # of all draws at a time: three kinds, their logarithms, and what they are made from


@overload
def predict(
    fit: Fit,
    targets: pd.DataFrame | None = None,
    *,
    compute: Any = None,
    family: str | Sequence[str] | None = None,
    restrict: None = None,
    random_seed: int | None = None,
    far: bool = False,
) -> Forecast: ...
@overload
def predict(
    fit: PassFit,
    targets: pd.DataFrame | None = None,
    *,
    compute: Any = None,
    family: None = None,
    restrict: str | None = None,
    random_seed: int | None = None,
    far: bool = False,
) -> PassForecast: ...
def predict(
    fit: Fit | PassFit,
    targets: pd.DataFrame | None = None,
    *,
    compute: Any = None,
    family: str | Sequence[str] | None = None,
    restrict: str | None = None,
    random_seed: int | None = None,
    far: bool = False,
) -> Forecast | PassForecast:
    """Forecast what new runs will show.

    Parameters
    ----------
    fit : Fit or PassFit
    targets : DataFrame, optional
        A row a target: ``compute``, and ``family`` where the fit has several.
    compute : float, str, or sequence of these, optional
        Target computes instead of a table: FLOP, or text such as ``"40 PF-days"``.
    family : str or sequence of str, optional
        The family of the targets, where the fit has several. It needs at least one run in the fit.
    restrict : str, optional
        For passes, ``"solved_by_all"`` averages over the problems that every fitted run solved at
        least once, as the GPT-4 report did; the notes say what share that drops.
    random_seed : int, optional
        By default the fit's, so that the same fit gives the same forecast.
    far : bool
        Whether a target more than 8 decades beyond the largest fitted run, or 6 below the smallest,
        is meant. From 2.5 decades on the notes say what the record of published ladders holds.

    Returns
    -------
    Forecast, or PassForecast for a PassFit
        Joint draws for all targets.

    Raises
    ------
    DataError
        If a target has no usable compute, its family has no run in the fit, counts of a single
        compute were fitted, which say nothing of the exponent, the ladder is in another unit, or
        a target is too far from it, or looks as if its exponent was forgotten.
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
    own = getattr(fit, "response", None)
    if own is None:
        raise DataError(f"fit: expected what fit or load_fit returns, got {type(fit).__name__}.")
    computes, labels = read_targets(targets, compute, family)
    seed = fit.random_seed if random_seed is None else random_seed
    check_seed(seed)
    options = own.own_options(fit.spec.name, restrict=restrict)
    return PREDICTORS[own.name](fit, computes, labels, seed, far=far, **options)


def _losses(
    fit: Fit, computes: np.ndarray[Any, Any], labels: list[str | None], seed: int, *, far: bool
) -> Forecast:
    demand_one_unit(fit.design.compute, computes)
    index = np.array([family_index(fit.families, label) for label in labels])
    last = np.array([fit.design.of_family(own).max() for own in index])
    if not far:
        first = np.array([fit.design.of_family(own).min() for own in index])
        demand_near(computes, first, last)
    rng = np.random.default_rng([seed, 1])
    together = len(fit.design.runs) + len(computes)
    _demand_memory(fit, len(computes), together**2)
    draws = draw_responses(fit, index, computes, rng)
    table = pd.DataFrame(
        {
            "family": [fit.families[own] for own in index],
            "compute": computes,
            "distance": np.log10(computes / last),
        }
    )
    notes = tuple(loss_notes(fit, table, index, draws))
    return Forecast(table, draws, fit, notes, seed)


def _demand_memory(fit: Fit | PassFit, of_draw: int, more: int = 0) -> None:
    """Refuse more targets than memory holds the draws of, `of_draw` numbers in each."""
    sizes = fit.posterior["posterior"].sizes
    drawn = sizes["chain"] * sizes["draw"]
    demand_memory(
        f"targets: forecasts of {of_draw} quantities in {drawn} draws",
        COPIES * (drawn * of_draw + more),
        "Ask for fewer targets at a time.",
    )


def _check_family(fit: PassFit, labels: list[str | None]) -> None:
    for label in filter(None, labels):
        if "family" not in fit.table:
            raise DataError(f"family: got {label!r}, but the counts name no family; leave it away.")
        family_index(fit.families, label)


def _passes(
    fit: PassFit,
    computes: np.ndarray[Any, Any],
    labels: list[str | None],
    seed: int,
    *,
    far: bool,
    restrict: str | None,
) -> PassForecast:
    _check_family(fit, labels)
    fitted = fit.design.compute
    if len(np.unique(fitted)) < MIN_COMPUTES:
        raise DataError(
            f"compute: the fit has runs of one compute only ({fitted[0]:.3g} FLOP), which say "
            "nothing of the exponent: a forecast would be the prior's. Add runs of other sizes; "
            "the fit can still be described with fit.summary()."
        )
    demand_one_unit(fitted, computes)
    if not far:
        demand_near(computes, fitted.min(), fitted.max())
    _demand_memory(fit, len(computes) * len(fit.design.units))
    chosen, said = restriction(fit, restrict)
    draws = draw_hazards(fit, computes, np.random.default_rng([seed, 1]))
    table = pd.DataFrame({"compute": computes, "distance": np.log10(computes / fitted.max())})
    notes = (*pass_notes(fit, table, draws), *said)
    return PassForecast(table, draws, fit, notes, seed, chosen)


PREDICTORS: ByResponse[Callable[..., Forecast | PassForecast]] = {
    "loss": _losses,
    "passes": _passes,
}
