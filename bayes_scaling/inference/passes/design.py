"""What a model of pass rates reads of the data: counts, problem by run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Flags, Index
from bayes_scaling.data import parse_compute
from bayes_scaling.errors import DataError, SpecError
from bayes_scaling.inference.design import round_to_two_digits
from bayes_scaling.specification.discrepancy import Discrepancy, positions
from bayes_scaling.specification.spec import Spec

BUCKET = "bucket"
PROBLEM = "problem"


@dataclass(frozen=True)
class PassDesign:
    """The arrays of one fit: a row a unit, a column a run.

    Attributes
    ----------
    units : tuple of str
        Problems; or buckets, where the model knows nothing of single problems.
    buckets : tuple of str
        In the order of their labels; one, named ``all``, where the model has none.
    bucket : ndarray of int, shape (units,)
        The bucket of each unit.
    sizes : ndarray of int, shape (units,)
        Problems in each unit: 1, or those of the bucket.
    runs : tuple of str
        From the smallest compute to the largest.
    compute : ndarray, shape (runs,)
        FLOP.
    reference : float
        C0, FLOP.
    n_samples, n_correct : ndarray, shape (units, runs)
        Zero samples where a problem wasn't tried by a run.
    """

    units: tuple[str, ...]
    buckets: tuple[str, ...]
    bucket: Index
    sizes: Index
    runs: tuple[str, ...]
    compute: Array
    reference: float
    n_samples: Array
    n_correct: Array

    @property
    def x(self) -> Array:
        """Natural logarithm of compute over the reference."""
        return np.asarray(np.log(self.compute / self.reference))

    def of_units(self, chosen: Index) -> "PassDesign":
        """Return the design of some units."""
        return replace(
            self,
            units=tuple(self.units[place] for place in chosen),
            bucket=self.bucket[chosen],
            sizes=self.sizes[chosen],
            n_samples=np.ascontiguousarray(self.n_samples[chosen]),
            n_correct=np.ascontiguousarray(self.n_correct[chosen]),
        )

    def without(self, hidden: Flags) -> "PassDesign":
        """Return the design with no samples in the cells of a mask, shape ``(units, runs)``."""
        n, c = (np.where(hidden, 0.0, values) for values in (self.n_samples, self.n_correct))
        return replace(self, n_samples=n, n_correct=c)

    def positions(self, term: Discrepancy, compute: Array) -> Array:
        """Return where computes lie along a discrepancy, from the smallest run."""
        return positions(term, compute, float(self.compute.min()))


def unit_column(spec: Spec) -> str:
    """Name the finest groups of a model: problems, or else buckets."""
    found = PROBLEM in spec.groups or any(PROBLEM in name for name in spec.effects)
    return PROBLEM if found else BUCKET


def has_buckets(spec: Spec) -> bool:
    """Say whether a model knows buckets."""
    return BUCKET in spec.groups or any(BUCKET in name for name in spec.effects)


def make_pass_design(
    spec: Spec,
    passes: pd.DataFrame,
    reference: float | str | Mapping[str, float] | None = None,
) -> PassDesign:
    """Turn a checked table of counts into the arrays that a model reads.

    Parameters
    ----------
    spec : Spec
    passes : DataFrame
        As `read_passes` returns it, with the column ``bucket`` where the model has buckets.
    reference : float or str, optional
        C0 in FLOP; by default the geometric mean of the runs' computes, rounded to two digits.

    Raises
    ------
    DataError
        If the table lacks buckets that the model needs, or mixes families.
    """
    _demand_one_family(spec, passes)
    unit = unit_column(spec)
    bucketed = passes if BUCKET in passes else _one_bucket(spec, passes)
    runs = passes.groupby("run")["compute"].first().sort_index().sort_values(kind="stable")
    names = [str(run) for run in runs.index]
    members = bucketed.drop_duplicates(PROBLEM)
    of_unit = members.groupby(unit, observed=True)[BUCKET].first()
    units = [str(name) for name in of_unit.index]
    buckets = sorted(set(of_unit.astype(str)), key=_natural)
    wide = bucketed.pivot_table(
        index=unit, columns="run", values=["n_samples", "n_correct"], aggfunc="sum", fill_value=0
    ).reindex(of_unit.index)
    sizes = members.groupby(unit, observed=True).size().reindex(of_unit.index)
    compute = runs.to_numpy(float)
    return PassDesign(
        units=tuple(units),
        buckets=tuple(buckets),
        bucket=np.array([buckets.index(str(label)) for label in of_unit], dtype=np.int64),
        sizes=np.asarray(sizes, dtype=np.int64),
        runs=tuple(names),
        compute=compute,
        reference=_reference(compute, reference),
        n_samples=np.ascontiguousarray(wide["n_samples"][list(runs.index)].to_numpy(float)),
        n_correct=np.ascontiguousarray(wide["n_correct"][list(runs.index)].to_numpy(float)),
    )


def _one_bucket(spec: Spec, passes: pd.DataFrame) -> pd.DataFrame:
    if has_buckets(spec):
        raise SpecError(
            f"bucket: {spec.name} pools problems within buckets, but the table has no column "
            "bucket. Make it with form_buckets."
        )
    return passes.assign(bucket="all")


def _demand_one_family(spec: Spec, passes: pd.DataFrame) -> None:
    for column in ("family", "benchmark"):
        found = list(passes[column].dropna().unique()) if column in passes else []
        if len(found) > 1:
            raise DataError(
                f"{column}: {spec.name} describes one {column}, got {len(found)} "
                f"({', '.join(map(str, found[:4]))}). Keep the rows of one."
            )


def _natural(label: str) -> tuple[int, float, str]:
    """Order labels as people do: numbers by value, before words."""
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label


def _reference(compute: Array, given: float | str | Mapping[str, float] | None) -> float:
    if isinstance(given, Mapping):
        raise DataError("reference: counts are of one family, give one number.")
    if given is None:
        return round_to_two_digits(float(np.exp(np.log(np.unique(compute)).mean())))
    try:
        return parse_compute(given)
    except DataError as error:
        raise DataError(f"reference: {error}") from None
