"""Fit a model of pass rates to counts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import default_buckets, form_buckets
from bayes_scaling.errors import DataError
from bayes_scaling.inference.attempts import Attempt, try_twice
from bayes_scaling.inference.data_groups import data_groups
from bayes_scaling.inference.design import Design, Reference
from bayes_scaling.inference.discrepancies import exact_roots
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.forms import form_of
from bayes_scaling.inference.memory import demand_memory_for_draws
from bayes_scaling.inference.naming import labelled
from bayes_scaling.inference.nuts import Progress
from bayes_scaling.inference.passes.design import (
    BUCKET,
    PROBLEM,
    has_buckets,
    make_pass_design,
    unit_column,
)
from bayes_scaling.inference.passes.subset import choose_subset, recover_units, thin_draws
from bayes_scaling.inference.versions import package_versions
from bayes_scaling.responses import PASSES
from bayes_scaling.specification.spec import Spec

MANY = 2500
SUBSET = 400
ROUGH = 0.1
PER_UNIT = 8  # numbers that a draw has of a problem, beside those of its runs
SUBSET_NOTE = "Subset:"


def fit_passes(
    spec: Spec,
    data: pd.DataFrame | str | Path,
    *,
    random_seed: int,
    reference: Reference = None,
    subset: int | None = None,
    **settings: Any,
) -> Fit:
    """Fit a model of pass rates; see `fit` for the arguments.

    Above `MANY` problems, or where `subset` is given, NUTS runs on a subset of problems, stratified
    by bucket, for all that problems share; the others follow given these.
    """
    passes, notes = _bucketed(spec, PASSES.table(data, spec), random_seed)
    design = make_pass_design(spec, passes, reference)
    design = replace(design, roots=exact_roots(spec, design))
    size = _subset_size(spec, design, subset)
    return fit_design(
        spec, passes, design, random_seed=random_seed, subset=size, notes=notes, **settings
    )


def fit_design(
    spec: Spec,
    passes: pd.DataFrame,
    design: Design,
    *,
    random_seed: int,
    draws: int,
    tune: int,
    chains: int,
    target_accept: float,
    subset: int | None = None,
    notes: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Fit:
    """Fit the counts of a design, made from a table; a cell without samples is foretold.

    Parameters
    ----------
    subset : int, optional
        Run the sampler on so many units.
    notes : tuple of str
        What the record shall say.
    """
    fitted, form = design, form_of(spec, design)
    if subset is not None:
        fitted = design.of_units(choose_subset(design, subset, random_seed))

    kept = len(fitted.units) * (len(fitted.runs) + PER_UNIT) + len(fitted.units.buckets) * PER_UNIT
    demand_memory_for_draws(kept, draws=draws, tune=tune, chains=chains)

    def attempt(count: int, accept: float) -> Attempt:
        return form.sample(
            spec,
            fitted,
            random_seed=random_seed,
            draws=count,
            tune=tune,
            chains=chains,
            target_accept=accept,
            progress=progress,
        )

    last, diagnosis = try_twice(attempt, draws, target_accept)
    posterior = last.posterior
    if subset is not None:
        thinned = thin_draws(posterior)
        posterior, share = recover_units(spec, design, thinned, random_seed)
        kept = thinned.sizes["chain"] * thinned.sizes["draw"]
        notes = (*notes, _said(fitted, design, share, kept))
    groups = {"posterior": labelled(posterior), "sample_stats": last.sample_stats}
    return Fit(
        spec=spec,
        table=passes,
        posterior=xr.DataTree.from_dict({**groups, **data_groups(spec, design)}),
        diagnosis=diagnosis,
        design=design,
        random_seed=random_seed,
        versions=package_versions(),
        notes=notes,
    )


def _bucketed(
    spec: Spec, passes: pd.DataFrame, random_seed: int
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give a table buckets where the model needs them, and say how."""
    if not has_buckets(spec) or BUCKET in passes:
        return passes, ()
    how = default_buckets(passes)
    bucketed = form_buckets(passes, how, random_seed=random_seed)
    count = bucketed[BUCKET].nunique()
    if how == "split" and bucketed["n_samples"].equals(passes["n_samples"]):
        said = "Buckets: one, since a single sample of each problem can't be split to form more."
    elif how == "split":
        left = int(bucketed["n_samples"].median())
        said = (
            f"Buckets: {count}, formed on half of the samples by difficulty; the other half was "
            "fitted, since few samples a problem would bias buckets of the same counts. It has "
            f"{left} samples a problem and run; forecasts of counts suppose as many unless told."
        )
    else:
        said = f"Buckets: {count}, by difficulty for the fitted runs."
    return bucketed, (said,)


def _subset_size(spec: Spec, design: Design, subset: int | None) -> int | None:
    count = len(design.units)
    if subset is None:
        return SUBSET if count > MANY else None
    if isinstance(subset, bool) or not isinstance(subset, int | np.integer) or subset < 1:
        raise DataError(f"subset: expected a positive number of problems, got {subset!r}.")
    if unit_column(spec) != PROBLEM:
        raise DataError(
            f"subset: {spec.name} has no single problems to leave out; leave subset away."
        )
    return int(subset) if subset < count else None


def is_of_subset(fitted: Fit) -> bool:
    """Whether the sampler ran on some of the problems only."""
    return any(note.startswith(SUBSET_NOTE) for note in fitted.notes)


def _said(fitted: Design, design: Design, share: np.ndarray[Any, Any], kept: int) -> str:
    rough = int((share < ROUGH).sum())
    warned = f"; the draws of {rough} problems are rough" if rough else ""
    return (
        f"{SUBSET_NOTE} what problems share was fitted on {len(fitted.units)} of "
        f"{len(design.units)} problems, stratified by bucket, and each problem drawn given "
        f"{kept} draws of that{warned}. The diagnosis is of the subset's sampler."
    )
