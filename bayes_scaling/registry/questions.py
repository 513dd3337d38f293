"""Questions: forecasts, each with what is known of its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayes_scaling.errors import LedgerError
from bayes_scaling.registry.records import Record


@dataclass(frozen=True, eq=False)
class Question:
    """A forecast, and what is known of its outcome.

    Attributes
    ----------
    forecast : Record
    answer : Record or None
        The outcome or void that stands, after corrections.
    corrections : int
    """

    forecast: Record
    answer: Record | None = None
    corrections: int = 0

    @property
    def status(self) -> str:
        """One of ``open``, ``resolved``, ``void``."""
        if self.answer is None:
            return "open"
        return "resolved" if self.answer.type == "outcome" else "void"


def questions_of(records: Sequence[Record]) -> dict[int, Question]:
    """Follow what became of each forecast.

    Raises
    ------
    LedgerError
        If an outcome doesn't belong to what stands before it: this package writes no such record.
    """
    questions: dict[int, Question] = {}
    for record in records:
        if record.type == "forecast":
            questions[record.number] = Question(record)
            continue
        number, corrects = record.content["forecast"], record.content["corrects"]
        question = questions.get(number)
        stands = question and question.answer and question.answer.number
        if (
            question is None
            or question.forecast.hash != record.content["forecast_hash"]
            or stands != corrects
        ):
            raise LedgerError(
                f"{record.ledger}: record {record.number} doesn't belong to a forecast before it, "
                "or to the outcome that it corrects."
            )
        more = question.corrections + (corrects is not None)
        questions[number] = replace(question, answer=record, corrections=more)
    return questions
