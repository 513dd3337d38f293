"""The noise: how a measured response scatters about its mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.specification.domains import POSITIVE, REAL, SHARE, Domain


@dataclass(frozen=True)
class Noise:
    """How a response scatters: a location-scale distribution of its log, or counts.

    Attributes
    ----------
    dist : str
        PyMC's name of it; its arguments are ``mu``, ``sigma`` and `shape_parameters`.
    parameters : mapping of str to Domain
        The parameters that need a prior.
    standard : callable
        Draws with location 0 and scale 1, from a generator, the parameters and a shape.
    glosses : mapping of str to str
        What parameters are, in words, where they aren't those of log losses.
    """

    dist: str
    parameters: Mapping[str, Domain]
    standard: Callable[[np.random.Generator, Mapping[str, Any], tuple[int, ...]], Any]
    glosses: Mapping[str, str] = field(default_factory=dict)

    @property
    def shape_parameters(self) -> tuple[str, ...]:
        """The parameters beside the scale."""
        return tuple(name for name in self.parameters if name != "sigma")


def _student(rng: np.random.Generator, values: Mapping[str, Any], shape: tuple[int, ...]) -> Array:
    degrees = np.broadcast_to(values["nu"], shape)
    return rng.standard_t(degrees, shape)


def _normal(
    rng: np.random.Generator,
    values: Mapping[str, Any],  # noqa: ARG001 - a normal has no shape
    shape: tuple[int, ...],
) -> Array:
    return rng.standard_normal(shape)


def _unscattered(
    rng: np.random.Generator,  # noqa: ARG001 - counts scatter by their own binomial
    values: Mapping[str, Any],  # noqa: ARG001
    shape: tuple[int, ...],
) -> Array:
    return np.zeros(shape)


OF_SCORES = {
    "sigma": "run-to-run standard deviation of the log odds",
    "lapse": "share of items that nobody gets right",
}
OF_NLL = {
    "offset": "log of the negative log-likelihood less that of h",
    "nll_sd": "run-to-run standard deviation of the log negative log-likelihood",
}
NOISES: Mapping[str, Noise] = {
    "student_t": Noise("StudentT", {"nu": POSITIVE, "sigma": POSITIVE}, _student),
    "normal": Noise("Normal", {"sigma": POSITIVE}, _normal),
    "binomial": Noise("Binomial", {}, _unscattered),
    "beta_binomial": Noise(
        "BetaBinomial", {"sigma": POSITIVE, "lapse": SHARE}, _unscattered, OF_SCORES
    ),
    "beta_binomial_and_nll": Noise(
        "BetaBinomial",
        {"sigma": POSITIVE, "lapse": SHARE, "offset": REAL, "nll_sd": POSITIVE},
        _unscattered,
        {**OF_SCORES, **OF_NLL},
    ),
}
