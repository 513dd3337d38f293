"""What can be said of draws at targets: quantiles, probabilities, tables."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.inference.predictive import KINDS
from bayes_scaling.outputs import replacing


class Tables(ABC):
    """Tables of draws at targets, for every record that has both."""

    targets: pd.DataFrame

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
        probabilities = read_probabilities("prob", prob)
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
        levels = read_probabilities("q", q)
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
            if bound is not None and not is_finite(bound):
                raise BayesScalingError(f"{name}: expected a finite number, got {bound!r}.")
        if below is not None and above is not None and below <= above:
            raise BayesScalingError(
                f"below: nothing lies above {above:g} and below {below:g}; swap the two."
            )
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
        return write_text(Path(path), self.summary(kind=kind).to_csv(index=False))

    def to_json(self, path: str | Path, kind: str = "run") -> Path:
        """Write `summary` as JSON records; raises OutputError if the path can't be written."""
        return write_text(Path(path), self.summary(kind=kind).to_json(orient="records", indent=1))

    @abstractmethod
    def _draws(self, kind: str) -> np.ndarray[Any, Any]:
        """Return the draws of a kind, shape ``(draws, targets)``; raises BayesScalingError."""

    def _quantiles(self, values: np.ndarray[Any, Any], levels: list[float]) -> pd.DataFrame:
        numbers = np.quantile(values, levels, axis=0)
        names = [quantile_name(level) for level in levels]
        return pd.DataFrame(dict(zip(names, numbers, strict=True)), index=self.targets.index)


class Summaries(Tables):
    """Tables of draws of all kinds, in a dataset."""

    draws: xr.Dataset

    def _draws(self, kind: str) -> np.ndarray[Any, Any]:
        if kind not in KINDS:
            raise BayesScalingError(f"kind: {kind!r} is not known; {suggest(str(kind), KINDS)}")
        return self.draws[kind].values.reshape(-1, len(self.targets))


def quantile_name(level: float) -> str:
    """Name a quantile by its decimals, two at least.

    Examples
    --------
    >>> quantile_name(0.05), quantile_name(0.5), quantile_name(0.975)
    ('q05', 'q50', 'q975')
    """
    return "q" + f"{level:.6f}".split(".")[1].rstrip("0").ljust(2, "0")


def read_probabilities(name: str, given: Any) -> list[float]:
    """Read one number between 0 and 1, or several; raises BayesScalingError."""
    try:
        values = np.atleast_1d(np.asarray(given, dtype=float)).tolist()
    except (TypeError, ValueError):
        raise BayesScalingError(
            f"{name}: expected a number between 0 and 1, or several, got {given!r}."
        ) from None
    for value in values:
        demand_probability(name, value)
    return [float(value) for value in values]


def is_finite(value: Any) -> bool:
    """Whether a value is a number, and finite."""
    return isinstance(value, Real) and bool(np.isfinite(float(value)))


def demand_probability(name: str, value: float) -> None:
    """Demand a number between 0 and 1."""
    if not 0 < value < 1:
        raise BayesScalingError(f"{name}: expected a number between 0 and 1, got {value!r}.")


def write_text(path: Path, text: str) -> Path:
    """Write a file, whole or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    return path
