"""Fit a model to a table of runs."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import check_runs, read_runs
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.inference.design import Design, make_design
from bayes_scaling.inference.diagnosis import diagnose
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.sampling import Progress, parameter_names, sample
from bayes_scaling.specification.prior_draws import quoted
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec

RETRY_ACCEPT = 0.99
MAX_SEED = 2**63
PACKAGES = ("bayes-scaling", "pymc", "pytensor", "nutpie", "arviz", "numpy", "pandas", "xarray")


def fit(
    model: str | Path | Spec,
    data: pd.DataFrame | str | Path,
    *,
    random_seed: int,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    target_accept: float = 0.95,
    reference: float | Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Fit a model to a table of runs.

    A fit that doesn't converge is tried once more with twice the draws and smaller steps, and its
    diagnosis says so.

    Parameters
    ----------
    model : str, Path or Spec
        A name on the shelf, the path of a TOML file, or a spec.
    data : DataFrame, str or Path
        Runs: whatever `read_runs` takes.
    random_seed : int
        The same seed gives the same draws.
    draws, tune, chains : int
        Draws kept and draws for tuning of each chain, and the number of chains.
    target_accept : float
        Acceptance rate that the sampler's step size aims at.
    reference : float or mapping of str to float, optional
        Reference compute C0 in FLOP, for all or by family; by default the geometric mean of each
        family's compute, rounded to two digits.
    progress : callable, optional
        Called with draws done and draws to do.

    Returns
    -------
    Fit

    Raises
    ------
    DataError
        If the table isn't what the model needs.
    SpecError
        If the model can't be read, or contradicts the data.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> fit = bs.fit("loss", small, random_seed=1)
    >>> fit.diagnosis.converged
    True
    """
    spec = load_model(model)
    _check_settings(random_seed, draws, tune, chains, target_accept)
    runs = check_runs(data) if isinstance(data, pd.DataFrame) else read_runs(data)
    _refuse_unfinished(runs)
    design = make_design(spec, runs, reference)
    settings: dict[str, Any] = {"random_seed": random_seed, "tune": tune, "chains": chains}
    first = sample(
        spec, design, draws=draws, target_accept=target_accept, progress=progress, **settings
    )
    posterior = _with_quoted(spec, first.posterior)
    diagnosis = diagnose(
        _reported(spec, posterior),
        first.sample_stats,
        gradient_evaluations=first.gradient_evaluations,
        target_accept=target_accept,
    )
    stats = first.sample_stats
    if not diagnosis.converged:
        again = max(RETRY_ACCEPT, target_accept)
        second = sample(
            spec, design, draws=2 * draws, target_accept=again, progress=progress, **settings
        )
        posterior, stats = _with_quoted(spec, second.posterior), second.sample_stats
        diagnosis = diagnose(
            _reported(spec, posterior),
            stats,
            gradient_evaluations=first.gradient_evaluations + second.gradient_evaluations,
            target_accept=again,
            retried=True,
        )
    tree = xr.DataTree.from_dict(
        {"posterior": posterior, "sample_stats": stats, **_data_groups(spec, design)}
    )
    return Fit(spec, runs, tree, diagnosis, design, random_seed, _versions())


def load_fit(path: str | Path) -> Fit:
    """Load a fit that `Fit.save` wrote, by this or an older version of the package.

    Raises
    ------
    SavedFitError
        If the file is of a newer schema, truncated, or not what was saved.
    """
    from bayes_scaling.inference.saving import read_fit

    return read_fit(Path(path))


def check_seed(random_seed: int) -> None:
    """Demand a seed that the sampler and a file can hold; raises BayesScalingError."""
    if isinstance(random_seed, bool) or not isinstance(random_seed, int | np.integer):
        raise BayesScalingError(f"random_seed: expected an integer, got {random_seed!r}.")
    if not 0 <= random_seed < MAX_SEED:
        raise BayesScalingError(
            f"random_seed: expected zero or more and below 2^63, got {random_seed}."
        )


def _check_settings(
    random_seed: int, draws: int, tune: int, chains: int, target_accept: float
) -> None:
    check_seed(random_seed)
    for name, value in {"draws": draws, "tune": tune, "chains": chains}.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise BayesScalingError(f"{name}: expected a positive integer, got {value!r}.")
    if not 0 < target_accept < 1:
        raise BayesScalingError(
            f"target_accept: expected a number between 0 and 1, got {target_accept!r}."
        )


def _refuse_unfinished(runs: pd.DataFrame) -> None:
    if "finished" not in runs:
        return
    unfinished = runs.loc[~runs["finished"].astype(bool), "run"]
    if len(unfinished):
        raise DataError(
            f"finished: {', '.join(unfinished[:3])} ended before it was planned to, so its last "
            "loss isn't that of its compute. Drop such rows (runs[runs.finished]), or wait."
        )


def _with_quoted(spec: Spec, posterior: xr.Dataset) -> xr.Dataset:
    values = {**spec.pinned, **{str(name): posterior[name] for name in posterior.data_vars}}
    derived = {
        name: value
        for name, value in quoted(spec, values).items()
        if name not in posterior and isinstance(value, xr.DataArray)
    }
    return posterior.assign(derived)


def _reported(spec: Spec, posterior: xr.Dataset) -> xr.Dataset:
    own = set(parameter_names(spec))
    names = [name for name, values in posterior.data_vars.items() if "run" not in values.dims]
    return posterior[[name for name in names if name in own or str(name) in {"a", "b", "c"}]]


def _data_groups(spec: Spec, design: Design) -> dict[str, xr.Dataset]:
    coords = {"run": list(design.runs)}
    return {
        "observed_data": xr.Dataset({spec.response: ("run", design.response)}, coords),
        "constant_data": xr.Dataset(
            {
                "compute": ("run", design.compute),
                "family_of_run": ("run", design.family),
                "relative_se": ("run", design.relative_se),
                "reference": ("family", design.reference),
            },
            {**coords, "family": list(design.families)},
        ),
    }


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
