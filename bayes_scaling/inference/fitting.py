"""Fit a model to a table of runs or of counts."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import attach_losses, check_quantities, demand_meaning
from bayes_scaling.errors import BayesScalingError, DataError, SavedFitError, SpecError, suggest
from bayes_scaling.inference.attempts import Attempt, try_twice
from bayes_scaling.inference.conflicts import conflict_notes
from bayes_scaling.inference.data_groups import data_groups
from bayes_scaling.inference.design import Reference
from bayes_scaling.inference.designing import design_of
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.forms import form_of
from bayes_scaling.inference.ladder_numbers import take_numbers
from bayes_scaling.inference.memory import demand_memory_for_draws
from bayes_scaling.inference.naming import labelled
from bayes_scaling.inference.nuts import Progress
from bayes_scaling.inference.passes.fitting import fit_passes
from bayes_scaling.inference.sampling import sampled_names
from bayes_scaling.inference.shares import demand_shares
from bayes_scaling.inference.suitability import (
    compared_notes,
    remark_on_design,
    remark_on_law,
    remark_on_metric,
    remark_on_scale,
    unanswered,
)
from bayes_scaling.inference.versions import package_versions
from bayes_scaling.inference.watching import watched
from bayes_scaling.responses import LOSSES, RESPONSES, ByResponse
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec, scale_column

MAX_SEED = 2**63


def fit(
    model: str | Path | Spec,
    data: pd.DataFrame | str | Path,
    *,
    random_seed: int,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    target_accept: float | None = None,
    reference: Reference = None,
    subset: int | None = None,
    runs: pd.DataFrame | str | Path | None = None,
    allow: str | Collection[str] = (),
    along: str | None = None,
    progress: Progress | bool | None = None,
) -> Fit:
    """Fit a model to runs, or to counts of passes.

    A fit that doesn't converge is tried once more with smaller steps and two to eight times the
    draws, by how few were effective, and its diagnosis says so.

    Parameters
    ----------
    model : str, Path or Spec
        A name on the shelf, the path of a TOML file, or a spec.
    data : DataFrame, str or Path
        Runs, or counts for a model of passes: whatever `read_runs` or `read_passes` takes. Counts
        without a column ``bucket`` get buckets by `form_buckets`, where the model has them.
    random_seed : int
        The same seed gives the same draws.
    draws, tune, chains : int
        Draws kept and draws for tuning of each chain, and the number of chains.
    target_accept : float, optional
        Acceptance rate that the sampler's step size aims at; 0.95 for losses, 0.8 for passes.
    reference : float or mapping of str to float, optional
        Reference compute C0 in FLOP, for all or by family; by default the geometric mean of each
        family's compute, rounded to two digits.
    subset : int, optional
        For passes: run the sampler on so many problems, stratified by bucket, and draw the others
        given what all share. Above 2,500 problems that happens anyway, with 400, and the fit's
        ``notes`` say so.
    runs : DataFrame, str or Path, optional
        For passes along a loss: the loss of each run, where the counts have no such column. A table
        with the columns ``run`` and ``loss``, and perhaps ``loss_unit``.
    allow : str or collection of str
        Refusals that are meant all the same, by topic: 'logarithm', 'rising', 'constant',
        'uncertain', 'units', 'metrics'. docs/checks.md lists the checks.
    along : str, optional
        The column that runs are ordered along instead of compute, such as ``examples``: any
        positive amounts. C0, distances and labels are then of it, and targets are given by its
        name, ``predict(fit, examples=1e6)``.
    progress : callable or bool, optional
        Called with draws done and draws to do. By default a line on stderr says what takes long and
        how far it is, in a terminal or a notebook; True shows it anywhere, False nowhere.

    Returns
    -------
    Fit, or Fit for a model of passes
        Its ``notes`` say what was remarked on quantities, whether the losses are said to be
        another metric than the model's priors were made for, and whether a scale (sigma, an
        amplitude, the standard deviation of an effect) came out beyond its prior's 99.5 % point;
        so do those of its forecasts.

    Raises
    ------
    DataError
        If the table isn't what the model needs, or its forecast would mean nothing.
    SpecError
        If the model can't be read, or contradicts the data.
    SamplingError
        If the sampler can't move, since no density is finite.
    BayesScalingError
        If a setting isn't what it can be, or so many draws don't fit into memory.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> fit = bs.fit("loss", small, random_seed=1)
    >>> fit.diagnosis.converged
    True
    """
    spec = load_model(model)
    stated, spec = spec, spec if along is None else spec.along(along)
    own = RESPONSES[spec.response]
    accept = own.target_accept if target_accept is None else target_accept
    check_settings(random_seed, draws, tune, chains, accept)
    own.own_options(spec.name, runs=runs)
    settings: dict[str, Any] = {
        "random_seed": random_seed,
        "draws": draws,
        "tune": tune,
        "chains": chains,
        "target_accept": accept,
        **own.own_options(spec.name, subset=subset),
    }
    checked = own.table(data, spec)
    if runs is not None:
        checked = attach_losses(checked, runs, spec.columns[0])
    table, notes = _demand_meaning(spec, checked, allow)
    notes += tuple(remark_on_scale(stated, spec))
    notes += tuple(map(str, remark_on_design(spec, table)))
    notes += tuple(map(str, (*remark_on_metric(spec, table), *remark_on_law(spec))))
    with watched(progress) as report:
        fitted = FITTERS[own.name](spec, table, reference=reference, progress=report, **settings)
    return replace(fitted, notes=(*fitted.notes, *notes, *conflict_notes(fitted)))


def _demand_meaning(
    spec: Spec, table: pd.DataFrame, allow: str | Collection[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Refuse a table whose forecast would mean nothing; return it with what is remarked on it."""
    if spec.law.swept:  # no ladder: losses go up again
        return table, ()
    remarks = check_quantities(table, scale_column(spec), spec.groups)
    demand_meaning(remarks, allow)
    return table, tuple(map(str, unanswered(spec, remarks)))


def fit_runs(
    spec: Spec,
    data: pd.DataFrame | str | Path,
    *,
    random_seed: int,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    target_accept: float = LOSSES.target_accept,
    reference: Reference = None,
    progress: Progress | None = None,
) -> Fit:
    """Fit a model of a response that has a row a run; see `fit` for the arguments."""
    check_settings(random_seed, draws, tune, chains, target_accept)
    own = RESPONSES[spec.response]
    if own.rows != "runs":
        raise SpecError(f"{spec.name}: expected a model of losses, got one of {spec.response}.")
    runs = own.table(data, spec)
    _refuse_unfinished(runs)
    demand_shares(spec, runs)
    spec, said = take_numbers(spec, runs)
    design = design_of(spec, runs, reference)
    form = form_of(spec, design)
    design = replace(design, roots=form.roots(spec, design))
    kept = len(design.runs) + len(design.families) * len(sampled_names(spec))
    demand_memory_for_draws(kept, draws=draws, tune=tune, chains=chains, times=form.most)

    def attempt(count: int, accept: float) -> Attempt:
        return form.sample(
            spec,
            design,
            random_seed=random_seed,
            draws=count,
            tune=tune,
            chains=chains,
            target_accept=accept,
            progress=progress,
        )

    last, diagnosis = try_twice(attempt, draws, target_accept, form.most)
    groups = {"posterior": labelled(last.posterior), "sample_stats": last.sample_stats}
    tree = xr.DataTree.from_dict({**groups, **data_groups(spec, design)})
    notes = (*said, *compared_notes(design), *form.said_of(spec))
    return Fit(spec, runs, tree, diagnosis, design, random_seed, package_versions(), notes)


FITTERS: ByResponse[Callable[..., Fit]] = {
    "loss": fit_runs,
    "passes": fit_passes,
    "score": fit_runs,
}


def load_fit(path: str | Path) -> Fit:
    """Load a fit that `Fit.save` wrote, by this or an older version of the package.

    Raises
    ------
    SavedFitError
        If the file is of a newer schema, truncated, or not what was saved.
    """
    from bayes_scaling.inference.loading import read_fit

    if not isinstance(path, str | Path):
        raise SavedFitError(f"path: expected that of a saved fit, got {path!r}.")
    return read_fit(Path(path))


def check_seed(random_seed: int) -> None:
    """Demand a seed that the sampler and a file can hold; raises BayesScalingError."""
    if isinstance(random_seed, bool) or not isinstance(random_seed, int | np.integer):
        raise BayesScalingError(f"random_seed: expected an integer, got {random_seed!r}.")
    if not 0 <= random_seed < MAX_SEED:
        raise BayesScalingError(
            f"random_seed: expected zero or more and below 2^63, got {random_seed}."
        )


def check_settings(
    random_seed: int, draws: int, tune: int, chains: int, target_accept: float
) -> None:
    """Demand settings that the sampler can run with; raises BayesScalingError."""
    check_seed(random_seed)
    for name, value in {"draws": draws, "tune": tune, "chains": chains}.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise BayesScalingError(f"{name}: expected a positive integer, got {value!r}.")
    if not isinstance(target_accept, int | float) or not 0 < target_accept < 1:
        raise BayesScalingError(
            f"target_accept: expected a number between 0 and 1, got {target_accept!r}."
        )


def demand_options(options: Mapping[str, Any], random_seed: int) -> None:
    """Demand options of `fit` that the sampler can run with; raises BayesScalingError."""
    known = {"draws": 1000, "tune": 1000, "chains": 4, "target_accept": LOSSES.target_accept}
    for name in options:
        if name not in {*known, "reference"}:
            raise BayesScalingError(
                f"fit_options: {name!r} is not known; {suggest(str(name), [*known, 'reference'])}"
            )
    given = {name: options.get(name, usual) for name, usual in known.items()}
    check_settings(random_seed, **given)


def _refuse_unfinished(runs: pd.DataFrame) -> None:
    if "finished" not in runs:
        return
    unfinished = runs.loc[~runs["finished"].astype(bool), "run"]
    if len(unfinished):
        raise DataError(
            f"finished: {', '.join(unfinished[:3])} ended before it was planned to, so its last "
            "loss isn't that of its compute. Drop such rows (runs[runs.finished]), or wait."
        )
