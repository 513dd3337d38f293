"""Worlds of losses: parameters from the prior, and runs of a design from the model."""

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.inference.predictive import law_at, noise_at, of_family
from bayes_scaling.inference.shares import are_beyond, top_of
from bayes_scaling.specification.discrepancy import square_root
from bayes_scaling.specification.prior_draws import draw_prior
from bayes_scaling.specification.spec import Spec

ROUNDS = 100


def draw_worlds(
    spec: Spec,
    design: Design,
    standard_error: Array,
    count: int,
    rng: np.random.Generator,
    *,
    relative: bool = True,
) -> tuple[dict[str, Array], Array, Array]:
    """Draw parameters from the prior, and the runs of a design from the model.

    A world in which any error rate would not lie below 1 is drawn again, parameters and all: it is
    the same to condition the model on what is known of its response.

    Parameters
    ----------
    spec : Spec
    design : Design
    standard_error : ndarray, shape (runs,)
        Of the responses, in quadrature with the noise.
    count : int
    rng : numpy.random.Generator
    relative : bool
        Whether the standard errors are of the log of the response, rather than of itself.

    Returns
    -------
    values : dict of str to ndarray
    expected, response : ndarray, shape (count, runs)
        On the log.
    """
    kept: list[tuple[dict[str, Array], Array, Array]] = []
    missing, top = count, top_of(spec)
    for _ in range(ROUNDS):
        values = draw_prior(spec, design.counts, missing, rng)
        log_law = law_at(spec, design, values, design.places)
        expected = log_law + draw_discrepancy(spec, design, values, rng)
        noise = noise_at(spec, values, design.family, log_law.shape, rng)
        measured = standard_error if relative else standard_error / np.exp(expected)
        widened = np.sqrt(1 + (measured / of_family(values["sigma"], design.family)) ** 2)
        response = expected + widened * noise
        inside = ~are_beyond(top, (expected, response)).any(axis=1)
        own = {name: value[inside] for name, value in values.items()}
        kept.append((own, np.minimum(expected[inside], top), np.minimum(response[inside], top)))
        missing -= int(inside.sum())
        if not missing:
            break
    else:
        raise BayesScalingError(
            f"{spec.name}: of {ROUNDS * count} ladders drawn from its priors fewer than {count} "
            "are error rates below 1. Leave the smallest runs out, or give a reference nearer to "
            "them."
        )
    names = kept[0][0]
    values = {name: np.concatenate([own[name] for own, _, _ in kept]) for name in names}
    expected, response = (np.concatenate([part[place] for part in kept]) for place in (1, 2))
    return values, expected, response


def draw_discrepancy(
    spec: Spec, design: Design, values: dict[str, Array], rng: np.random.Generator
) -> Array:
    """Draw the discrepancy at all rows of a design, shape ``(draws, rows)``."""
    count, total = len(values["sigma"]), np.zeros((len(values["sigma"]), len(design.runs)))
    for term in active_terms(spec):
        root = square_root(design.covariance(term))
        unit = rng.standard_normal((count, root.shape[1])) @ root.T
        total += of_family(values[term.name], design.family) * unit
    return total
