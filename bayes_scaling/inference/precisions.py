"""The precision of each run's noise, drawn once the sampler is done.

Student-t noise is normal noise whose precision is a gamma variable. The sampler knows of none:
given the parameters and the discrepancies, these variables are independent of each other, and drawn
in closed form.
"""

from collections.abc import Mapping

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.inference.blocks import lay_out
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.inference.predictive import law_at, of_family
from bayes_scaling.inference.roots import find_roots, lay_roots, rank_of
from bayes_scaling.specification.spec import Spec


def draw_precisions(
    spec: Spec,
    design: Design,
    values: Mapping[str, Array],
    weights: Array,
    rng: np.random.Generator,
) -> Array:
    """Draw the precision of each run given everything else, shape ``(draws, runs)``.

    Parameters
    ----------
    values : mapping of str to ndarray
        Draws of the parameters, pinned ones included.
    weights : ndarray, shape (draws, blocks, weights)
        Of the discrepancies.
    """
    blocks, roots = lay_out(spec, design), find_roots(spec, design)
    laid, every = lay_roots(spec, design, roots), np.arange(len(roots))
    amplitude = np.stack(
        [
            np.broadcast_to(of_family(values[term.name], every), weights.shape[:2])
            for term in active_terms(spec)
        ],
        axis=2,
    )
    scaled = weights * np.repeat(amplitude, rank_of(roots), axis=2)
    offset = np.einsum("dbk,bsk->dbs", scaled, laid["root"], optimize=True)
    lost = np.einsum("dbt,tbs->dbs", amplitude**2, laid["left_out"], optimize=True)
    offset, lost = (value[:, blocks.block, blocks.slot] for value in (offset, lost))
    law = law_at(spec, design, values, design.places)
    of = {name: of_family(values[name], design.family) for name in ("sigma", "nu")}
    variance = of["sigma"] ** 2 + design.observed["relative_se"] ** 2 + lost
    squares = (np.log(design.observed["y"]) - law - offset) ** 2 / variance
    return np.asarray(rng.gamma((of["nu"] + 1) / 2, size=squares.shape) * 2 / (of["nu"] + squares))
