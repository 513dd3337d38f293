"""What a recipe is worth: by how much it multiplies compute."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Flags, Index
from bayes_scaling.decision.draws import (
    FALLS,
    STREAM,
    convergence_of,
    far_note,
    one_scale,
    quantiles_of,
)
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting.predicting import PREDICTORS
from bayes_scaling.forecasting.targets import group_index
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.predictive import flat_posterior, law_at, of_family
from bayes_scaling.specification.prior_draws import quoted

TOUCHES = 0.05  # quantile of the fall of a ladder that has to be above zero
OPEN = 0.05  # probability of no upper end that is worth a word
PRIOR_RATIO = 0.8  # of the posterior's spread to the prior's


@dataclass(frozen=True, eq=False)
class Gain:
    """By how much recipes multiply compute, as draws.

    Attributes
    ----------
    recipes : tuple of str
    over : str
        The recipe that they are compared with.
    scale : str
        What they multiply: ``compute``, or what else the model forecasts along.
    draws : ndarray, shape (draws, recipes)
        Compute of `over` for one of the recipe at the same loss of the law. Infinite where the
        recipe's runs lie at the floor within their noise, so that any more would do too; zero
        where those of `over` do.
    fit : Fit
    notes : tuple of str
    """

    recipes: tuple[str, ...]
    over: str
    scale: str
    draws: Array
    fit: Fit
    notes: tuple[str, ...] = ()

    def summary(self) -> pd.DataFrame:
        """Tabulate the gains, a row a recipe.

        Returns
        -------
        DataFrame
            Columns ``recipe, over, median, q05, q25, q75, q95``, ``better``, the probability of a
            gain above 1, and ``unbounded``, that of no upper end: then ``q05`` is a lower bound.
        """
        rows = []
        for recipe, drawn in zip(self.recipes, self.draws.T, strict=True):
            chances = {"better": np.mean(drawn > 1), "unbounded": np.mean(np.isinf(drawn))}
            rows.append({"recipe": recipe, "over": self.over, **quantiles_of(drawn), **chances})
        return pd.DataFrame(rows)

    def probability(self, above: float) -> pd.Series:
        """Return the probability of a gain above a number, by recipe.

        Raises
        ------
        DataError
            If it isn't a positive number.
        """
        if not (isinstance(above, int | float) and np.isfinite(above) and above > 0):
            raise DataError(f"above: expected a positive ratio, such as 2, got {above!r}.")
        chances = (self.draws > above).mean(axis=0)
        index = pd.Index(self.recipes, name="recipe")
        return pd.Series(chances, index=index, name=f"gain > {above:g}")


def equivalent_compute(
    fit: Fit, *, recipe: str | Sequence[str] | None = None, over: str | None = None
) -> Gain:
    r"""Find how much more compute another recipe would take to the same loss.

    Runs under all recipes share one law, and a recipe multiplies their compute,

    .. math:: \ln L = \ell(\ln C + \Delta_r), \quad gain_r = e^{\Delta_r},

    with a prior centred on no gain. Each recipe leaves the law in a way of its own.

    Parameters
    ----------
    fit : Fit
        Of a model whose recipes shift its scale, such as ``loss_recipe`` or ``score_recipe``.
    recipe : str or sequence of str, optional
        By default all but `over`.
    over : str, optional
        What they are compared with; by default the recipe of the table's first row.

    Returns
    -------
    Gain

    Raises
    ------
    DataError
        If the model compares no recipes, one isn't known, or no ladder is sure to fall: without a
        slope no compute stands for a loss.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> both = {"standard": bs.example("cerebras_gpt"), "muP": bs.example("cerebras_gpt_mup")}
    >>> runs = pd.concat([own.assign(recipe=name) for name, own in both.items()])
    >>> fit = bs.fit("loss_recipe", runs.drop(columns="family"), random_seed=1)
    >>> gain = bs.decision.equivalent_compute(fit, recipe="muP")
    >>> bool(0.5 < gain.summary()["median"][0] < 2)
    True
    """
    scale = one_scale(fit, "equivalent_compute")
    if scale not in fit.spec.shifts:
        raise DataError(
            f"fit: {fit.spec.name} compares no recipes. Fit loss_recipe to runs with a column "
            "recipe, score_recipe to scores with one, or take crossing() of two fits."
        )
    name = fit.spec.shifts[scale]
    column = str(fit.spec.free[name].over)
    labels = fit.design.labels[column]
    base = 0 if over is None else group_index(column, labels, over)
    asked = [recipe] if isinstance(recipe, str) else recipe
    if asked is None:
        asked = [label for label in labels if label != labels[base]]
    chosen = [group_index(column, labels, label) for label in asked]
    if not chosen or base in chosen:
        raise DataError(f"{column}: {labels[base]!r} is what others are compared with; name those.")
    _demand_falls(fit, column, [base, *chosen])
    values, _ = flat_posterior(fit)
    shifts = np.column_stack([np.zeros(len(values[name])), values[name]])
    at_floor = {own: _at_floor(fit, column, own) for own in (base, *chosen)}
    draws = np.exp(shifts[:, chosen] - shifts[:, [base]])
    for place, own in enumerate(chosen):
        draws[:, place] = np.where(at_floor[base] & ~at_floor[own], 0.0, draws[:, place])
        draws[:, place] = np.where(at_floor[own], np.inf, draws[:, place])
    names = tuple(labels[own] for own in chosen)
    found = Gain(names, labels[base], scale, draws, fit)
    return replace(found, notes=tuple(_notes(found, column, name)))


def _runs_of(fit: Fit, column: str, group: int, family: int | None = None) -> Index:
    """Return the runs of a group, the smallest first; of one family, if it has any there."""
    mine = fit.design.places.group(column) == group
    inside = mine & (fit.design.family == family)
    own = np.flatnonzero(inside if inside.any() else mine)
    return np.asarray(own[np.argsort(fit.design.scale[own], kind="stable")])


def _demand_falls(fit: Fit, column: str, groups: Sequence[int]) -> None:
    """Refuse recipes of which none is sure to get better with scale."""
    rng = np.random.default_rng([fit.random_seed, STREAM, 5])
    name, better = fit.response.name, {}
    sign, verb = (1, "falls") if FALLS[name] else (-1, "rises")
    for group in groups:
        for family in range(len(fit.families)):
            runs = _runs_of(fit, column, group, family)[[0, -1]]
            drawn = PREDICTORS[name](fit, fit.design.places.at(runs), rng)["expected"].to_numpy()
            first, last = np.log(drawn.reshape(-1, 2)).T
            of = f" of {fit.families[family]}" if len(fit.families) > 1 else ""
            label = f"{fit.design.labels[column][group]}{of}"
            better[label] = np.quantile(sign * (first - last), [TOUCHES, 1 - TOUCHES])
    if any(low > 0 for low, _ in better.values()):
        return
    said = "; ".join(f"{name} {low:.2%} to {high:.2%}" for name, (low, high) in better.items())
    raise DataError(
        f"fit: the slope is flat: from its smallest run to its largest the log {name} of no "
        f"{column} {verb} for sure (90 % intervals: {said}), so no compute stands for a difference "
        f"of {name}. Add larger runs, or compare runs at one scale with predict."
    )


def _at_floor(fit: Fit, column: str, group: int) -> Flags:
    """Say of each draw whether all runs of a group lie at the floor, within the noise of one."""
    values, _ = flat_posterior(fit)
    floors = set(fit.spec.law.floors) & set(fit.spec.law.with_unit)
    if not floors:
        return np.zeros(len(values["sigma"]), dtype=bool)
    smallest = fit.design.places.at(_runs_of(fit, column, group)[:1])
    own = {
        name: of_family(values[name], smallest.family)[:, 0]
        for name in (*fit.spec.coordinates.parameters, "sigma")
    }
    with np.errstate(divide="ignore"):
        floor = np.log(quoted(fit.spec, own)[floors.pop()])
    left = law_at(fit.spec, fit.design, values, smallest)[:, 0] - floor
    return np.asarray(left < own["sigma"], dtype=bool)


def _notes(found: Gain, column: str, name: str) -> Iterator[str]:
    yield from convergence_of(found.fit)
    labels, design = found.fit.design.labels[column], found.fit.design
    largest = design.scale[_runs_of(found.fit, column, labels.index(found.over))[-1]]
    for recipe, drawn in zip(found.recipes, found.draws.T, strict=True):
        own = quantiles_of(drawn)
        if (chance := float(np.mean(np.isinf(drawn)))) > OPEN:
            yield (
                f"{recipe}: its runs lie at the floor within their noise with probability "
                f"{chance:.2f}, so its gain has no upper end: it is at least {own['q05']:.3g} "
                "(5 % quantile)."
            )
        inner = drawn[np.isfinite(drawn) & (drawn > 0)]
        if len(inner) and np.std(np.log(inner)) > PRIOR_RATIO * found.fit.prior_sd[name]:
            yield f"{recipe}: its runs say little of its gain, which is mostly the prior's."
        reached = (
            own["median"] * design.scale[_runs_of(found.fit, column, labels.index(recipe))[-1]]
        )
        distance = np.log10(reached / largest) if 0 < reached < np.inf else 0.0
        if said := far_note(found.scale, reached, float(distance)):
            yield f"{recipe}: its largest run is compared with {found.over} beyond its runs. {said}"
