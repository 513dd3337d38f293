"""The section on trust: sampler, misfit, calibration at this distance, sensitivity to priors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.evaluation.prior_scaling import sensitivity
from bayes_scaling.evaluation.scoring import DISTANCE_LABELS, DISTANCES
from bayes_scaling.forecasting import Forecast
from bayes_scaling.inference.diagnosis import MAX_RHAT, MIN_BFMI, MIN_ESS, Diagnosis, decisive
from bayes_scaling.inference.fits import Fit
from bayes_scaling.plotting.backtests import FEWEST, plot_backtest, plot_calibration
from bayes_scaling.plotting.replicates import draw_replicates, foretell_fitted
from bayes_scaling.reporting.answers import headline
from bayes_scaling.reporting.parts import Section
from bayes_scaling.reporting.pictures import Picture, draw_picture
from bayes_scaling.reporting.tables import (
    Table,
    column,
    decimals,
    fixed,
    make_table,
    percent,
    plain_flop,
    span,
    three_digits,
)
from bayes_scaling.scales import unit_after

INFLUENTIAL = 0.05


@dataclass(frozen=True)
class Misfit:
    """Fitted runs against intervals for a second run: how many are inside, of how many."""

    inside: int
    runs: int
    outside: tuple[str, ...]
    picture: Picture


@dataclass(frozen=True)
class Calibration:
    """What a backtest says of intervals like these.

    Attributes
    ----------
    model : str
    forecasts, ladders : int
    coverage : str
        Of the 90 % interval, over all forecasts.
    near : mapping or None
        ``distance, n, coverage, interval`` among forecasts as far out as this one; None where the
        backtest has none.
    is_forecast, is_beyond, is_other : bool
        Whether there is a distance to compare with, and it is beyond the fitted runs; whether
        another model was judged.
    table : Table
    pictures : tuple of Picture
    """

    model: str
    forecasts: int
    ladders: int
    coverage: str
    near: dict[str, str] | None
    is_forecast: bool
    is_beyond: bool
    is_other: bool
    table: Table
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Sensitivity:
    """How far the forecast moves with each prior: those that matter, and all of them."""

    influential: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class Trust:
    """Whether the numbers can be believed, as far as the report can tell.

    Attributes
    ----------
    uncheckable : str
        What there are no backtests of, if this is a fit of that.
    """

    verdict: str
    sampler: Table
    misfit: Misfit | None
    calibration: Calibration | None
    sensitivity: Sensitivity | None
    uncheckable: str
    more: tuple[Section, ...] = ()
    record: str = ""  # how forecasts of published ladders fared as far out as this one


def describe_sampler(diagnosis: Diagnosis) -> Table:
    """Tabulate the rules that draws have to meet."""
    found = diagnosis
    least = min(found.ess_bulk, found.ess_tail)
    tolerated = found.tolerated_divergences
    rows = (
        (
            "R-hat, worst quantity",
            decisive(found.rhat, MAX_RHAT, 3),
            f"below {MAX_RHAT}",
            found.rhat < MAX_RHAT,
        ),
        (
            f"Effective sample size, smallest ({found.worst})",
            f"{least:.0f}",
            f"above {MIN_ESS:.0f}",
            least > MIN_ESS,
        ),
        (
            f"Divergences, of {found.draws} draws",
            f"{found.divergences}",
            f"at most {tolerated:g}",
            found.divergences <= tolerated,
        ),
        ("E-BFMI, smallest", f"{found.bfmi:.2f}", f"above {MIN_BFMI}", found.bfmi > MIN_BFMI),
    )
    cells = tuple((*row[:3], "yes" if row[3] else "NO") for row in rows)
    return Table("What the sampler's statistics say", ("Rule", "Found", "Wanted", "Met"), cells)


def examine_misfit(fit: Fit) -> Misfit:
    """Compare the fitted runs with what the fit says of a second run at their compute."""
    table = foretell_fitted(fit)
    inside = int(table["inside"].sum())
    return Misfit(
        inside=inside,
        runs=len(table),
        outside=tuple(table.loc[~table["inside"], "run"]),
        picture=draw_picture(
            "replicates",
            f"Fitted runs against the intervals for a second run at their compute: {inside} of "
            f"{len(table)} lie inside the 90 % interval.",
            "How far each fitted run lies from the median for a second run at its compute. Bars "
            "are 50 and 90 % equal-tailed intervals of such a second run.",
            lambda figure: draw_replicates(table, figure.subplots()),
            height=3.0,
        ),
    )


CRPS_OF = {"loss": "CRPS of log loss", "passes": "CRPS of the share right"}


ERRORS_OF = {
    "loss": "as a percentage above or below",
    "passes": "in percentage points of the share of right samples above or below",
}


def examine_backtest(backtest: Backtest, model: str, distance: float | None) -> Calibration:
    """Say what share of truths intervals held, in all and as far out as this forecast."""
    total, bins = backtest.summary().iloc[0], backtest.summary(by="distance")
    label = None
    if distance is not None:
        (found,) = pd.cut([distance], DISTANCES, labels=DISTANCE_LABELS)
        label = found if found in bins.index else None
    near = None if label is None else _near(str(label), bins.loc[label])
    table = make_table(
        "Truths inside the intervals of one new run, by decades beyond the last fitted run",
        bins.assign(distance=[_decades(str(name)) for name in bins.index]),
        column("Decades", str, "distance"),
        column("Forecasts", str, "n"),
        column("In 50 %", percent, "coverage_50"),
        column("In 90 %", percent, "coverage_90"),
        column("90 % interval of that", span(percent), "coverage_90_low", "coverage_90_high"),
        column(CRPS_OF[backtest.response], three_digits, "crps"),
        column("Not converged", str, "not_converged"),
    )
    return Calibration(
        model=backtest.model,
        forecasts=int(total["n"]),
        ladders=int(backtest.forecasts["ladder"].nunique()),
        coverage=percent(total["coverage_90"]),
        near=near,
        is_forecast=distance is not None,
        is_beyond=distance is not None and distance > 0,
        is_other=backtest.model != model,
        table=table,
        pictures=_backtest_pictures(backtest),
    )


def examine_sensitivity(forecast: Forecast) -> Sensitivity:
    """Tabulate how the farthest target moves when each prior is made wider or narrower."""
    target = forecast.targets.iloc[headline(forecast.targets)]
    table = sensitivity(forecast.fit, forecast)
    columns = forecast.fit.spec.columns
    keys = ["family", *columns]
    here = (table[keys] == target[keys]).all(axis=1)
    table = table[here].drop_duplicates("prior")
    digits = decimals([0.0], [_width(forecast, headline(forecast.targets))])
    return Sensitivity(
        influential=tuple(table.loc[table["sensitivity"] > INFLUENTIAL, "prior"]),
        table=make_table(
            f"The forecast at {_said_at(target, columns)} for one new run, under other priors",
            table,
            column("Prior", str, "prior"),
            column("Influence", fixed(3), "sensitivity"),
            column("Median, wider", fixed(digits), "median_wider"),
            column("Median, narrower", fixed(digits), "median_narrower"),
            column("Width, wider", _times, "width_wider"),
            column("Width, narrower", _times, "width_narrower"),
        ),
    )


def _said_at(target: "pd.Series[Any]", columns: Sequence[str]) -> str:
    parts = [f"{plain_flop(target[name])}{unit_after([name])}" for name in columns]
    return " and ".join(parts)


def _width(forecast: Forecast, place: int) -> float:
    row = forecast.quantile([0.05, 0.95]).iloc[place]
    return float(row["q95"] - row["q05"])


def _decades(label: str) -> str:
    """Write a bin of distances as people do: ``1 to 1.5``."""
    return label.strip("(]").replace(", ", " to ")


def _near(label: str, row: "pd.Series[float]") -> dict[str, str]:
    return {
        "distance": _decades(label),
        "n": f"{int(row['n'])}",
        "coverage": percent(row["coverage_90"]),
        "interval": span(percent)(row["coverage_90_low"], row["coverage_90_high"]),
    }


def _backtest_pictures(backtest: Backtest) -> tuple[Picture, ...]:
    """Draw a backtest; of few forecasts no calibration, since any forecaster would look fine."""
    count = len(backtest.forecasts)
    errors = _picture_of_errors(backtest, count)
    return (errors,) if count < FEWEST else (_picture_of_calibration(backtest, count), errors)


def _picture_of_calibration(backtest: Backtest, count: int) -> Picture:
    return draw_picture(
        "calibration",
        f"Two panels on {count} forecasts: the share of truths inside central intervals of 10 "
        "to 95 %, and the distribution of the probability integral transform.",
        "Above: share of truths inside central intervals of one new run, from 10 to 95 % "
        "probability; on the dashed line they hold what they say. Below: where truths fell in "
        "their forecasts; inside the band, as often as they should. Bands are 95 % intervals "
        "of a calibrated forecaster.",
        lambda figure: plot_calibration(backtest, figure.subplots(2, 1)),
        height=5.8,
    )


def _picture_of_errors(backtest: Backtest, count: int) -> Picture:
    held = int(backtest.forecasts["covered_90"].sum())
    return draw_picture(
        "backtest",
        f"Errors of {count} forecasts against their distance; {held} of the truths lie inside "
        "their 90 % interval.",
        f"Each forecast of the backtest, {ERRORS_OF[backtest.response]} what was measured. Dots "
        "are medians, bars 90 % equal-tailed intervals of one new run; a bar that crosses zero "
        "held the truth.",
        lambda figure: plot_backtest(backtest, figure.subplots()),
    )


def _times(value: float) -> str:
    return f"{value:.2f} ×"
