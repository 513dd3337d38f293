"""Which of two recipes is better at a scale, and where their curves cross."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Flags
from bayes_scaling.decision.draws import (
    FALLS,
    amounts_of,
    convergence_of,
    curve_points,
    expected_along,
    ladder_of,
    one_scale,
    quantiles_of,
)
from bayes_scaling.decision.passages import UP_TO
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting import NO_UNIT, response_unit
from bayes_scaling.inference.fits import Fit


@dataclass(frozen=True, eq=False)
class Crossing:
    """Two recipes along one scale: how far apart their expected curves are, and where they cross.

    Attributes
    ----------
    scale : str
        What both forecast along, such as ``compute``.
    at : ndarray, shape (scales,)
    gaps : ndarray, shape (draws, scales)
        By how much the first is better, in logarithms: 0.01 is about 1 %.
    crossings : ndarray, shape (draws,)
        The last scale where the better of the two changes; infinite where it never does.
    between : tuple of float
        Where crossings were looked for.
    better_after : ndarray of bool, shape (draws,)
        Whether the first is better at the end of that.
    fit_a, fit_b : Fit
    families : tuple of int
        The ladder of each.
    notes : tuple of str
    """

    scale: str
    at: Array
    gaps: Array
    crossings: Array
    between: tuple[float, float]
    better_after: Flags
    fit_a: Fit
    fit_b: Fit
    families: tuple[int, int]
    notes: tuple[str, ...] = ()

    @property
    def never(self) -> float:
        """Probability that the curves don't cross between the ends of what was looked at."""
        return float(np.isinf(self.crossings).mean())

    def summary(self) -> pd.DataFrame:
        """Tabulate which is better, a row a scale.

        Returns
        -------
        DataFrame
            Columns ``compute`` (or what both forecast along), ``better``, the probability that the
            first is, and ``median, q05, q25, q75, q95`` of the gap in logarithms.
        """
        rows = [
            {self.scale: at, "better": float((drawn > 0).mean()), **quantiles_of(drawn)}
            for at, drawn in zip(self.at, self.gaps.T, strict=True)
        ]
        return pd.DataFrame(rows)

    def where(self) -> pd.Series:
        """Describe where the curves cross.

        Returns
        -------
        Series
            ``median, q05, q25, q75, q95`` of the scale, infinite where so many draws never cross,
            ``never``, and ``better_after``, the probability that the first is better at the end.
        """
        own = quantiles_of(self.crossings)
        after = float(self.better_after.mean())
        return pd.Series({**own, "never": self.never, "better_after": after}, name=self.scale)


def crossing(
    fit_a: Fit,
    fit_b: Fit,
    compute: Any = None,
    *,
    family_a: str | None = None,
    family_b: str | None = None,
    up_to: float | None = None,
    **scale: Any,
) -> Crossing:
    """Say which of two recipes is better at a scale, and where their curves cross.

    Each recipe has a fit of its own, and draws of the two are paired at random. What is compared is
    what runs reach on average: law and discrepancy. Losses have to be in one unit, and pass rates
    of one benchmark.

    Parameters
    ----------
    fit_a, fit_b : Fit
        Two models along one scale.
    compute : float, str or sequence of these, optional
        Where to compare; by default at the larger of the two ladders' ends, and 10 and 100 times
        that. Another scale goes by its name, as in ``tokens=1e12``.
    family_a, family_b : str, optional
        Where a fit has several.
    up_to : float, optional
        How far crossings are looked for, from the first scale that both ladders have; by default
        10,000 times the larger of their ends.

    Returns
    -------
    Crossing

    Raises
    ------
    DataError
        If the two aren't of one response, scale and unit, or a scale isn't an amount.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs, other = bs.example("cerebras_gpt"), bs.example("cerebras_gpt_mup")
    >>> standard = bs.fit("loss", runs.query("compute < 2e21"), random_seed=1)
    >>> mup = bs.fit("loss", other.query("compute < 2e21"), random_seed=1)
    >>> found = bs.decision.crossing(mup, standard, compute=2.3e22)
    >>> bool(0.1 < found.summary()["better"][0] < 0.9)  # five runs each don't tell
    True
    """
    name = one_scale(fit_a, "crossing")
    _demand_alike(fit_a, fit_b, name)
    asked = {"compute": compute, **scale}
    for given, value in asked.items():
        if value is not None and given != name:
            raise DataError(f"{given}: both models forecast along {name}; write {name}=.")
    families = ladder_of(fit_a, family_a), ladder_of(fit_b, family_b)
    ladders = [fit.design.of_family(own) for fit, own in zip((fit_a, fit_b), families, strict=True)]
    first = float(max(runs.min() for runs in ladders))
    last = float(max(runs.max() for runs in ladders))
    end = UP_TO * last if up_to is None else float(up_to)
    if not (np.isfinite(end) and end > last):
        raise DataError(f"up_to: got {up_to!r}; look further than the largest run, {last:.3g}.")
    at = last * np.array([1.0, 10.0, 100.0])
    if asked.get(name) is not None:
        at = amounts_of(name, asked[name])
    points = curve_points(fit_a, first, end)
    whole = np.concatenate([at, points])
    curves = _paired(fit_a, fit_b, families, whole)
    sign = -1.0 if FALLS[fit_a.response.name] else 1.0
    gaps = sign * (np.log(curves[0]) - np.log(curves[1]))
    own, along = gaps[:, : len(at)], gaps[:, len(at) :]
    return Crossing(
        name,
        at,
        own,
        last_change(points, along),
        (first, end),
        along[:, -1] > 0,
        fit_a,
        fit_b,
        families,
        tuple(_notes(fit_a, fit_b)),
    )


def last_change(points: Array, gaps: Array) -> Array:
    """Find the last scale where gaps change their sign, on straight lines over its logarithm.

    Returns
    -------
    ndarray, shape (draws,)
        Infinite where they don't.

    Examples
    --------
    >>> last_change(np.array([1.0, 4.0]), np.array([[1.0, -1.0], [1.0, 2.0]])).tolist()
    [2.0, inf]
    """
    changes = (gaps[:, :-1] > 0) != (gaps[:, 1:] > 0)
    last = changes.shape[1] - 1 - changes[:, ::-1].argmax(axis=1)
    rows, logs = np.arange(len(gaps)), np.log(points)
    left, right = gaps[rows, last], gaps[rows, last + 1]
    crosses = changes.any(axis=1)
    share = left / np.where(crosses, left - right, np.inf)
    found = np.exp(logs[last] + share * (logs[last + 1] - logs[last]))
    return np.where(crosses, found, np.inf)


def _paired(fit_a: Fit, fit_b: Fit, families: tuple[int, int], scales: Array) -> list[Array]:
    """Draw both curves, those of the second in another order: the two posteriors are apart."""
    one = expected_along(fit_a, scales, families[0], stream=1)
    other = expected_along(fit_b, scales, families[1], stream=2)
    count = min(len(one), len(other))
    order = np.random.default_rng([fit_a.random_seed, fit_b.random_seed]).permutation(len(other))
    return [one[:count], other[order[:count]]]


def _demand_alike(fit_a: Fit, fit_b: Fit, name: str) -> None:
    """Refuse two fits whose responses can't be compared."""
    if not fit_a.response.has_model(fit_b.spec):
        raise DataError(
            f"fit_b: {fit_b.spec.name} is a model of {fit_b.response.name} and "
            f"{fit_a.spec.name} one of {fit_a.response.name}; compare two of the same."
        )
    if one_scale(fit_b, "crossing") != name:
        raise DataError(
            f"fit_b: {fit_b.spec.name} forecasts along {fit_b.spec.columns[0]} and "
            f"{fit_a.spec.name} along {name}; compare two along the same."
        )
    units = [response_unit(fit) for fit in (fit_a, fit_b)]
    if NO_UNIT not in units and units[0] != units[1]:
        raise DataError(
            f"fit_b: its losses are in {units[1]} and those of fit_a in {units[0]}; bring both to "
            "one unit."
        )


def _notes(fit_a: Fit, fit_b: Fit) -> Iterator[str]:
    yield from convergence_of(fit_a)
    yield from convergence_of(fit_b)
    if fit_a.response_hash == fit_b.response_hash:
        yield "Both fits are of the same data: this compares two models, not two recipes."
