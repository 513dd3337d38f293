"""What a model reads of the data: where the runs are, and what was seen there, as arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Flags, Index
from bayes_scaling.data import amount_of
from bayes_scaling.errors import DataError, SpecError
from bayes_scaling.inference.places import Places
from bayes_scaling.specification.discrepancy import Discrepancy, covariance, positions
from bayes_scaling.specification.links import Link
from bayes_scaling.specification.spec import Spec
from bayes_scaling.specification.vocabulary import SETTING, VOCABULARIES

LADDER = "ladder"
MIN_SCALES = 3
MIN_LINKED = 2
COMPUTE = "compute"
MIN_COMPARED = 2  # scales of each recipe
LIMIT = "limit"  # above which the loss of a run of a sweep isn't known

Reference = float | str | Mapping[Any, Any] | None


@dataclass(frozen=True, eq=False)
class Units:
    """What is tried in every run, where a response has that: problems, in buckets.

    Attributes
    ----------
    names : tuple of str
        Problems; or buckets, where the model knows nothing of single problems.
    buckets : tuple of str
        In the order of their labels; one, named ``all``, where the model has none.
    bucket : ndarray of int, shape (units,)
        The bucket of each unit.
    sizes : ndarray of int, shape (units,)
        Problems in each unit: 1, or those of the bucket.
    """

    names: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    bucket: Index = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    sizes: Index = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.names)

    def at(self, chosen: Index) -> "Units":
        """Take some of them; the buckets stay."""
        names = tuple(self.names[place] for place in chosen)
        return Units(names, self.buckets, self.bucket[chosen], self.sizes[chosen])


@dataclass(frozen=True, eq=False)
class Settings:
    """The settings of a sweep: the values of all covariates but the swept one.

    Attributes
    ----------
    covariates : mapping of str to ndarray, shape (settings,)
    family : ndarray of int, shape (settings,)
    """

    covariates: Mapping[str, Array] = field(default_factory=dict)
    family: Index = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def labels(self) -> list[str]:
        """What each is called."""
        rows = zip(*self.covariates.values(), strict=True)
        several = len(set(self.family.tolist())) > 1
        names = [" x ".join(f"{value:g}" for value in row) for row in rows]
        pairs = zip(self.family, names, strict=True)
        return [f"{own}: {name}" for own, name in pairs] if several else names

    def __len__(self) -> int:
        return len(self.family)

    def of(self, places: Places) -> Index:
        """Find the setting of each place; -1 where it is none of these."""
        found = np.full(len(places), -1, dtype=np.int64)
        for number, own in enumerate(self.family):
            same = places.family == own
            for name, values in self.covariates.items():
                same = same & (places.covariates[name] == values[number])
            found[same] = number
        return found

    def joined(self, places: Places) -> "Settings":
        """Return these and those of places that are new, in the order of the places."""
        new = pd.DataFrame(
            {"family": places.family, **{name: places.covariates[name] for name in self.covariates}}
        )[self.of(places) < 0].drop_duplicates()
        own = {
            name: np.concatenate([values, new[name].to_numpy(float)])
            for name, values in self.covariates.items()
        }
        return Settings(own, np.concatenate([self.family, new["family"].to_numpy(np.int64)]))


@dataclass(frozen=True, eq=False)
class Root:
    """A discrepancy at the runs: a root of its covariance times standard normal weights.

    Attributes
    ----------
    rows : ndarray, shape (runs, rank)
        At unit amplitude. Each block of runs that share the weights has columns that are
        orthogonal; they may be zero there.
    left_out : ndarray, shape (runs,)
        Variance at unit amplitude that the weights don't hold.
    """

    rows: Array
    left_out: Array


@dataclass(frozen=True, eq=False)
class Design:
    """The arrays of one fit: a row a run and, where the response has units, a row of cells a unit.

    Attributes
    ----------
    runs : tuple of str
        Names of the runs.
    families : tuple of str
        Names of the ladders; one name where the model has one ladder.
    places : Places
        Family and covariates of each run.
    references : mapping of str to ndarray, shape (families,)
        Where each covariate's logarithm is zero, by family: C0 in FLOP, for compute.
    observed : mapping of str to ndarray
        What the response reads: of losses ``y`` and ``relative_se`` (the standard error of its log
        where one is given; else 0), shape (runs,); of counts ``n_samples`` (zero where a problem
        wasn't tried by a run) and ``n_correct``, shape (units, runs).
    units : Units
        None of them where a run has a single response.
    roots : mapping of str to Root
        Of a fit: each discrepancy's, by the name of its amplitude.
    labels : mapping of str to tuple of str
        Names of what else runs are grouped by, such as ``recipe``; the first is what others are
        compared with.
    links : mapping of str to Link
        From a covariate as it is measured to what the law sees of it, where that differs.
    settings : Settings
        Of a sweep; else none.
    """

    runs: tuple[str, ...]
    families: tuple[str, ...]
    places: Places
    references: Mapping[str, Array]
    observed: Mapping[str, Array]
    units: Units = field(default_factory=Units)
    roots: Mapping[str, Root] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    @property
    def family(self) -> Index:
        """The ladder of each run."""
        return self.places.family

    @property
    def scale(self) -> Array:
        """What the runs are ordered by: the covariate, or the product of several."""
        return self.places.scale

    @property
    def x(self) -> tuple[Array, ...]:
        """Natural logarithm of each covariate at the runs, over its ladder's reference."""
        return self.x_at(self.places)

    def x_at(self, places: Places) -> tuple[Array, ...]:
        """Natural logarithm of each covariate at places, over its ladder's reference."""
        return tuple(
            np.log(values / self.references[name][places.family])
            for name, values in places.covariates.items()
        )

    @property
    def counts(self) -> dict[str, int]:
        """How many values of its own a column has: of recipes one less, as the first has none."""
        return {"family": len(self.families), SETTING: len(self.settings)} | {
            name: len(own) - 1 for name, own in self.labels.items()
        }

    def places_of(
        self,
        family: Index,
        measured: Mapping[str, Array],
        groups: Mapping[str, Index] | None = None,
    ) -> Places:
        """Return the places of covariates as they are measured.

        Raises
        ------
        DataError
            If a loss doesn't lie above the floor of its link.
        """
        linked = {name: measured[name] for name in self.links}
        for name, values in linked.items():
            floor = self.links[name].floor
            if not (values > floor).all():
                raise DataError(
                    f"{name}: {values.min():.4g} isn't above {floor:.4g}, where the link between "
                    f"{name} and pass rates ends: nothing is known there. A lower "
                    "floor_of_smallest in the model reaches further."
                )
        seen = {name: link(linked[name]) for name, link in self.links.items()}
        return Places(family, {**measured, **seen}, linked, groups or {})

    def of_family(self, family: int) -> Array:
        """Return the scale of the fitted runs of one family."""
        return np.asarray(self.scale[self.family == family])

    def of_units(self, chosen: Index) -> "Design":
        """Return the design of some units."""
        own = {name: np.ascontiguousarray(cells[chosen]) for name, cells in self.observed.items()}
        return replace(self, units=self.units.at(chosen), observed=own)

    def without(self, hidden: Flags) -> "Design":
        """Return the design with nothing seen in the cells of a mask, shape ``(units, runs)``."""
        return self.with_observed(
            **{name: np.where(hidden, 0.0, cells) for name, cells in self.observed.items()}
        )

    def with_observed(self, **cells: Array) -> "Design":
        """Return the design with other cells."""
        return replace(self, observed={**self.observed, **cells})

    def positions(self, term: Discrepancy, places: Places) -> Array:
        """Return where places lie along a discrepancy, shape ``(n, covariates)``, or a row a draw.

        They are measured from the smallest run, of the own group where each has its own.
        """
        columns = []
        for name in term.along:
            runs = self.places.covariates[name]
            anchor: Any = runs.min()
            if term.over:
                group = self.places.group(term.over)
                anchors = [runs[group == own].min() for own in range(group.max() + 1)]
                anchor = np.array(anchors)[places.group(term.over)]
            columns.append(positions(term, places.covariates[name], anchor))
        return np.stack(columns, axis=-1)

    def covariance(self, term: Discrepancy) -> Array:
        """Return the covariance of a discrepancy at the runs, at unit amplitude."""
        return self.covariance_between(term, self.places, self.places)

    def covariance_between(self, term: Discrepancy, one: Places, other: Places) -> Array:
        """Return the covariance of a discrepancy between places, at unit amplitude."""
        together = covariance(term, self.positions(term, one), self.positions(term, other))
        if not term.over:
            return together
        return np.where(one.group(term.over)[:, None] == other.group(term.over), together, 0.0)


def round_to_two_digits(number: float) -> float:
    """Round to two significant digits.

    Examples
    --------
    >>> round_to_two_digits(6.1789e19)
    6.2e+19
    """
    return float(f"{number:.1e}")


def losses_of(spec: Spec, runs: pd.DataFrame) -> dict[str, Array]:
    """Return the losses of a table, and the standard errors of their logs; else zero."""
    y = runs[spec.response].to_numpy(float)
    if spec.law.swept:
        return {"y": y, "relative_se": np.zeros(len(runs)), LIMIT: runs[LIMIT].to_numpy(float)}
    error = f"{spec.response}_se"
    if error not in runs:
        return {"y": y, "relative_se": np.zeros(len(runs))}
    return {"y": y, "relative_se": np.nan_to_num(runs[error].to_numpy(float)) / y}


def make_design(
    spec: Spec,
    runs: pd.DataFrame,
    reference: Reference = None,
    observed: Callable[[Spec, pd.DataFrame], dict[str, Array]] = losses_of,
) -> Design:
    """Turn a checked table, a row a run, into the arrays that a model reads.

    Parameters
    ----------
    spec : Spec
    runs : DataFrame
        As `read_runs` returns it.
    reference : float or mapping, optional
        C0 in FLOP, for all or by family; of a law of other covariates where each logarithm is zero,
        by covariate and, where there are several families, by both. By default the geometric mean
        of each family's runs, rounded to two digits. It never depends on the responses.
    observed : callable
        Takes the spec and the runs, and returns what the response reads of them.

    Raises
    ------
    DataError
        If the ladder is too short for the model, or families are mixed or missing.
    SpecError
        If a pinned floor is not below every loss.
    """
    families, family = _families(spec, runs)
    labels, groups = labels_of(spec, runs)
    measured = {name: _covariate(spec, runs, name) for name in spec.columns}
    links = _links_of(spec, runs, measured)
    covariates = {name: links[name](x) if name in links else x for name, x in measured.items()}
    if links:
        measured = {**measured, COMPUTE: runs[COMPUTE].to_numpy(float)}
    places = Places(family, covariates, measured=measured if links else {}, groups=groups)
    _demand_scales(spec, families, places)
    _demand_floor_below(spec, runs)
    return Design(
        runs=tuple(runs["run"].astype(str)),
        families=families,
        places=places,
        references=references_of(families, places, reference),
        observed=observed(spec, runs),
        labels=labels,
        links=links,
        settings=_settings(spec, places),
    )


def _links_of(spec: Spec, runs: pd.DataFrame, measured: Mapping[str, Array]) -> dict[str, Link]:
    """Make the link of a law whose covariate isn't seen as it is measured, from all runs."""
    if spec.law.link is None:
        return {}
    (column,) = spec.columns
    for name in (column, COMPUTE):
        if runs[name].nunique() < MIN_LINKED:
            raise DataError(
                f"{name}: all runs have {runs[name].iloc[0]:g}; {spec.name} measures a {column} by "
                "the compute that it takes, so it needs two of each. Add runs."
            )
    numbers = {name: spec.pinned[name] for name in spec.coordinates.numbers}
    return {column: spec.law.link(measured[column], runs[COMPUTE].to_numpy(float), **numbers)}


def _settings(spec: Spec, places: Places) -> Settings:
    if spec.law.swept is None:
        return Settings()
    own = [name for name in spec.columns if name != spec.law.swept]
    none = Settings({name: np.zeros(0) for name in own})
    return none.joined(places)


def _covariate(spec: Spec, runs: pd.DataFrame, name: str) -> Array:
    """Return a column of positive numbers; raises DataError with the row that isn't one."""
    if name not in runs:
        raise DataError(
            f"{name}: {spec.name} forecasts along {' and '.join(spec.columns)}, but the table has "
            f"no column {name}. It has {', '.join(map(str, runs.columns))}."
        )
    values = pd.to_numeric(runs[name], errors="coerce").to_numpy(float)
    wrong = np.flatnonzero(~((values > 0) & np.isfinite(values)))
    if len(wrong):
        row = runs.iloc[int(wrong[0])]
        cell = "nothing" if pd.isna(row[name]) else row[name]
        raise DataError(
            f"row {wrong[0] + 1} (run {row['run']}), column {name!r}: expected a positive number, "
            f"got {cell}. Fill the cell, or leave the run out."
        )
    return values


def _families(spec: Spec, runs: pd.DataFrame) -> tuple[tuple[str, ...], Index]:
    if "family" not in spec.groups:
        found = list(runs["family"].unique()) if "family" in runs else [LADDER]
        if len(found) > 1:
            compares = sorted(spec.groups & VOCABULARIES[spec.response].shifting)
            remedy = (
                f"leave the column out, where they differ by {compares[0]} alone"
                if compares
                else "fit loss_families, where families learn from each other"
            )
            raise DataError(
                f"family: {spec.name} describes one ladder, got {len(found)} families "
                f"({', '.join(found[:4])}{', ...' if len(found) > 4 else ''}). Keep the rows of "
                f"one, or {remedy}."
            )
        return (str(found[0]),), np.zeros(len(runs), dtype=np.int64)
    if "family" not in runs:
        raise DataError(
            f"family: {spec.name} pools families, but the table has no column family. Add one, "
            "or fit a model of one ladder, such as loss."
        )
    codes, labels = pd.factorize(runs["family"])
    return tuple(str(label) for label in labels), codes.astype(np.int64)


def labels_of(
    spec: Spec, runs: pd.DataFrame
) -> tuple[dict[str, tuple[str, ...]], dict[str, Index]]:
    """Return the names of groups that shift covariates, in the order of rows, and each run's.

    Raises
    ------
    DataError
        If there is no such column, a cell is empty, or a group has fewer than two scales.
    """
    labels: dict[str, tuple[str, ...]] = {}
    groups: dict[str, Index] = {}
    for column in sorted(spec.groups & VOCABULARIES[spec.response].shifting):
        if column not in runs:
            raise DataError(
                f"{column}: {spec.name} compares {column}s, but the table has no column {column}. "
                "Add one, or fit a model of one ladder, such as loss."
            )
        empty = np.flatnonzero(runs[column].isna())
        if len(empty):
            row = runs.iloc[int(empty[0])]
            raise DataError(
                f"row {empty[0] + 1} (run {row['run']}), column {column!r}: empty. Name the "
                f"{column} of every run, that of the first row being what others are compared with."
            )
        index, names = pd.factorize(runs[column].astype(str))
        labels[column], groups[column] = tuple(names), index.astype(np.int64)
        _demand_compared(spec, column, runs, labels[column], groups[column])
    return labels, groups


def _demand_compared(
    spec: Spec, column: str, runs: pd.DataFrame, names: tuple[str, ...], index: Index
) -> None:
    """Demand two groups or more, each of two scales or more."""
    if len(names) == 1:
        raise DataError(
            f"{column}: all runs are of {names[0]!r}, so there is nothing to compare. Add runs of "
            "another, or fit a model of one ladder, such as loss."
        )
    own = list(spec.columns)
    for number, name in enumerate(names):
        scales = runs.loc[index == number, own].drop_duplicates()
        if len(scales) >= MIN_COMPARED:
            continue
        raise DataError(
            f"{column}: {name!r} has runs of one {' and '.join(own)} only, and its gain couldn't "
            f"be told from what one run differs by. Train it at {MIN_COMPARED} or more; or leave "
            f"it out, fit the others, and bound its gain: compute_for says what its loss costs "
            "them."
        )


def _demand_scales(spec: Spec, families: tuple[str, ...], places: Places) -> None:
    """Demand three scales along each covariate, where a ladder has a slope of its own."""
    slopes = [spec.free[name] for name in spec.law.slopes if name in spec.free]
    alone = any(prior.over and not prior.nested for prior in slopes)
    pooled = len(families) > 1 and not alone
    for name, values in places.covariates.items():
        counts = [len(np.unique(values[places.family == own])) for own in range(len(families))]
        short = counts if not pooled else [max(counts)]
        if min(short) >= MIN_SCALES:
            continue
        label = families[int(np.argmin(short))] if not pooled else "the largest family"
        plural = f"{name}s" if name == "compute" else f"values of {name}"
        if min(short) == 1:
            raise DataError(
                f"{name}: all runs of {label} are at one {'' if name == 'compute' else 'value of '}"
                f"{name}, so nothing is known of the slope; {spec.name} needs at least "
                f"{MIN_SCALES} distinct {plural}. Add smaller runs."
            )
        raise DataError(
            f"{name}: {label} has {min(short)} distinct {plural}, {spec.name} needs at least "
            f"{MIN_SCALES} for a ladder that stands alone. Add runs, or fit it beside longer "
            "ladders with loss_families."
        )


def _demand_floor_below(spec: Spec, runs: pd.DataFrame) -> None:
    pinned = set(spec.law.floors) & set(spec.law.with_unit) & spec.pinned.keys()
    for name in pinned:
        lowest = runs.iloc[int(runs[spec.response].argmin())]
        if spec.pinned[name] >= lowest[spec.response]:
            raise SpecError(
                f"{spec.name}: priors.{name}: the pinned floor {spec.pinned[name]:g} is not below "
                f"the smallest {spec.response}, {lowest[spec.response]:g} (run {lowest['run']}). "
                "Pin a lower one."
            )


def references_of(families: tuple[str, ...], places: Places, given: Reference) -> dict[str, Array]:
    """Find each covariate's reference by family: as given, or the mean of its logarithms."""
    own = dict(given) if isinstance(given, Mapping) else given
    if isinstance(own, dict) and own and all(isinstance(key, tuple) for key in own):
        own = {
            name: {family: value for (column, family), value in own.items() if column == name}
            for name in places.covariates
        }
    by_name = isinstance(own, dict) and own.keys() & places.covariates.keys()
    found = {}
    for name, values in places.covariates.items():
        mine: Any = own.get(name) if by_name else own  # type: ignore[union-attr]
        found[name] = _reference(name, families, places.family, values, mine)
    return found


def _reference(
    name: str, families: tuple[str, ...], family: Index, values: Array, given: Reference
) -> Array:
    if isinstance(given, Mapping):
        missing = [label for label in families if label not in given]
        if missing:
            raise DataError(f"reference: no entry for family {missing[0]!r}.")
        return np.array([_amount(name, given[label]) for label in families])
    if given is not None:
        return np.array([_amount(name, given)] * len(families))
    logs = [np.log(values[family == own]).mean() for own in range(len(families))]
    return np.array([round_to_two_digits(float(np.exp(value))) for value in logs])


def _amount(name: str, reference: object) -> float:
    try:
        return amount_of(name, reference)
    except DataError as error:
        raise DataError(f"reference: {error}") from None
