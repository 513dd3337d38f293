"""What a model of pass rates reads of the data: counts, problem by run."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.errors import DataError, SpecError
from bayes_scaling.inference.design import LADDER, Design, Reference, Units, references_of
from bayes_scaling.inference.places import Places, along
from bayes_scaling.specification.links import Link
from bayes_scaling.specification.spec import Spec

BUCKET = "bucket"
PROBLEM = "problem"
COUNTS = ("n_samples", "n_correct")
COMPUTE = "compute"
SCALE = "scale"
MIN_SCALES = 2


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
    reference: Reference = None,
    links: Mapping[str, Link] | None = None,
) -> Design:
    """Turn a checked table of counts into the arrays that a model reads.

    Parameters
    ----------
    spec : Spec
    passes : DataFrame
        As `read_passes` returns it, with the column ``bucket`` where the model has buckets.
    reference : float or str, optional
        C0 in FLOP; by default the geometric mean of the runs' computes, rounded to two digits.
    links : mapping of str to Link, optional
        Those of a fit whose runs these are to stand beside; by default of the runs themselves.

    Raises
    ------
    DataError
        If the table lacks buckets that the model needs, or mixes families.
    """
    _demand_one_family(spec, passes)
    unit = unit_column(spec)
    bucketed = passes if BUCKET in passes else _one_bucket(spec, passes)
    runs, links = _scales_of_runs(spec, passes, links)
    names = [str(run) for run in runs.index]
    members = bucketed.drop_duplicates(PROBLEM)
    of_unit = members.groupby(unit, observed=True)[BUCKET].first()
    units = [str(name) for name in of_unit.index]
    buckets = sorted(set(of_unit.astype(str)), key=_natural)
    wide = bucketed.pivot_table(
        index=unit, columns="run", values=list(COUNTS), aggfunc="sum", fill_value=0
    ).reindex(of_unit.index)
    sizes = members.groupby(unit, observed=True).size().reindex(of_unit.index)
    bucket = np.array([buckets.index(str(label)) for label in of_unit], dtype=np.int64)
    found = passes["family"].dropna().unique() if "family" in passes else ()
    families = tuple(map(str, found)) or (LADDER,)
    (column,) = spec.columns
    measured = {name: runs[name].to_numpy(float) for name in (column, COMPUTE)} if links else {}
    places = replace(along(column, runs[SCALE].to_numpy(float)), measured=measured)
    cells = {name: wide[name][list(runs.index)].to_numpy(float) for name in COUNTS}
    return Design(
        runs=tuple(names),
        families=families,
        places=places,
        references=_references(families, places, reference),
        observed={name: np.ascontiguousarray(values) for name, values in cells.items()},
        units=Units(tuple(units), tuple(buckets), bucket, np.asarray(sizes, dtype=np.int64)),
        links=links,
    )


def _scales_of_runs(
    spec: Spec, passes: pd.DataFrame, links: Mapping[str, Link] | None
) -> tuple[pd.DataFrame, Mapping[str, Link]]:
    """Return what each run is ordered by, small runs first, and the link that made it, if any."""
    (column,) = spec.columns
    values = _one_a_run(spec, passes, column)
    runs = pd.DataFrame({column: values, SCALE: values})
    if spec.law.link is not None:
        runs[COMPUTE] = passes.groupby("run")[COMPUTE].first()
        if not links:
            _demand_spread(spec, passes, column)
            numbers = {name: spec.pinned[name] for name in spec.coordinates.numbers}
            measured = (runs[name].to_numpy(float) for name in (column, COMPUTE))
            links = {column: spec.law.link(*measured, **numbers)}
        runs[SCALE] = links[column](values.to_numpy(float))
    return runs.sort_index().sort_values(SCALE, kind="stable"), links or {}


def _one_a_run(spec: Spec, passes: pd.DataFrame, column: str) -> pd.Series:
    """Return the number of each run in a column; raises DataError if one has none, or two."""
    if column not in passes:
        raise DataError(
            f"{column}: {spec.name} forecasts along the {column} of runs, and the counts have no "
            f"such column. Add it, or give a table with run and {column} by runs=."
        )
    values = pd.to_numeric(passes[column], errors="coerce")
    runs = values.groupby(passes["run"])
    lowest, highest = runs.min(), runs.max()
    for run in passes["run"].unique():
        own = passes.loc[passes["run"] == run, column]
        if not (values[own.index] > 0).all() or not np.isfinite(highest[run]):
            wrong = own[~(values[own.index] > 0)]
            got = "no number" if wrong.isna().any() else str(wrong.iloc[0])
            raise DataError(
                f"{column}: run {run!r} has {got}; {spec.name} needs a positive {column} of every "
                "run. Fill it in, or leave the run out."
            )
        if lowest[run] != highest[run]:
            raise DataError(
                f"{column}: run {run!r} has two, {lowest[run]:g} and {highest[run]:g}; a run has "
                "one. Give checkpoints run names of their own."
            )
    return lowest


def _demand_spread(spec: Spec, passes: pd.DataFrame, column: str) -> None:
    """Demand two values, and two computes, for a link to have a unit."""
    for name in (column, COMPUTE):
        if passes[name].nunique() < MIN_SCALES:
            raise DataError(
                f"{name}: all runs have {passes[name].iloc[0]:g}; {spec.name} measures a "
                f"{column} by the compute that it takes, so it needs two of each. Add runs."
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


def _references(families: tuple[str, ...], places: Places, given: Reference) -> dict[str, Array]:
    """Find C0; by default the mean of the logarithms of distinct scales."""
    if isinstance(given, Mapping) and len(given) > 1:
        raise DataError("reference: counts are of one family, give one number.")
    if given is None:
        name, values = next(iter(places.covariates.items()))
        return references_of(families, along(name, np.unique(values)), None)
    return references_of(families, places, given)
