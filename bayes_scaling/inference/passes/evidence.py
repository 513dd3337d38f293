r"""Density of a unit's counts given what all units share: its own parameters integrated out.

With scales and means :math:`\theta`, the log hazards of unit i are normal,
:math:`t_i \sim \mathrm{Normal}(\mu_{b(i)}, R R')`, and

.. math:: p(c_i \mid \theta) = \int \prod_m \mathrm{Binomial}(c_{im} \mid n_{im}, e^{-e^{t_{im}}})
          \, p(t_i \mid \theta)\, dt_i.

The integral has a dimension for each run, so the nodes of its quadrature are a scrambled Sobol
sequence, laid where the unit's sites say that the mass is.
"""

import numpy as np
import xarray as xr
from scipy import stats

from bayes_scaling.arrays import Array
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.passes.candidates import log_mean_weights
from bayes_scaling.inference.passes.likelihood import log_choose
from bayes_scaling.inference.passes.recovery import of_population
from bayes_scaling.inference.passes.sampler_data import link_of, mean_at, unit_root
from bayes_scaling.inference.passes.sites import make_sites
from bayes_scaling.inference.passes.terms import make_terms
from bayes_scaling.specification.spec import Spec

LOG2_NODES = 7


def log_evidence(spec: Spec, design: Design, posterior: xr.Dataset, random_seed: int) -> Array:
    """Log probability of each unit's counts, a draw at a time.

    Parameters
    ----------
    spec : Spec
    design : Design
        Its counts are judged; its units and runs are those of the posterior.
    posterior : xarray.Dataset
        Draws of what units share; of a fit of these counts, or of a part of them.
    random_seed : int
        Of the nodes.

    Returns
    -------
    ndarray, shape (draws, units)
    """
    terms = make_terms(spec, design)
    link = link_of(spec)
    sites = make_sites(design, link)
    scales, shared = of_population(spec, terms, posterior)
    rank = sum(term.block.shape[-1] for term in terms.units)
    normal = _nodes(rank, random_seed)
    n, c = design.observed["n_samples"], design.observed["n_correct"]
    found = np.empty((posterior.sizes["chain"] * posterior.sizes["draw"], len(design.units)))
    for row in range(len(found)):
        own = {name: float(values[row]) for name, values in scales.items()}
        mean = mean_at(terms, own, shared[row], len(design.units.buckets))[design.units.bucket]
        root = unit_root(terms, own)
        log_mean_weights(root, mean, normal, sites.y, sites.w, c, n, link, found[row])
    return found + log_choose(n, c).sum(axis=1)


def _nodes(rank: int, random_seed: int) -> Array:
    """Return standard normal nodes, shape ``(2^LOG2_NODES, rank)``."""
    sequence = stats.qmc.Sobol(rank, rng=np.random.default_rng([random_seed, 5]))
    return np.ascontiguousarray(stats.norm.ppf(sequence.random_base2(LOG2_NODES)))
