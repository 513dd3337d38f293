"""What to run, in a report: how to divide compute, how much it takes, what a recipe is worth."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from bayes_scaling.decision import Allocation, Choice, Crossing, FloorValue, Gain, Passage
from bayes_scaling.plotting.decisions import (
    plot_allocation,
    plot_choice,
    plot_crossing,
    plot_floor,
    plot_gain,
    plot_passage,
)
from bayes_scaling.reporting.parts import Section
from bayes_scaling.reporting.pictures import draw_picture
from bayes_scaling.reporting.tables import (
    Cell,
    Column,
    chance,
    column,
    decimals,
    fixed,
    flop,
    make_table,
    percent,
    plain_flop,
    significant,
    span,
    three_digits,
)
from bayes_scaling.scales import scale_of, unit_after

QUANTITIES = {
    "params": "parameters",
    "tokens": "tokens",
    "tokens_per_param": "tokens a parameter",
    "loss": "loss of the law",
    "params_exponent": "exponent of the parameters",
    "regret": "cost of the median size, nats",
}
LEAST = 1e-4  # nats that are worth a digit
BANDS = "Bands and bars are 50 and 90 % equal-tailed intervals."


def say_allocation(found: Allocation, name: str) -> Section:
    """Say how compute is best divided."""
    table = found.summary()
    spent = found.compute.max()
    here = {row["quantity"]: row for row in table[table["compute"] == spent].to_dict("records")}
    size, ratio = here["params"], here["tokens_per_param"]
    shown = table.assign(name=table["quantity"].map(QUANTITIES))
    return Section(
        title="How to divide compute",
        text=(
            f"{plain_flop(spent)} FLOP are best spent on {_both(size)} parameters "
            f"(90 % interval), at {_both(ratio)} tokens for each."
        ),
        pictures=(
            draw_picture(
                name,
                "The best number of parameters along compute, beside the fitted runs.",
                f"The number of parameters that the law is least at. {BANDS} Diamonds, where there "
                "are any, are minima of parabolas through runs of one compute, which need no law.",
                lambda figure: plot_allocation(found, figure.subplots()),
            ),
        ),
        tables=(
            make_table(
                "The best division of compute",
                shown,
                column("Quantity", str, "name"),
                column("Compute, FLOP", flop, "compute"),
                column("90 % interval", _interval, "q05", "q95", "quantity"),
                column("Median", _written, "median", "quantity"),
                column("50 % interval", _interval, "q25", "q75", "quantity"),
            ),
        ),
        notes=found.notes,
    )


def say_passage(found: Passage, name: str) -> Section:
    """Say how much compute goals take."""
    table, quantity = found.summary(), found.quantity.replace("_", " ")
    row, unit = table.iloc[0], unit_after([found.scale])
    goal = f"runs reach a {quantity} of {found.goals[0]:g} on average"
    text = f"With probability 50 % {goal} before {plain_flop(row['median'])}{unit}."
    if not np.isfinite(row["median"]):
        text = f"It is more likely than not that runs reach no {quantity} of {found.goals[0]:g}."
    if row["unreachable"] > 0:
        text += (
            f" Up to {plain_flop(found.up_to)}{unit} they don't with probability "
            f"{chance(row['unreachable'])}."
        )
    return Section(
        title=f"How much it takes to reach a {quantity}",
        text=text,
        pictures=(
            draw_picture(
                name,
                f"The expected {quantity}, and where it reaches each goal.",
                f"What runs reach on average. {BANDS} Where a bar leaves the picture, the goal may "
                "lie beyond it or out of reach.",
                lambda figure: plot_passage(found, figure.subplots()),
            ),
        ),
        tables=(
            make_table(
                f"{scale_of([found.scale]).words.capitalize()} that goals take",
                table,
                column(f"Goal, {quantity}", three_digits, found.quantity),
                *intervals(_reach),
                column("Out of reach", chance, "unreachable"),
                column("Below the floor", percent, "below_floor"),
            ),
        ),
        notes=found.notes,
    )


def say_choice(found: Choice, name: str) -> Section:
    """Say which runs to train next."""
    table, chosen = found.candidates, found.summary()
    text = "Nothing that can be paid makes the forecast of the target surer to speak of."
    if len(chosen):
        count = f"{len(chosen)} chosen runs" if len(chosen) > 1 else "chosen run"
        text = (
            f"The {count} would take away "
            f"{percent(found.removed[-1])} of the variance of the target's expected log loss, for "
            f"{plain_flop(chosen['spent'].iloc[-1])} FLOP of {plain_flop(found.budget)}."
        )
    own = [str(name) for name in table if name not in {"cost", "affordable", "removes"}]
    times = [str(found.chosen.count(place) or "") for place in range(len(table))]
    return Section(
        title="Which run to train next",
        text=text,
        pictures=(
            draw_picture(
                name,
                "What each candidate would take away of the target's variance.",
                "The share of the variance of the target's expected log loss that one run of each "
                "kind would take away.",
                lambda figure: plot_choice(found, figure.subplots()),
            ),
        ),
        tables=(
            make_table(
                "Runs that may be trained",
                table.assign(times=times),
                *(column(scale_of([one]).words.capitalize(), flop, one) for one in own),
                column("Cost, FLOP", flop, "cost"),
                column("Removes", percent, "removes"),
                column("Chosen, times", str, "times"),
            ),
        ),
        notes=found.notes,
    )


def say_floor(found: FloorValue, name: str) -> Section:
    """Say how a forecast moves with its floor."""
    table = found.summary()
    columns = found.forecast.fit.spec.columns
    pins = {"open": "open", **{f"q{at:02d}": f"at its {at} % point" for at in (5, 25, 50, 75, 95)}}
    last = table.iloc[-1]
    at = " and ".join(f"{plain_flop(last[one])}{unit_after([one])}" for one in columns)
    return Section(
        title="What the floor is worth",
        text=(
            f"If the floor were known, {percent(last['explained'])} of the variance of the log "
            f"loss at {at} would go."
        ),
        pictures=(
            draw_picture(
                name,
                "The forecast against the number that its floor is pinned at.",
                f"The forecast of one new run with its floor pinned. {BANDS}",
                lambda figure: plot_floor(found, figure.subplots()),
            ),
        ),
        tables=(
            make_table(
                "The forecast of one new run with the floor pinned",
                table.assign(pin=table["pinned_at"].map(pins)),
                column("Floor", str, "pin"),
                *(column(f"Target, {scale_of([one]).unit}", flop, one) for one in columns),
                column("Pinned at", three_digits, "floor"),
                *intervals(fixed(decimals(table["q05"], table["q95"]))),
            ),
        ),
        notes=found.notes,
    )


def say_gain(found: Gain, name: str) -> Section:
    """Say what recipes are worth."""
    table, words = found.summary(), scale_of([found.scale]).words
    row = table.iloc[0]
    ends = f"by {row['q05']:.2g} to {row['q95']:.2g} (90 % interval)"
    if row["unbounded"] > 0.05:
        ends = f"at least by {row['q05']:.2g} (5 % quantile)"
    return Section(
        title="What a recipe is worth",
        text=(
            f"{row['recipe']} multiplies {words} {ends}, compared with {row['over']}; by more than "
            f"1 with probability {chance(row['better'])}."
        ),
        pictures=(
            draw_picture(
                name,
                f"Densities of the factor by which recipes multiply {words}.",
                f"The factor by which a recipe multiplies {words}, compared with {found.over}. "
                "Shades are 50 and 90 % equal-tailed intervals.",
                lambda figure: plot_gain(found, figure.subplots()),
            ),
        ),
        tables=(
            make_table(
                f"The factor by which a recipe multiplies {words}, compared with {found.over}",
                table,
                column("Recipe", str, "recipe"),
                *intervals(),
                column("P(above 1)", chance, "better"),
                column("P(no upper end)", chance, "unbounded"),
            ),
        ),
        notes=found.notes,
    )


def say_crossing(found: Crossing, name: str) -> Section:
    """Say which of two recipes is better, and where they cross."""
    table, last = found.summary(), found.summary().iloc[-1]
    unit = unit_after([found.scale])
    return Section(
        title="Which of two recipes is better",
        text=(
            f"At {plain_flop(last[found.scale])}{unit} the first is better with probability "
            f"{chance(last['better'])}. Between {plain_flop(found.between[0])} and "
            f"{plain_flop(found.between[1])}{unit} the two curves never cross with probability "
            f"{chance(found.never)}."
        ),
        pictures=(
            draw_picture(
                name,
                "Two expected curves, and where they cross.",
                f"What runs of each recipe reach on average. {BANDS}",
                lambda figure: plot_crossing(found, figure.subplots()),
            ),
        ),
        tables=(
            make_table(
                "By how much the first is better, in logarithms: 0.01 is about 1 %",
                table,
                column(f"Target, {scale_of([found.scale]).unit}", flop, found.scale),
                column("P(first is better)", chance, "better"),
                *intervals(),
            ),
        ),
        notes=found.notes,
    )


def intervals(write: Callable[[Any], Cell] = three_digits) -> Iterator[Column]:
    """Give the columns of an interval of 90 %, the median, and the interval of 50 %."""
    yield column("90 % interval", span(write), "q05", "q95")
    yield column("Median", write, "median")
    yield column("50 % interval", span(write), "q25", "q75")


def nats(value: float) -> Cell:
    """Write a cost in two digits; what is next to nothing as such."""
    return f"< {LEAST:g}" if value < LEAST else significant(2)(value)


def _written(value: float, quantity: str) -> Cell:
    return nats(value) if quantity == "regret" else three_digits(value)


def _interval(low: float, high: float, quantity: str) -> Cell:
    return span(lambda value: _written(value, quantity))(low, high)


def _reach(value: float) -> Cell:
    return three_digits(value) if np.isfinite(value) else "never"


def _both(row: Mapping[Any, float]) -> str:
    """Write the interval of 90 % in a sentence."""
    return f"{plain_flop(row['q05'])} to {plain_flop(row['q95'])}"
