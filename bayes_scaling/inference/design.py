"""What the model reads of the data: covariates and responses, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Index
from bayes_scaling.data import parse_compute
from bayes_scaling.errors import DataError, SpecError
from bayes_scaling.specification.discrepancy import Discrepancy, covariance, positions
from bayes_scaling.specification.spec import Spec

Places = tuple[Index, Array]

LADDER = "ladder"
MIN_COMPUTES = 3


@dataclass(frozen=True)
class Design:
    """The arrays of one fit, a row a run.

    Attributes
    ----------
    families : tuple of str
        Names of the ladders; one name where the model has one ladder.
    family : ndarray of int, shape (n,)
    reference : ndarray, shape (families,)
        C0 of each ladder, FLOP.
    compute, response : ndarray, shape (n,)
    relative_se : ndarray, shape (n,)
        Standard error of the log of the response where one is given; else 0.
    runs : tuple of str
        Names of the runs.
    """

    families: tuple[str, ...]
    family: Index
    reference: Array
    compute: Array
    response: Array
    relative_se: Array
    runs: tuple[str, ...]

    @property
    def x(self) -> Array:
        """Natural logarithm of compute over the ladder's reference."""
        return np.asarray(np.log(self.compute / self.reference[self.family]))

    def of_family(self, family: int) -> Array:
        """Return the compute of the fitted runs of one family, FLOP."""
        return np.asarray(self.compute[self.family == family])

    def anchor(self, term: Discrepancy, family: int) -> float:
        """Return the smallest compute, from which a discrepancy is measured."""
        return float((self.of_family(family) if term.over else self.compute).min())

    def positions(self, term: Discrepancy, family: Index, compute: Array) -> Array:
        """Return where computes of families lie along a discrepancy."""
        anchors = np.array([self.anchor(term, own) for own in range(len(self.families))])
        return positions(term, compute, anchors[family])

    def covariance(self, term: Discrepancy) -> Array:
        """Return the covariance of a discrepancy at the runs, at unit amplitude."""
        runs = (self.family, self.compute)
        return self.covariance_between(term, runs, runs)

    def covariance_between(self, term: Discrepancy, one: Places, other: Places) -> Array:
        """Return the covariance of a discrepancy between places, at unit amplitude.

        Parameters
        ----------
        term : Discrepancy
        one, other : tuple of ndarray
            Family and compute, FLOP, of each place.
        """
        together = covariance(term, self.positions(term, *one), self.positions(term, *other))
        return np.where(one[0][:, None] == other[0], together, 0.0) if term.over else together


def round_to_two_digits(number: float) -> float:
    """Round to two significant digits.

    Examples
    --------
    >>> round_to_two_digits(6.1789e19)
    6.2e+19
    """
    return float(f"{number:.1e}")


def make_design(
    spec: Spec, runs: pd.DataFrame, reference: float | Mapping[str, float] | None = None
) -> Design:
    """Turn a checked table of runs into the arrays that a model reads.

    Parameters
    ----------
    spec : Spec
    runs : DataFrame
        As `read_runs` returns it.
    reference : float or mapping of str to float, optional
        C0 in FLOP, for all or by family. By default the geometric mean of each family's compute,
        rounded to two digits. It never depends on the responses.

    Raises
    ------
    DataError
        If the ladder is too short for the model, or families are mixed or missing.
    SpecError
        If a pinned floor is not below every loss.
    """
    families, family = _families(spec, runs)
    compute = runs["compute"].to_numpy(float)
    response = runs[spec.response].to_numpy(float)
    _demand_computes(spec, families, family, compute)
    _demand_floor_below(spec, runs)
    return Design(
        families=families,
        family=family,
        reference=_references(families, family, compute, reference),
        compute=compute,
        response=response,
        relative_se=_relative_se(runs, response, spec.response),
        runs=tuple(runs["run"].astype(str)),
    )


def _families(spec: Spec, runs: pd.DataFrame) -> tuple[tuple[str, ...], Index]:
    if "family" not in spec.groups:
        found = list(runs["family"].unique()) if "family" in runs else [LADDER]
        if len(found) > 1:
            raise DataError(
                f"family: {spec.name} describes one ladder, got {len(found)} families "
                f"({', '.join(found[:4])}{', ...' if len(found) > 4 else ''}). Keep the rows of "
                "one, or fit loss_families, where families learn from each other."
            )
        return (str(found[0]),), np.zeros(len(runs), dtype=np.int64)
    if "family" not in runs:
        raise DataError(
            f"family: {spec.name} pools families, but the table has no column family. Add one, "
            "or fit a model of one ladder, such as loss."
        )
    codes, labels = pd.factorize(runs["family"])
    return tuple(str(label) for label in labels), codes.astype(np.int64)


def _demand_computes(spec: Spec, families: tuple[str, ...], family: Index, compute: Array) -> None:
    counts = [len(np.unique(compute[family == index])) for index in range(len(families))]
    slopes = [spec.free[name] for name in spec.law.slopes if name in spec.free]
    alone = any(prior.over and not prior.nested for prior in slopes)
    pooled = len(families) > 1 and not alone
    short = counts if not pooled else [max(counts)]
    if min(short) >= MIN_COMPUTES:
        return
    label = families[int(np.argmin(short))] if not pooled else "the largest family"
    if min(short) == 1:
        raise DataError(
            f"compute: all runs of {label} are at one compute, so nothing is known of the slope; "
            f"{spec.name} needs at least {MIN_COMPUTES} distinct computes. Add smaller runs."
        )
    raise DataError(
        f"compute: {label} has {min(short)} distinct computes, {spec.name} needs at least "
        f"{MIN_COMPUTES} for a ladder that stands alone. Add runs, or fit it beside longer "
        "ladders with loss_families."
    )


def _demand_floor_below(spec: Spec, runs: pd.DataFrame) -> None:
    lowest = runs.iloc[int(runs[spec.response].argmin())]
    for name in set(spec.law.floors) & set(spec.law.with_unit) & spec.pinned.keys():
        if spec.pinned[name] >= lowest[spec.response]:
            raise SpecError(
                f"{spec.name}: priors.{name}: the pinned floor {spec.pinned[name]:g} is not below "
                f"the smallest {spec.response}, {lowest[spec.response]:g} (run {lowest['run']}). "
                "Pin a lower one."
            )


def _references(
    families: tuple[str, ...],
    family: Index,
    compute: Array,
    reference: float | Mapping[str, float] | None,
) -> Array:
    if isinstance(reference, Mapping):
        missing = [name for name in families if name not in reference]
        if missing:
            raise DataError(f"reference: no entry for family {missing[0]!r}.")
        given = [_flop(reference[name]) for name in families]
    elif reference is not None:
        given = [_flop(reference)] * len(families)
    else:
        logs = [np.log(compute[family == index]).mean() for index in range(len(families))]
        given = [round_to_two_digits(float(np.exp(value))) for value in logs]
    return np.array(given)


def _flop(reference: object) -> float:
    try:
        return parse_compute(reference)
    except DataError as error:
        raise DataError(f"reference: {error}") from None


def _relative_se(runs: pd.DataFrame, response: Array, name: str) -> Array:
    if f"{name}_se" not in runs:
        return np.zeros(len(runs))
    return np.asarray(np.nan_to_num(runs[f"{name}_se"].to_numpy(float)) / response)
