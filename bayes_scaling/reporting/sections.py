"""The parts of a report that differ from response to response."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bayes_scaling.decision import Transfer
from bayes_scaling.forecasting import Forecast, record_at
from bayes_scaling.inference.fits import Fit
from bayes_scaling.reporting.answers import (
    LadderAnswer,
    LossAnswer,
    answer_of_ladders,
    answer_of_losses,
)
from bayes_scaling.reporting.parts import Section
from bayes_scaling.reporting.passes import PassAnswer, answer_of_passes
from bayes_scaling.reporting.residuals import examine_counts
from bayes_scaling.reporting.scores import ScoreAnswer, answer_of_scores
from bayes_scaling.reporting.sweeps import SweepAnswer, answer_of_sweep, usual_transfer
from bayes_scaling.reporting.trust import Misfit, examine_misfit
from bayes_scaling.responses import ByResponse

type Answer = LossAnswer | LadderAnswer | PassAnswer | ScoreAnswer | SweepAnswer


@dataclass(frozen=True)
class Sections:
    """What a report of one response says.

    Attributes
    ----------
    answer : callable
        Of a fit and its forecast, or None.
    misfit : callable, optional
        Of a fit: how it suits the runs that it has seen.
    more : callable, optional
        Of a fit and its forecast, or None: further sections on trust.
    record : callable, optional
        Of a distance: what the record of published ladders holds of it.
    """

    answer: Callable[[Any, Any], Answer]
    misfit: Callable[[Any], Misfit] | None = None
    more: Callable[[Any, Any], Iterable[Section]] | None = None
    record: Callable[[float], str] | None = None


def _answer_losses(fit: Fit, forecast: Forecast | None) -> LossAnswer | LadderAnswer:
    return answer_of_ladders(fit) if forecast is None else answer_of_losses(forecast)


SECTIONS: ByResponse[Sections] = {
    "loss": Sections(_answer_losses, examine_misfit, record=record_at),
    "score": Sections(answer_of_scores),
    "passes": Sections(answer_of_passes, more=examine_counts),
}


def answer_of(fit: Fit, forecast: Forecast | None, given: Sequence[Any]) -> tuple[Answer, Any]:
    """Return the answer, and which of the decisions that were given it shows, if any.

    A sweep has no forecast: its answer is where the best rate goes.
    """
    if fit.spec.law.swept is None:
        return SECTIONS[fit.response.name].answer(fit, forecast), None
    shown = next((one for one in given if type(one) is Transfer), None)
    return answer_of_sweep(shown or usual_transfer(fit)), shown


def misfit_of(fit: Fit) -> Misfit | None:
    """Compare a fit with the runs it has seen; not the bowls of a sweep, which the answer shows."""
    own = SECTIONS[fit.response.name].misfit
    return own(fit) if own and fit.spec.law.swept is None else None
