"""Log densities of priors, on the scale where they are normal if there is one."""

from collections.abc import Callable, Mapping

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior

INWARD: Mapping[str, Callable[[Array], Array]] = {
    "identity": lambda value: value,
    "exp": np.log,
    "sigmoid": lambda share: np.asarray(np.log(share / (1 - share))),
}


def top_priors(free: Mapping[str, Prior]) -> dict[str, Prior]:
    """Name the priors that rest on numbers alone: of a pooled parameter, those of its population.

    Examples
    --------
    >>> population = {"mu": Prior("Normal", {"mu": 0.0, "sigma": 1.0}), "sigma": 0.3}
    >>> list(top_priors({"elasticity": Prior("LogNormal", population, over="family")}))
    ['elasticity_mu']
    """
    found: dict[str, Prior] = {}
    for name, prior in free.items():
        inner = {f"{name}_{key}": value for key, value in prior.nested.items()}
        found |= top_priors(inner) if inner else {name: prior}
    return found


def log_density(prior: Prior, values: Array) -> Array:
    """Log density of values under a prior whose arguments are numbers.

    A log-normal is taken as a density of the log, a logit-normal of the logit: then a power of it
    is a prior of the same kind with the same median.

    Examples
    --------
    >>> prior = Prior("LogNormal", {"mu": 0.0, "sigma": 1.0})
    >>> float(log_density(prior, np.array(np.e)).round(4))
    -1.4189
    """
    entry = DISTRIBUTIONS[prior.dist]
    if entry.link is None:
        return np.asarray(entry.scipy(**prior.arguments).logpdf(values))
    normal = DISTRIBUTIONS["Normal"].scipy(**prior.arguments)
    return np.asarray(normal.logpdf(INWARD[entry.link](values)))
