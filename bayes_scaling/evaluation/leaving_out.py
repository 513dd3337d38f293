"""Leave-one-out: PSIS where it can be trusted, exact refits where it can't."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from bayes_scaling.arrays import Flags, Index
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation.pointwise import DENSITIES
from bayes_scaling.inference.designing import design_of
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import fit_runs
from bayes_scaling.inference.naming import parameter_names

BAD_K = 0.7
UNIT = "unit"


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Expected log density of what is left out, by the rest.

    Attributes
    ----------
    elpd : arviz_stats.ELPDData
        After the refits; ``elpd_i`` and ``pareto_k`` by unit.
    bad_k : int
        Units whose Pareto k exceeded 0.7, which were refitted.
    bad_k_after : int
        Those for which that was no help: too few runs are left for a fit, or it didn't converge.
    """

    elpd: Any
    bad_k: int
    bad_k_after: int


def units_of(fitted: Fit, unit: str) -> dict[str, Index]:
    """Name the runs that are left out together: each alone, or a family's but for its smallest.

    A family needs a run before it can be forecast: its level is its own. So the smallest stays.

    Raises
    ------
    DataError
        If there are no two such units.
    """
    if unit == "run":
        found = {name: np.array([row]) for row, name in enumerate(row_names(fitted))}
    else:
        found = {}
        for index, name in enumerate(fitted.families):
            rows = np.flatnonzero(fitted.design.family == index)
            smallest = rows[np.argmin(fitted.design.scale[rows])]
            if len(rows) > 1:
                found[name] = rows[rows != smallest]
    if len(found) < 2:
        raise DataError(
            f"unit: with {len(found)} {unit} to leave out there is nothing to compare. "
            'Fit several families with loss_families, or use unit="run".'
        )
    return found


def row_names(fitted: Fit) -> list[str]:
    """Name the rows of a design apart: by run, and by family too where families share names."""
    design = fitted.design
    if len(set(design.runs)) == len(design.runs):
        return list(design.runs)
    families = [design.families[own] for own in design.family]
    return [f"{family}, {run}" for family, run in zip(families, design.runs, strict=True)]


def leave_out(
    fitted: Fit, units: Mapping[str, Index], fit_options: Mapping[str, Any] | None = None
) -> LeftOut:
    """Estimate the log density of each unit given the others.

    Parameters
    ----------
    fitted : Fit
    units : mapping of str to ndarray of int
        Rows of the design that are left out together.
    fit_options : mapping, optional
        Passed to `fit` where a refit is needed.

    Returns
    -------
    LeftOut

    References
    ----------
    Vehtari, Gelman and Gabry (2017), Practical Bayesian model evaluation using leave-one-out
    cross-validation and WAIC.
    """
    refits = _Refits(fitted, units, dict(fit_options or {}))
    can_do = [refits.can_do(index) for index in range(len(units))]
    return refit_where_bad(refits, np.array(can_do))


def refit_where_bad(refits: Any, can_do: Flags) -> LeftOut:
    """Estimate by PSIS, and by ArviZ's exact refits where that fails and a refit can be done.

    Parameters
    ----------
    refits : arviz.SamplingWrapper
        With ``idata_orig``, a log density a unit, and ``not_converged``, a count of its refits.
    can_do : ndarray of bool, shape (units,)
        Where what is left can be fitted.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what it warns of is counted here
        first = az.loo(refits.idata_orig, pointwise=True)
    k = first.pareto_k.copy()
    bad = ~(k.values <= BAD_K)
    hopeless = bad & ~can_do
    first.pareto_k = k.fillna(np.inf).where(~hopeless, 0.0)
    after = az.reloo(refits, first, k_threshold=BAD_K, pointwise=True)
    after.pareto_k = after.pareto_k.where(~hopeless, k)
    left = int(hopeless.sum()) + refits.not_converged
    after.warning = left > 0
    return LeftOut(after, int(bad.sum()), left)


class _Refits(az.SamplingWrapper):  # type: ignore[misc]  # ArviZ has no types
    """The way from ArviZ's exact refits to `fit`, which reuses the compiled model."""

    def __init__(self, fitted: Fit, units: Mapping[str, Index], options: Mapping[str, Any]) -> None:
        self.fitted, self.units, self.options = fitted, list(units.values()), options
        self.rng = np.random.default_rng([fitted.random_seed, 3])
        self.not_converged = 0
        posterior = fitted.posterior["posterior"].to_dataset()
        every = np.arange(len(fitted.design.scale))
        log_densities = DENSITIES[fitted.response.name]
        densities = log_densities(fitted, fitted.design, every, self.units, self.rng)
        shape = (posterior.sizes["chain"], posterior.sizes["draw"], len(units))
        likelihood = xr.Dataset(
            {"log_density": (("chain", "draw", UNIT), densities.reshape(shape))},
            {UNIT: list(units)},
        )
        parameters = posterior[parameter_names(fitted.spec)]
        super().__init__(
            None, xr.DataTree.from_dict({"posterior": parameters, "log_likelihood": likelihood})
        )

    def kept(self, unit: Index) -> Index:
        """Rows that stay when a unit is left out."""
        return np.setdiff1d(np.arange(len(self.fitted.design.scale)), unit)

    def can_do(self, index: int) -> bool:
        """Whether what is left when a unit goes can be fitted."""
        kept = self.kept(self.units[index])
        try:
            design = design_of(self.fitted.spec, self.fitted.table.iloc[kept])
        except DataError:
            return False
        return set(design.families) == set(self.fitted.families)

    def sel_observations(self, idx: int) -> tuple[Index, Index]:
        """Part the rows into those that stay and those of a unit."""
        unit = self.units[idx]
        return self.kept(unit), unit

    def sample(self, modified_observed_data: Index) -> tuple[Fit, Index]:
        """Fit the rows that stay, with the C0 of the whole."""
        sizes = self.fitted.posterior["posterior"].sizes
        options = {"draws": sizes["draw"], "chains": sizes["chain"], **self.options}
        refitted = fit_runs(
            self.fitted.spec,
            self.fitted.table.iloc[modified_observed_data],
            random_seed=self.fitted.random_seed,
            reference=dict(self.fitted.reference),
            **options,
        )
        self.not_converged += not refitted.diagnosis.converged
        return refitted, modified_observed_data

    def get_inference_data(self, fitted_model: tuple[Fit, Index]) -> tuple[Fit, Index]:
        """Pass the fit on."""
        return fitted_model

    def log_likelihood__i(self, excluded_obs: Index, idata__i: tuple[Fit, Index]) -> xr.DataArray:
        """Log density of the unit that is left out, for each draw of the refit."""
        refitted, kept = idata__i
        log_densities = DENSITIES[refitted.response.name]
        found = log_densities(refitted, self.fitted.design, kept, [excluded_obs], self.rng)
        sizes = refitted.posterior["posterior"].sizes
        shape = (sizes["chain"], sizes["draw"])
        return xr.DataArray(found[:, 0].reshape(shape), dims=("chain", "draw"))
