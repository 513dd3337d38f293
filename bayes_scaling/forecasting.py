"""Posterior predictive distributions at target computes; the forecast is a frozen record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import parse_compute
from bayes_scaling.errors import BayesScalingError, DataError, suggest
from bayes_scaling.inference.diagnosis import MIN_ESS
from bayes_scaling.inference.fitting import Fit, check_seed
from bayes_scaling.inference.predictive import KINDS, draw_responses
from bayes_scaling.inference.saving import replacing

PRIOR_RATIO = 0.8


@dataclass(frozen=True, eq=False)
class Forecast:
    """What one new run at each target will show, as draws.

    Attributes
    ----------
    targets : DataFrame
        Columns ``family, compute, distance``; the distance is in decades beyond the last fitted run
        of the family, negative inside the ladder.
    draws : xarray.Dataset
        Dims ``chain, draw, target``, a variable for each kind of interval: ``law`` (the curve
        alone), ``expected`` (law and discrepancy: what runs at that scale reach on average) and
        ``run`` (plus run-to-run noise: what one new run will show).
    fit : Fit
        The fit that it was made from.
    notes : tuple of str
        What the reader has to know: a fit that didn't converge, a floor that comes from the prior,
        a target below the ladder.
    """

    targets: pd.DataFrame
    draws: xr.Dataset
    fit: Fit
    notes: tuple[str, ...]

    def summary(
        self, prob: float | Sequence[float] = (0.5, 0.9), kind: str = "run"
    ) -> pd.DataFrame:
        """Tabulate the forecast, a row a target.

        Parameters
        ----------
        prob : float or sequence of float
            Probabilities of the equal-tailed intervals.
        kind : {"run", "expected", "law"}
            Which kind of interval.

        Returns
        -------
        DataFrame
            Columns ``family, compute, distance, median, mean, sd``, then the quantiles of the
            intervals in order, ``q05, q25, q75, q95``. The mean and sd are those of the draws.
        """
        probabilities = np.atleast_1d(np.asarray(prob, dtype=float))
        for value in probabilities:
            _demand_probability("prob", float(value))
        levels = sorted({float(q) for p in probabilities for q in ((1 - p) / 2, (1 + p) / 2)})
        values = self._draws(kind)
        table = self.targets.assign(
            median=np.median(values, axis=0), mean=values.mean(axis=0), sd=values.std(axis=0)
        )
        return pd.concat([table, self._quantiles(values, levels)], axis=1)

    def quantile(self, q: float | Sequence[float], kind: str = "run") -> pd.DataFrame:
        """Tabulate quantiles, a row a target.

        Parameters
        ----------
        q : float or sequence of float
            Levels between 0 and 1.
        kind : {"run", "expected", "law"}

        Returns
        -------
        DataFrame
            Columns ``family, compute, distance``, then one a level, named by its decimals: ``q05``
            is 0.05, ``q975`` is 0.975.
        """
        levels = [float(level) for level in np.atleast_1d(np.asarray(q, dtype=float))]
        for level in levels:
            _demand_probability("q", level)
        table = self._quantiles(self._draws(kind), levels)
        return pd.concat([self.targets, table], axis=1)

    def probability(
        self, *, below: float | None = None, above: float | None = None, kind: str = "run"
    ) -> pd.Series:
        """Probability that the response lies below, above or between two numbers.

        Parameters
        ----------
        below, above : float, optional
            At least one.
        kind : {"run", "expected", "law"}

        Returns
        -------
        Series
            One number a target, indexed by compute.
        """
        if below is None and above is None:
            raise BayesScalingError("probability: give below=, above=, or both.")
        for name, bound in {"below": below, "above": above}.items():
            if bound is not None and not np.isfinite(bound):
                raise BayesScalingError(f"{name}: expected a finite number, got {bound!r}.")
        values = self._draws(kind)
        inside = np.ones(values.shape, dtype=bool)
        if below is not None:
            inside &= values < below
        if above is not None:
            inside &= values > above
        index = pd.Index(self.targets["compute"], name="compute")
        return pd.Series(inside.mean(axis=0), index=index, name="probability")

    def to_csv(self, path: str | Path, kind: str = "run") -> Path:
        """Write `summary` as CSV; raises OutputError if the path can't be written."""
        return _write(Path(path), self.summary(kind=kind).to_csv(index=False))

    def to_json(self, path: str | Path, kind: str = "run") -> Path:
        """Write `summary` as JSON records; raises OutputError if the path can't be written."""
        return _write(Path(path), self.summary(kind=kind).to_json(orient="records", indent=1))

    def _draws(self, kind: str) -> np.ndarray[Any, Any]:
        if kind not in KINDS:
            raise BayesScalingError(f"kind: {kind!r} is not known; {suggest(str(kind), KINDS)}")
        return self.draws[kind].values.reshape(-1, len(self.targets))

    def _quantiles(self, values: np.ndarray[Any, Any], levels: list[float]) -> pd.DataFrame:
        numbers = np.quantile(values, levels, axis=0)
        names = [quantile_name(level) for level in levels]
        return pd.DataFrame(dict(zip(names, numbers, strict=True)), index=self.targets.index)


def quantile_name(level: float) -> str:
    """Name a quantile by its decimals, two at least.

    Examples
    --------
    >>> quantile_name(0.05), quantile_name(0.5), quantile_name(0.975)
    ('q05', 'q50', 'q975')
    """
    return "q" + f"{level:.6f}".split(".")[1].rstrip("0").ljust(2, "0")


def predict(
    fit: Fit,
    targets: pd.DataFrame | None = None,
    *,
    compute: Any = None,
    family: str | Sequence[str] | None = None,
    random_seed: int | None = None,
) -> Forecast:
    """Forecast what new runs will show.

    Parameters
    ----------
    fit : Fit
    targets : DataFrame, optional
        A row a target: ``compute``, and ``family`` where the fit has several.
    compute : float, str, or sequence of these, optional
        Target computes instead of a table: FLOP, or text such as ``"40 PF-days"``.
    family : str or sequence of str, optional
        The family of the targets, where the fit has several. It needs at least one run in the fit.
    random_seed : int, optional
        By default the fit's, so that the same fit gives the same forecast.

    Returns
    -------
    Forecast
        Joint draws for all targets.

    Raises
    ------
    DataError
        If a target has no usable compute, or its family has no run in the fit.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> list(forecast.summary().columns)[-4:]
    ['q05', 'q25', 'q75', 'q95']
    """
    computes, labels = _targets(targets, compute, family)
    index = np.array([family_index(fit.families, label) for label in labels])
    seed = fit.random_seed if random_seed is None else random_seed
    check_seed(seed)
    rng = np.random.default_rng([seed, 1])
    draws = draw_responses(fit, index, computes, rng)
    last = np.array([fit.design.of_family(own).max() for own in index])
    table = pd.DataFrame(
        {
            "family": [fit.families[own] for own in index],
            "compute": computes,
            "distance": np.log10(computes / last),
        }
    )
    notes = tuple(_notes(fit, table, index, draws))
    return Forecast(table, draws, fit, notes)


def _targets(
    targets: pd.DataFrame | None, compute: Any, family: str | Sequence[str] | None
) -> tuple[np.ndarray[Any, Any], list[str | None]]:
    if (targets is None) == (compute is None):
        raise DataError("targets: give either a table of targets or compute=, not both.")
    if targets is not None:
        if not isinstance(targets, pd.DataFrame):
            raise DataError(
                f"targets: expected a DataFrame, got {type(targets).__name__}. For plain numbers "
                "write compute=."
            )
        if "compute" not in targets:
            raise DataError(
                "targets: the table lacks the column compute; it has "
                f"{', '.join(map(str, targets.columns))}."
            )
        compute = list(targets["compute"])
        family = list(targets["family"]) if "family" in targets else family
    single = isinstance(compute, str) or np.ndim(compute) == 0
    values = [compute] if single else list(compute)
    if not values:
        raise DataError("compute: no target given.")
    computes = np.array([parse_compute(value) for value in values])
    if family is None or isinstance(family, str):
        return computes, [family] * len(computes)
    if len(family) != len(computes):
        raise DataError(f"family: {len(family)} families for {len(computes)} targets.")
    return computes, list(family)


def family_index(families: Sequence[str], label: str | None) -> int:
    """Find a target's family among those fitted; raises DataError if it has no run there."""
    if label is None:
        if len(families) > 1:
            raise DataError(
                f"family: the fit has {len(families)} families, say which one the target is "
                f"of: {', '.join(families)}."
            )
        return 0
    if label not in families:
        raise DataError(
            f"family: {label!r} has no run in the fit, so its level is unknown; "
            f"{suggest(str(label), families)} Add at least one of its runs and fit again."
        )
    return families.index(label)


def _notes(
    fit: Fit, table: pd.DataFrame, index: np.ndarray[Any, Any], draws: xr.Dataset
) -> Iterator[str]:
    if not fit.diagnosis.converged:
        yield str(fit.diagnosis)
    elif fit.diagnosis.retried:
        yield "The fit converged on the second try, with twice the draws and smaller steps."
    yield from floor_notes(fit, sorted(set(index.tolist())))
    for family, compute in zip(index, table["compute"], strict=True):
        smallest = fit.design.of_family(family).min()
        if compute < smallest:
            yield (
                f"The target {compute:.3g} FLOP lies below every fitted run (the smallest has "
                f"{smallest:.3g} FLOP): this is an extrapolation downward."
            )
    if np.prod([draws.sizes["chain"], draws.sizes["draw"]]) > MIN_ESS:
        size = float(az.ess(draws[["expected"]])["expected"].min())
        if size < MIN_ESS:
            yield (
                f"The forecast rests on an effective sample of {size:.0f} draws, fewer than "
                f"{MIN_ESS:.0f}: fit with more draws."
            )


def floor_ratio(fit: Fit) -> Mapping[str, float]:
    """Posterior over prior standard deviation of the floor's share of the loss, by family.

    Near 1, the data said nothing about the floor. Empty where the floor is pinned or the law has
    none.
    """
    posterior = fit.posterior["posterior"].to_dataset()
    pinned = {"floor_share", "c"} & fit.spec.pinned.keys()
    if "floor_share" not in posterior or pinned:
        return {}
    share = posterior["floor_share"]
    prior_sd = fit.prior_sd["floor_share"]
    if "family" not in share.dims:
        return {family: float(share.std()) / prior_sd for family in fit.families}
    return {
        family: float(share.isel(family=index).std()) / prior_sd
        for index, family in enumerate(fit.families)
    }


def floor_notes(fit: Fit, families: Sequence[int]) -> Iterator[str]:
    """Say for each family how much the data said of the floor."""
    ratios = floor_ratio(fit)
    for index in families:
        family = fit.families[index]
        if family not in ratios:
            continue
        ratio = ratios[family]
        of = f" of {family}" if len(fit.families) > 1 else ""
        verdict = "; the floor comes from the prior" if ratio > PRIOR_RATIO else ""
        yield f"Floor share{of}: posterior sd / prior sd = {ratio:.2f}{verdict}."


def response_unit(fit: Fit) -> str:
    """Name the unit of what was fitted, for labels: ``nats per token`` unless the runs say else."""
    column = f"{fit.spec.response}_unit"
    said: Sequence[Any] = list(fit.runs[column].dropna().unique()) if column in fit.runs else []
    return ", ".join(map(str, said)) or "nats per token"


def _demand_probability(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise BayesScalingError(f"{name}: expected a number between 0 and 1, got {value!r}.")


def _write(path: Path, text: str) -> Path:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    return path
