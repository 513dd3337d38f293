"""Which run to train next, so that the forecast of a target becomes surer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.decision.draws import STREAM, amounts_of, convergence_of
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting.frontiers import FLOP
from bayes_scaling.forecasting.targets import read_targets
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.predictive import draw_responses

HELPS = 0.02  # of the target's variance; less can't be told from the chance of draws
MOST = 20  # runs of a batch


@dataclass(frozen=True, eq=False)
class Choice:
    """Runs that may be trained, and what each would say of a target.

    Attributes
    ----------
    candidates : DataFrame
        Their covariates, ``cost`` in FLOP, ``affordable``, and ``removes``: the share of the
        variance of the target's expected log loss that one such run takes away.
    chosen : tuple of int
        Rows of the candidates, in the order of choice; a row may come again. Empty where nothing
        that can be paid helps.
    removed : tuple of float
        The share of the variance that the chosen runs take away together, after each.
    sd : float
        Of the target's expected log loss now.
    budget : float
    notes : tuple of str
    """

    candidates: pd.DataFrame
    chosen: tuple[int, ...]
    removed: tuple[float, ...]
    sd: float
    budget: float
    notes: tuple[str, ...] = ()

    def summary(self) -> pd.DataFrame:
        """Tabulate the chosen runs in order, a row each.

        Returns
        -------
        DataFrame
            The covariates and ``cost``, ``spent`` in all, ``removed``, the share of the target's
            variance that goes with this run and those before, and ``sd`` of the log loss then. No
            row where nothing that can be paid helps.
        """
        rows = self.candidates.iloc[list(self.chosen)].drop(columns=["affordable", "removes"])
        removed = np.array(self.removed)
        return rows.reset_index(names="candidate").assign(
            spent=rows["cost"].cumsum().to_numpy(),
            removed=removed,
            sd=self.sd * np.sqrt(1 - removed),
        )


def next_run(
    fit: Fit,
    candidates: pd.DataFrame,
    target: Mapping[str, Any],
    *,
    budget: Any,
    family: str | None = None,
) -> Choice:
    r"""Choose the affordable runs that most shrink the variance of a target's forecast.

    The posterior predictive distribution of candidates and target together says it, without a fit
    of any outcome: seeing y takes the share ``cov(y, target)^2 / (var y var target)`` of the
    variance of the target's expected log loss, if the two are jointly normal, as log losses nearly
    are. Runs are added one
    by one, by what they take away for their cost, and the best single run is taken instead where it
    does more. A run may be chosen twice: replicates say more of the mean.

    Parameters
    ----------
    fit : Fit
        Of losses.
    candidates : DataFrame
        A row a run that may be trained: the model's covariates, and ``cost`` in FLOP where it isn't
        ``compute``, or 6 x params x tokens.
    target : mapping of str to float or str
        The run whose forecast matters: ``{"compute": 1e24}``, or params and tokens.
    budget : float or str
        FLOP for all runs together.
    family : str, optional
        Where the fit has several.

    Returns
    -------
    Choice

    Raises
    ------
    DataError
        If candidates, target or budget aren't what they can be, or the fit isn't one of losses.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> fit = bs.fit("loss", small, random_seed=1)
    >>> sizes = pd.DataFrame({"compute": [1e19, 1e20, 1e21, 4e21]})
    >>> choice = bs.decision.next_run(fit, sizes, {"compute": 2.3e22}, budget=5e21)
    >>> bool(choice.candidates["removes"].idxmax() == 3)
    True
    """
    if fit.design.units.names:
        raise DataError(f"fit: next_run is of losses, and {fit.spec.name} is of pass rates.")
    if not isinstance(candidates, pd.DataFrame) or not len(candidates):
        raise DataError("candidates: expected a DataFrame, a row a run that may be trained.")
    (money,) = amounts_of("budget", budget, "compute")
    there = read_targets(fit, candidates, {}, family)
    goal = read_targets(fit, None, dict(target), family)
    if len(goal) != 1:
        raise DataError(f"target: expected one, got {len(goal)}.")
    cost = _costs(candidates, there)
    signal, noise = _spread(fit, there, goal)
    chosen, removed = choose(signal, noise, cost, float(money))
    table = pd.DataFrame({**there.covariates, "cost": cost, "affordable": cost <= money})
    table["removes"] = shares(signal, noise)
    sd = float(np.sqrt(signal[-1, -1]))
    notes = tuple(_notes(fit, table, chosen, float(money)))
    return Choice(table, chosen, removed, sd, float(money), notes)


def shares(signal: Array, noise: Array) -> Array:
    """Share of the variance of the last that a run at each of the others takes away.

    Parameters
    ----------
    signal : ndarray, shape (candidates + 1, candidates + 1)
        Covariance of what runs reach on average; the target is last.
    noise : ndarray, shape (candidates,)
        Variance of a run about that.

    Examples
    --------
    >>> shares(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([1.0])).tolist()
    [0.5]
    """
    seen = np.diag(signal)[:-1] + noise
    return np.asarray(signal[:-1, -1] ** 2 / (seen * signal[-1, -1]))


def after(signal: Array, noise: Array, run: int) -> Array:
    """Return the covariance of what runs reach on average, once one more run is seen."""
    pull = signal[:, run]
    return np.asarray(signal - np.outer(pull, pull) / (signal[run, run] + noise[run]))


def choose(
    signal: Array, noise: Array, cost: Array, budget: float
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Choose runs by what they take away for their cost, or the best one where it does more.

    Returns
    -------
    tuple of int
        The runs.
    tuple of float
        What they take away of the target's variance together, after each.
    """
    left, money, chosen, removed = signal, budget, list[int](), list[float]()
    whole = signal[-1, -1]
    while len(chosen) < MOST:
        gains = shares(left, noise) * left[-1, -1] / whole
        gains = np.where((cost <= money) & (gains >= HELPS), gains, 0.0)
        if not gains.any():
            break
        best = int(np.argmax(gains / cost))
        left, money = after(left, noise, best), money - cost[best]
        chosen.append(best)
        removed.append(float(1 - left[-1, -1] / whole))
    single = np.where(cost <= budget, shares(signal, noise), 0.0)
    alone = int(np.argmax(single))
    if single[alone] >= HELPS and single[alone] > max(removed, default=0.0):
        return (alone,), (float(single[alone]),)
    return tuple(chosen), tuple(removed)


def _spread(fit: Fit, candidates: Places, target: Places) -> tuple[Array, Array]:
    """Covariance of expected log losses at candidates and target, and the noise of candidates."""
    whole = Places(
        np.concatenate([candidates.family, target.family]),
        {
            name: np.concatenate([own, target.covariates[name]])
            for name, own in candidates.covariates.items()
        },
        groups={
            name: np.concatenate([candidates.group(name), target.group(name)])
            for name in fit.design.labels
        },
    )
    drawn = draw_responses(fit, whole, np.random.default_rng([fit.random_seed, STREAM, 3]))
    run, expected = (
        np.log(drawn[kind].to_numpy().reshape(-1, len(whole))) for kind in ("run", "expected")
    )
    noise = (run - expected)[:, :-1].var(axis=0)
    return np.atleast_2d(np.cov(expected, rowvar=False)), noise


def _costs(candidates: pd.DataFrame, places: Places) -> Array:
    """Read what each run costs, FLOP."""
    if "cost" in candidates:
        return amounts_of("cost", list(candidates["cost"]), "compute")
    own = places.covariates
    if "compute" in own:
        return np.asarray(own["compute"])
    if own.keys() == {"params", "tokens"}:
        return FLOP * places.scale
    raise DataError(
        f"candidates: the model forecasts along {' and '.join(own)}, so the table needs a column "
        "cost: the FLOP of each run."
    )


def _notes(fit: Fit, table: pd.DataFrame, chosen: tuple[int, ...], budget: float) -> Iterator[str]:
    yield from convergence_of(fit)
    if not table["affordable"].any():
        yield (
            f"Nothing can be paid: the cheapest candidate costs {table['cost'].min():.3g} FLOP, "
            f"the budget is {budget:.3g}."
        )
    elif not chosen:
        best = table.loc[table["affordable"], "removes"].max()
        yield (
            "Nothing that can be paid helps: the best candidate takes away "
            f"{max(best, 0):.1%} of the variance of the target's expected log loss."
        )
