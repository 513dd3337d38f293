"""How much compute it takes to reach a loss or a pass rate."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.decision.draws import (
    FALLS,
    convergence_of,
    curve_points,
    expected_along,
    far_note,
    ladder_of,
    one_scale,
    quantiles_of,
)
from bayes_scaling.errors import DataError
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.predictive import flat_posterior, of_family
from bayes_scaling.responses import ByResponse
from bayes_scaling.specification.prior_draws import quoted

UP_TO = 1e4  # times the largest run
BELOW = 10.0  # below the smallest


@dataclass(frozen=True, eq=False)
class Passage:
    """Where the expected curve first reaches each of some goals, as draws.

    Attributes
    ----------
    quantity : str
        ``loss`` or ``pass_rate``.
    goals : ndarray, shape (goals,)
    scale : str
        What it takes: ``compute`` in FLOP, or what else the model forecasts along.
    draws : ndarray, shape (draws, goals)
        Infinite where the curve hasn't reached the goal up to `up_to`.
    below_floor : ndarray, shape (goals,)
        Probability that the goal lies at or below the floor of the law, so that no scale reaches
        it but by leaving the law; NaN where the law has no floor.
    up_to : float
        How far it was looked.
    fit : Fit
    family : int
    notes : tuple of str
    """

    quantity: str
    goals: Array
    scale: str
    draws: Array
    below_floor: Array
    up_to: float
    fit: Fit
    family: int
    notes: tuple[str, ...] = ()

    @property
    def unreachable(self) -> Array:
        """Probability that a goal isn't reached up to `up_to`, shape ``(goals,)``."""
        return np.asarray(np.isinf(self.draws).mean(axis=0))

    def summary(self) -> pd.DataFrame:
        """Tabulate quantiles of the scale that is needed, a row a goal.

        There is no mean: where a goal may be out of reach, it is infinite.

        Returns
        -------
        DataFrame
            Columns ``loss`` (or ``pass_rate``), ``median, q05, q25, q75, q95`` in FLOP (infinite
            where so many draws don't reach the goal), ``unreachable`` and ``below_floor``.
        """
        rows = []
        for place, goal in enumerate(self.goals):
            chances = {"unreachable": self.unreachable[place]}
            chances["below_floor"] = self.below_floor[place]
            own = quantiles_of(self.draws[:, place])
            rows.append({self.quantity: goal, **own, **chances})
        return pd.DataFrame(rows)


@dataclass(frozen=True)
class Goal:
    """What may be asked for of a response: a quantity, below some number."""

    quantity: str
    below: float
    words: str


GOALS: ByResponse[Goal] = {
    "loss": Goal("loss", np.inf, "positive numbers"),
    "passes": Goal("pass_rate", 1.0, "numbers between 0 and 1"),
    "score": Goal("score", 1.0, "numbers between 0 and 1"),
}


def compute_for(
    fit: Fit,
    *,
    loss: Any = None,
    pass_rate: Any = None,
    score: Any = None,
    family: str | None = None,
    up_to: float | None = None,
) -> Passage:
    """Find how much compute it takes until runs reach a goal on average.

    Each draw of the expected curve, law and discrepancy, is followed upwards from a tenth of the
    smallest run until it first reaches the goal.

    Parameters
    ----------
    fit : Fit
        Of a model of one scale.
    loss : float or sequence of float
        The goal of a model of losses.
    pass_rate : float or sequence of float
        The goal of a model of passes: the mean over the benchmark, between 0 and 1.
    score : float or sequence of float
        The goal of a model of scores: the probability of a right answer.
    family : str, optional
        Where the fit has several.
    up_to : float, optional
        How far to look; by default 10,000 times the largest run.

    Returns
    -------
    Passage

    Raises
    ------
    DataError
        If a goal isn't what it can be, or the model has several scales.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> needed = bs.decision.compute_for(bs.fit("loss", small, random_seed=1), loss=1.6)
    >>> bool(needed.summary()["median"][0] > 2e21)
    True
    """
    scale, own = one_scale(fit, "compute_for"), ladder_of(fit, family)
    asked = GOALS[fit.response.name]
    goals = _goals(fit, asked, {"loss": loss, "pass_rate": pass_rate, "score": score})
    runs = fit.design.of_family(own)
    last = UP_TO * runs.max() if up_to is None else float(up_to)
    if not last > runs.max() or not np.isfinite(last):
        raise DataError(
            f"up_to: got {up_to!r}; look further than the largest fitted run, {runs.max():.3g}."
        )
    points = curve_points(fit, runs.min() / BELOW, last)
    curve = expected_along(fit, points, own)
    falls = FALLS[fit.response.name]
    draws = np.stack([first_passage(points, curve, goal, falls=falls) for goal in goals], axis=1)
    below = np.array([_below_floor(fit, own, goal) for goal in goals])
    found = Passage(asked.quantity, goals, scale, draws, below, last, fit, own)
    return replace(found, notes=tuple(_notes(found, float(runs.max()))))


def first_passage(points: Array, curves: Array, goal: float, *, falls: bool) -> Array:
    """Find where curves first reach a goal, on straight lines between points on log-log paper.

    Parameters
    ----------
    points : ndarray, shape (points,)
        Scales, increasing.
    curves : ndarray, shape (draws, points)
        Positive numbers.
    falls : bool
        Whether the goal is reached from above.

    Returns
    -------
    ndarray, shape (draws,)
        The first point where that has the goal already; infinite where no point has.

    Examples
    --------
    >>> first_passage(np.array([1.0, 4.0]), np.array([[4.0, 1.0]]), 2.0, falls=True).tolist()
    [2.0]
    """
    with np.errstate(divide="ignore"):
        gap = (np.log(curves) - np.log(goal)) * (1 if falls else -1)
    there = gap <= 0
    first = there.argmax(axis=1)
    rows, before = np.arange(len(gap)), np.maximum(first - 1, 0)
    left, right = gap[rows, before], gap[rows, first]
    share = left / np.where(first > 0, left - right, np.inf)
    logs = np.log(points)
    found = np.exp(logs[before] + share * (logs[first] - logs[before]))
    return np.where(there.any(axis=1), found, np.inf)


def _goals(fit: Fit, asked: Goal, given: dict[str, Any]) -> Array:
    name, value = asked.quantity, given[asked.quantity]
    other = next((own for own in given if own != name and given[own] is not None), None)
    if other or value is None:
        said = f"got {other}=" if other else "no goal was given"
        raise DataError(f"{name}: {fit.spec.name} forecasts {name}, {said}. Write {name}=.")
    try:
        goals = np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError):
        goals = np.array([np.nan])
    if goals.ndim != 1 or not len(goals) or not ((goals > 0) & (goals < asked.below)).all():
        raise DataError(f"{name}: expected {asked.words}, got {value!r}.")
    return goals


def _below_floor(fit: Fit, family: int, goal: float) -> float:
    floors = set(fit.spec.law.floors) & set(fit.spec.law.with_unit)
    if not floors:
        return float("nan")
    values, _ = flat_posterior(fit)
    own = {
        name: of_family(values[name], np.array([family]))[:, 0]
        for name in fit.spec.coordinates.parameters
    }
    return float(np.mean(quoted(fit.spec, own)[floors.pop()] >= goal))


def _notes(found: Passage, largest: float) -> Iterator[str]:
    yield from convergence_of(found.fit)
    for place, goal in enumerate(found.goals):
        if (chance := found.below_floor[place]) > 0.05:
            yield (
                f"{found.quantity} {goal:g}: the floor of the law lies above it with probability "
                f"{chance:.2f}."
            )
        middle = quantiles_of(found.draws[:, place])["median"]
        distance = np.log10(middle / largest)
        if np.isfinite(middle) and (said := far_note(found.scale, middle, distance)):
            yield said
