"""The coordinates that the sampler moves in: the law's parameters, unconstrained and whitened.

Given the noise and the amplitude of the discrepancy, the parameters of the law are nearly normal
about a point and with a precision that linear regression gives. The sampler moves in units of that
normal, so its scale no longer changes with the noise. The posterior is the same in any coordinates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import linalg, optimize, special

from bayes_scaling.inference.blocks import active_terms, by_family, padded
from bayes_scaling.inference.design import Array, Design
from bayes_scaling.specification.domains import REAL, SHARE, UNIT
from bayes_scaling.specification.prior_draws import draw_prior, truncation
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.spec import Spec

PRIOR_DRAWS = 2000
STEP = 1e-4
WITHIN = 6.0
REGRESSED = frozenset({"level", "elasticity", "floor_share", "a", "b", "c"})

LINK_OF = {"identity": "identity", "log": "exp", "logit": "sigmoid"}


@dataclass(frozen=True)
class Unconstraining:
    """The map between a parameter and the real line: its log, logit, or itself."""

    kind: str
    shift: float = 0.0

    def inward(self, value: Array) -> Array:
        """From the parameter to the real line."""
        if self.kind == "log":
            return np.log(value - self.shift)
        return special.logit(value) if self.kind == "logit" else value

    def outward(self, point: Array) -> Array:
        """From the real line to the parameter."""
        if self.kind == "log":
            return self.shift + np.exp(point)
        return special.expit(point) if self.kind == "logit" else point


def seen_by_data(spec: Spec) -> bool:
    """Whether the sampler moves in the curve's own arguments rather than the stated parameters.

    So it does where the priors are on other parameters, all of them free: a, b and c are strongly
    correlated, what the curve takes is not.
    """
    own = [spec.free.get(name) for name in spec.coordinates.parameters]
    return (
        spec.coordinates.density is not None
        and all(prior is not None for prior in own)
        and len({prior.over for prior in own if prior}) == 1
    )


def needs_moments(spec: Spec, maps: Mapping[str, Unconstraining]) -> bool:
    """Whether the prior of any whitened parameter is a normal by its moments only."""
    return seen_by_data(spec) or not all(is_normal(spec.free[name], maps[name]) for name in maps)


def is_normal(prior: Prior, rule: Unconstraining) -> bool:
    """Whether a prior is a normal in a parameter's unconstrained coordinate."""
    return DISTRIBUTIONS[prior.dist].link == LINK_OF[rule.kind] and rule.shift == 0.0


def stated(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that the specification states, from whichever are sampled."""
    if seen_by_data(spec) and "level" in values:
        natural = spec.law.to_natural(dict(values))
        return {name: natural[name] for name in spec.coordinates.parameters}
    return {name: values[name] for name in spec.coordinates.parameters}


def whitened_parameters(spec: Spec, families: int) -> dict[str, Unconstraining]:
    """Name the parameters of the law that are whitened: the free ones of each ladder.

    One that several ladders share isn't, nor any where ladders share a discrepancy, nor what bends
    a law once more, of which a ladder says little; it is sampled as it stands.
    """
    found: dict[str, Unconstraining] = {}
    if families > 1 and not by_family(spec):
        return found
    seen = seen_by_data(spec)
    stand_in = spec.free.get(next(iter(spec.coordinates.parameters)))
    domains = (spec.law.coordinates[0] if seen else spec.coordinates).parameters
    for name, domain in domains.items():
        prior = stand_in if seen else spec.free.get(name)
        shared = prior is not None and families > 1 and not prior.over
        if prior is None or shared or name not in REGRESSED:
            continue
        kind = "identity" if domain is REAL else "logit" if domain in (SHARE, UNIT) else "log"
        found[name] = Unconstraining(kind, truncation(spec, name) or 0.0)
    return found


@dataclass(frozen=True)
class Linearisation:
    """The law of each ladder as a linear function of its whitened parameters.

    Rows are the modes of the discrepancy's covariance at the runs of a ladder, padded with zeros.

    Attributes
    ----------
    point : ndarray, shape (families, parameters)
        Where, in unconstrained units.
    slopes : ndarray, shape (families, modes, parameters)
        Derivatives of the log response.
    turn : ndarray, shape (families, modes, slots)
        From the runs of a ladder to the modes.
    variance : dict of str to ndarray, shape (families, modes)
        Variance of each discrepancy at unit amplitude, by its amplitude's name.
    prior_mean, prior_sd : ndarray, shape (parameters,)
        Of the unconstrained parameters, by moments.
    """

    point: Array
    slopes: Array
    turn: Array
    variance: Mapping[str, Array]
    prior_mean: Array
    prior_sd: Array


@dataclass(frozen=True)
class _Typical:
    """What the prior alone says: typical values, and the whitened parameters' normal."""

    values: Mapping[str, float]
    maps: Mapping[str, Unconstraining]
    mean: Array
    sd: Array


@lru_cache(maxsize=32)
def _typical(spec: Spec, families: int) -> _Typical:
    drawn = draw_prior(spec, {"family": 1}, PRIOR_DRAWS, np.random.default_rng(0))
    drawn = {name: values.reshape(PRIOR_DRAWS, -1)[:, 0] for name, values in drawn.items()}
    maps = whitened_parameters(spec, families)
    inward = [maps[name].inward(drawn[name]) for name in maps]
    return _Typical(
        {name: float(np.median(values)) for name, values in drawn.items()},
        maps,
        np.array([float(np.median(values)) for values in inward]),
        np.array([float(np.std(values)) for values in inward]),
    )


def linearise(spec: Spec, design: Design) -> Linearisation:
    """Linearise the law about its best fit at the prior's typical noise and discrepancy."""
    typical = _typical(spec, len(design.families))
    families, count = len(design.families), len(typical.maps)
    most = padded(int(np.bincount(design.family).max()))
    point = np.zeros((families, count))
    slopes, turn = np.zeros((families, most, count)), np.zeros((families, most, most))
    terms = active_terms(spec)
    variance = {term.name: np.zeros((families, most)) for term in terms}
    units = {term.name: design.covariance(term) for term in terms}
    for family in range(families):
        rows = np.flatnonzero(design.family == family)
        own = {name: unit[np.ix_(rows, rows)] for name, unit in units.items()}
        total = sum(
            (typical.values[name] ** 2 * unit for name, unit in own.items()),
            start=np.zeros((len(rows), len(rows))),
        )
        noise = typical.values["sigma"] ** 2 + design.relative_se[rows] ** 2
        x, target = design.x[rows], np.log(design.response[rows])
        point[family] = _best_fit(spec, typical, x, target, total + np.diag(noise))
        modes = np.linalg.eigh(total)[1].T
        turn[family, : len(rows), : len(rows)] = modes
        slopes[family, : len(rows)] = modes @ _slopes(spec, typical, x, point[family])
        for name, unit in own.items():
            variance[name][family, : len(rows)] = np.diag(modes @ unit @ modes.T)
    return Linearisation(point, slopes, turn, variance, typical.mean, typical.sd)


def _log_law(spec: Spec, typical: _Typical, x: Array, point: Array) -> Array:
    """Log of the law at x, shape (n,), for the whitened parameters at a point."""
    values: dict[str, Any] = {name: typical.values[name] for name in spec.coordinates.parameters}
    for value, (name, rule) in zip(point, typical.maps.items(), strict=True):
        values[name] = rule.outward(value)
    return np.asarray(spec.law.curve(x, **spec.coordinates.to_curve(stated(spec, values))))


def _best_fit(spec: Spec, typical: _Typical, x: Array, target: Array, covariance: Array) -> Array:
    root = np.linalg.cholesky(covariance)

    def misfit(point: Array) -> Array:
        gap = target - _log_law(spec, typical, x, point)
        white = linalg.solve_triangular(root, gap, lower=True)
        return np.concatenate([white, (point - typical.mean) / typical.sd])

    reach = WITHIN * typical.sd
    bounds = (typical.mean - reach, typical.mean + reach)
    found = optimize.least_squares(misfit, typical.mean, bounds=bounds, x_scale=typical.sd)
    return np.asarray(found.x)


def _slopes(spec: Spec, typical: _Typical, x: Array, point: Array) -> Array:
    """Central differences of the log law, shape (n, parameters)."""
    nudges = STEP * np.eye(len(point))
    columns = [
        _log_law(spec, typical, x, point + nudge) - _log_law(spec, typical, x, point - nudge)
        for nudge in nudges
    ]
    return np.column_stack(columns) / (2 * STEP) if columns else np.zeros((len(x), 0))
