"""What can be said of draws at targets: quantiles, probabilities, tables."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.forecasting.quantities import DEFAULT_K, Quantities, Quantity
from bayes_scaling.inference.predictive import KINDS
from bayes_scaling.outputs import replacing

Values = np.ndarray[Any, Any]
ALL = "all"
KIND_WORDS = {
    "run": "one new run",
    "expected": "the average of runs at that scale",
    "law": "the law alone",
}


@dataclass(frozen=True)
class Reading:
    """The draws of one quantity of one group.

    Attributes
    ----------
    group : str
    quantity : Quantity
    values : ndarray, shape (draws, targets)
    """

    group: str
    quantity: Quantity
    values: Values

    def quantiles(self, levels: Sequence[float]) -> Values:
        """Return quantiles, shape ``(levels, targets)``."""
        method: Any = "inverted_cdf" if self.quantity.is_count else "linear"
        return np.asarray(np.quantile(self.values, levels, axis=0, method=method))


class Tables(ABC):
    """Tables of draws at targets, for every record that has both."""

    targets: pd.DataFrame

    def summary(
        self,
        by: str = ALL,
        *,
        k: int | Sequence[int] | None = None,
        n_samples: int | None = None,
        prob: float | Sequence[float] = (0.5, 0.9),
        kind: str = "run",
    ) -> pd.DataFrame:
        r"""Tabulate medians, means and equal-tailed intervals, a row a target, group and quantity.

        Of losses there is one quantity, ``loss``. Of counts, with p the pass rate of each problem
        under the new run: ``neg_log_pass`` is :math:`-E_P[\log p]`, ``pass_rate`` :math:`E_P[p]`,
        ``pass@k`` :math:`E_P[1 - (1 - p)^k]` and ``solved`` the number of problems solved at least
        once in `n_samples` samples each.

        Parameters
        ----------
        by : {"all", "bucket", "problem"}
            What is averaged over; the latter two where the response has problems. By problem there
            is ``n_correct`` in place of ``solved``: the count among `n_samples` samples.
        k : int or sequence of int, optional
            The k of pass@k; 10 unless told.
        n_samples : int, optional
            By default the median of the counts that were fitted.
        prob : float or sequence of float
            Probabilities of the intervals.
        kind : {"run", "expected", "law"}
            Which kind of interval.

        Returns
        -------
        DataFrame
            Columns ``family``, the covariates such as ``compute``, ``distance, group, quantity,
            median, mean, sd``, then the quantiles of the intervals in order, ``q05, q25, q75,
            q95``. The mean and sd are those of the draws.

        Raises
        ------
        BayesScalingError
            If an argument isn't allowed.
        """
        levels = _levels(prob)
        names = self._quantities().tabulated(by, _whole(DEFAULT_K if k is None else k))
        found = [
            one
            for name in names
            for one in self.readings(name, by=by, n_samples=n_samples, kind=kind)
        ]
        rows = [
            self._rows(one, [0.5, *levels], ["median", *map(quantile_name, levels)])
            for one in found
        ]
        table = pd.concat(rows, ignore_index=True)
        groups = list(dict.fromkeys(one.group for one in found))
        order = np.lexsort(
            (
                np.repeat(np.arange(len(found)), len(self.targets)),
                np.repeat([groups.index(one.group) for one in found], len(self.targets)),
                np.tile(np.arange(len(self.targets)), len(found)),
            )
        )
        return table.iloc[order].reset_index(drop=True)

    def quantile(
        self,
        q: float | Sequence[float],
        of: str | None = None,
        *,
        by: str = ALL,
        n_samples: int | None = None,
        kind: str = "run",
    ) -> pd.DataFrame:
        """Tabulate quantiles of one quantity, a row a target and group.

        Parameters
        ----------
        q : float or sequence of float
            Levels between 0 and 1.
        of : str, optional
            The quantity; by default ``loss``, or ``pass_rate`` of counts.
        by, n_samples, kind
            As in `summary`.

        Returns
        -------
        DataFrame
            Columns ``family``, the covariates, ``distance, group, quantity``, then one a level,
            named by its decimals: ``q05`` is 0.05, ``q975`` is 0.975.
        """
        levels = read_probabilities("q", q)
        names = [quantile_name(level) for level in levels]
        rows = [
            self._rows(one, levels, names).drop(columns=["mean", "sd"])
            for one in self.readings(of, by=by, n_samples=n_samples, kind=kind)
        ]
        return pd.concat(rows, ignore_index=True)

    def probability(
        self,
        *,
        below: float | None = None,
        above: float | None = None,
        of: str | None = None,
        n_samples: int | None = None,
        kind: str = "run",
    ) -> pd.Series:
        """Probability that a quantity of the run lies below, above or between two numbers.

        Parameters
        ----------
        below, above : float, optional
            At least one.
        of : str, optional
            The quantity; by default ``loss``, or ``pass_rate`` of the whole benchmark.
        n_samples : int, optional
            Of ``solved``; by default the median of the counts that were fitted.
        kind : {"run", "expected", "law"}

        Returns
        -------
        Series
            One number a target, indexed by compute, or what else is forecast along.
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
        values = self.values(of, n_samples=n_samples, kind=kind)
        inside = np.ones(values.shape, dtype=bool)
        for bound, side in ((below, -1), (above, 1)):
            if bound is not None:
                inside &= (values - bound) * side > 0
        return pd.Series(inside.mean(axis=0), index=self._index(), name="probability")

    def values(
        self, of: str | None = None, *, n_samples: int | None = None, kind: str = "run"
    ) -> Values:
        """Return the draws of a quantity of the whole run, for decisions of one's own.

        Parameters
        ----------
        of : str, optional
            The quantity; by default ``loss``, or ``pass_rate`` of the whole benchmark.
        n_samples, kind
            As in `summary`.

        Returns
        -------
        ndarray, shape (draws, targets)
        """
        (one,) = self.readings(of, by=ALL, n_samples=n_samples, kind=kind)
        return one.values

    def readings(
        self,
        of: str | None = None,
        *,
        by: str = ALL,
        n_samples: int | None = None,
        kind: str = "run",
    ) -> Iterator[Reading]:
        """Yield the draws of a quantity, a group at a time; the arguments are those of `summary`.

        Raises
        ------
        BayesScalingError
            If an argument isn't allowed.
        """
        yield from self._readings(of, by, n_samples, kind)

    def to_csv(self, path: str | Path, by: str = ALL, *, kind: str = "run") -> Path:
        """Write `summary` as CSV; raises OutputError if the path can't be written."""
        return write_text(Path(path), self.summary(by, kind=kind).to_csv(index=False))

    def to_json(self, path: str | Path, by: str = ALL, *, kind: str = "run") -> Path:
        """Write `summary` as JSON records; raises OutputError if the path can't be written."""
        table = self.summary(by, kind=kind)
        return write_text(Path(path), str(table.to_json(orient="records", indent=1)))

    @abstractmethod
    def _quantities(self) -> Quantities:
        """Return what can be said of the response."""

    @abstractmethod
    def _readings(
        self, of: str | None, by: str, n_samples: int | None, kind: str
    ) -> Iterator[Reading]:
        """Yield the draws of a quantity, a group at a time; raises BayesScalingError."""

    def _index(self) -> Any:
        names = [name for name in self.targets if name not in {"family", "distance"}]
        if len(names) == 1:
            return pd.Index(self.targets[names[0]].to_numpy(), name=names[0])
        return pd.MultiIndex.from_frame(self.targets[names])

    def _rows(self, one: Reading, levels: Sequence[float], names: Sequence[str]) -> pd.DataFrame:
        quantiles = dict(zip(names, one.quantiles(levels), strict=True))
        middle = {"median": quantiles.pop("median")} if "median" in quantiles else {}
        moments = {"mean": one.values.mean(axis=0), "sd": one.values.std(axis=0)}
        return self.targets.assign(
            group=one.group, quantity=one.quantity.name, **middle, **moments, **quantiles
        )


def demand_kind(kind: str) -> None:
    """Demand a kind of interval that there is; raises BayesScalingError."""
    if kind not in KINDS:
        raise BayesScalingError(f"kind: {kind!r} is not known; {suggest(str(kind), KINDS)}")


def demand_group(by: str, groups: Sequence[str]) -> None:
    """Demand a way to average that there is; raises BayesScalingError."""
    if by not in groups:
        raise BayesScalingError(f"by: {by!r} is not known; {suggest(str(by), groups)}")


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


def _levels(prob: float | Sequence[float]) -> list[float]:
    probabilities = read_probabilities("prob", prob)
    return sorted({float(q) for p in probabilities for q in ((1 - p) / 2, (1 + p) / 2)})


def _whole(k: int | Sequence[int]) -> list[int]:
    given = [k] if isinstance(k, int | np.integer) else list(k)
    for value in given:
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise BayesScalingError(f"k: expected positive integers, got {value!r}.")
    return [int(value) for value in given]
