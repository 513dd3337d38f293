"""Whether a score rises, falls or turns, as probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Index
from bayes_scaling.decision.draws import amounts_of, convergence_of, one_scale, quantiles_of
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation.stacking import StackedForecast
from bayes_scaling.forecasting import family_index
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.places import along
from bayes_scaling.inference.score_predictive import law_scores, law_scores_of_prior
from bayes_scaling.responses import SCORES
from bayes_scaling.scales import compute_text, unit_after

LEAST = 0.02  # of a score: what moves less is called flat
POINTS = 65
PRIOR_DRAWS = 4000
KINDS = ("rises", "falls", "flat", "turns in the data", "turns beyond the data")


@dataclass(frozen=True, eq=False)
class Shape:
    """The shape of a score's curve up to a scale, a draw at a time.

    Attributes
    ----------
    family : str
        The task.
    scale : str
        The covariate.
    last, up_to : float
        The largest fitted run, and how far was looked.
    kinds, prior_kinds : ndarray of int, shape (draws,)
        Which of ``rises, falls, flat, turns in the data, turns beyond the data`` each draw is, of
        the posterior and of the prior alone.
    places : ndarray, shape (draws,)
        Where the curve turns; NaN where it doesn't.
    points, curves : ndarray, shapes (points,) and (draws, points)
        Probabilities of a right answer along the scale, of the law.
    fit : Fit
    notes : tuple of str
    """

    family: str
    scale: str
    last: float
    up_to: float
    kinds: Array
    prior_kinds: Array
    places: Array
    points: Array
    curves: Array
    fit: Fit
    notes: tuple[str, ...] = ()

    def summary(self) -> pd.DataFrame:
        """Tabulate the probability of each shape, beside what it was before any data.

        Returns
        -------
        DataFrame
            A row a shape: ``posterior``, ``prior``, and quantiles of where it turns (``median, q05,
            q25, q75, q95``), NaN for shapes that don't turn or have fewer than 20 draws.
        """
        rows = {}
        for number, name in enumerate(KINDS):
            own = self.kinds == number
            row = {"posterior": own.mean(), "prior": (self.prior_kinds == number).mean()}
            turned = self.places[own & np.isfinite(self.places)]
            where = quantiles_of(turned) if len(turned) >= 20 else {}
            rows[name] = {**row, **where}
        columns = ["posterior", "prior", "median", "q05", "q25", "q75", "q95"]
        return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns)

    def probability(self, kind: str) -> float:
        """Return the posterior probability of one shape; raises DataError if there is no such."""
        if kind not in KINDS:
            raise DataError(f"kind: {kind!r} is not known; allowed: {', '.join(KINDS)}.")
        return float((self.kinds == KINDS.index(kind)).mean())


def shape(
    fit: Fit | StackedForecast,
    *,
    up_to: Any = None,
    family: str | None = None,
    least: float = LEAST,
) -> Shape:
    r"""Say whether a score rises, falls or turns, over the data and on to a target.

    Each draw of the law is followed from the smallest fitted run to `up_to`. It turns where it has
    come down and goes up again, or the other way, by more than `least` of the score on both sides;
    else it rises or falls if its ends differ by more than that, and is flat if not.

    Parameters
    ----------
    fit : Fit or StackedForecast
        Of a model of scores, such as ``score_u_shape``; or a mixture of forecasts by several, as
        `stack` and `mix` return it, whose shapes are mixed with its weights at the farthest target.
    up_to : float or str, optional
        How far to look; by default ten times the largest run, and of a mixture its farthest target.
    family : str, optional
        The task, where the fit has several.
    least : float
        What is too little to speak of, as a share of items.

    Returns
    -------
    Shape
        With the same probabilities under the prior alone: where the two are near, the data said
        little.

    Raises
    ------
    DataError
        If it isn't a fit of scores, or a number isn't what it can be.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_scaling as bs
    >>> table = pd.DataFrame({"run": ["S", "M", "L", "XL"], "compute": [1e20, 1e21, 1e22, 1e23],
    ...                       "n_correct": [250, 310, 390, 450], "n_items": 500, "chance": 0.5})
    >>> found = bs.shape(bs.fit("score_u_shape", table, random_seed=1))
    >>> bool(found.probability("rises") > 0.9)
    True
    """
    if isinstance(fit, StackedForecast):
        return _shape_of_mixture(fit, up_to, family, least)
    if fit.response.name != SCORES.name:
        raise DataError(f"fit: expected a fit of scores, got one of {fit.spec.response}.")
    if not 0 < least < 1:
        raise DataError(f"least: expected a number between 0 and 1, got {least!r}.")
    scale, own = one_scale(fit, "shape"), family_index(fit.families, family)
    runs = fit.design.of_family(own)
    first, last = float(runs.min()), float(runs.max())
    end = 10 * last if up_to is None else float(_amount(scale, up_to))
    if end < last:
        raise DataError(
            f"up_to: got {end:.3g}; look at least as far as the largest fitted run, {last:.3g}."
        )
    points = np.geomspace(first, end, POINTS)
    places = along(scale, points, np.full(POINTS, own))
    curves = law_scores(fit, places)
    kinds, turns = kinds_of(points, curves, last, least)
    rng = np.random.default_rng([fit.random_seed, 11])
    prior = law_scores_of_prior(fit, places, PRIOR_DRAWS, rng)
    prior_kinds, _ = kinds_of(points, prior, last, least)
    found = Shape(
        fit.families[own], scale, last, end, kinds, prior_kinds, turns, points, curves, fit
    )
    return replace(found, notes=tuple(_notes(found)))


def _shape_of_mixture(
    mixture: StackedForecast, up_to: Any, family: str | None, least: float
) -> Shape:
    """Mix the shapes of several models with the weights at the farthest target of a task."""
    fits = {name: made.fit for name, made in mixture.forecasts.items()}
    first = next(iter(fits.values()))
    own = first.families[family_index(first.families, family)]
    targets = mixture.targets[mixture.targets["family"] == own].reset_index(drop=True)
    if targets.empty:
        raise DataError(f"family: the mixture has no target of {own}.")
    place = int(targets["distance"].argmax())
    weights = mixture.weights[(mixture.targets["family"] == own).to_numpy()].iloc[place]
    scale = one_scale(first, "shape")
    last = float(first.design.of_family(first.families.index(own)).max())
    end = max(float(targets[scale][place]), last) if up_to is None else up_to
    each = [shape(fit, up_to=end, family=own, least=least) for fit in fits.values()]
    rng = np.random.default_rng([first.random_seed, 12])
    count = min(len(one.kinds) for one in each)
    chosen = _chosen(weights.to_numpy(float), count, rng)
    before = _chosen(weights.to_numpy(float), PRIOR_DRAWS, rng)
    found = replace(
        each[0],
        kinds=np.choose(chosen, [one.kinds[:count] for one in each]),
        prior_kinds=np.choose(before, [one.prior_kinds for one in each]),
        places=np.choose(chosen, [one.places[:count] for one in each]),
        curves=np.choose(chosen[:, None], [one.curves[:count] for one in each]),
        notes=(),
    )
    unsure = [f"{name}: {said}" for name, fit in fits.items() for said in convergence_of(fit)]
    return replace(found, notes=(*unsure, *_beyond(found)))


def _chosen(weights: Array, count: int, rng: np.random.Generator) -> Index:
    """Choose a model for each draw, stratified so that shares are those of the weights."""
    at = (rng.permutation(count) + 0.5) / count
    return np.asarray((at[:, None] > np.cumsum(weights)[:-1]).sum(axis=1))


def kinds_of(points: Array, curves: Array, last: float, least: float) -> tuple[Array, Array]:
    """Name the shape of each curve by its place in `KINDS`, and say where it turns.

    Examples
    --------
    >>> points = np.geomspace(1.0, 100.0, 3)
    >>> curves = np.array([[0.2, 0.5, 0.9], [0.9, 0.5, 0.9], [0.5, 0.5, 0.51]])
    >>> [array.tolist() for array in kinds_of(points, curves, 20.0, 0.02)]
    [[0, 3, 2], [nan, 10.0, nan]]
    """
    depth = np.minimum(_running_max(curves), _running_max(curves[:, ::-1])[:, ::-1]) - curves
    height = curves + np.minimum(_running_max(-curves), _running_max(-curves[:, ::-1])[:, ::-1])
    most = np.maximum(depth, height)
    at = most.argmax(axis=1)
    turned = most.max(axis=1) > least
    where = np.where(turned, points[at], np.nan)
    gain = curves[:, -1] - curves[:, 0]
    moved = np.where(gain > least, 0, np.where(gain < -least, 1, 2))
    return np.where(turned, np.where(points[at] <= last, 3, 4), moved), where


def _running_max(values: Array) -> Array:
    return np.maximum.accumulate(values, axis=1)


def _amount(scale: str, value: Any) -> float:
    return float(amounts_of("up_to", value, scale)[0])


def _notes(found: Shape) -> Iterator[str]:
    yield from convergence_of(found.fit)
    yield from _beyond(found)


def _beyond(found: Shape) -> Iterator[str]:
    """Say how much of a turn beyond the data is prior."""
    beyond = found.probability(KINDS[4])
    if beyond > 0.05:
        before = float((found.prior_kinds == 4).mean())
        yield (
            f"{found.family}: with probability {beyond:.2f} it turns between the largest fitted "
            f"run, {compute_text(found.last)}, and {compute_text(found.up_to)}"
            f"{unit_after([found.scale])}; before the data that was {before:.2f}. No run lies "
            "there, so this is mostly what the model's priors say of how long a fall or a rise "
            "lasts."
        )
