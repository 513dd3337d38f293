"""Observations of a response, as PyMC has them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Block:
    """Observations that share a distribution; a response may have several of one latent curve.

    Attributes
    ----------
    name : str
        Of the observed variable of the model.
    dist : Any
        The distribution given the latent curve, as ``pm.Normal.dist`` makes it.
    observed : Any
        An array, or a variable of the model's data.
    dims : tuple of str
    log_density : Any
        That of each observation, up to a constant, where PyMC's calls functions that kept code
        can't (`bayes_scaling.inference.compiled`); else None, and PyMC's is taken.
    """

    name: str
    dist: Any
    observed: Any
    dims: tuple[str, ...]
    log_density: Any = None
