"""How to divide compute between parameters and tokens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.decision.draws import (
    amounts_of,
    convergence_of,
    far_note,
    ladder_of,
    quantiles_of,
)
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting.frontiers import FLOP, least_at
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.predictive import flat_posterior, law_at

ODD = 1.2  # a factor by which the runs' own count may differ unremarked


@dataclass(frozen=True, eq=False)
class Allocation:
    """The best division of compute, as draws from the posterior of the law.

    Attributes
    ----------
    compute : ndarray, shape (targets,)
        FLOP.
    draws : mapping of str to ndarray, shape (draws, targets)
        ``params`` and ``tokens`` at the optimum, ``tokens_per_param``, the ``loss`` of the law
        there, and ``params_exponent``, by which power of compute the best size grows.
    fit : Fit
    family : int
    flop : float
        FLOP for each parameter and token.
    notes : tuple of str
    """

    compute: Array
    draws: Mapping[str, Array]
    fit: Fit
    family: int
    flop: float
    notes: tuple[str, ...] = ()

    def summary(self) -> pd.DataFrame:
        """Tabulate medians and intervals, a row a compute and quantity.

        Returns
        -------
        DataFrame
            Columns ``compute, quantity, median, q05, q25, q75, q95``. The last quantity of each
            compute, ``regret``, is what the model of median size costs: nats above the optimum.
        """
        rows = []
        for place, compute in enumerate(self.compute):
            for name, drawn in self.draws.items():
                own = quantiles_of(drawn[:, place])
                rows.append({"compute": compute, "quantity": name, **own})
            middle = np.median(self.draws["params"][:, place])
            regret = self._regret(np.array([middle]), place)[:, 0]
            rows.append({"compute": compute, "quantity": "regret", **quantiles_of(regret)})
        return pd.DataFrame(rows)

    def regret(self, params: Any) -> pd.DataFrame:
        """Say what other sizes cost: nats above the optimum, all compute spent.

        Parameters
        ----------
        params : float, str or sequence of these
            Numbers of parameters, such as ``7e9`` or ``"7B"``.

        Returns
        -------
        DataFrame
            A row a compute and size, columns ``compute, params, tokens, mean, median, q05, q25,
            q75, q95``. The size of least mean is the one to train.

        Raises
        ------
        DataError
            If a size isn't a count.
        """
        sizes = amounts_of("params", params)
        rows = []
        for place, compute in enumerate(self.compute):
            found = self._regret(sizes, place)
            for size, drawn in zip(sizes, found.T, strict=True):
                at = {"compute": compute, "params": size, "tokens": compute / self.flop / size}
                rows.append({**at, "mean": drawn.mean(), **quantiles_of(drawn)})
        return pd.DataFrame(rows)

    def _regret(self, sizes: Array, place: int) -> Array:
        """Nats above the optimum, shape ``(draws, sizes)``."""
        tokens = self.compute[place] / self.flop / sizes
        own = np.full(len(sizes), self.family)
        values, _ = flat_posterior(self.fit)
        places = Places(own, {"params": sizes, "tokens": tokens})
        reached = np.exp(law_at(self.fit.spec, self.fit.design, values, places))
        return np.asarray(reached - self.draws["loss"][:, [place]])


def optimal_allocation(
    fit: Fit, compute: Any, *, family: str | None = None, flop: float = FLOP
) -> Allocation:
    r"""Find the parameters and tokens that compute is best spent on, with how sure that is.

    Each draw of the law has its optimum in closed form: with ``C = 6 N D``, both parts of the loss
    that can be removed fall at one rate, ``alpha A N^-alpha = beta B D^-beta``.

    Parameters
    ----------
    fit : Fit
        Of a model of parameters and tokens, such as ``loss_params_tokens``.
    compute : float, str or sequence of these
        FLOP, or text such as ``"40 PF-days"``.
    family : str, optional
        Where the fit has several.
    flop : float
        FLOP for each parameter and token.

    Returns
    -------
    Allocation

    Raises
    ------
    DataError
        If the model has no such optimum, or compute isn't an amount of it.

    References
    ----------
    Hoffmann et al. (2022), equation 4.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs = pd.DataFrame([(n, n * r) for n in (1e7, 1e8, 1e9) for r in (5, 20, 80)])
    >>> runs.columns = ["params", "tokens"]
    >>> runs["loss"] = 1.8 + 480 / runs["params"] ** 0.35 + 2100 / runs["tokens"] ** 0.37
    >>> fit = bs.fit("loss_params_tokens", runs, random_seed=1)
    >>> best = bs.decision.optimal_allocation(fit, 1e21)
    >>> best.summary()["quantity"].tolist()
    ['params', 'tokens', 'tokens_per_param', 'loss', 'params_exponent', 'regret']
    """
    if fit.spec.law.frontier is None:
        raise DataError(
            f"fit: {fit.spec.name} forecasts along {' and '.join(fit.spec.columns)}, so it doesn't "
            "know how to divide compute. Fit loss_params_tokens to runs with params and tokens."
        )
    if not (np.isfinite(flop) and flop > 0):
        raise DataError(f"flop: expected a positive number, got {flop!r}.")
    budgets, own = amounts_of("compute", compute), ladder_of(fit, family)
    found = least_at(fit, budgets, np.full(len(budgets), own), flop)
    draws = {
        "params": found["params"],
        "tokens": found["tokens"],
        "tokens_per_param": found["tokens"] / found["params"],
        "loss": found["loss"],
        "params_exponent": found["exponent"],
    }
    return Allocation(budgets, draws, fit, own, flop, tuple(_notes(fit, budgets, flop, own)))


def _notes(fit: Fit, budgets: Array, flop: float, family: int) -> Iterator[str]:
    """Say what the reader has to know of the fit, its counts of compute, and the distance."""
    yield from convergence_of(fit)
    runs, scale = fit.design.family == family, fit.design.scale
    spent = fit.table["compute"].to_numpy(float)[runs] / scale[runs]
    own = float(np.exp(np.log(spent).mean()))
    if not 1 / ODD < own / flop < ODD:
        yield (
            f"compute: the runs spent {own:.3g} FLOP for each parameter and token, on geometric "
            f"average, and the budget is divided at {flop:g}; flop={own:.3g} counts as they do."
        )
    for budget in budgets:
        distance = float(np.log10(budget / flop / scale[runs].max()))
        if said := far_note("compute", budget, distance):
            yield said
