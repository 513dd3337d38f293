"""What the reader of a forecast has to know."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data.loss_checks import metrics_of, unit_of
from bayes_scaling.forecasting.distance import RECORDED, far_notes, said_of
from bayes_scaling.forecasting.modes import hump_notes
from bayes_scaling.forecasting.quantities import QUANTITIES, Quantity
from bayes_scaling.inference.diagnosis import MIN_ESS, Diagnosis
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.places import Places
from bayes_scaling.responses import ByResponse
from bayes_scaling.scales import unit_after

NO_UNIT = "unit not given"
PRIOR_RATIO = 0.8
AMPLE = 4.0  # times the effective draws that are needed: no closer look


def forecast_notes(
    fit: Fit, places: Places, table: pd.DataFrame, draws: xr.Dataset
) -> Iterator[str]:
    """Say what the data are, whether the fit converged, its floor's source, where targets lie."""
    yield from convergence_notes(fit.diagnosis)
    yield from fit.notes
    yield from floor_notes(fit, sorted(set(places.family.tolist())))
    for family, scale, said in zip(places.family, places.scale, said_of(table), strict=True):
        smallest = fit.design.of_family(family).min()
        if scale < smallest:
            yield (
                f"The target {said} lies below every fitted run (the smallest has "
                f"{_end_of(fit, family)}): this is an extrapolation downward."
            )
    yield from far_notes(table, is_recorded=is_recorded(fit))
    yield from humps_of_forecast(fit, table, draws["expected"])
    yield from size_notes(AVERAGES[fit.response.name](draws["expected"]))


def humps_of_forecast(fit: Fit, table: pd.DataFrame, drawn: xr.DataArray) -> Iterator[str]:
    """Say which targets of a forecast between 0 and 1 have two humps, from what is expected."""
    if main_quantity(fit).highest == 1.0:
        expected = AVERAGES[fit.response.name](drawn)
        values = expected.transpose("chain", "draw", "target").to_numpy()
        yield from hump_notes(values.reshape(-1, values.shape[-1]), said_of(table))


def _end_of(fit: Fit, family: int) -> str:
    """Say where the smallest run of a family is."""
    design, columns = fit.design, fit.spec.columns
    own = np.flatnonzero(design.family == family)
    first = own[design.scale[own].argmin()]
    shown = design.places.shown[columns[0]] if len(columns) == 1 else design.scale
    return f"{shown[first]:.3g}{unit_after(columns)}"


def is_recorded(fit: Fit) -> bool:
    """Whether there is a record of how such forecasts fared, by distance: of losses in compute."""
    return fit.response.name == RECORDED and fit.spec.columns == ("compute",)


def _mean_pass_rate(hazards: xr.DataArray) -> xr.DataArray:
    own = set(hazards.dims) - {"chain", "draw", "target"}
    rates: xr.DataArray = xr.ufuncs.exp(-hazards)
    return rates.mean(list(own))


AVERAGES: ByResponse[Callable[[xr.DataArray], xr.DataArray]] = {
    "loss": lambda losses: losses,
    "passes": _mean_pass_rate,
    "score": lambda scores: scores,
}


def convergence_notes(diagnosis: Diagnosis) -> Iterator[str]:
    """Say that a fit didn't converge, or did so on the second try."""
    if not diagnosis.converged:
        yield str(diagnosis)
    elif diagnosis.retried:
        yield "The fit converged on the second try, with more draws and smaller steps."


def size_notes(expected: xr.DataArray) -> Iterator[str]:
    """Say that a forecast rests on few effective draws, where there are draws enough to tell."""
    if expected.sizes["chain"] * expected.sizes["draw"] > MIN_ESS > _rough_size(expected) / AMPLE:
        from arviz_stats import ess  # a second, which most forecasts don't need

        size = float(ess(expected.to_dataset(name="expected"))["expected"].min())
        if size < MIN_ESS:
            yield (
                f"The forecast rests on an effective sample of {size:.0f} draws, fewer than "
                f"{MIN_ESS:.0f}: fit with more draws."
            )


def _rough_size(expected: xr.DataArray) -> float:
    """Effective draws by batch means: the whole variance over that of means of neighbours."""
    values = expected.transpose("chain", "draw", ...).values
    chains, draws = values.shape[:2]
    long = math.isqrt(draws)
    cut = values[:, : draws // long * long].reshape(chains * (draws // long), long, -1)
    slow = cut.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # draws that are all alike
        return float((chains * draws * cut.var(axis=(0, 1)) / (long * slow)).min())


def floor_ratio(fit: Fit) -> Mapping[str, float]:
    """Posterior over prior standard deviation of the floor, as a share if it is one, by family.

    Near 1, the data said nothing about the floor. Empty where the floor is pinned or the law has
    none.
    """
    posterior = fit.posterior["posterior"].to_dataset()
    floors = fit.spec.law.floors
    if not floors or floors[0] not in posterior or set(floors) & fit.spec.pinned.keys():
        return {}
    share, prior_sd = posterior[floors[0]], fit.prior_sd[floors[0]]
    if "family" not in share.dims:
        return {family: float(share.std()) / prior_sd for family in fit.families}
    return {
        family: float(share.isel(family=index).std()) / prior_sd
        for index, family in enumerate(fit.families)
    }


def floor_notes(fit: Fit, families: Sequence[int]) -> Iterator[str]:
    """Say for each family how much the data said of the floor."""
    ratios, law = floor_ratio(fit), fit.spec.law
    label = "Floor" if set(law.floors) <= set(law.with_unit) else "Floor share"
    for index in families:
        family = fit.families[index]
        if family not in ratios:
            continue
        ratio = ratios[family]
        of = f" of {family}" if len(fit.families) > 1 else ""
        verdict = "; the floor comes from the prior" if ratio > PRIOR_RATIO else ""
        yield f"{label}{of}: posterior sd / prior sd = {ratio:.2f}{verdict}."


def main_quantity(fit: Fit) -> Quantity:
    """Return the quantity that a forecast is of unless another is named."""
    own = QUANTITIES[fit.response.name]
    return own.find(own.main, 1)


def response_unit(fit: Fit, family: str | None = None) -> str:
    """Name the unit of what was fitted, for labels, as the runs say it; or that they don't.

    Parameters
    ----------
    fit : Fit
    family : str, optional
        By default the units of all families.
    """
    return main_quantity(fit).unit or unit_of(_runs_of(fit, family)) or NO_UNIT


def response_metric(fit: Fit, family: str | None = None) -> str | None:
    """Name what the losses that were fitted are said to be; None where it isn't said, or is two.

    Parameters
    ----------
    fit : Fit
    family : str, optional
        By default those of all families.
    """
    said = metrics_of(_runs_of(fit, family))
    return said[0] if len(said) == 1 else None


def _runs_of(fit: Fit, family: str | None) -> pd.DataFrame:
    runs = fit.table
    return runs[runs["family"] == family] if family is not None and "family" in runs else runs


def in_unit(unit: str) -> str:
    """Continue a sentence with a unit, or with that there is none.

    Examples
    --------
    >>> in_unit("bits per byte"), in_unit(NO_UNIT)
    (' in bits per byte', ', unit not given')
    """
    return f", {unit}" if unit == NO_UNIT else f" in {unit}"
