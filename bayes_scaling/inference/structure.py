"""What of a specification a compiled model depends on: all but the numbers of its priors.

A prior that is a standard variable turned by its numbers, such as a log-normal, hands them to the
model as data. So specifications that differ in these numbers, as learned priors do from each other,
share one compiled model.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.specification.prior_draws import truncation
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.spec import Spec

HALF_NORMAL = "HalfNormal"
NUMBER = "a number"
NUMBERS = "prior_numbers"
Structure = tuple[Any, ...]


def structure_of(spec: Spec) -> Structure:
    """Describe a specification without the numbers that are data.

    Examples
    --------
    >>> from bayes_scaling.specification.shelf import load_model
    >>> loss = load_model("loss")
    >>> other = loss.with_priors(elasticity={"dist": "LogNormal", "mu": -2.0, "sigma": 1.0})
    >>> structure_of(loss) == structure_of(other)
    True
    >>> structure_of(loss) == structure_of(loss.with_priors(nu=4))
    False
    """
    priors = tuple((name, _outline(name, value, spec)) for name, value in spec.stated.items())
    terms = tuple((term.name, term.over) for term in spec.discrepancy)
    coordinates = tuple(spec.coordinates.parameters)
    noise = spec.noise_name, spec.noise.dist
    return spec.response, spec.law.name, coordinates, noise, priors, terms


def functions_of(spec: Spec) -> tuple[Callable[..., Any], ...]:
    """Return the functions of a specification's law and noise, which their names don't tell."""
    law, way = spec.law, spec.coordinates
    moved = None if law.anchored is None else law.anchored.outward
    own = (law.curve, law.to_natural, way.to_curve, way.density, moved, spec.noise.standard)
    return tuple(function for function in own if function is not None)


def standardised(name: str, prior: Prior, spec: Spec) -> bool:
    """Say whether a prior is a standard variable turned by its arguments."""
    known = DISTRIBUTIONS[prior.dist].link is not None or prior.dist == HALF_NORMAL
    return known and truncation(spec, name) is None


def numbers_of(priors: Mapping[str, Prior], spec: Spec) -> dict[str, float]:
    """Return the numbers of parameters' priors that are data, by parameter and argument."""
    found: dict[str, float] = {}
    for name, prior in priors.items():
        blank = standardised(name, prior, spec)
        for key, value in prior.arguments.items():
            own = f"{name}_{key}"
            if isinstance(value, Prior):
                found |= numbers_of({own: value}, spec)
            elif blank:
                found[own] = float(value)
    return found


def data_of(spec: Spec) -> dict[str, float]:
    """Return all numbers of a specification that are data: of its priors, and those of ladders."""
    own = {name: spec.pinned[name] for name in sorted(spec.coordinates.numbers)}
    return {**numbers_of(spec.free, spec), **own}


def packed(numbers: Mapping[str, float]) -> dict[str, Array]:
    """Return numbers as one datum of a model: each datum takes half a second to compile."""
    return {NUMBERS: np.array(list(numbers.values()))} if numbers else {}


def unpacked(numbers: Mapping[str, float], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that a model's datum holds, by name."""
    return {name: data[NUMBERS][place] for place, name in enumerate(numbers)}


def _outline(name: str, value: float | Prior, spec: Spec) -> Any:
    if not isinstance(value, Prior):
        return NUMBER if name in spec.coordinates.numbers else value
    blank = standardised(name, value, spec)
    arguments = tuple(
        (
            key,
            _outline(f"{name}_{key}", own, spec) if isinstance(own, Prior) or not blank else NUMBER,
        )
        for key, own in value.arguments.items()
    )
    return value.dist, value.over, arguments
