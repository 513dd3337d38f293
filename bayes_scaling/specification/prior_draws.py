"""Draws of every parameter from the prior of a specification."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.specification.priors import draw_parameter
from bayes_scaling.specification.spec import Spec


def draw_prior(
    spec: Spec, groups: Mapping[str, int], size: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Draw all parameters, pinned ones as constants, and those that people quote.

    Parameters
    ----------
    spec : Spec
    groups : mapping of str to int
        How many groups each column has, as in ``{"family": 3}``.
    size : int
        Number of draws.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray
        Each of shape ``(size,)`` or ``(size, number of groups)``.

    Examples
    --------
    >>> from bayes_scaling.specification.shelf import load_model
    >>> draws = draw_prior(load_model("loss"), {}, 1000, np.random.default_rng(1))
    >>> bool(np.allclose(draws["a"] + draws["c"], draws["level"]))
    True
    """
    drawn: dict[str, Array] = {}
    inside = {"problem": np.zeros(groups.get("problem", 0), dtype=np.int64)}
    for name, prior in spec.stated.items():
        above = truncation(spec, name)
        drawn |= draw_parameter(name, prior, groups, size, rng, inside=inside, above=above)
    return {**quoted(spec, drawn), **drawn}


def truncation(spec: Spec, name: str) -> float | None:
    """Return the number that a parameter has to exceed: a pinned floor, for the level."""
    below = spec.coordinates.above.get(name)
    return None if below is None else spec.pinned[below]


def quoted(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the parameters that people quote, and those that data see, from a spec's own."""
    stated = {name: values[name] for name in spec.coordinates.parameters}
    seen = spec.coordinates.to_curve(_broadcast(stated))
    return {**seen, **spec.law.to_natural(seen)}


def _broadcast(values: dict[str, Any]) -> dict[str, Any]:
    """Give draws of shape (size,) a last axis where another parameter has groups."""
    if any(np.ndim(value) == 2 for value in values.values()) and not any(
        hasattr(value, "dims") for value in values.values()
    ):
        return {k: v[:, None] if np.ndim(v) == 1 else v for k, v in values.items()}
    return values
