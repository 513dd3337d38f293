"""Forecasts averaged over laws, with weights that backtests have taught."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import optimize, special

from bayes_scaling.arrays import Array
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.evaluation.comparison import demand_same_responses, density_by_unit
from bayes_scaling.forecasting import Forecast, predict
from bayes_scaling.forecasting.modes import HUMPS
from bayes_scaling.forecasting.notes import humps_of_forecast
from bayes_scaling.forecasting.quantities import Quantities
from bayes_scaling.forecasting.summaries import Reading, Tables
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.predictive import KINDS

SAME = ["ladder", "cutoff", "compute", "truth"]
PRIOR_SD = 1.0


@dataclass(frozen=True, eq=False)
class StackedForecast(Tables):
    """A mixture of the forecasts of several models; read it as a `Forecast`.

    Attributes
    ----------
    targets : DataFrame
        Columns ``family, compute, distance``.
    draws : xarray.Dataset
        Dims ``chain, draw, target``, variables ``law, expected, run``; each draw is one of a
        model's.
    weights : DataFrame
        A row a target, a column a model; rows sum to 1.
    forecasts : mapping of str to Forecast
        Of each model.
    notes : tuple of str
    """

    targets: pd.DataFrame
    draws: xr.Dataset
    weights: pd.DataFrame
    forecasts: Mapping[str, Forecast]
    notes: tuple[str, ...]

    @property
    def _mixed(self) -> Forecast:
        return replace(next(iter(self.forecasts.values())), draws=self.draws)

    def _quantities(self) -> Quantities:
        return self._mixed._quantities()

    def _readings(self, *asked: Any) -> Iterator[Reading]:
        return self._mixed._readings(*asked)


def stack(
    fits: Mapping[str, Fit],
    backtests: Mapping[str, Backtest] | None = None,
    targets: pd.DataFrame | None = None,
    *,
    compute: Any = None,
    family: str | Sequence[str] | None = None,
    random_seed: int | None = None,
    fit_options: Mapping[str, Any] | None = None,
) -> StackedForecast:
    r"""Forecast with a mixture of models, weighted by how well each has foretold at a distance.

    The weights at a distance of d decades are :math:`w_k(d) \propto \exp(\alpha_k + \beta_k d)`.
    They maximise the log score of the mixture over the forecasts of the backtests,

    .. math:: \sum_l \frac{1}{n_l} \sum_{i \in l} \ln \sum_k w_k(d_i)\, p_k(y_i)
              - \tfrac12 \sum_k (\alpha_k^2 + \beta_k^2),

    where the forecasts of one source (or ladder, where no source is given) count as one together,
    since they are not independent. The last term is a standard normal prior about equal weights, so
    a few ladders say little.

    Parameters
    ----------
    fits : mapping of str to Fit
        Two or more, of the same responses.
    backtests : mapping of str to Backtest, optional
        Of the same models under the same names, over the same runs and cutoffs; better of other
        ladders than the one that is forecast. Without them the weights are the same at every
        distance, and maximise the same score of the fitted runs, each foretold from the others:
        the way for scores, of which there are no backtests.
    targets, compute, family, random_seed
        As in `predict`.
    fit_options : mapping, optional
        Without backtests, of the refits where leaving out by importance sampling fails.

    Returns
    -------
    StackedForecast
        Of counts each draw is one of a model's at all problems, and the density that weights are
        learned from is the geometric mean of the problems'.

    Raises
    ------
    DataError
        If the names or the responses differ, or the backtests judged different forecasts.

    References
    ----------
    Yao, Vehtari, Simpson and Gelman (2018), Using stacking to average Bayesian predictive
    distributions; Yao, Pirs, Vehtari and Gelman (2022), Bayesian hierarchical stacking.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs = bs.example("cerebras_gpt")
    >>> small = runs.query("compute < 2e21")
    >>> fits = {"middle": bs.fit("loss", small, random_seed=1)}
    >>> fits["top"] = bs.fit("loss", small, random_seed=1, reference=1.1e21)
    >>> judged = {name: bs.backtest("loss", runs, cutoffs=[1.2e21], random_seed=1) for name in fits}
    >>> forecast = bs.stack(fits, judged, compute=2.3e22)
    >>> forecast.weights.shape
    (1, 2)
    """
    if backtests is not None:
        _demand_names(fits, backtests)
    demand_same_responses(fits)
    _demand_same_units(fits)
    if backtests is None:
        learned = learn_from_runs(density_by_unit(fits, fit_options))
    else:
        learned = learn_weights({name: backtests[name] for name in fits})
    forecasts = {
        name: predict(
            fitted,
            targets,
            compute=compute,
            family=family,
            random_seed=random_seed,
            far=True,
        )
        for name, fitted in fits.items()
    }
    first = next(iter(forecasts.values()))
    weights = learned(first.targets["distance"].to_numpy(float))
    seed = first.fit.random_seed if random_seed is None else random_seed
    draws = _mixed(list(forecasts.values()), weights, np.random.default_rng([seed, 4]))
    table = pd.DataFrame(weights, columns=list(fits), index=first.targets.index)
    return StackedForecast(first.targets, draws, table, forecasts, tuple(_notes(forecasts, draws)))


def mix(
    forecasts: Mapping[str, Forecast],
    weights: Mapping[str, float] | None = None,
    *,
    random_seed: int | None = None,
) -> StackedForecast:
    r"""Mix forecasts of the same targets with weights that are stated, the same at each target.

    .. math:: p(y) = \sum_k w_k\, p_k(y)

    It carries a doubt that no single fit has, such as that about the floor of the link in
    ``pass_rate_loss``, which is a number of each fit. `stack` learns weights from backtests.

    Parameters
    ----------
    forecasts : mapping of str to Forecast
        Two or more, of the same responses at the same targets.
    weights : mapping of str to float, optional
        Under the same names, from 0, whatever their sum; by default all the same. `compare` has
        those that stacking of leave-one-out finds, in its column ``weight``.
    random_seed : int, optional
        By default the first fit's.

    Returns
    -------
    StackedForecast
        Distances are those of the first forecast.

    Raises
    ------
    DataError
        If the names, the responses, the units or the targets differ, or no weight is positive.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> ladder = bs.example("pythia").query("compute < 3e21")
    >>> counts = bs.simulate("pass_rate_loss", ladder, random_seed=1, problems=24, n_samples=50)
    >>> spec = bs.load_model("pass_rate_loss")
    >>> floors = {f"f = {f}": spec.with_priors(floor_of_smallest=f) for f in (0.3, 0.7)}
    >>> fits = {name: bs.fit(own, counts, random_seed=1) for name, own in floors.items()}
    >>> made = {name: bs.predict(fit, loss=1.9) for name, fit in fits.items()}
    >>> bs.mix(made, {"f = 0.3": 1, "f = 0.7": 3}).weights.iloc[0].tolist()
    [0.25, 0.75]
    """
    fits = {name: made.fit for name, made in _demand_forecasts(forecasts).items()}
    demand_same_responses(fits)
    _demand_same_units(fits)
    _demand_same_targets(forecasts)
    first = next(iter(forecasts.values()))
    own = np.tile(_shares(forecasts, weights), (len(first.targets), 1))
    seed = first.fit.random_seed if random_seed is None else random_seed
    draws = _mixed(list(forecasts.values()), own, np.random.default_rng([seed, 4]))
    table = pd.DataFrame(own, columns=list(forecasts), index=first.targets.index)
    return StackedForecast(first.targets, draws, table, forecasts, tuple(_notes(forecasts, draws)))


def _notes(forecasts: Mapping[str, Forecast], draws: xr.Dataset) -> Iterator[str]:
    """Say what each forecast says, and which targets of the mixture have two humps."""
    for name, made in forecasts.items():
        yield from (f"{name}: {note}" for note in made.notes if HUMPS not in note)
    first = next(iter(forecasts.values()))
    yield from humps_of_forecast(first.fit, first.targets, draws["expected"])


def _demand_forecasts(forecasts: Any) -> Mapping[str, Forecast]:
    if not isinstance(forecasts, Mapping):
        raise DataError(f"forecasts: expected forecasts by name, got a {type(forecasts).__name__}.")
    for name, made in forecasts.items():
        if not isinstance(made, Forecast):
            raise DataError(
                f"forecasts: expected what predict or chain returns, got a {type(made).__name__} "
                f"under {name!r}."
            )
    return forecasts


def _demand_same_targets(forecasts: Mapping[str, Forecast]) -> None:
    (first, one), *others = forecasts.items()
    asked = (one if one.losses is None else one.losses).targets.drop(columns="distance")
    for name, other in others:
        own = (other if other.losses is None else other.losses).targets.drop(columns="distance")
        if not own.equals(asked):
            raise DataError(f"forecasts: {first} and {name} are at other targets.")
        if not np.array_equal(other.chosen, one.chosen):
            raise DataError(f"forecasts: {first} and {name} are averaged over other problems.")


def _shares(forecasts: Mapping[str, Forecast], weights: Mapping[str, float] | None) -> Array:
    """Weights that sum to 1; raises DataError."""
    if weights is None:
        return np.full(len(forecasts), 1 / len(forecasts))
    if not isinstance(weights, Mapping) or set(weights) != set(forecasts):
        raise DataError(
            f"weights: expected one of each of {', '.join(forecasts)}, got {weights!r}."
        )
    given = np.array([float(weights[name]) for name in forecasts])
    if not (np.isfinite(given).all() and (given >= 0).all() and given.sum() > 0):
        raise DataError(f"weights: expected numbers from 0, one above it, got {weights!r}.")
    return np.asarray(given / given.sum())


@dataclass(frozen=True, eq=False)
class Weighting:
    """Weights of models as a function of distance.

    Attributes
    ----------
    models : tuple of str
    alpha, beta : ndarray, shape (models,)
        Log weight at distance 0, up to a constant, and its change a decade.
    """

    models: tuple[str, ...]
    alpha: Array
    beta: Array

    def __call__(self, distance: Array) -> Array:
        """Return the weights at distances in decades, shape ``(distances, models)``."""
        return np.asarray(special.softmax(self.alpha + distance[:, None] * self.beta, axis=1))


def learn_weights(backtests: Mapping[str, Backtest]) -> Weighting:
    """Learn how much to trust each model at each distance; `stack` has the formula.

    Raises
    ------
    DataError
        If the backtests judged different forecasts, or a score is missing.
    """
    frames = {name: judged.forecasts for name, judged in backtests.items()}
    _demand_same_forecasts(frames)
    first = next(iter(frames.values()))
    scores = np.column_stack([frame["log_score"].to_numpy(float) for frame in frames.values()])
    if not np.isfinite(scores).all():
        raise DataError(
            "backtests: some log scores are missing or infinite, so weights can't be learned from "
            "them. Look for them in backtest.forecasts."
        )
    unit = "source" if "source" in first else "ladder"
    share = 1 / first.groupby(unit)[unit].transform("size").to_numpy(float)
    return _learned(tuple(frames), scores, share, first["distance"].to_numpy(float))


def learn_from_runs(densities: pd.DataFrame) -> Weighting:
    """Learn how much to trust each model, the same at each distance, from runs left out.

    Parameters
    ----------
    densities : DataFrame
        Log densities, a row a run, a column a model.

    Raises
    ------
    DataError
        If one is missing or infinite.

    Examples
    --------
    >>> seen = pd.DataFrame({"well": [0.0, -0.5, 0.0, -0.2], "ill": [-3.0, -2.5, -4.0, -2.0]})
    >>> learned = learn_from_runs(seen)
    >>> bool(learned(np.zeros(1))[0, 0] > 0.8)
    True
    """
    scores = -densities.to_numpy(float)
    if not np.isfinite(scores).all():
        raise DataError(
            "fits: some runs can't be foretold from the others, so weights can't be learned from "
            "them; give weights of your own to mix."
        )
    count = len(densities)
    return _learned(tuple(map(str, densities)), scores, np.ones(count), np.zeros(count))


def _learned(names: tuple[str, ...], scores: Array, share: Array, distance: Array) -> Weighting:
    """Maximise the formula of `stack`, of scores, shape ``(forecasts, models)``."""
    models = len(names)

    def loss(point: Array) -> tuple[float, Array]:
        alpha, beta = point.reshape(2, models)
        prior = special.log_softmax(alpha + distance[:, None] * beta, axis=1)
        mixture = special.logsumexp(prior - scores, axis=1)
        pull = share[:, None] * (np.exp(prior - scores - mixture[:, None]) - np.exp(prior))
        gradient = np.concatenate([pull.sum(axis=0), (distance[:, None] * pull).sum(axis=0)])
        value = share @ mixture - 0.5 * np.sum((point / PRIOR_SD) ** 2)
        return -float(value), -(gradient - point / PRIOR_SD**2)

    found = optimize.minimize(loss, np.zeros(2 * models), jac=True, method="L-BFGS-B")
    alpha, beta = found.x.reshape(2, models)
    return Weighting(names, alpha, beta)


def _demand_names(fits: Mapping[str, Fit], backtests: Mapping[str, Backtest]) -> None:
    if set(fits) != set(backtests):
        raise DataError(
            f"backtests: they are of {', '.join(sorted(backtests))}, the fits of "
            f"{', '.join(sorted(fits))}; give one of each fit, under the same names."
        )


def _demand_same_units(fits: Mapping[str, Fit]) -> None:
    (first, one), *others = fits.items()
    for name, other in others:
        if other.design.units.names != one.design.units.names:
            raise DataError(
                f"fits: {first} and {name} foretell other units ({len(one.design.units)} and "
                f"{len(other.design.units)}), so their draws can't be mixed; stack models of "
                "single problems, or of buckets, with each other."
            )


def _demand_same_forecasts(frames: Mapping[str, pd.DataFrame]) -> None:
    (first, one), *others = frames.items()
    if one.empty:
        raise DataError(f"backtests: that of {first} has no forecast to learn from.")
    for name, other in others:
        if not one[SAME].equals(other[SAME]):
            raise DataError(
                f"backtests: those of {first} and {name} judged different forecasts; run both on "
                "the same runs, cutoffs and horizon."
            )


def _mixed(forecasts: Sequence[Forecast], weights: Array, rng: np.random.Generator) -> xr.Dataset:
    """Draw from the mixture: at all targets the model is chosen by the same stratified number.

    A draw of counts is one of a model's at all problems, which hang together.
    """
    first = forecasts[0].draws["run"]
    shape = first.shape[2:]
    flat = [{k: one.draws[k].values.reshape(-1, *shape) for k in KINDS} for one in forecasts]
    count = min(len(draws["run"]) for draws in flat)
    chosen = (rng.permutation(count) + 0.5) / count
    upper = np.cumsum(weights, axis=1)[:, :-1]
    model = (chosen[:, None, None] > upper).sum(axis=2)
    model = model.reshape(*model.shape, *[1] * (len(shape) - 1))
    mixed = {
        kind: np.choose(model, [draws[kind][:count] for draws in flat])[None] for kind in KINDS
    }
    return xr.Dataset({kind: (first.dims, values) for kind, values in mixed.items()})
