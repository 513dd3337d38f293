"""Leave-one-out of counts: a problem by PSIS, a run by a refit that doesn't see its counts.

A problem that is left out is foretold from what problems share, with its own parameters integrated
out (`bayes_scaling.inference.passes.evidence`): else every one is so much its own that no
importance sampling gets rid of it. All refits have the shape of the fit, with cells that are empty,
so nothing is compiled anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from bayes_scaling.arrays import Array, Flags
from bayes_scaling.data import HARDEST, form_buckets
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation.count_scores import log_densities_of_counts, score_hidden
from bayes_scaling.evaluation.leaving_out import UNIT, LeftOut, refit_where_bad
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import BUCKET, PROBLEM, unit_column
from bayes_scaling.inference.passes.evidence import log_evidence
from bayes_scaling.inference.passes.fitting import fit_design
from bayes_scaling.inference.passes.subset import thin_draws
from bayes_scaling.responses import PASSES

FEWEST_RUNS = 3
OPTIONS = {"draws": 1000, "tune": 1000, "chains": 4, "target_accept": PASSES.target_accept}


def leave_out_problems(fitted: Fit, fit_options: Mapping[str, Any] | None = None) -> LeftOut:
    """Estimate the log probability of each problem's counts given the other problems.

    Raises
    ------
    DataError
        If the model knows nothing of single problems.
    """
    if unit_column(fitted.spec) != PROBLEM:
        raise DataError(
            f"unit: {fitted.spec.name} knows nothing of single problems, only of buckets; "
            'compare it by unit="run".'
        )
    refits = _Refits(fitted, dict(fit_options or {}))
    return refit_where_bad(refits, np.full(len(fitted.design.units.names), True))


def leave_out_runs(fitted: Fit, fit_options: Mapping[str, Any] | None = None) -> LeftOut:
    """Sum the log probabilities of each run's counts given all other runs, by exact refits.

    All counts of the run are left out together, and each is judged by its own predictive
    distribution, which holds the luck of the run: the sum is of marginal densities.

    Raises
    ------
    DataError
        If fewer than two computes are left when a run goes.
    """
    design = fitted.design
    if len(np.unique(design.scale)) < FEWEST_RUNS:
        raise DataError(
            f"unit: to leave a run out takes {FEWEST_RUNS} distinct computes, the fit has "
            f'{len(np.unique(design.scale))}. Use unit="problem".'
        )
    seen = log_densities_of_counts(fitted).sum(axis=0)
    rng = np.random.default_rng([fitted.random_seed, 6])
    found, not_converged = np.empty(len(design.runs)), 0
    for place in range(len(design.runs)):
        hidden = np.arange(len(design.runs)) == place
        refitted = refit_without_runs(fitted, hidden, fit_options)
        found[place] = score_hidden(refitted, design, hidden, rng).log_density.sum()
        not_converged += not refitted.diagnosis.converged
    elpd = az.ELPDDataLOOKFold(
        elpd=float(found.sum()),
        se=float(np.sqrt(len(found) * found.var(ddof=1))),
        p=float((seen - found).sum()),
        n_samples=fitted.diagnosis.draws,
        n_data_points=len(found),
        scale="log",
        warning=not_converged > 0,
        good_k=np.nan,
        elpd_i=xr.DataArray(found, dims=UNIT, coords={UNIT: list(design.runs)}),
        n_folds=len(found),
    )
    return LeftOut(elpd, len(found), not_converged)


def refit_without_runs(
    fitted: Fit, hidden: Flags, fit_options: Mapping[str, Any] | None = None
) -> Fit:
    """Fit again with all counts of the runs of a mask hidden, and buckets formed without them."""
    cells = np.broadcast_to(hidden, fitted.design.observed["n_samples"].shape)
    return refit_without(fitted, cells, fit_options, _bucketed_anew(fitted, hidden))


def refit_without(
    fitted: Fit,
    hidden: Flags,
    fit_options: Mapping[str, Any] | None = None,
    design: Design | None = None,
) -> Fit:
    """Fit again with the cells of a mask hidden, shape ``(units, runs)``; they are foretold.

    Parameters
    ----------
    design : Design, optional
        That of the fit, with its buckets formed anew.
    """
    return fit_design(
        fitted.spec,
        fitted.table,
        (design or fitted.design).without(hidden),
        random_seed=fitted.random_seed,
        **{**OPTIONS, **(fit_options or {})},
    )


def _bucketed_anew(fitted: Fit, hidden: Flags) -> Design:
    """Form the buckets without some runs, where they were formed from the counts of all.

    Buckets that were given, or formed on samples that are not in the table, stay.
    """
    design, passes = fitted.design, fitted.table
    if unit_column(fitted.spec) != PROBLEM or BUCKET not in passes:
        return design
    sizes = passes.drop_duplicates(PROBLEM)[BUCKET].value_counts()
    hardest = int(sizes[HARDEST]) if HARDEST in sizes else None
    count = len(sizes) - (hardest is not None)
    if not form_buckets(passes, count, hardest=hardest)[BUCKET].equals(passes[BUCKET]):
        return design
    kept = {name for name, gone in zip(design.runs, hidden, strict=True) if not gone}
    anew = form_buckets(passes[passes["run"].astype(str).isin(kept)], count, hardest=hardest)
    of_problem = dict(zip(anew[PROBLEM].astype(str), anew[BUCKET], strict=True))
    own = [design.units.buckets[place] for place in design.units.bucket]
    labels = [
        of_problem.get(name, label) for name, label in zip(design.units.names, own, strict=True)
    ]
    places = np.array([design.units.buckets.index(label) for label in labels], dtype=np.int64)
    return replace(design, units=replace(design.units, bucket=places))


class _Refits(az.SamplingWrapper):  # type: ignore[misc]  # ArviZ has no types
    """The way from ArviZ's exact refits to fits without a problem's counts."""

    def __init__(self, fitted: Fit, options: Mapping[str, Any]) -> None:
        self.fitted, self.options, self.not_converged = fitted, options, 0
        posterior = thin_draws(fitted.posterior["posterior"].to_dataset())
        shape = (posterior.sizes["chain"], posterior.sizes["draw"], len(fitted.design.units.names))
        densities = self._densities(posterior, fitted.design).reshape(shape)
        likelihood = xr.Dataset(
            {"log_density": (("chain", "draw", UNIT), densities)},
            {UNIT: list(fitted.design.units.names)},
        )
        shared = [name for name, values in posterior.items() if PROBLEM not in values.dims]
        tree = {"posterior": posterior[shared], "log_likelihood": likelihood}
        super().__init__(None, xr.DataTree.from_dict(tree))

    def _densities(self, posterior: xr.Dataset, design: Design) -> Array:
        return log_evidence(self.fitted.spec, design, posterior, self.fitted.random_seed)

    def sel_observations(self, idx: int) -> tuple[int, int]:
        """Name the problem that is hidden."""
        return idx, idx

    def sample(self, modified_observed_data: int) -> xr.Dataset:
        """Fit the others; draws that are thinned say what they share."""
        hidden = np.zeros(self.fitted.design.observed["n_samples"].shape, dtype=bool)
        hidden[modified_observed_data] = True
        refitted = refit_without(self.fitted, hidden, self.options)
        self.not_converged += not refitted.diagnosis.converged
        return thin_draws(refitted.posterior["posterior"].to_dataset())

    def get_inference_data(self, fitted_model: xr.Dataset) -> xr.Dataset:
        """Pass the draws on."""
        return fitted_model

    def log_likelihood__i(self, excluded_obs: int, idata__i: xr.Dataset) -> xr.DataArray:
        """Log probability of the counts of the problem that is left out, a draw at a time."""
        sizes = idata__i.sizes
        alone = self.fitted.design.of_units(np.array([excluded_obs]))
        found = self._densities(idata__i, alone).reshape(sizes["chain"], sizes["draw"])
        return xr.DataArray(found, dims=("chain", "draw"))
