"""Fit a model to a table of runs; the fit is a frozen record."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.data import check_runs, read_runs, response_hash, table_hash
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.inference.design import Design, make_design
from bayes_scaling.inference.diagnosis import Diagnosis, diagnose
from bayes_scaling.inference.sampling import Progress, parameter_names, sample
from bayes_scaling.specification.prior_draws import draw_prior, quoted
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec

RETRY_ACCEPT = 0.99
MAX_SEED = 2**63
PRIOR_DRAWS = 20_000
PACKAGES = ("bayes-scaling", "pymc", "pytensor", "nutpie", "arviz", "numpy", "pandas", "xarray")


@dataclass(frozen=True, eq=False)
class Fit:
    """A model fitted to runs.

    Attributes
    ----------
    spec : Spec
        What was believed.
    runs : DataFrame
        What was measured, checked.
    posterior : xarray.DataTree
        Groups ``posterior`` (parameters, and a, b, c), ``sample_stats``, ``observed_data``,
        ``constant_data``: what ArviZ reads.
    diagnosis : Diagnosis
        Whether the draws can be trusted.
    design : Design
        The arrays that the model read; ``design.reference`` holds C0.
    random_seed : int
    versions : mapping of str to str
        Of the packages that made it.
    """

    spec: Spec
    runs: pd.DataFrame
    posterior: xr.DataTree
    diagnosis: Diagnosis
    design: Design
    random_seed: int
    versions: Mapping[str, str]

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the ladders that were fitted."""
        return self.design.families

    @property
    def data_hash(self) -> str:
        """SHA-256 of the whole checked table: what a seal stores."""
        return table_hash(self.runs)

    @property
    def response_hash(self) -> str:
        """SHA-256 of the responses and their keys: what a comparison demands to be equal."""
        keys = ["family", "run"] if "family" in self.runs else ["run"]
        return response_hash(self.runs, self.spec.response, keys)

    @property
    def reference(self) -> pd.Series:
        """Reference compute C0 of each family, FLOP."""
        index = pd.Index(self.families, name="family")
        return pd.Series(self.design.reference, index=index, name="reference")

    def pymc_model(self) -> Any:
        """Build the model as it is written down, for PyMC's own tools.

        The sampler moved in other coordinates of the same posterior, with the discrepancy
        integrated out.

        Returns
        -------
        pm.Model
        """
        from bayes_scaling.inference.graph import build_model

        return build_model(self.spec, self.design)

    @cached_property
    def prior_sd(self) -> dict[str, float]:
        """Prior standard deviation of each parameter of one ladder, pooling included."""
        rng = np.random.default_rng(0)
        drawn = draw_prior(self.spec, {"family": 1}, PRIOR_DRAWS, rng)
        return {name: float(np.std(values)) for name, values in drawn.items()}

    def summary(self, reference: float | None = None) -> pd.DataFrame:
        """Tabulate the posterior beside the prior.

        Parameters
        ----------
        reference : float, optional
            Restate ``a`` at this compute, FLOP, instead of each family's C0.

        Returns
        -------
        DataFrame
            A row a parameter (``level``, or ``level[family]``), columns ``mean, sd, q05, median,
            q95, sd_ratio, prior``. ``sd_ratio`` is the posterior's standard deviation over the
            prior's: near 1, the data said nothing.

        Examples
        --------
        >>> import bayes_scaling as bs
        >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
        >>> fit = bs.fit("loss", small, random_seed=1)
        >>> bool(fit.summary().loc["elasticity", "sd_ratio"] < 0.5)
        True
        """
        posterior = self.posterior["posterior"].to_dataset()
        if reference is not None:
            posterior = self._restated(posterior, reference)
        rows = {}
        for name, values in posterior.data_vars.items():
            if "run" in values.dims:
                continue
            for label, column in _columns(str(name), values):
                rows[label] = self._row(str(name), column)
        for name, pinned in self.spec.pinned.items():
            if name in rows:  # restated at another compute
                continue
            rows[name] = dict.fromkeys(("mean", "q05", "median", "q95"), pinned) | {
                "sd": 0.0,
                "prior": f"pinned at {pinned:g}",
            }
        columns = ["mean", "sd", "q05", "median", "q95", "sd_ratio", "prior"]
        return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns)

    def _row(self, name: str, column: np.ndarray[Any, Any]) -> dict[str, Any]:
        low, middle, high = np.quantile(column, [0.05, 0.5, 0.95])
        sd = float(np.std(column))
        prior_sd = self.prior_sd.get(name, 0.0)
        return {
            "mean": float(np.mean(column)),
            "sd": sd,
            "q05": float(low),
            "median": float(middle),
            "q95": float(high),
            "sd_ratio": sd / prior_sd if prior_sd > 0 else np.nan,
            "prior": str(self.spec.free.get(name, "")),
        }

    def _restated(self, posterior: xr.Dataset, reference: float) -> xr.Dataset:
        if not (np.isfinite(reference) and reference > 0):
            raise DataError(f"reference: expected positive FLOP, got {reference!r}.")
        base = self.design.reference
        drawn = {str(name): values for name, values in posterior.data_vars.items()}
        natural = quoted(self.spec, {**self.spec.pinned, **drawn})
        by_family = "family" in posterior.dims
        ratio = xr.DataArray(reference / base, dims="family") if by_family else reference / base[0]
        restated = natural["a"] * ratio ** -natural["b"]
        return posterior.assign(a=restated) if isinstance(restated, xr.DataArray) else posterior

    def save(self, path: str | Path) -> Path:
        """Save everything as one netCDF file, replaced whole or not at all.

        Returns
        -------
        Path

        Raises
        ------
        OutputError
            If the path can't be written.
        """
        from bayes_scaling.inference.saving import save_fit

        return save_fit(self, Path(path))


def _columns(name: str, values: xr.DataArray) -> list[tuple[str, np.ndarray[Any, Any]]]:
    if "family" not in values.dims:
        return [(name, values.values.ravel())]
    labels = values["family"].values
    return [(f"{name}[{label}]", values.sel(family=label).values.ravel()) for label in labels]


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
