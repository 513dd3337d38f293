"""The part of a report on what follows from a fit: answers to what to run, and how scores go."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bayes_scaling.decision import (
    Allocation,
    Choice,
    Crossing,
    Emergence,
    FloorValue,
    Gain,
    Passage,
    Shape,
    Transfer,
    emergence,
    equivalent_compute,
    optimal_allocation,
    shape,
)
from bayes_scaling.decision.emergences import LAW as EMERGING
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.forecasting import Forecast
from bayes_scaling.forecasting.frontiers import FLOP
from bayes_scaling.inference.fits import Fit
from bayes_scaling.reporting.answers import largest_runs, places_of
from bayes_scaling.reporting.parts import Section
from bayes_scaling.reporting.skills import say_emergences, say_shapes
from bayes_scaling.reporting.spending import (
    say_allocation,
    say_choice,
    say_crossing,
    say_floor,
    say_gain,
    say_passage,
)
from bayes_scaling.reporting.sweeps import say_transfer
from bayes_scaling.responses import ByResponse

SAID: Mapping[type, Callable[..., Section]] = {
    Allocation: say_allocation,
    Passage: say_passage,
    Choice: say_choice,
    FloorValue: say_floor,
    Gain: say_gain,
    Crossing: say_crossing,
    Transfer: say_transfer,
}
TOGETHER: Mapping[type, Callable[..., Section]] = {
    Shape: say_shapes,
    Emergence: say_emergences,
}
"""What is said of all tasks in one table."""


def check_decisions(given: Any, fit: Fit) -> tuple[Any, ...]:
    """Return the records that were given; raises BayesScalingError for what is none of this fit."""
    records = (given,) if type(given) in {*SAID, *TOGETHER} else tuple(given)
    for one in records:
        if type(one) not in {*SAID, *TOGETHER}:
            raise BayesScalingError(
                "decisions: expected what the functions of bayes_scaling.decision return, got "
                f"{type(one).__name__}."
            )
        own = fits_of(one)
        if own and not any(other is fit for other in own):
            raise BayesScalingError(
                f"decisions: {type(one).__name__} was made from another fit; give those of this "
                "one."
            )
    return records


def fits_of(record: Any) -> tuple[Any, ...]:
    """Return the fits that a record was made from; a choice of runs names none."""
    found = [getattr(record, name, None) for name in ("fit", "fit_a", "fit_b")]
    found.append(getattr(getattr(record, "forecast", None), "fit", None))
    return tuple(one for one in found if one is not None)


def say_decisions(
    fit: Fit, forecast: Forecast | None, given: Sequence[Any], leave: Sequence[Any] = ()
) -> tuple[Section, ...]:
    """Say what follows: what was given, and what a fit of its kind says without being asked.

    Parameters
    ----------
    fit : Fit
    forecast : Forecast, optional
    given : sequence
        Records of this fit.
    leave : sequence
        Those that the answer shows already.
    """
    kinds = {type(one) for one in given}
    usual = [one for one in USUAL[fit.response.name](fit, forecast) if type(one) not in kinds]
    asked = [one for one in given if not any(one is other for other in leave)]
    return (*_sections(usual, bare={Allocation}), *_sections(asked))


def _sections(records: Sequence[Any], bare: Container[type] = ()) -> Iterator[Section]:
    """Say each record; tasks together, and those of some kinds without the answer's picture."""
    for kind, say_all in TOGETHER.items():
        if own := [one for one in records if type(one) is kind]:
            yield say_all(own, kind.__name__.lower())
    for place, one in enumerate(records):
        kind = type(one)
        if kind is Section:
            yield one
        elif say := SAID.get(kind):
            said = say(one, f"{kind.__name__.lower()}-{place}")
            yield replace(said, pictures=()) if kind in bare else said


def _of_losses(fit: Fit, forecast: Forecast | None) -> Iterator[Any]:
    """Say how compute is best divided, and what recipes are worth, where a model knows."""
    if fit.spec.law.frontier is not None:
        ends = largest_runs(fit) if forecast is None else forecast.targets
        family = str(ends["family"].iloc[int(np.argmax(places_of(fit, ends)))])
        spent = FLOP * places_of(fit, ends[ends["family"] == family])
        yield optimal_allocation(fit, sorted(set(spent)), family=family)
    yield from _gains(fit)


def _of_scores(fit: Fit, forecast: Forecast | None) -> Iterator[Any]:
    """Say which shape each task has, up to its farthest target; or whether it emerges."""
    if len(fit.spec.columns) > 1:
        return
    for family in fit.families:
        asked = None if forecast is None else forecast.targets
        ahead = [] if asked is None else places_of(fit, asked)[asked["family"] == family].tolist()
        end = max(ahead, default=0.0)
        last = float(fit.design.of_family(fit.families.index(family)).max())
        if fit.spec.law.name == EMERGING:  # which can't turn
            yield emergence(fit, family=family)
        elif not fit.spec.shifts:  # a law that each recipe moves has no one shape
            yield shape(fit, family=family, up_to=end if end > last else None)
    yield from _gains(fit)


def _gains(fit: Fit) -> Iterator[Any]:
    """Say what recipes are worth; or why nothing can be said, where the slope is flat."""
    if not set(fit.spec.columns) & fit.spec.shifts.keys():
        return
    try:
        yield equivalent_compute(fit)
    except DataError as error:
        yield Section("What a recipe is worth", str(error).removeprefix("fit: "))


def _nothing(fit: Fit, forecast: Forecast | None) -> Iterator[Any]:  # noqa: ARG001
    yield from ()


USUAL: ByResponse[Callable[[Fit, Forecast | None], Iterator[Any]]] = {
    "loss": _of_losses,
    "score": _of_scores,
    "passes": _nothing,
}
