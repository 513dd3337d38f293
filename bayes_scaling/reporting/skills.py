"""Whether scores turn and skills emerge, in a report."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_scaling.decision import Emergence, Shape
from bayes_scaling.plotting.skills import plot_emergence, plot_shape
from bayes_scaling.reporting.parts import Section
from bayes_scaling.reporting.pictures import Picture, draw_picture
from bayes_scaling.reporting.tables import (
    Cell,
    Table,
    chance,
    column,
    flop,
    make_table,
    percent,
    plain_flop,
    span,
    three_digits,
)
from bayes_scaling.scales import scale_of, unit_after

DRAWN = 4  # tasks; the table has the others too
KINDS = {
    "rises": "rises throughout",
    "falls": "falls throughout",
    "flat": "stays flat",
    "turns in the data": "turns among the fitted runs",
    "turns beyond the data": "turns beyond them",
}


def say_shapes(found: Sequence[Shape], name: str) -> Section:
    """Say whether scores rise, fall or turn, and how much of that is prior."""
    first = found[0]
    rows = {str(kind): row for kind, row in first.summary().iterrows()}
    likely = max(rows, key=lambda kind: rows[kind]["posterior"])
    row = rows[likely]
    of = f" of {first.family}" if first.family else ""
    return Section(
        title="Does it rise, fall or turn",
        text=(
            f"Up to {plain_flop(first.up_to)}{unit_after([first.scale])} the score{of} "
            f"{KINDS[likely]} with probability {chance(row['posterior'])}; before the "
            f"data that was {chance(row['prior'])}. Where the two are near, the answer is "
            "mostly the prior's."
        ),
        pictures=tuple(_shape(one, f"{name}-{place}") for place, one in enumerate(found[:DRAWN])),
        tables=(_tasks(found) if len(found) > 1 else _one_task(first),),
        notes=tuple(note for one in found for note in one.notes),
    )


def _one_task(found: Shape) -> Table:
    """Tabulate the shapes of a score, and where it turns."""
    rows = found.summary()
    return make_table(
        "The shape of the law of the score, and of the law before any data",
        rows.assign(said=rows.index.map(KINDS)),
        column("Shape", str, "said"),
        column("Probability", chance, "posterior"),
        column("Before the data", chance, "prior"),
        column(
            f"Turns at, {scale_of([found.scale]).unit}: 90 % interval",
            span(three_digits),
            "q05",
            "q95",
        ),
        column("Median", three_digits, "median"),
    )


def _tasks(found: Sequence[Shape]) -> Table:
    """Tabulate the probability of each shape, a row a task."""
    rows = pd.DataFrame(
        [
            {"task": one.family, **{kind: _beside(row) for kind, row in one.summary().iterrows()}}
            for one in found
        ]
    )
    return make_table(
        "The probability of each shape of the law of the score, and in brackets that before any "
        "data",
        rows,
        column("Task", str, "task"),
        *(column(words.capitalize(), str, kind) for kind, words in KINDS.items()),
    )


def _beside(row: "pd.Series[float]") -> str:
    return f"{chance(row['posterior'])} ({chance(row['prior'])})"


def _shape(found: Shape, name: str) -> Picture:
    of = f" of {found.family}" if found.family else ""
    return draw_picture(
        name,
        f"Draws of the law of the score{of} along {scale_of([found.scale]).words}, by their shape.",
        f"Draws of the law of the score{of}, each in the colour of its shape. The dashed line is "
        "the largest fitted run.",
        lambda figure: plot_shape(found, figure.subplots()),
        height=4.0,
    )


def say_emergences(found: Sequence[Emergence], name: str) -> Section:
    """Say whether skills come faster than their metric explains."""
    first, many = found[0], len(found) > 1
    unit = unit_after([first.scale])
    rows = pd.concat([one.summary() for one in found]).reset_index(names="task")
    reached = (
        f"It is more than 0.05 above chance, with probability 0.9, from {plain_flop(first.reached)}"
        f"{unit} on."
        if np.isfinite(first.reached)
        else "Nowhere within four decades beyond the runs is it above chance with probability 0.9."
    )
    return Section(
        title="Does it come faster than its metric explains",
        text=f"{_accelerates(first)} {reached}",
        pictures=tuple(
            _emergence(one, f"{name}-{place}") for place, one in enumerate(found[:DRAWN])
        ),
        tables=(
            make_table(
                "Whether the exponent grows, and from where the score is above chance",
                rows if many or found[0].family else rows.drop(columns="task"),
                column("Task", str, "task"),
                column("P(accelerates)", _identified, "accelerated"),
                column("Before the data", chance, "accelerated_before"),
                column(
                    "Growth of the exponent, 90 %", span(three_digits), "extra_k_q05", "extra_k_q95"
                ),
                column(f"Above chance from,{unit}", _reach, "above_chance_at"),
                column("Resolution: two standard errors", percent, "resolution"),
            ),
        ),
        notes=tuple(note for one in found for note in one.notes),
    )


def _accelerates(found: Emergence) -> str:
    of = f" of {found.family}" if found.family else ""
    if not found.identified:
        return (
            f"Not identified: no score{of} lies further than {percent(found.resolution)} from "
            "chance, two standard errors of its items."
        )
    return (
        f"The skill{of} accelerates beyond what its metric explains with probability "
        f"{chance(found.accelerated)}; before the data that was "
        f"{chance(found.accelerated_before)}."
    )


def _identified(value: float) -> str:
    return chance(value) or "not identified"


def _reach(value: float) -> Cell:
    return flop(value) if np.isfinite(value) else "nowhere"


def _emergence(found: Emergence, name: str) -> Picture:
    of = f" of {found.family}" if found.family else ""
    return draw_picture(
        name,
        f"The expected score{of} along {scale_of([found.scale]).words}, and from where it is above "
        "chance.",
        f"What runs score on average{of}: the median with 50 and 90 % equal-tailed intervals. Bars "
        "of the runs are two standard errors of their items.",
        lambda figure: plot_emergence(found, figure.subplots()),
        height=4.0,
    )
