"""The binomial likelihood of counts given ``-log p``."""

import numpy as np
from scipy import special

from bayes_scaling.arrays import Array


def log_likelihood(hazards: Array, n: Array, c: Array) -> Array:
    """Binomial log likelihood given ``-log p``, without its constant."""
    return np.asarray(special.xlogy(n - c, -np.expm1(-hazards)) - c * hazards)


def log_choose(n: Array, c: Array) -> Array:
    """Logarithm of the binomial coefficient: the constant of the log likelihood."""
    return np.asarray(special.gammaln(n + 1) - special.gammaln(c + 1) - special.gammaln(n - c + 1))
