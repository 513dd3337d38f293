"""The first section of a report of a sweep: where the best rate goes, and what it costs to stay."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from bayes_scaling.decision import Transfer, transfer
from bayes_scaling.decision.transfers import STILL
from bayes_scaling.inference.fits import Fit
from bayes_scaling.plotting.sweeps import plot_transfer
from bayes_scaling.reporting.parts import Section
from bayes_scaling.reporting.pictures import Picture, draw_picture
from bayes_scaling.reporting.spending import LEAST, intervals, nats
from bayes_scaling.reporting.tables import (
    Table,
    chance,
    column,
    fixed,
    make_table,
    plain_flop,
    three_digits,
)
from bayes_scaling.scales import scale_of

type Rows = Mapping[Any, Mapping[Any, Any]]  # of a summary, by quantity

AHEAD = 2.0  # times the largest fitted setting, where none is asked for
QUANTITIES = {
    "optimum": "best rate at the target",
    "loss": "least loss at the target",
}


@dataclass(frozen=True)
class SweepAnswer:
    """What a fit of sweeps says of a larger setting.

    Attributes
    ----------
    swept, target : str
        What has the optimum, and where, in words.
    low, high, median : str
        The best value there, the 90 % interval.
    carried, cost_low, cost_high : str
        What would be carried over, and what that costs in nats.
    moved_low, moved_high : str
        What the median costs.
    drifts : tuple of str
        A sentence a covariate.
    quantities, settings : Table
    picture : Picture
    notes : tuple of str
    """

    swept: str
    target: str
    low: str
    high: str
    median: str
    carried: str
    cost_low: str
    cost_high: str
    moved_low: str
    moved_high: str
    drifts: tuple[str, ...]
    quantities: Table
    settings: Table
    picture: Picture
    notes: tuple[str, ...]
    template: ClassVar[str] = "answer_sweeps.html.j2"


def usual_transfer(fit: Fit) -> Transfer:
    """Ask of a setting twice as large as the largest, where nothing else is asked."""
    swept = str(fit.spec.law.swept)
    ends = {
        name: AHEAD * float(values.max())
        for name, values in fit.design.places.covariates.items()
        if name != swept
    }
    return transfer(fit, family=fit.families[0], **ends)


def answer_of_sweep(found: Transfer) -> SweepAnswer:
    """Say where the best rate is at the target, and what carrying a smaller one over costs."""
    table: Rows = {row["quantity"]: row for row in found.summary().to_dict("records")}
    best, cost, moved = (table[name] for name in ("optimum", "regret_carried", "regret_moved"))
    swept = found.swept.replace("_", " ")
    carried = float(found.carried[found.swept].iloc[found.largest])
    return SweepAnswer(
        swept=swept,
        target=_where(found),
        low=plain_flop(best["q05"]),
        high=plain_flop(best["q95"]),
        median=plain_flop(best["median"]),
        carried=plain_flop(carried),
        cost_low=_nats(cost["q05"]),
        cost_high=_nats(cost["q95"]),
        moved_low=_nats(moved["q05"]),
        moved_high=_nats(moved["q95"]),
        drifts=_drifts(found, table),
        quantities=_quantities(found, table),
        settings=make_table(
            f"What carrying over the best {swept} of each fitted setting costs at {_where(found)}, "
            "nats",
            found.by_setting(),
            *(
                column(scale_of([name]).words.capitalize(), three_digits, name)
                for name in (*found.target, found.swept)
            ),
            *intervals(nats),
        ),
        picture=_picture(found, "forecast"),
        notes=found.notes,
    )


def say_transfer(found: Transfer, name: str) -> Section:
    """Say where the optimum is at one more target."""
    answer = answer_of_sweep(found)
    return Section(
        title=f"The best {answer.swept} at {answer.target}",
        text=(
            f"It lies between {answer.low} and {answer.high} with probability 90 %. Carrying over "
            f"{answer.carried}, the best of the nearest fitted setting, costs {answer.cost_low} to "
            f"{answer.cost_high} nats (90 % interval)."
        ),
        pictures=(_picture(found, name),),
        tables=(answer.quantities, answer.settings),
        notes=found.notes,
    )


def _where(found: Transfer) -> str:
    """Write the target in a sentence.

    Numbers up to a million are written whole.
    """
    return " and ".join(
        f"{scale_of([name]).words} {three_digits(value)}" for name, value in found.target.items()
    )


def _nats(value: float) -> str:
    return f"less than {LEAST:g}" if value < LEAST else f"{value:.2g}"


def _drifts(found: Transfer, table: Rows) -> tuple[str, ...]:
    """Say how far the optimum goes with each doubling, and whether it transfers."""
    words = {drift: column for column, drift in found.fit.spec.law.drifts.items()}
    said = [
        f"With each doubling of the {scale_of([name]).words} the best "
        f"{found.swept.replace('_', ' ')} moves "
        f"{_times(table[drift])}."
        for drift, name in words.items()
    ]
    return (
        *said,
        f"It transfers, drifting less than {STILL:g} octaves a doubling of the "
        f"{scale_of([words['drift']]).words}, with probability {chance(found.transfers)}; before "
        f"the data that was {chance(found.transfers_before)}.",
    )


def _times(row: Mapping[Any, float]) -> str:
    write = fixed(2)
    return f"by {write(row['q05'])} to {write(row['q95'])} octaves (90 % interval)"


def _quantities(found: Transfer, table: Rows) -> Table:
    drifts = {
        drift: f"drift, octaves a doubling of the {scale_of([column]).words}"
        for column, drift in found.fit.spec.law.drifts.items()
    }
    names = {**drifts, **QUANTITIES}
    return make_table(
        f"The best {found.swept.replace('_', ' ')} at {_where(found)}",
        pd.DataFrame([{**table[key], "name": words} for key, words in names.items()]),
        column("Quantity", str, "name"),
        *intervals(),
    )


def _picture(found: Transfer, name: str) -> Picture:
    swept = found.swept.replace("_", " ")
    return draw_picture(
        name,
        f"Loss against the {swept} of fitted settings, with the interval of each optimum, and that "
        f"at {_where(found)}.",
        f"The law of each fitted setting with its 90 % interval; bars below are the 90 % interval "
        f"of each optimum. The band is the best {swept} at {_where(found)}, 50 and 90 %.",
        lambda figure: plot_transfer(found, figure.subplots()),
        height=4.2,
    )
