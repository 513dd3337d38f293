"""A specification of pass rates as a sum of Gaussian terms.

The log hazard of unit i at run m is ``mean[bucket(i), m] + sum_j scale_j (block_j w_ij)[m]`` with
standard normal w, and the mean is itself such a sum: that is what makes the model linear in all
but its scales.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.errors import SpecError
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.inference.naming import effect_name, who_share
from bayes_scaling.inference.passes.design import BUCKET, unit_column
from bayes_scaling.specification.discrepancy import Discrepancy, square_root
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.spec import Spec


@dataclass(frozen=True)
class Term:
    """One Gaussian term.

    Attributes
    ----------
    name : str
        What its weights make: ``k``, ``k_mu``, ``run_effect``, ``discrepancy``.
    scale : float or str
        Its standard deviation: a number, or the name of a parameter.
    block : ndarray
        At unit scale: shape ``(runs, rank)`` of a term of units, ``(buckets, runs, rank)`` of the
        mean.
    of : Discrepancy or None
        What it is the root of, if it is.
    """

    name: str
    scale: float | str
    block: Array
    of: Discrepancy | None = None


@dataclass(frozen=True)
class Terms:
    """All terms of a model at the runs of a design.

    Attributes
    ----------
    constant : ndarray, shape (runs,)
        What has no prior.
    mean, units : tuple of Term
    """

    constant: Array
    mean: tuple[Term, ...]
    units: tuple[Term, ...]

    @property
    def roots(self) -> list[Array]:
        """Blocks of the terms of units."""
        return [term.block for term in self.units]


def make_terms(spec: Spec, design: Design) -> Terms:
    """Write a specification as Gaussian terms at the runs of a design.

    Raises
    ------
    SpecError
        If nothing varies from unit to unit.
    """
    unit, constant = unit_column(spec), np.zeros(len(design.runs))
    mean: list[Term] = []
    units: list[Term] = []
    for name, along in basis_of(spec, design.x).items():
        for own, prior in levels(name, spec.priors[name]):
            if not isinstance(prior, Prior):
                constant = constant + prior * along
                continue
            scale = scale_of(own, prior)
            if prior.over == unit:
                units.append(Term(own, scale, along[:, None]))
            else:
                mean.append(Term(own, scale, _spread(along[:, None], prior.over == BUCKET, design)))
    for name, prior in spec.effects.items():
        if prior == 0.0:
            continue
        scale = name if isinstance(prior, Prior) else prior
        own, over = effect_name(name), who_share(name)
        one_a_run = np.eye(len(design.runs))
        if over == unit:
            units.append(Term(own, scale, one_a_run))
        else:
            mean.append(Term(own, scale, _spread(one_a_run, over is not None, design)))
    for discrepancy in active_terms(spec):
        amplitude = discrepancy.amplitude
        scale = discrepancy.name if isinstance(amplitude, Prior) else amplitude
        root = _root(design, discrepancy)
        own = discrepancy.name.replace("amplitude", "discrepancy")
        if discrepancy.over == unit:
            units.append(Term(own, scale, root, discrepancy))
        else:
            mean.append(
                Term(own, scale, _spread(root, discrepancy.over == BUCKET, design), discrepancy)
            )
    if not units:
        raise SpecError(
            f"{spec.name}: all {unit}s are alike; give {', '.join(spec.coordinates.parameters)}, "
            f'an effect or a discrepancy over = "{unit}", with a standard deviation above zero.'
        )
    return Terms(constant, tuple(mean), tuple(units))


def _root(design: Design, term: Discrepancy) -> Array:
    """Take the root that a fit keeps, or find it."""
    kept = design.roots.get(term.name)
    return square_root(design.covariance(term)) if kept is None else kept.rows


def basis_of(spec: Spec, x: tuple[Array, ...]) -> dict[str, Array]:
    """Find the columns of a law that is linear in the parameters that the specification states.

    A column is what one of a parameter adds to the curve: the curve is the sum of the columns, each
    times its parameter.
    """
    assert spec.coordinates.is_linear, f"the law {spec.law.name} isn't linear in what is stated"
    numbers = {name: spec.pinned[name] for name in spec.coordinates.numbers}
    own = [name for name in spec.coordinates.parameters if name not in numbers]
    nothing = dict.fromkeys(own, 0.0)

    def curve(values: dict[str, float]) -> Array:
        return np.asarray(spec.law.curve(*x, **spec.coordinates.to_curve({**values, **numbers})))

    origin = curve(nothing)
    return {name: np.asarray(curve({**nothing, name: 1.0}) - origin) for name in nothing}


def levels(name: str, prior: float | Prior) -> Iterator[tuple[str, float | Prior]]:
    """Yield a parameter's prior and those of its mean, from the finest groups to what all share."""
    yield name, prior
    if isinstance(prior, Prior):
        yield from levels(f"{name}_mu", prior.arguments["mu"])


def scale_of(name: str, prior: Prior) -> float | str:
    """Return the standard deviation of a normal prior, or the name of its parameter."""
    sigma = prior.arguments["sigma"]
    return f"{name}_sigma" if isinstance(sigma, Prior) else sigma


def scale_priors(spec: Spec) -> dict[str, Prior]:
    """Return the priors of all standard deviations and amplitudes that aren't numbers."""
    found: dict[str, Prior] = {}
    for parameter in spec.coordinates.parameters:
        for name, prior in levels(parameter, spec.priors[parameter]):
            sigma = prior.arguments["sigma"] if isinstance(prior, Prior) else None
            if isinstance(sigma, Prior):
                found[f"{name}_sigma"] = sigma
    own = {**spec.effects, **{term.name: term.amplitude for term in spec.discrepancy}}
    return found | {name: prior for name, prior in own.items() if isinstance(prior, Prior)}


def _spread(root: Array, by_bucket: bool, design: Design) -> Array:
    """Give a root, shape ``(runs, rank)``, to each bucket apart, or one to all."""
    count = len(design.units.buckets)
    if not by_bucket:
        return np.tile(root, (count, 1, 1))
    blocks = np.einsum("bc,mr->bmcr", np.eye(count), root)
    return np.asarray(blocks.reshape(count, len(root), -1))
