"""Many problems: fit the shared parameters on a subset, then recover every other problem.

Given what problems share, each problem's weights are independent of all others, so they are drawn
one problem at a time by importance resampling (`bayes_scaling.inference.passes.candidates`).
"""

import math

import numpy as np
import xarray as xr
from joblib import Parallel, delayed

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.passes.candidates import resample
from bayes_scaling.inference.passes.recovery import of_population, with_units
from bayes_scaling.inference.passes.sampler_data import link_of, mean_at, unit_root
from bayes_scaling.inference.passes.sites import make_sites
from bayes_scaling.inference.passes.terms import make_terms
from bayes_scaling.specification.spec import Spec

CANDIDATES = 48
KEPT = 1000


def choose_subset(design: Design, size: int, random_seed: int) -> Index:
    """Choose problems at random, from each bucket in proportion to its size."""
    rng = np.random.default_rng([random_seed, 2])
    share = size / len(design.units)
    chosen = []
    for bucket in range(len(design.units.buckets)):
        members = np.flatnonzero(design.units.bucket == bucket)
        count = min(len(members), max(1, round(share * len(members))))
        chosen.append(rng.choice(members, count, replace=False))
    return np.sort(np.concatenate(chosen))


def thin_draws(posterior: xr.Dataset, kept: int = KEPT) -> xr.Dataset:
    """Keep about `kept` draws, evenly spaced, so that many problems fit into memory."""
    draws = posterior.sizes["draw"]
    step = max(1, math.ceil(posterior.sizes["chain"] * draws / kept))
    thinned = posterior.isel(draw=slice(None, None, step))
    return thinned.assign_coords(draw=np.arange(thinned.sizes["draw"]))


def recover_units(
    spec: Spec, design: Design, posterior: xr.Dataset, random_seed: int
) -> tuple[xr.Dataset, Array]:
    """Draw every problem's parameters given the draws of what problems share.

    Parameters
    ----------
    spec : Spec
    design : Design
        Of all problems.
    posterior : xarray.Dataset
        Of a fit of some of them.
    random_seed : int

    Returns
    -------
    xarray.Dataset
        The posterior with all problems.
    ndarray, shape (problems,)
        Mean share of the candidates that carry weight: near a half, the normal of the sites was
        right; near one in `CANDIDATES`, a problem's draws are rough.
    """
    terms = make_terms(spec, design)
    sites = make_sites(design, link_of(spec))
    scales, shared = of_population(spec, terms, posterior)
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    rank = sum(term.block.shape[-1] for term in terms.units)
    weights = np.empty((count, len(design.units), rank))
    share = np.empty((count, len(design.units)))

    def draw(row: int) -> None:
        own = {name: float(values[row]) for name, values in scales.items()}
        mean = mean_at(terms, own, shared[row], len(design.units.buckets))[design.units.bucket]
        rng = np.random.default_rng([random_seed, 3, row])
        resample(
            unit_root(terms, own),
            mean,
            rng.standard_normal((len(design.units), CANDIDATES, rank)),
            rng.uniform(size=len(design.units)),
            sites.y,
            sites.w,
            design.observed["n_correct"],
            design.observed["n_samples"],
            link_of(spec),
            weights[row],
            share[row],
        )

    Parallel(n_jobs=-1, require="sharedmem")(delayed(draw)(row) for row in range(count))
    return with_units(spec, design, terms, posterior, scales, shared, weights), share.mean(axis=0)
