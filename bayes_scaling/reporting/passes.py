"""The first section: what a forecast of pass rates says."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from markupsafe import Markup

from bayes_scaling.forecasting import Forecast, predict
from bayes_scaling.inference.fits import Fit
from bayes_scaling.plotting.pass_rates import plot_pass_rate
from bayes_scaling.reporting.answers import headline, place_of
from bayes_scaling.reporting.pictures import Picture, draw_picture
from bayes_scaling.reporting.tables import (
    Cell,
    Table,
    column,
    fixed,
    flop,
    make_table,
    percent,
    plain_flop,
    span,
    three_digits,
)
from bayes_scaling.scales import scale_of, unit_after

INTERVALS = "Bands and bars are 50 and 90 % equal-tailed intervals: what one new run will show."
COUNTS = "Dots are what the counts say by themselves, with 90 % intervals."
COMPUTE = "compute"


@dataclass(frozen=True)
class PassAnswer:
    """What a forecast of pass rates says; the headline is the farthest target.

    Attributes
    ----------
    is_forecast : bool
        If not, the target is the largest compute that was fitted.
    target : Markup
        With its unit.
    place : str
        Where the target lies beside the fitted runs, as a sentence.
    low, high, median : str
        Mean pass rate: the 90 % interval of kind ``run``.
    solved_low, solved_high : str
        Problems solved at least once, the same interval.
    over : str
        Which problems are averaged over.
    problems, n_samples : int
    targets : Table or None
        None, as all that is a forecast's, where runs of one compute only were fitted.
    picture : Picture or None
    notes : tuple of str
    """

    is_forecast: bool
    target: Markup
    place: str
    low: str
    high: str
    median: str
    solved_low: str
    solved_high: str
    over: str
    problems: int
    n_samples: int
    targets: Table | None
    picture: Picture | None
    notes: tuple[str, ...]
    template: ClassVar[str] = "answer_passes.html.j2"


def answer_of_passes(fit: Fit, forecast: Forecast | None) -> PassAnswer:
    """Say what a forecast of pass rates says, or a fit of the largest compute it has seen."""
    shown = forecast or inside_the_ladder(fit)
    if shown is None:
        return _answer_of_one_compute(fit)
    summary = shown.summary()
    place = headline(shown.targets)
    along = COMPUTE if COMPUTE in summary else fit.spec.columns[0]
    against = scale_of([along]).words
    compute = shown.targets[along].iloc[place]
    rows = summary[summary[along] == compute].drop_duplicates("quantity").set_index("quantity")
    over = averaged_over(shown)
    rate, solved = rows.loc["pass_rate"], rows.loc["solved"]
    return PassAnswer(
        is_forecast=forecast is not None,
        target=_named(fit, along, compute),
        place=place_of(float(shown.targets["distance"].iloc[place])),
        low=percent(rate["q05"]),
        high=percent(rate["q95"]),
        median=percent(rate["median"]),
        solved_low=fixed(0)(solved["q05"]),
        solved_high=fixed(0)(solved["q95"]),
        over=over,
        problems=int(fit.design.units.sizes[shown.chosen].sum()),
        n_samples=shown.n_samples,
        targets=_quantities(summary, shown.n_samples, over),
        picture=draw_picture(
            "forecast",
            f"Mean of -log p over {over} against {against}: {len(fit.design.runs)} fitted runs, "
            f"the median and its intervals up to {plain_flop(compute)}{unit_after([along])}.",
            f"Mean of −log p over {over} against {against}. {INTERVALS} {COUNTS}",
            lambda figure: plot_pass_rate(shown, by="all", axes=figure.subplots()),
        ),
        notes=shown.notes,
    )


def _named(fit: Fit, along: str, value: float) -> Markup:
    """Write where a target is, with its unit."""
    if along in fit.design.links:
        return Markup("a {} of {}").format(along, three_digits(value))
    return Markup("{}{}").format(flop(value), unit_after([along]))


def names_of(summary: pd.DataFrame) -> list[str]:
    """List the covariates of a summary's targets."""
    return [str(name) for name in summary.columns[1 : list(summary.columns).index("distance")]]


def averaged_over(shown: Forecast) -> str:
    """Say which problems a forecast averages over."""
    count = int(shown.fit.design.units.sizes[shown.chosen].sum())
    if shown.chosen.all():
        return f"all {count:,} problems"
    return f"the {count:,} problems that every fitted run solved"


def _answer_of_one_compute(fit: Fit) -> PassAnswer:
    """Say that nothing can be said of other scales."""
    names = ("place", "low", "high", "median", "solved_low", "solved_high", "over")
    return PassAnswer(
        **dict.fromkeys(names, ""),
        is_forecast=False,
        target=_named(fit, next(iter(_end(fit))), *_end(fit).values()),
        problems=int(fit.design.units.sizes.sum()),
        n_samples=0,
        targets=None,
        picture=None,
        notes=fit.notes,
    )


def inside_the_ladder(fit: Fit) -> Forecast | None:
    """Forecast the largest fitted compute, if there are runs of several."""
    compute = fit.design.scale
    return predict(fit, **_end(fit)) if len(np.unique(compute)) > 1 else None


def _end(fit: Fit) -> dict[str, Any]:
    """Name the largest fitted run's place along the model's covariate."""
    (column,) = fit.spec.columns
    return {column: float(fit.design.places.shown[column][fit.design.scale.argmax()])}


def _quantities(summary: pd.DataFrame, n_samples: int, over: str) -> Table:
    names = {
        "pass_rate": "mean pass rate",
        "solved": f"problems solved at least once in {n_samples} samples",
        "neg_log_pass": "mean of −log p",
    }
    rows = summary.assign(name=[names.get(name, name) for name in summary["quantity"]])
    return make_table(
        f"Forecasts for one new run, over {over}",
        rows,
        column("Quantity", str, "name"),
        *(column(f"Target, {scale_of([name]).unit}", flop, name) for name in names_of(rows)),
        column("Median", _written, "median", "quantity"),
        column("90 % interval", _interval, "q05", "q95", "quantity"),
        column("50 % interval", _interval, "q25", "q75", "quantity"),
    )


def _written(value: float, quantity: str) -> Cell:
    if quantity == "pass_rate" or quantity.startswith("pass@"):
        return percent(value)
    return fixed(0)(value) if quantity == "solved" else three_digits(value)


def _interval(low: float, high: float, quantity: str) -> Cell:
    return span(lambda value: _written(value, quantity))(low, high)
