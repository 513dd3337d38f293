"""What became of the questions: outcomes, voids and corrections, each a record of its own."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_scaling.errors import LedgerError
from bayes_scaling.ledger.appending import Writer, writing
from bayes_scaling.ledger.disk import read_all
from bayes_scaling.ledger.reading import existing
from bayes_scaling.ledger.verification import demand_sound_bytes
from bayes_scaling.registry.ledgers import FORECASTS
from bayes_scaling.registry.questions import Question, questions_of
from bayes_scaling.registry.records import Record
from bayes_scaling.registry.surprises import warn_of_surprise
from bayes_scaling.registry.text_checks import author_name, demand_text

if TYPE_CHECKING:
    import pandas as pd


def resolve(
    ledger: str | Path,
    outcomes: "Mapping[int, float] | pd.DataFrame",
    *,
    author: str | None = None,
    note: str | None = None,
) -> tuple[Record, ...]:
    """Append outcomes to a ledger, all or none.

    Parameters
    ----------
    ledger : str or Path
    outcomes : mapping of int to float, or DataFrame
        From the number of a forecast's record to what was measured; as a table, columns ``record``
        and ``value``.
    author, note : str, optional
        Who says it (by default the name of the account), and where it is from.

    Returns
    -------
    tuple of Record

    Raises
    ------
    LedgerError
        If the ledger doesn't hold, there is no such forecast, it is resolved or void already, or a
        value can't be one. Nothing is appended then.

    Warns
    -----
    OutcomeWarning
        Before an outcome is appended that the forecast gave less than 1 in 10,000.

    Examples
    --------
    >>> resolve("nowhere.jsonl", {1: 1.572})
    Traceback (most recent call last):
    bayes_scaling.errors.LedgerError: nowhere.jsonl: there is no such ledger; register begins one.
    """
    pairs = _pairs(outcomes)
    words = {"author": author_name(author), "note": _maybe("note", note), "type": "outcome"}
    with _answering(ledger) as (writer, questions):
        contents = []
        for number, value in pairs:
            question = _demand_open(questions, number)
            contents.append({**words, **_link(question), "value": _checked(question, value)})
            warn_of_surprise(question.forecast, contents[-1]["value"])
        return writer.append(contents)


def void(
    ledger: str | Path, record: int, *, reason: str, author: str | None = None
) -> tuple[Record, ...]:
    """Declare a question void: what it asks for will not be known. It is counted in the scores.

    Parameters
    ----------
    ledger : str or Path
    record : int
        Number of the forecast's record.
    reason : str
    author : str, optional

    Returns
    -------
    tuple of Record
        The one that was appended.

    Raises
    ------
    LedgerError
        If the ledger doesn't hold, there is no such forecast, or it is resolved or void already.
    """
    words = {"author": author_name(author), "note": None, "type": "void"}
    words["reason"] = demand_text("reason", reason)
    with _answering(ledger) as (writer, questions):
        question = _demand_open(questions, record)
        return writer.append([{**words, **_link(question)}])


def correct(
    ledger: str | Path,
    record: int,
    value: float | None,
    *,
    reason: str,
    author: str | None = None,
) -> tuple[Record, ...]:
    """Append a correction of an outcome; the record that it corrects stays.

    Parameters
    ----------
    ledger : str or Path
    record : int
        Number of the forecast's record.
    value : float or None
        What was measured after all; None if the question is void after all.
    reason : str
    author : str, optional

    Returns
    -------
    tuple of Record
        The one that was appended.

    Raises
    ------
    LedgerError
        If the ledger doesn't hold, there is no such forecast, it has no outcome to correct, or the
        value can't be one.
    """
    words = {"author": author_name(author), "note": demand_text("reason", reason)}
    with _answering(ledger) as (writer, questions):
        question = _find(questions, record)
        if question.answer is None:
            raise LedgerError(f"record: {record} has no outcome yet; give it with resolve.")
        if value is None:
            said: dict[str, Any] = {"type": "void", "reason": reason}
        else:
            said = {"type": "outcome", "value": _checked(question, value)}
            warn_of_surprise(question.forecast, said["value"])
        return writer.append([{**words, **_link(question), **said}])


@contextmanager
def _answering(ledger: str | Path) -> Iterator[tuple[Writer[Record], dict[int, Question]]]:
    """Lock a ledger that holds, and hand out its questions; raises LedgerError if it doesn't."""
    with writing(existing(ledger), FORECASTS) as writer:
        demand_sound_bytes(writer.path, read_all(writer.descriptor), FORECASTS)
        yield writer, questions_of(writer.read())


def _pairs(outcomes: "Mapping[int, float] | pd.DataFrame") -> list[tuple[Any, Any]]:
    if isinstance(outcomes, Mapping):
        pairs = list(outcomes.items())
    else:
        lacking = {"record", "value"} - set(getattr(outcomes, "columns", ()))
        if lacking:
            raise LedgerError(
                "outcomes: expected a mapping from records to values, or a table with columns "
                f"record and value; lacks {', '.join(sorted(lacking))}."
            )
        pairs = list(zip(outcomes["record"].tolist(), outcomes["value"].tolist(), strict=True))
    if not pairs:
        raise LedgerError("outcomes: none was given.")
    seen: set[Any] = set()
    for number, _ in pairs:
        if number in seen:
            raise LedgerError(f"outcomes: record {number} is there twice; keep one.")
        seen.add(number)
    return pairs


def _find(questions: Mapping[int, Question], number: Any) -> Question:
    place = _whole(number)
    if place is None or place not in questions:
        known = ", ".join(map(str, list(questions)[:10])) or "none"
        more = ", ..." if len(questions) > 10 else ""
        said = repr(number) if place is None else place
        raise LedgerError(
            f"record: {said} isn't the number of a forecast in this ledger; its forecasts are "
            f"{known}{more}. Nothing was appended."
        )
    return questions[place]


def _whole(number: Any) -> int | None:
    """Take a whole number of any kind; None if it isn't one."""
    if isinstance(number, float):
        return int(number) if number.is_integer() else None
    return None if isinstance(number, bool) or not isinstance(number, Integral) else int(number)


def _demand_open(questions: Mapping[int, Question], number: Any) -> Question:
    question = _find(questions, number)
    answer = question.answer
    if answer is None:
        return question
    known = (
        f"resolved with {answer.content['value']:g}"
        if answer.type == "outcome"
        else f"declared void ({answer.content['reason']!r})"
    )
    raise LedgerError(
        f"record: {number} was {known} by record {answer.number}. Nothing was appended. Without "
        "outcomes, score scores it again; a wrong outcome is mended by correct, never by an edit."
    )


def _checked(question: Question, value: Any) -> float:
    """Demand a number that the metric can take."""
    metric = question.forecast.content["metric"]
    if isinstance(value, str | bool) or not _fits(metric, value):
        raise LedgerError(
            f"outcomes: record {question.forecast.number} asks for {metric['name']}, "
            f"{_allowed(metric)}; got {value!r}. Nothing was appended."
        )
    return float(value)


def _fits(metric: Mapping[str, Any], value: Any) -> bool:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    low, high = metric["lowest"], metric["highest"]
    above = low is None or (number > low if metric["scale"] == "log" else number >= low)
    return math.isfinite(number) and above and (high is None or number <= high)


def _allowed(metric: Mapping[str, Any]) -> str:
    """Say which numbers a metric takes.

    Examples
    --------
    >>> _allowed({"lowest": 0.0, "highest": None, "scale": "log"})
    'a finite number above 0'
    """
    low, high = metric["lowest"], metric["highest"]
    verb = "above" if metric["scale"] == "log" else "from"
    lower = "" if low is None else f" {verb} {low:g}"
    return f"a finite number{lower}" + ("" if high is None else f" up to {high:g}")


def _link(question: Question) -> dict[str, Any]:
    """Bind a record to its forecast, and to the answer that it takes the place of."""
    return {
        "forecast": question.forecast.number,
        "forecast_hash": question.forecast.hash,
        "corrects": question.answer.number if question.answer else None,
    }


def _maybe(name: str, text: str | None) -> str | None:
    return None if text is None else demand_text(name, text)
