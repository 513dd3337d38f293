"""The records of a ledger that belong to a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_scaling.errors import BayesScalingError, LedgerError
from bayes_scaling.forecasting import Forecast, PassForecast
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.fits import PassFit
from bayes_scaling.registry import Record, read_ledger, verify
from bayes_scaling.registry.questions import questions_of
from bayes_scaling.registry.records import demand_forecast
from bayes_scaling.reporting.tables import Table, column, four_digits, make_table, percent

type Registered = Record | Sequence[Record] | str | Path
SAME = 1e-9  # relative


@dataclass(frozen=True)
class Seal:
    """A sealed forecast, in words.

    Attributes
    ----------
    number, ledger, hash, time, author, question, target, resolves, void_if : str
    assumptions : tuple of str
    events : Table or None
    agreement : str
        Whether the numbers of this report are those that were sealed.
    outcome : str
        What became of the question.
    """

    number: str
    ledger: str
    hash: str
    time: str
    author: str
    question: str
    target: str
    resolves: str
    void_if: str
    assumptions: tuple[str, ...]
    events: Table | None
    agreement: str
    outcome: str


def find_records(
    registered: Registered | None, fit: Fit | PassFit, forecast: Forecast | PassForecast | None
) -> tuple[Record, ...]:
    """Find the records of this forecast; of a ledger, those of the same model, data and targets.

    Raises
    ------
    LedgerError
        If there is none, or a record holds no forecast.
    """
    if registered is None:
        return ()
    if isinstance(registered, str | Path):
        every = (record for record in read_ledger(registered) if record.type == "forecast")
        found = tuple(record for record in every if _belongs(record, fit, forecast))
        if not found:
            raise LedgerError(
                f"registered: no record of {registered} is of this model, data and target. "
                "Register the forecast first, or give its record."
            )
        return found
    found = (registered,) if isinstance(registered, Record) else tuple(registered)
    for record in found:
        if not isinstance(record, Record):
            raise BayesScalingError(
                "registered: expected a record, as register returns it, or the path of a ledger, "
                f"got {type(record).__name__}."
            )
        demand_forecast(record)
    return found


def show_seals(
    records: Sequence[Record], forecast: Forecast | PassForecast | None
) -> tuple[Seal, ...]:
    """Put records into words."""
    return tuple(_show(record, forecast) for record in records)


def verify_ledgers(records: Sequence[Record]) -> tuple[str, ...]:
    """Say of each ledger whether it holds."""
    ledgers = dict.fromkeys(record.ledger for record in records)
    return tuple(f"{path.name}: {verify(path)}" for path in ledgers)


def _belongs(record: Record, fit: Fit | PassFit, forecast: Forecast | PassForecast | None) -> bool:
    model = record.content["model"]
    same = model["data_hash"] == fit.data_hash and model["spec"] == fit.spec.text
    if forecast is None or not same:
        return bool(same)
    return _place(record, forecast.targets) is not None


def _place(record: Record, targets: pd.DataFrame) -> int | None:
    """Find the target of a record among those of a forecast."""
    target = record.content["target"]
    keys = [key for key in ("family", "compute") if key in target and key in targets]
    same = np.logical_and.reduce([targets[key].to_numpy() == target[key] for key in keys])
    return int(np.argmax(same)) if np.any(same) else None


def _show(record: Record, forecast: Forecast | PassForecast | None) -> Seal:
    said = record.content
    return Seal(
        number=str(record.number),
        ledger=record.ledger.name,
        hash=record.hash,
        time=said["time"],
        author=said["author"],
        question=said["question"],
        target=", ".join(f"{name} {_short(value)}" for name, value in said["target"].items()),
        resolves=said["resolves"],
        void_if=said["void_if"] or "",
        assumptions=tuple(said["assumptions"]),
        events=_events(record),
        agreement=_agreement(record, forecast) if isinstance(forecast, Forecast) else "",
        outcome=_outcome(record),
    )


def _short(value: object) -> str:
    return f"{value:.4g}".replace("e+", "e") if isinstance(value, float) else str(value)


def _events(record: Record) -> Table | None:
    events = pd.DataFrame(record.content["events"])
    if events.empty:
        return None
    return make_table(
        f"Events, with their probability when record {record.number} was sealed",
        events,
        column("Event", str, "text"),
        column("Probability", percent, "probability"),
    )


def _agreement(record: Record, forecast: Forecast) -> str:
    """Say whether the quantiles of the forecast are those that were sealed."""
    place, kind = _place(record, forecast.targets), record.content["scored"]
    if place is None:
        return "This report forecasts another target."
    sealed = record.quantiles[kind]
    drawn = forecast.draws[kind].isel(target=place).to_numpy()
    found = np.quantile(drawn, list(sealed.index))
    if np.allclose(found, sealed, rtol=SAME, atol=0):
        return "The numbers of this report are those that were sealed."
    was, now = (
        f"{four_digits(of[0.5])} ({four_digits(of[0.05])} to {four_digits(of[0.95])})"
        for of in (sealed, pd.Series(found, index=sealed.index))
    )
    return (
        f"The numbers of this report are not those that were sealed: median and 90 % interval of "
        f"kind {kind} were {was}, here they are {now}."
    )


def _outcome(record: Record) -> str:
    question = questions_of(read_ledger(record.ledger)).get(record.number)
    if question is None or question.answer is None:
        return "open"
    answer = question.answer.content
    said = answer["reason"] if question.status == "void" else four_digits(answer["value"])
    return f"{question.status}: {said} (record {question.answer.number}, {answer['time']})"
