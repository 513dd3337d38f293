"""Compute divided between covariates: at a ratio, or where the law is least."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.predictive import flat_posterior, of_family

FLOP = 6.0  # for each parameter and token: forward and backward


def least_at(fit: Fit, budgets: Array, family: Index, flop: float = FLOP) -> dict[str, Array]:
    r"""Find where each draw of a law is least at a compute.

    Parameters
    ----------
    fit : Fit
        Of a law of two covariates that has a frontier.
    budgets : ndarray, shape (targets,)
        FLOP.
    family : ndarray of int, shape (targets,)
    flop : float
        FLOP for each parameter and token.

    Returns
    -------
    dict of str to ndarray, shape (draws, targets)
        Each covariate there, the ``loss`` of the law, and ``exponent``, by which power of compute
        the first covariate grows.
    """
    frontier = fit.spec.law.frontier
    assert frontier is not None
    first, second = fit.spec.columns
    references = [fit.design.references[name][family] for name in (first, second)]
    budget = np.log(budgets / flop / np.prod(references, axis=0))[None, :]
    values, _ = flat_posterior(fit)
    stated = {name: of_family(values[name], family) for name in fit.spec.coordinates.parameters}
    curve = fit.spec.coordinates.to_curve(stated)
    n, d = frontier(curve, budget)
    further, _ = frontier(curve, budget + 1.0)
    return {
        first: references[0] * np.exp(n),
        second: references[1] * np.exp(d),
        "loss": np.exp(fit.spec.law.curve(n, d, **curve)),
        "exponent": np.broadcast_to(further - n, n.shape),
    }


def divide(fit: Fit, budgets: Array, family: Index, ratio: Array | None) -> dict[str, Array]:
    """Divide compute at a ratio of the second covariate to the first, or at the median optimum.

    Returns
    -------
    dict of str to ndarray, shape (targets,)
        The covariates, such as ``params`` and ``tokens``.
    """
    first, second = fit.spec.columns
    product = budgets / FLOP
    if ratio is None:
        sizes = np.asarray(np.median(least_at(fit, budgets, family)[first], axis=0))
    else:
        sizes = np.sqrt(product / ratio)
    return {first: sizes, second: product / sizes}


def division_note(fit: Fit, given: Mapping[Any, Any]) -> tuple[str, ...]:
    """Say how a target that is given by compute was divided; nothing where none was."""
    if fit.spec.law.frontier is None or given.get("compute") is None:
        return ()
    first, second = fit.spec.columns
    how = (
        f"at the {first} where the law is least, the median of the posterior"
        if given.get("ratio") is None
        else f"at the ratio of {second} to {first} that was given"
    )
    return (f"compute: divided between {first} and {second} {how}, at {FLOP:g} FLOP for each.",)
