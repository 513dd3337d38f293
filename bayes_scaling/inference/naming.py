"""The names of what is inferred, and what follows from it."""

import numpy as np
import xarray as xr

from bayes_scaling.specification.laws.law import LOG
from bayes_scaling.specification.prior_draws import quoted
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import Spec


def parameter_names(spec: Spec) -> list[str]:
    """Names of the inferred parameters and hyperparameters, the innermost of each first."""
    names: list[str] = []

    def visit(name: str, prior: Prior) -> None:
        for key, inner in prior.nested.items():
            visit(f"{name}_{key}", inner)
        names.append(name)

    for name, prior in spec.free.items():
        visit(name, prior)
    return names


def dims_of(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Return the groups that each inferred parameter and hyperparameter has, as a tuple of one."""
    found: dict[str, tuple[str, ...]] = {}

    def visit(name: str, prior: Prior) -> None:
        found[name] = () if prior.over is None else (prior.over,)
        for key, inner in prior.nested.items():
            visit(f"{name}_{key}", inner)

    for name, prior in spec.free.items():
        visit(name, prior)
    return found


def with_quoted(spec: Spec, posterior: xr.Dataset) -> xr.Dataset:
    """Add the parameters that people quote, and those that data see, where a law has any."""
    if spec.coordinates.scale != LOG:
        return posterior
    values = {**spec.pinned, **{str(name): posterior[name] for name in posterior.data_vars}}
    derived = {
        name: value
        for name, value in quoted(spec, values).items()
        if name not in posterior and isinstance(value, xr.DataArray)
    }
    return posterior.assign(derived)


def labelled(posterior: xr.Dataset) -> xr.Dataset:
    """Give the weights the numbers of the plain model, so that PyMC takes them for its own."""
    dims = [dim for dim in posterior.dims if str(dim).endswith("_weight")]
    return posterior.assign_coords({dim: np.arange(posterior.sizes[dim]) for dim in dims})


def effect_name(name: str) -> str:
    """Name an effect after its standard deviation.

    Examples
    --------
    >>> effect_name("sigma_problem_run")
    'problem_run_effect'
    """
    return f"{name.removeprefix('sigma_')}_effect"


def who_share(name: str) -> str | None:
    """Say whose own an effect of each run is, by its standard deviation; None if all share it.

    Examples
    --------
    >>> who_share("sigma_problem_run"), who_share("sigma_run")
    ('problem', None)
    """
    return name.removeprefix("sigma_").removesuffix("run").rstrip("_") or None
