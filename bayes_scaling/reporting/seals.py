"""The records of a ledger that belong to a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_scaling.data import is_table_of
from bayes_scaling.errors import BayesScalingError, LedgerError
from bayes_scaling.forecasting import KIND_WORDS, Forecast
from bayes_scaling.inference.fits import Fit
from bayes_scaling.registry import Record, Verification, read_ledger, verify
from bayes_scaling.registry.questions import questions_of
from bayes_scaling.registry.records import demand_forecast
from bayes_scaling.registry.refitting import draws_again, sealed_spec
from bayes_scaling.reporting.answers import headline
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
    fault : str
        Why the record doesn't vouch for the numbers of this report, if it doesn't.
    vouches : bool
        Whether it vouches for numbers that this report forecasts.
    is_of_headline : bool
        Whether it was made from this fit for the target that the report speaks of first.
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
    fault: str
    vouches: bool
    is_of_headline: bool
    outcome: str


def find_records(
    registered: Registered | None, fit: Fit, forecast: Forecast | None
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
    records: Sequence[Record],
    verified: Mapping[Path, Verification],
    fit: Fit,
    forecast: Forecast | None,
) -> tuple[Seal, ...]:
    """Put records into words, and say of each why it doesn't vouch for a report."""
    return tuple(_show(record, verified[record.ledger], fit, forecast) for record in records)


def doubts_of(seals: Sequence[Seal], *, is_forecast: bool) -> tuple[str, ...]:
    """Say why seals don't vouch for a report; nothing where one vouches for its headline."""
    if any(seal.is_of_headline and seal.vouches for seal in seals):
        return ()
    doubts = [
        f"Record {seal.number} of {seal.ledger}: {seal.fault}" for seal in seals if seal.fault
    ]
    if is_forecast and seals and not any(seal.is_of_headline for seal in seals):
        doubts.append("The target that this report speaks of first isn't one that was sealed.")
    return tuple(doubts)


def verify_ledgers(records: Sequence[Record]) -> dict[Path, Verification]:
    """Verify each ledger that records are from."""
    return {path: verify(path) for path in dict.fromkeys(record.ledger for record in records)}


def _belongs(record: Record, fit: Fit, forecast: Forecast | None) -> bool:
    if _other_origin(record, fit):
        return False
    return forecast is None or _place(record, forecast.targets) is not None


def _other_origin(record: Record, fit: Fit) -> str:
    """Say what else a record was made from than a fit, if it was."""
    metric, model = record.content["metric"]["name"], record.content["model"]
    if not fit.response.has_model(sealed_spec(record)):
        return f"It forecasts the {metric}, this report is of {fit.response.name}."
    if not is_table_of(model["data_hash"], fit.table):
        return "It was made from other data."
    return "" if model["spec"] == fit.spec.text else "It was made with another model."


def _place(record: Record, targets: pd.DataFrame) -> int | None:
    """Find the target of a record among those of a forecast."""
    target = record.content["target"]
    keys = [key for key in target if key in targets and key != "distance"]
    same = np.logical_and.reduce([targets[key].to_numpy() == target[key] for key in keys])
    return int(np.argmax(same)) if np.any(same) else None


def _show(
    record: Record,
    verified: Verification,
    fit: Fit,
    forecast: Forecast | None,
) -> Seal:
    said, other = record.content, _other_origin(record, fit)
    unsound = "" if verified.holds else f"The ledger doesn't hold. {verified.message}"
    place = None if other or forecast is None else _place(record, forecast.targets)
    fault = other or unsound or _not_there(record) or _differing(record, forecast, place)
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
        fault=fault,
        vouches=forecast is not None and not fault,
        is_of_headline=forecast is not None and place == headline(forecast.targets),
        outcome="not known, for the ledger doesn't hold" if unsound else _outcome(record),
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


def _differing(record: Record, forecast: Forecast | None, place: int | None) -> str:
    """Say how a forecast differs from what was sealed, if it does."""
    if forecast is None:
        return ""
    if place is None:
        return "It forecasts another target."
    kind = record.content["scored"]
    sealed = record.quantiles[kind]
    drawn = draws_again(record, forecast, kind, place)
    found = np.quantile(drawn, list(sealed.index))
    if np.allclose(found, sealed, rtol=SAME, atol=0):
        return ""
    was, now = (
        f"{four_digits(of[0.5])} ({four_digits(of[0.05])} to {four_digits(of[0.95])})"
        for of in (sealed, pd.Series(found, index=sealed.index))
    )
    return (
        f"The numbers of this report are not those that were sealed: median and 90 % interval of "
        f"{KIND_WORDS[kind]} were {was}, here they are {now}."
    )


def _not_there(record: Record) -> str:
    """Say that a record isn't in its ledger as it was handed in, if it isn't."""
    hashes = {one.hash for one in read_ledger(record.ledger)}
    return "" if record.hash in hashes else "The ledger doesn't hold this record."


def _outcome(record: Record) -> str:
    question = questions_of(read_ledger(record.ledger)).get(record.number)
    if question is None or question.answer is None:
        return "open"
    answer = question.answer.content
    said = answer["reason"] if question.status == "void" else four_digits(answer["value"])
    return f"{question.status}: {said} (record {question.answer.number}, {answer['time']})"
