"""Draws of parameters and responses from the prior, at the runs of a design."""

import numpy as np
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.inference.blocks import active_terms
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.predictive import law_at, noise_at, of_family
from bayes_scaling.specification.discrepancy import square_root
from bayes_scaling.specification.prior_draws import draw_prior
from bayes_scaling.specification.spec import Spec


def draw_prior_predictive(
    spec: Spec, design: Design, draws: int, rng: np.random.Generator
) -> xr.DataTree:
    """Draw what the model expects of the runs before it sees any response.

    Returns
    -------
    xarray.DataTree
        Groups ``prior`` (parameters), ``prior_predictive`` and ``observed_data``, one chain.
    """
    values = draw_prior(spec, {"family": len(design.families)}, draws, rng)
    log_law = law_at(spec, design, values, design.family, design.compute)
    expected = log_law + draw_discrepancy(spec, design, values, rng)
    noise = noise_at(spec, values, design.family, log_law.shape, rng)
    sigma = of_family(values["sigma"], design.family)
    widened = np.sqrt(1 + (design.relative_se / sigma) ** 2)
    response = np.exp(expected + widened * noise)
    dims, coords = ("chain", "draw", "run"), {"run": list(design.runs)}
    parameters = {
        name: (("chain", "draw", "family")[: 1 + value.ndim], value[None])
        for name, value in values.items()
    }
    return xr.DataTree.from_dict(
        {
            "prior": xr.Dataset(parameters, {"family": list(design.families)}),
            "prior_predictive": xr.Dataset({spec.response: (dims, response[None])}, coords),
            "observed_data": xr.Dataset({spec.response: ("run", design.response)}, coords),
        }
    )


def draw_discrepancy(
    spec: Spec, design: Design, values: dict[str, Array], rng: np.random.Generator
) -> Array:
    """Draw the discrepancy at all rows of a design, shape ``(draws, rows)``."""
    count, total = len(values["sigma"]), np.zeros((len(values["sigma"]), len(design.compute)))
    for term in active_terms(spec):
        root = square_root(design.covariance(term))
        unit = rng.standard_normal((count, root.shape[1])) @ root.T
        total += of_family(values[term.name], design.family) * unit
    return total
