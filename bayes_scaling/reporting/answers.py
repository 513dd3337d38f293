"""The first section: what a forecast of losses says, in a sentence, a figure and a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from bayes_scaling.decision import optimal_allocation
from bayes_scaling.forecasting import (
    FAR,
    NO_UNIT,
    Forecast,
    floor_notes,
    predict,
    response_unit,
)
from bayes_scaling.forecasting.frontiers import FLOP
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.predictive import KINDS
from bayes_scaling.plotting.decisions import plot_allocation
from bayes_scaling.plotting.forecasts import (
    make_family_panels,
    plot_families,
    plot_forecast,
)
from bayes_scaling.plotting.replicates import plot_replicates
from bayes_scaling.reporting.pictures import Picture, draw_picture
from bayes_scaling.reporting.tables import (
    Table,
    column,
    decimals,
    fixed,
    flop,
    glossed,
    make_table,
    plain_flop,
    span,
)
from bayes_scaling.reporting.words import KINDS as KIND_WORDS
from bayes_scaling.reporting.words import WIDER_LAW
from bayes_scaling.scales import COMPUTE, scale_of, unit_after


@dataclass(frozen=True)
class LossAnswer:
    """What a forecast of losses says; the headline is the farthest target.

    Attributes
    ----------
    response, unit, family : str
    groups : tuple of str
        Its recipe, and what else runs are grouped by.
    compute : Markup
        The target, with its unit.
    place : str
        Where the target lies beside the fitted runs, as a sentence.
    median, low, high, low_half, high_half : str
        The 90 and the 50 % interval of kind ``run``.
    targets, kinds : Table
    picture : Picture
    notes : tuple of str
    """

    response: str
    unit: str
    family: str
    groups: tuple[str, ...]
    compute: Markup
    place: str
    median: str
    low: str
    high: str
    low_half: str
    high_half: str
    targets: Table
    kinds: Table
    picture: Picture
    notes: tuple[str, ...]
    wider_law: ClassVar[str] = WIDER_LAW
    template: ClassVar[str] = "answer_losses.html.j2"


@dataclass(frozen=True)
class LadderAnswer:
    """What a fit of losses says where nothing was forecast: one row a ladder."""

    response: str
    unit: str
    ladders: Table
    picture: Picture
    notes: tuple[str, ...]
    template: ClassVar[str] = "answer_ladders.html.j2"


def headline(targets: pd.DataFrame) -> int:
    """Choose the farthest target: the row to speak of first."""
    return int(np.argmax(targets["distance"].to_numpy(float)))


def places_of(fit: Fit, table: pd.DataFrame) -> "pd.Series[float]":
    """Return what the targets of a table are ordered by."""
    return table[list(fit.spec.columns)].prod(axis=1)


def place_of(distance: float, columns: Sequence[str] = COMPUTE) -> str:
    """Say how far a target lies beyond the fitted runs.

    Examples
    --------
    >>> place_of(1.32)
    'That is 1.32 decades beyond the largest fitted run, 20.9 times its compute.'
    >>> place_of(3.4)
    'That is far, 3.40 decades beyond the largest fitted run, 2,512 times its compute.'
    """
    if distance <= 0:
        return "That is no larger than the largest fitted run."
    return (
        f"That is {'far, ' if distance > FAR else ''}{distance:.2f} decades beyond the largest "
        f"fitted run, {_plain(10**distance)} times its "
        f"{scale_of(columns).words.removeprefix('training ')}."
    )


def said_at(at: Mapping[str, float]) -> str:
    """Write where a target is, with its units.

    Examples
    --------
    >>> said_at({"params": 7e9, "tokens": 1.4e12})
    '7e09 parameters and 1.4e12 tokens'
    """
    return " and ".join(f"{plain_flop(value)}{unit_after([name])}" for name, value in at.items())


def _plain(factor: float) -> str:
    return f"{factor:,.0f}" if factor >= 1000 else f"{factor:.3g}"


def answer_of_losses(forecast: Forecast) -> LossAnswer:
    """Say what a forecast of losses says."""
    fit, summary = forecast.fit, forecast.summary()
    place = headline(forecast.targets)
    row = summary.iloc[place]
    write = fixed(decimals(summary["q05"], summary["q95"]))
    names = ("median", "q05", "q95", "q25", "q75")
    median, low, high, low_half, high_half = (write(row[name]) for name in names)
    unit = response_unit(fit, row["family"])
    at = {name: float(row[name]) for name in fit.spec.columns}
    said = f"{said_at(at)}, from {low} to {high} with probability 90 %"
    return LossAnswer(
        response=fit.spec.response,
        unit=f"({unit})" if unit == NO_UNIT else unit,
        family=str(row["family"]) if "family" in fit.table else "",
        groups=tuple(f"{name} {row[name]}" for name in fit.design.labels),
        compute=Markup(" and ").join(
            Markup("{}{}").format(flop(value), unit_after([name])) for name, value in at.items()
        ),
        place=place_of(float(row["distance"]), fit.spec.columns),
        median=median,
        low=low,
        high=high,
        low_half=low_half,
        high_half=high_half,
        targets=_targets(fit, summary, "Forecasts for one new run"),
        kinds=kinds_at(forecast, place, write),
        picture=draw_ladder(forecast, f"the median and its intervals, and the forecast at {said}."),
        notes=forecast.notes,
    )


def answer_of_ladders(fit: Fit) -> LadderAnswer:
    """Say what a fit of losses says of the runs it has seen."""
    ends = predict(fit, largest_runs(fit))
    words = scale_of(fit.spec.columns).words.removeprefix("training ")
    caption = f"A second run at the largest {words} that was fitted"
    return LadderAnswer(
        response=fit.spec.response,
        unit=response_unit(fit),
        ladders=_targets(fit, ends.summary(), caption),
        picture=draw_ladder(ends, "the median and its intervals inside the fitted range."),
        notes=(*fit.notes, *floor_notes(fit, range(len(fit.families)))),
    )


def largest_runs(fit: Fit) -> pd.DataFrame:
    """Return where the largest run of each family is, and of each recipe, as targets."""
    families = [fit.families[own] for own in fit.design.family]
    places = fit.design.places
    groups = {
        name: [labels[own] for own in places.group(name)]
        for name, labels in fit.design.labels.items()
    }
    runs = pd.DataFrame({"family": families, **groups, **places.shown})
    order = pd.Series(fit.design.scale)
    return runs.loc[
        order.groupby([runs[name] for name in ("family", *groups)], sort=False).idxmax()
    ]


def draw_ladder(forecast: Forecast, shows: str) -> Picture:
    """Draw the runs and their forecast, or what else there is of a law of several covariates."""
    fit, many = forecast.fit, len(set(forecast.targets["family"]))
    if fit.spec.law.frontier is not None:
        return _draw_frontier(forecast)
    if len(fit.spec.columns) > 1:
        return _draw_misses(fit)
    response, along = fit.spec.response.capitalize(), scale_of(fit.spec.columns).words

    def plot(figure: Figure) -> None:
        if many > 1:
            plot_families(forecast, axes=make_family_panels(figure, forecast))
        else:
            plot_forecast(forecast, ax=figure.subplots())

    return draw_picture(
        "forecast",
        f"{response} against {along}: {len(fit.table)} fitted runs, {shows}",
        f"{response} against {along}. Bands and bars are 50 and 90 % equal-tailed "
        "intervals: what one new run will show.",
        plot,
    )


def _draw_misses(fit: Fit) -> Picture:
    """Draw how far the runs lie from the fit, where they have no one axis."""

    def plot(figure: Figure) -> None:
        plot_replicates(fit, ax=figure.subplots())

    return draw_picture(
        "replicates",
        f"How far {len(fit.table)} fitted runs lie from what a second run there would show.",
        "Each fitted run against the median for a second run in its place. Bars are 50 and 90 % "
        "equal-tailed intervals.",
        plot,
    )


def _draw_frontier(forecast: Forecast) -> Picture:
    """Draw the best division of compute, where a law divides it."""
    fit = forecast.fit
    family = str(forecast.targets["family"].iloc[headline(forecast.targets)])
    spent = FLOP * places_of(fit, forecast.targets[forecast.targets["family"] == family])
    first, second = (scale_of([name]).words for name in fit.spec.columns)

    def plot(figure: Figure) -> None:
        best = optimal_allocation(fit, spent.tolist(), family=family)
        plot_allocation(best, ax=figure.subplots())

    return draw_picture(
        "allocation",
        f"The best number of {first} along compute, beside {len(fit.table)} fitted runs.",
        f"The number of {first} that the law is least at, the rest of the compute being spent on "
        f"{second}. Bands, and bars at the computes of the targets, are 50 and 90 % equal-tailed "
        "intervals. Diamonds, where there are any, are minima of parabolas through runs of one "
        "compute, which need no law.",
        plot,
    )


def _targets(fit: Fit, summary: pd.DataFrame, caption: str) -> Table:
    write = fixed(decimals(summary["q05"], summary["q95"]))
    many = len(set(summary["family"])) > 1
    return make_table(
        caption,
        summary if many else summary.drop(columns="family"),
        *(column(f"Target, {scale_of([name]).unit}", flop, name) for name in fit.spec.columns),
        column("Family", str, "family"),
        *(column(name.capitalize(), str, name) for name in fit.design.labels),
        column("90 % interval", span(write), "q05", "q95"),
        column("Median", write, "median"),
        column("50 % interval", span(write), "q25", "q75"),
        column("Decades beyond", fixed(2), "distance"),
    )


def kinds_at(forecast: Forecast, place: int, write: Callable[[float], str]) -> Table:
    """Tabulate the three kinds of interval at one target."""
    kinds = KINDS[::-1]
    rows = pd.DataFrame([forecast.summary(kind=kind).iloc[place] for kind in kinds])
    target = forecast.targets.iloc[place]
    at = {name: float(target[name]) for name in forecast.fit.spec.columns}
    return make_table(
        f"Three kinds of interval at {said_at(at)}",
        rows.assign(kind=kinds, gloss=[KIND_WORDS[kind] for kind in kinds]),
        column("Kind", glossed, "kind", "gloss"),
        column("Median", write, "median"),
        column("90 % interval", span(write), "q05", "q95"),
    )
