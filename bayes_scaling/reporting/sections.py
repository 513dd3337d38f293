"""The parts of a report that differ from response to response."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bayes_scaling.forecasting import Forecast, record_at
from bayes_scaling.inference.fits import Fit
from bayes_scaling.reporting.answers import (
    LadderAnswer,
    LossAnswer,
    answer_of_ladders,
    answer_of_losses,
)
from bayes_scaling.reporting.passes import PassAnswer, answer_of_passes
from bayes_scaling.reporting.residuals import examine_counts
from bayes_scaling.reporting.trust import Misfit, Section, examine_misfit
from bayes_scaling.responses import ByResponse


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

    answer: Callable[[Any, Any], LossAnswer | LadderAnswer | PassAnswer]
    misfit: Callable[[Any], Misfit] | None = None
    more: Callable[[Any, Any], Iterable[Section]] | None = None
    record: Callable[[float], str] | None = None


def _answer_losses(fit: Fit, forecast: Forecast | None) -> LossAnswer | LadderAnswer:
    return answer_of_ladders(fit) if forecast is None else answer_of_losses(forecast)


SECTIONS: ByResponse[Sections] = {
    "loss": Sections(_answer_losses, examine_misfit, record=record_at),
    "score": Sections(_answer_losses),
    "passes": Sections(answer_of_passes, more=examine_counts),
}
