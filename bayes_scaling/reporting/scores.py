"""The first section: what a forecast of scores says."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from markupsafe import Markup

from bayes_scaling.forecasting import Forecast, predict
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.score_predictive import of_ladders
from bayes_scaling.reporting.answers import (
    draw_ladder,
    headline,
    kinds_at,
    largest_runs,
    place_of,
    said_at,
)
from bayes_scaling.reporting.pictures import Picture
from bayes_scaling.reporting.tables import (
    Table,
    chance,
    column,
    fixed,
    flop,
    make_table,
    percent,
    span,
    three_digits,
)
from bayes_scaling.scales import scale_of, unit_after


@dataclass(frozen=True)
class ScoreAnswer:
    """What a forecast of scores says; the headline is the farthest target.

    Attributes
    ----------
    is_forecast : bool
        If not, the targets are the largest runs that were fitted.
    task : str
        Empty where the table names none.
    target : Markup
        With its unit.
    groups : tuple of str
        Its recipe, and what else runs are grouped by.
    place : str
        Where the target lies beside the fitted runs, as a sentence.
    median, low, high, low_half, high_half : str
        The 90 and the 50 % interval of kind ``run``.
    items, chance, above : str
        How many items the task has, what a guess gets right, and the probability of more.
    targets, kinds : Table
    picture : Picture
    notes : tuple of str
    """

    is_forecast: bool
    task: str
    target: Markup
    groups: tuple[str, ...]
    place: str
    median: str
    low: str
    high: str
    low_half: str
    high_half: str
    items: str
    chance: str
    above: str
    targets: Table
    kinds: Table
    picture: Picture
    notes: tuple[str, ...]
    template: ClassVar[str] = "answer_scores.html.j2"


def answer_of_scores(fit: Fit, forecast: Forecast | None) -> ScoreAnswer:
    """Say what a forecast of scores says, or a fit of the largest runs it has seen."""
    shown = forecast or predict(fit, largest_runs(fit), far=True)
    place = headline(shown.targets)
    summary = _summary(shown)
    row = summary.iloc[place]
    levels = ("median", "q05", "q95", "q25", "q75")
    median, low, high, low_half, high_half = (percent(row[level]) for level in levels)
    (name,) = fit.spec.columns
    at = said_at({name: float(row[name])})
    said = f"from {low} to {high} with probability 90 %"
    return ScoreAnswer(
        is_forecast=forecast is not None,
        task=str(row["family"]) if "family" in fit.table else "",
        target=_named(fit, float(row[name])),
        groups=tuple(f"{own} {row[own]}" for own in fit.design.labels),
        place=place_of(float(row["distance"]), fit.spec.columns),
        median=median,
        low=low,
        high=high,
        low_half=low_half,
        high_half=high_half,
        items=fixed(0)(row["items"]),
        chance=percent(row["chance"]),
        above=chance(row["above"]),
        targets=_targets(fit, summary, is_forecast=forecast is not None),
        kinds=kinds_at(shown, place, percent),
        picture=draw_ladder(shown, f"the median and its intervals, and the score at {at}: {said}."),
        notes=shown.notes,
    )


def _named(fit: Fit, value: float) -> Markup:
    """Write where a target is, with its unit."""
    (name,) = fit.spec.columns
    if name in fit.design.links:
        return Markup("a {} of {}").format(name, three_digits(value))
    return Markup("{}{}").format(flop(value), unit_after([name]))


def _summary(shown: Forecast) -> pd.DataFrame:
    """Add to each target how many items its task has, its chance level, and P(above it)."""
    fit, summary = shown.fit, shown.summary()
    own = np.array([fit.families.index(family) for family in summary["family"]])
    chance, items = (of_ladders(fit.design, name)[own] for name in ("chance", "n_items"))
    above = (shown.values() > chance).mean(axis=0)
    return summary.assign(chance=chance, items=items, above=above)


def _targets(fit: Fit, summary: pd.DataFrame, *, is_forecast: bool) -> Table:
    many = len(set(summary["family"])) > 1
    words = scale_of(fit.spec.columns).words.removeprefix("training ")
    return make_table(
        "Scores of one new run" if is_forecast else f"A second run at the largest fitted {words}",
        summary if many else summary.drop(columns="family"),
        column("Task", str, "family"),
        *(column(own.capitalize(), str, own) for own in fit.design.labels),
        *(column(f"Target, {scale_of([name]).unit}", flop, name) for name in fit.spec.columns),
        column("90 % interval", span(percent), "q05", "q95"),
        column("Median", percent, "median"),
        column("50 % interval", span(percent), "q25", "q75"),
        column("Chance", percent, "chance"),
        column("P(above chance)", chance, "above"),
        column("Decades beyond", fixed(2), "distance"),
    )
