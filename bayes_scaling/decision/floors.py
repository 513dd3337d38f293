"""What it would be worth to know the floor."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.decision.draws import convergence_of, quantiles_of
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting import Forecast, floor_notes, predict
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.predictive import flat_posterior, of_family
from bayes_scaling.specification.prior_draws import quoted

PINS = (0.05, 0.25, 0.5, 0.75, 0.95)
SLICES = 20


@dataclass(frozen=True, eq=False)
class FloorValue:
    """How a forecast moves as its floor is pinned.

    Attributes
    ----------
    forecast : Forecast
    floor : ndarray, shape (draws, targets)
        In the unit of the loss.
    losses : ndarray, shape (draws, targets)
        Of one new run.
    notes : tuple of str
    """

    forecast: Forecast
    floor: Array
    losses: Array
    notes: tuple[str, ...] = ()

    def summary(self) -> pd.DataFrame:
        """Tabulate the forecast with its floor pinned, a row a target and pin.

        A twentieth of the draws, those whose floor is nearest to the pin, stand for the forecast
        with that floor.

        Returns
        -------
        DataFrame
            The targets' columns, then ``pinned_at`` (``q05`` to ``q95`` of the floor, or ``open``),
            ``floor``, ``median, q05, q25, q75, q95`` of the loss, and ``explained``: the share of
            the variance of log loss that goes when the floor is known.
        """
        rows = []
        for place, target in enumerate(self.forecast.targets.to_dict("records")):
            floor, losses = self.floor[:, place], self.losses[:, place]
            share = explained(floor, np.log(losses))
            head = {**target, "pinned_at": "open", "floor": float(np.median(floor))}
            rows.append({**head, **quantiles_of(losses), "explained": share})
            ordered = losses[np.argsort(floor, kind="stable")]
            for pin in PINS:
                near = nearest_share(len(ordered), pin)
                head = {**target, "pinned_at": f"q{round(100 * pin):02d}"}
                head["floor"] = float(np.quantile(floor, pin))
                rows.append({**head, **quantiles_of(ordered[near]), "explained": share})
        return pd.DataFrame(rows)


def value_of_floor(
    fit: Fit, targets: pd.DataFrame | None = None, *, random_seed: int | None = None, **given: Any
) -> FloorValue:
    """Say how a forecast moves as the floor is pinned from its 5 % to its 95 % quantile.

    A floor that the data don't tell is the largest single doubt of a forecast far out. This says
    how much of the forecast's variance hangs on it, and which forecast goes with which floor. The
    posterior's own draws answer it; nothing is fitted again.

    Parameters
    ----------
    fit : Fit
        Of losses, with a law that has a floor.
    targets, random_seed, **given
        As for `predict`: ``compute=2.3e22``.

    Returns
    -------
    FloorValue

    Raises
    ------
    DataError
        If the law has no floor, the floor is pinned, or a target isn't what it can be.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> known = bs.decision.value_of_floor(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> known.summary()["pinned_at"].tolist()
    ['open', 'q05', 'q25', 'q50', 'q75', 'q95']
    """
    floors = set(fit.spec.law.floors) & set(fit.spec.law.with_unit)
    if not floors:
        raise DataError(
            f"fit: the law of {fit.spec.name} has no floor in the unit of the response, so nothing "
            "can be pinned."
        )
    if set(fit.spec.law.floors) & fit.spec.pinned.keys():
        raise DataError(f"fit: the floor of {fit.spec.name} is pinned already.")
    forecast = predict(fit, targets, random_seed=random_seed, **given)
    index = np.array([fit.families.index(name) for name in forecast.targets["family"]])
    values, _ = flat_posterior(fit)
    own = {name: of_family(values[name], index) for name in fit.spec.coordinates.parameters}
    losses = forecast.values()
    floor = np.broadcast_to(quoted(fit.spec, own)[floors.pop()], losses.shape)
    return FloorValue(forecast, floor, losses, tuple(_notes(fit, sorted(set(index.tolist())))))


def explained(cause: Array, effect: Array) -> float:
    """Share of the variance of an effect between slices of equal number of its cause.

    What slices of so many draws would differ by, by chance alone, is taken off.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> known, other = rng.standard_normal((2, 4000))
    >>> bool(0.4 < explained(known, known + other) < 0.6)
    True
    """
    slices = np.array_split(effect[np.argsort(cause, kind="stable")], SLICES)
    inside = float(np.mean([own.var(ddof=1) for own in slices]))
    whole = float(effect.var(ddof=1))
    return max(0.0, 1 - inside / whole) if whole > 0 else 0.0


def nearest_share(count: int, level: float) -> slice:
    """Return which of ordered draws stand for a quantile: a twentieth of them, about it."""
    size = max(1, count // SLICES)
    start = min(max(round(level * count - size / 2), 0), count - size)
    return slice(start, start + size)


def _notes(fit: Fit, families: list[int]) -> Iterator[str]:
    yield from convergence_of(fit)
    yield from floor_notes(fit, families)
