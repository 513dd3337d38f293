"""Whether the best learning rate of small models is that of a larger one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data.sweep_remarks import ENDS, end_of_least
from bayes_scaling.decision.draws import (
    STREAM,
    amounts_of,
    convergence_of,
    far_note,
    ladder_of,
    quantiles_of,
)
from bayes_scaling.errors import DataError
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.predictive import (
    flat_posterior,
    groups_of,
    of_family,
    with_settings,
)

STILL = 0.1  # octaves a doubling: an optimum that drifts less transfers
OCTAVE = float(np.log(2.0))


@dataclass(frozen=True, eq=False)
class Transfer:
    """The drift of an optimum, and what it costs to carry one over, as draws.

    Attributes
    ----------
    swept : str
        What has the optimum: ``learning_rate``.
    target : mapping of str to float
        The other covariates.
    draws : mapping of str to ndarray, shape (draws,)
        ``drift``, in octaves a doubling of the width, and likewise of other covariates; the
        ``optimum`` at the target, and the ``loss`` there.
    carried : DataFrame
        A row a fitted setting: its covariates, and the `swept` that is best there, by the posterior
        median.
    octaves : ndarray, shape (draws, settings)
        Binary logarithm of the optimum of each fitted setting.
    fit : Fit
    family : int
    notes : tuple of str
        Which settings have no run on one side of their optimum is among them.
    """

    swept: str
    target: Mapping[str, float]
    draws: Mapping[str, Array]
    carried: pd.DataFrame
    octaves: Array
    fit: Fit
    family: int
    notes: tuple[str, ...] = ()

    @property
    def transfers(self) -> float:
        """Probability that the optimum drifts less than 0.1 octaves a doubling of the width."""
        return float(np.mean(np.abs(self.draws["drift"]) < STILL))

    @property
    def transfers_before(self) -> float:
        """The same of the prior alone."""
        return float(np.mean(np.abs(self.fit.prior_draws()["drift"]) < STILL))

    @property
    def largest(self) -> int:
        """Which row of `carried` is nearest to the target on log paper."""
        away = sum(
            (np.log(self.carried[name]) - np.log(value)) ** 2 for name, value in self.target.items()
        )
        return int(np.argmin(away))

    def summary(self) -> pd.DataFrame:
        """Tabulate medians and intervals.

        Returns
        -------
        DataFrame
            Columns ``quantity, median, q05, q25, q75, q95``: the draws, then in nats above the
            least loss at the target ``regret_carried``, of the best rate at the fitted setting
            that is nearest, and ``regret_moved``, of the median optimum at the target.
        """
        rows = [{"quantity": name, **quantiles_of(own)} for name, own in self.draws.items()]
        rates = {
            "regret_carried": self.carried[self.swept].iloc[self.largest],
            "regret_moved": np.median(self.draws["optimum"]),
        }
        for name, rate in rates.items():
            drawn = self._regret(np.array([rate]))[:, 0]
            rows.append({"quantity": name, **quantiles_of(drawn)})
        return pd.DataFrame(rows)

    def by_setting(self) -> pd.DataFrame:
        """Say what carrying over the optimum of each fitted setting costs at the target.

        Returns
        -------
        DataFrame
            The rows of `carried`, with ``median, q05, q25, q75, q95`` in nats.
        """
        costs = self.regret(self.carried[self.swept].to_numpy())
        return pd.concat([self.carried, costs.drop(columns=self.swept)], axis=1)

    def regret(self, rates: Any) -> pd.DataFrame:
        """Say what values of the swept covariate cost at the target: nats above the least loss.

        Parameters
        ----------
        rates : float or sequence of float
            Learning rates.

        Returns
        -------
        DataFrame
            A row a rate, columns ``learning_rate, median, q05, q25, q75, q95``. There is no mean: a
            bowl far from its optimum rises without bound.

        Raises
        ------
        DataError
            If a rate isn't a positive number.
        """
        listed = np.atleast_1d(np.asarray(rates, dtype=float))
        if listed.ndim != 1 or not (np.isfinite(listed) & (listed > 0)).all():
            raise DataError(f"{self.swept}: expected positive numbers, got {rates!r}.")
        drawn = self._regret(listed)
        return pd.DataFrame(
            [
                {self.swept: rate, **quantiles_of(own)}
                for rate, own in zip(listed, drawn.T, strict=True)
            ]
        )

    def _regret(self, rates: Array) -> Array:
        """Nats above the least loss at the target, shape ``(draws, rates)``."""
        curve = self._curve
        reached = curve(np.log(rates)[None, :])
        return np.asarray(np.exp(reached) - self.draws["loss"][:, None])

    @cached_property
    def _curve(self) -> Any:
        return _curve_of(self.fit, self.family, self.target)[0]

    def log_loss(self, setting: int, rates: Array) -> Array:
        """Log of the law's loss at a fitted setting, shape ``(draws, rates)``."""
        own = {name: float(self.carried[name].iloc[setting]) for name in self.target}
        return np.asarray(_curve_of(self.fit, self.family, own)[0](np.log(rates)[None, :]))

    def log_loss_at_target(self, rates: Array) -> Array:
        """Log of the law's loss at the target, shape ``(draws, rates)``."""
        return np.asarray(self._curve(np.log(rates)[None, :]))


def transfer(fit: Fit, *, family: str | None = None, **target: Any) -> Transfer:
    r"""Say how the best learning rate drifts, and what it costs to carry a small model's over.

    A draw of the law has its optimum at the target, which leaves the line of drift as fitted ones
    do, and its bowl about it: the regret of a rate is what the loss there lies above the least.

    Parameters
    ----------
    fit : Fit
        Of a model of sweeps, such as ``optimum_drift``.
    family : str, optional
        Where the fit has several.
    **target
        The setting that matters: ``width=8192``, and ``tokens=``, ``batch_tokens=`` where the model
        has them.

    Returns
    -------
    Transfer

    Raises
    ------
    DataError
        If the model is of no sweep, or the target isn't what it can be.

    References
    ----------
    Yang et al. (2021), Tensor programs V: tuning large neural networks via zero-shot hyperparameter
    transfer.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> rng = np.random.default_rng(1)
    >>> sweep = pd.DataFrame([(w, 2.0**t) for w in (128, 256, 512, 1024) for t in range(-10, -3)])
    >>> sweep.columns = ["width", "learning_rate"]
    >>> away = np.log2(sweep["learning_rate"]) + 7  # the same optimum at every width
    >>> log_loss = 1 - 0.1 * np.log(sweep["width"] / 128) + 0.02 * away**2
    >>> sweep["loss"] = np.exp(log_loss + 0.004 * rng.standard_normal(len(sweep)))
    >>> found = bs.transfer(bs.fit("optimum_drift", sweep, random_seed=1), width=4096)
    >>> bool(found.transfers > 0.5)
    True
    """
    if getattr(fit, "response", None) is None:
        raise DataError(f"fit: expected what fit or load_fit returns, got {type(fit).__name__}.")
    swept = fit.spec.law.swept
    if swept is None:
        raise DataError(
            f"fit: transfer is of sweeps of the learning rate, and {fit.spec.name} is of none. Fit "
            "optimum_drift to a sweep over widths."
        )
    asked = _target(fit, swept, target)
    own = ladder_of(fit, family)
    law = _curve_of(fit, own, asked)
    curve, stated, x = law
    octaves = _optimum(fit, stated, x)[:, 0]
    reference = fit.design.references[swept][own]
    names = fit.spec.law.drifts
    draws = {
        drift: of_family(flat_posterior(fit)[0][drift], np.array([own]))[:, 0]
        for drift in names.values()
    }
    draws |= {
        "optimum": reference * 2.0**octaves,
        "loss": np.exp(curve((octaves * OCTAVE + np.log(reference))[:, None]))[:, 0],
    }
    carried, each = _fitted(fit, swept, own)
    found = Transfer(swept, asked, draws, carried, each, fit, own)
    return replace(found, notes=tuple(_notes(found)))


def _target(fit: Fit, swept: str, given: Mapping[str, Any]) -> dict[str, float]:
    names = [name for name in fit.spec.columns if name != swept]
    if odd := [name for name in given if name not in names]:
        raise DataError(
            f"{odd[0]}: {fit.spec.name} has its optimum by {', '.join(names)}; say where with "
            f"{' '.join(f'{name}=' for name in names)}."
        )
    if missing := [name for name in names if name not in given]:
        raise DataError(
            f"{missing[0]}: say at which {missing[0]} the rate is wanted: {missing[0]}=."
        )
    return {name: float(amounts_of(name, given[name], "params")[0]) for name in names}


def _curve_of(fit: Fit, family: int, setting: Mapping[str, float]) -> tuple[Any, Any, Any]:
    """Return the log law of a setting as a function of the log rate, its parameters, and x."""
    spec, swept = fit.spec, str(fit.spec.law.swept)
    index = np.array([family])
    values, _ = flat_posterior(fit)
    at = {
        name: np.array([setting.get(name, fit.design.references[swept][family])])
        for name in spec.columns
    }
    places = Places(index, at)
    rng = np.random.default_rng([fit.random_seed, STREAM, 7])
    design, grown = with_settings(spec, fit.design, values, places, rng)
    groups = groups_of(spec, design, places)
    stated = {name: of_family(grown[name], groups[name]) for name in spec.coordinates.parameters}
    x = {name: own[None, :] for name, own in zip(spec.columns, design.x_at(places), strict=True)}
    reference = float(np.log(fit.design.references[swept][family]))

    def curve(log_rate: Array) -> Array:
        own = {**x, swept: log_rate - reference}
        return np.asarray(
            spec.law.curve(
                *(own[name] for name in spec.columns), **spec.coordinates.to_curve(stated)
            )
        )

    return curve, stated, x


def _optimum(fit: Fit, stated: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    """Octaves of the optimum above the reference, shape ``(draws, places)``."""
    line = stated["optimum"] + stated["shift"]
    for name, drift in fit.spec.law.drifts.items():
        line = line + stated[drift] * x[name] / OCTAVE
    return np.asarray(line)


def _fitted(fit: Fit, swept: str, family: int) -> tuple[pd.DataFrame, Array]:
    """Return the fitted settings of a family with their median optima, and the draws of these."""
    design = fit.design
    mine = np.flatnonzero(design.settings.family == family)
    covariates = {name: values[mine] for name, values in design.settings.covariates.items()}
    index = np.full(len(mine), family)
    reference = design.references[swept][family]
    places = Places(index, {**covariates, swept: np.full(len(mine), reference)})
    places = Places(index, {name: places.covariates[name] for name in fit.spec.columns})
    values, _ = flat_posterior(fit)
    groups = groups_of(fit.spec, design, places)
    stated = {name: of_family(values[name], groups[name]) for name in ("optimum", "shift")}
    stated |= {n: of_family(values[n], groups[n]) for n in fit.spec.law.drifts.values()}
    x = {n: own[None, :] for n, own in zip(fit.spec.columns, design.x_at(places), strict=True)}
    octaves = _optimum(fit, stated, x) + np.log2(reference)
    table = pd.DataFrame({**covariates, swept: 2.0 ** np.median(octaves, axis=0)})
    order = table.sort_values(list(covariates), kind="stable").index.to_numpy()
    return table.iloc[order].reset_index(drop=True), octaves[:, order]


def one_sided(fit: Fit, family: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the settings whose least loss is at the end of their sweep, and at which end."""
    swept = str(fit.spec.law.swept)
    settings, rates = fit.design.settings, fit.design.places.covariates[swept]
    own, losses = settings.of(fit.design.places), fit.design.observed["y"]
    for number, label in enumerate(settings.labels):
        if settings.family[number] != family:
            continue
        mine = own == number
        if (end := end_of_least(rates[mine], losses[mine])) is not None:
            yield label, end


def _notes(found: Transfer) -> Iterator[str]:
    yield from convergence_of(found.fit)
    words = " x ".join(found.target)
    for end, (_, side) in ENDS.items():
        names = [label for label, at in one_sided(found.fit, found.family) if at == end]
        if names:
            shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
            yield (
                f"One-sided: at {words} {shown} the least loss is at the {end} {found.swept}, with "
                f"no run {side} it, so the optimum may lie further {side}. Add runs there."
            )
    for name, value in found.target.items():
        runs = found.fit.design.places.covariates[name][found.fit.design.family == found.family]
        distance = float(np.log10(value / runs.max()))
        if said := far_note(name, value, distance):
            yield said
