"""The frozen record of a forecast of pass rates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.errors import BayesScalingError, DataError, suggest
from bayes_scaling.forecasting.quantities import parse_quantity
from bayes_scaling.forecasting.summaries import demand_probability, quantile_name, write_text
from bayes_scaling.inference.passes.design import PROBLEM, unit_column
from bayes_scaling.inference.passes.fits import PassFit
from bayes_scaling.inference.passes.predictive import KINDS

Values = np.ndarray[Any, Any]
BY = ("all", "bucket", "problem")
DEFAULT_K = (10,)
COUNTS = ("solved", "n_correct")


@dataclass(frozen=True, eq=False)
class PassForecast:
    """What one new run at each target will pass, as draws.

    Attributes
    ----------
    targets : DataFrame
        Columns ``compute, distance``; the distance is in decades beyond the largest fitted run.
    draws : xarray.Dataset
        ``-log p`` of every problem; dims ``chain, draw, target, problem``, a variable for each kind
        of interval: ``law`` (alpha C^-k alone), ``expected`` (and discrepancies: what runs at that
        scale reach on average) and ``run`` (and the effects of a run: what one new run will show).
    fit : PassFit
        The fit that it was made from.
    notes : tuple of str
        What the reader has to know.
    random_seed : int
        Of the draws of counts.
    chosen : ndarray of bool, shape (problems,)
        The problems that are averaged over; all, unless restricted.
    """

    targets: pd.DataFrame
    draws: xr.Dataset
    fit: PassFit
    notes: tuple[str, ...]
    random_seed: int
    chosen: np.ndarray[Any, np.dtype[np.bool_]]

    @property
    def n_samples(self) -> int:
        """Samples of a problem, where none are named: the median of the counts that were fitted."""
        return int(self.fit.passes["n_samples"].median())

    def summary(
        self,
        by: str = "all",
        *,
        k: int | Sequence[int] = DEFAULT_K,
        n_samples: int | None = None,
        prob: float | Sequence[float] = (0.5, 0.9),
        kind: str = "run",
    ) -> pd.DataFrame:
        r"""Tabulate medians, means and equal-tailed intervals, a row a target, group and quantity.

        With p the pass rate of each problem under the new run: ``neg_log_pass`` is
        :math:`-E_P[\log p]`, ``pass_rate`` :math:`E_P[p]`, ``pass@k`` :math:`E_P[1 - (1 - p)^k]`
        and ``solved`` the number of problems solved at least once in `n_samples` samples each.

        Parameters
        ----------
        by : {"all", "bucket", "problem"}
            What is averaged over. By problem there is ``n_correct`` in place of ``solved``: the
            count among `n_samples` samples.
        k : int or sequence of int
            The k of pass@k.
        n_samples : int, optional
            By default the median of the counts that were fitted.
        prob : float or sequence of float
            Probabilities of the intervals.
        kind : {"run", "expected", "law"}

        Returns
        -------
        DataFrame
            Columns ``compute, group, quantity, median, mean, sd``, then the quantiles of the
            intervals in order, ``q05, q25, q75, q95``.

        Raises
        ------
        BayesScalingError
            If an argument isn't allowed.
        """
        levels = _levels(prob)
        last = "n_correct" if by == "problem" else "solved"
        names = ["neg_log_pass", "pass_rate", *(f"pass@{value}" for value in _whole(k)), last]
        found = []
        for name in names:
            for group, values in self._groups(name, by, n_samples, kind):
                found.append(self._rows(group, name, values, levels))
        table = pd.concat(found, ignore_index=True)
        order = {label: place for place, label in enumerate(self._labels(by))}
        table = table.assign(_target=np.tile(np.arange(len(self.targets)), len(found)))
        table = table.sort_values("group", key=lambda g: g.map(order), kind="stable")
        return table.sort_values("_target", kind="stable", ignore_index=True).drop(
            columns="_target"
        )

    def quantile(
        self,
        q: float | Sequence[float],
        of: str = "pass_rate",
        *,
        by: str = "all",
        n_samples: int | None = None,
        kind: str = "run",
    ) -> pd.DataFrame:
        """Tabulate quantiles of one quantity, a row a target and group.

        Returns
        -------
        DataFrame
            Columns ``compute, group``, then one a level: ``q05`` is 0.05, ``q975`` is 0.975.
        """
        levels = [float(level) for level in np.atleast_1d(np.asarray(q, dtype=float))]
        for level in levels:
            demand_probability("q", level)
        rows = [
            self._rows(group, of, values, levels)
            for group, values in self._groups(of, by, n_samples, kind)
        ]
        names = [quantile_name(level) for level in levels]
        return pd.concat(rows, ignore_index=True)[["compute", "group", *names]]

    def probability(
        self,
        *,
        below: float | None = None,
        above: float | None = None,
        of: str = "pass_rate",
        n_samples: int | None = None,
        kind: str = "run",
    ) -> pd.Series:
        """Probability that a quantity of the whole benchmark lies below, above or between numbers.

        Parameters
        ----------
        below, above : float, optional
            At least one.
        of : str
            ``neg_log_pass``, ``pass_rate``, ``pass@k`` with any k, or ``solved``.
        n_samples : int, optional
            Of ``solved``; by default the median of the counts that were fitted.
        kind : {"run", "expected", "law"}

        Returns
        -------
        Series
            One number a target, indexed by compute.
        """
        if below is None and above is None:
            raise BayesScalingError("probability: give below=, above=, or both.")
        values = self.values(of, n_samples=n_samples, kind=kind)
        inside = np.ones(values.shape, dtype=bool)
        for name, bound, side in (("below", below, -1), ("above", above, 1)):
            if bound is None:
                continue
            if not np.isfinite(bound):
                raise BayesScalingError(f"{name}: expected a finite number, got {bound!r}.")
            inside &= (values - bound) * side > 0
        index = pd.Index(self.targets["compute"], name="compute")
        return pd.Series(inside.mean(axis=0), index=index, name="probability")

    def values(
        self, of: str = "pass_rate", *, n_samples: int | None = None, kind: str = "run"
    ) -> Values:
        """Return the draws of a quantity of the whole benchmark, shape ``(draws, targets)``."""
        ((_, values),) = self._groups(of, "all", n_samples, kind)
        return values

    def to_csv(self, path: str | Path, by: str = "all", kind: str = "run") -> Path:
        """Write `summary` as CSV; raises OutputError if the path can't be written."""
        return write_text(Path(path), self.summary(by, kind=kind).to_csv(index=False))

    def to_json(self, path: str | Path, by: str = "all", kind: str = "run") -> Path:
        """Write `summary` as JSON records; raises OutputError if the path can't be written."""
        table = self.summary(by, kind=kind)
        return write_text(Path(path), str(table.to_json(orient="records", indent=1)))

    def _groups(
        self, of: str, by: str, n_samples: int | None, kind: str
    ) -> Iterator[tuple[str, Values]]:
        """Yield each group's name and the draws of a quantity, shape ``(draws, targets)``."""
        if kind not in KINDS:
            raise BayesScalingError(f"kind: {kind!r} is not known; {suggest(str(kind), KINDS)}")
        if by not in BY:
            raise BayesScalingError(f"by: {by!r} is not known; {suggest(str(by), BY)}")
        if by == "problem" and unit_column(self.fit.spec) != PROBLEM:
            raise BayesScalingError(
                f"by: {self.fit.spec.name} knows nothing of single problems; "
                'allowed: "all", "bucket".'
            )
        count = self.n_samples if n_samples is None else n_samples
        sizes = self.fit.design.sizes
        quantity = parse_quantity(of, count, sizes)
        if quantity.name == "n_correct" and by != "problem":
            raise BayesScalingError(
                "of: n_correct is the count of one problem; ask quantile or summary for it, by "
                'writing by="problem".'
            )
        hazards = self.draws[kind].values
        hazards = hazards.reshape(-1, *hazards.shape[2:])
        each = quantity.draw(hazards, np.random.default_rng([self.random_seed, 4]))
        for label, members in self._members(by):
            if quantity.is_count:
                yield label, each[:, :, members].sum(axis=-1)
            else:
                yield label, each[:, :, members] @ sizes[members] / sizes[members].sum()

    def _members(self, by: str) -> Iterator[tuple[str, Values]]:
        design = self.fit.design
        if by == "all":
            yield "all", np.flatnonzero(self.chosen)
        elif by == "bucket":
            for place, label in enumerate(design.buckets):
                members = np.flatnonzero((design.bucket == place) & self.chosen)
                if len(members):
                    yield label, members
        else:
            for member in np.flatnonzero(self.chosen):
                yield design.units[member], np.array([member])

    def _labels(self, by: str) -> list[str]:
        return [label for label, _ in self._members(by)]

    def _rows(self, group: str, name: str, values: Values, levels: Sequence[float]) -> pd.DataFrame:
        of = np.array([0.5, *levels])
        if name in COUNTS:  # a quantile of a count is a count
            median, *quantiles = np.quantile(values, of, axis=0, method="inverted_cdf")
        else:
            median, *quantiles = np.quantile(values, of, axis=0)
        return pd.DataFrame(
            {
                "compute": self.targets["compute"].to_numpy(),
                "group": group,
                "quantity": name,
                "median": median,
                "mean": values.mean(axis=0),
                "sd": values.std(axis=0),
                **dict(zip([quantile_name(level) for level in levels], quantiles, strict=True)),
            }
        )


def _whole(k: int | Sequence[int]) -> list[int]:
    given = [k] if isinstance(k, int | np.integer) else list(k)
    for value in given:
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise BayesScalingError(f"k: expected positive integers, got {value!r}.")
    return [int(value) for value in given]


def _levels(prob: float | Sequence[float]) -> list[float]:
    probabilities = np.atleast_1d(np.asarray(prob, dtype=float))
    for value in probabilities:
        demand_probability("prob", float(value))
    return sorted({float(q) for p in probabilities for q in ((1 - p) / 2, (1 + p) / 2)})


def restriction(fit: PassFit, restrict: str | None) -> tuple[Values, tuple[str, ...]]:
    """Find the problems to average over, and say what a restriction drops.

    ``solved_by_all`` keeps the problems that every fitted run solved at least once, as the GPT-4
    report did; a run that didn't try a problem has no say. Raises DataError if none is left.
    """
    everyone = np.ones(len(fit.design.units), dtype=bool)
    if restrict is None:
        return everyone, ()
    if restrict != "solved_by_all":
        raise BayesScalingError(
            f"restrict: {restrict!r} is not known; {suggest(str(restrict), ['solved_by_all'])}"
        )
    if unit_column(fit.spec) != PROBLEM:
        raise BayesScalingError(
            f"restrict: {fit.spec.name} knows nothing of single problems; use "
            "restrict_solved_by_all on the data before the fit."
        )
    tried = fit.design.n_samples > 0
    chosen = ((fit.design.n_correct > 0) | ~tried).all(axis=1)
    if not chosen.any():
        raise DataError("restrict: no problem is solved by every fitted run.")
    share = 1 - chosen.mean()
    runs = "every fitted run" if tried.all() else "every fitted run that tried them"
    return chosen, (
        f"Restricted to the {chosen.sum()} problems that {runs} solved: "
        f"{share:.0%} of {len(chosen)} are dropped, the hardest ones.",
    )
