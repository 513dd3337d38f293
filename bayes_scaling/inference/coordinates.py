"""The coordinates that the sampler moves in: the law's parameters, unconstrained and whitened.

Given the noise and the amplitude of the discrepancy, the parameters of the law are nearly normal
about a point and with a precision that linear regression gives. The sampler moves in units of that
normal, so its scale no longer changes with the noise. Where the discrepancy walks from the smallest
run, they are the law's parameters there, which the data pin however large the amplitude. The
posterior is the same in any coordinates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import optimize, special
from threadpoolctl import threadpool_limits

from bayes_scaling.arrays import Array
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms, by_family
from bayes_scaling.inference.roots import BlockRoot, prior_sample, rank_of
from bayes_scaling.specification.discrepancy import KERNELS
from bayes_scaling.specification.domains import REAL, SHARE, UNIT, Domain
from bayes_scaling.specification.laws.law import Anchored
from bayes_scaling.specification.prior_draws import truncation
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior
from bayes_scaling.specification.spec import Spec

STEP = 1e-4
ANCHOR = "anchor"

Covariates = tuple[Array, ...]  # the logarithm of each, at the runs
Ladder = tuple[Covariates, float | None]  # and of the first at the smallest run
WITHIN = 6.0

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
    """Whether the sampler moves in other parameters than the stated ones, all of them free."""
    return anchored(spec) is not None or is_restated(spec)


def is_restated(spec: Spec) -> bool:
    """Whether the priors are on other parameters than the curve's own arguments, all of them free.

    The sampler avoids them: a, b and c are strongly correlated, what the curve takes is not.
    """
    return spec.coordinates.density is not None and _are_alike(spec)


def anchored(spec: Spec) -> Anchored | None:
    """Return the law's parameters about the smallest run, where the sampler moves in these."""
    terms = active_terms(spec)
    suits = (
        (is_restated(spec) or spec.coordinates is spec.law.coordinates[0])
        and _are_alike(spec)
        and not any(prior.nested for prior in _own_priors(spec) if prior)
        and bool(terms)
        and all(KERNELS[term.kernel].walks for term in terms)
    )
    return spec.law.anchored if suits else None


def _own_priors(spec: Spec) -> list[Prior | None]:
    own = spec.coordinates
    return [spec.free.get(name) for name in own.parameters if name not in own.numbers]


def _are_alike(spec: Spec) -> bool:
    """Whether all parameters that are stated are free, and there are as many of each."""
    own = _own_priors(spec)
    return all(prior is not None for prior in own) and len({p.over for p in own if p}) == 1


def _curve_own(spec: Spec) -> Mapping[str, Domain]:
    own = spec.law.coordinates[0] if is_restated(spec) else spec.coordinates
    regressed = (name for name in own.parameters if name in spec.law.regressed)
    return {name: spec.law.parameters[name].domain for name in regressed}


def seen(spec: Spec, moved: Mapping[str, Any], anchor: Any) -> tuple[dict[str, Any], Any]:
    """Return the curve's arguments from what the sampler moves in, and the log of their stretch."""
    about = anchored(spec)
    return (dict(moved), 0.0) if about is None else about.outward(dict(moved), anchor)


def needs_moments(spec: Spec, maps: Mapping[str, Unconstraining]) -> bool:
    """Whether the prior of any whitened parameter is a normal by its moments only."""
    return seen_by_data(spec) or not all(is_normal(spec.free[name], maps[name]) for name in maps)


def is_normal(prior: Prior, rule: Unconstraining) -> bool:
    """Whether a prior is a normal in a parameter's unconstrained coordinate."""
    return DISTRIBUTIONS[prior.dist].link == LINK_OF[rule.kind] and rule.shift == 0.0


def stated(
    spec: Spec, values: Mapping[str, Any], names: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the parameters that the specification states, from the curve's own or as they are."""
    wanted = spec.coordinates.parameters if names is None else names
    if is_restated(spec) and values.keys() >= set(spec.law.coordinates[0].parameters):
        natural = spec.law.to_natural(dict(values))
        return {name: natural[name] for name in wanted}
    return {name: values[name] for name in wanted}


def whitened_parameters(spec: Spec, families: int) -> dict[str, Unconstraining]:
    """Name the parameters of the law that are whitened: the free ones of each ladder.

    One that several ladders share isn't, nor any where ladders share a discrepancy, nor what bends
    a law once more, of which a ladder says little; it is sampled as it stands.
    """
    about = anchored(spec)
    domains = _curve_own(spec) if about is None else about.parameters
    return _unconstrained(spec, families, domains)


def _unconstrained(
    spec: Spec, families: int, domains: Mapping[str, Domain]
) -> dict[str, Unconstraining]:
    found: dict[str, Unconstraining] = {}
    if families > 1 and not by_family(spec):
        return found
    stand_in = next((prior for prior in _own_priors(spec) if prior), None)
    for name, domain in domains.items():
        prior = stand_in if seen_by_data(spec) else spec.free.get(name)
        shared = prior is not None and families > 1 and not prior.over
        if prior is None or shared:
            continue
        kind = "identity" if domain is REAL else "logit" if domain in (SHARE, UNIT) else "log"
        shift = 0.0 if seen_by_data(spec) else truncation(spec, name)
        found[name] = Unconstraining(kind, shift or 0.0)
    return found


@dataclass(frozen=True)
class Linearisation:
    """The law of each ladder as a linear function of its whitened parameters.

    Rows are the modes that matter, padded with zeros: those of the discrepancy's covariance at the
    runs of a ladder, and those that the slopes add.

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
    anchor : ndarray, shape (families,)
        ``ln(C/C0)`` of the smallest run.
    prior_mean, prior_sd : ndarray, shape (parameters,)
        Of the unconstrained parameters, by moments.
    """

    point: Array
    slopes: Array
    turn: Array
    variance: Mapping[str, Array]
    anchor: Array
    prior_mean: Array
    prior_sd: Array


@dataclass(frozen=True)
class _Typical:
    """What the prior alone says: typical values, and the whitened parameters' normal."""

    values: Mapping[str, float]
    maps: Mapping[str, Unconstraining]
    mean: Array
    sd: Array


@lru_cache(maxsize=64)
def _typical(spec: Spec, families: int, anchor: float | None) -> _Typical:
    """Of the curve's own arguments, or about the smallest run."""
    drawn = prior_sample(spec)
    there: Mapping[str, Any] = drawn
    maps = _unconstrained(spec, families, _curve_own(spec))
    if anchor is not None:
        maps, there = whitened_parameters(spec, families), _inward(spec, drawn, anchor)
    inward = [maps[name].inward(there[name]) for name in maps]
    return _Typical(
        {name: float(np.median(values)) for name, values in drawn.items()},
        maps,
        np.array([float(np.median(values)) for values in inward]),
        np.array([float(np.std(values)) for values in inward]),
    )


@threadpool_limits.wrap(limits=1)  # type: ignore[untyped-decorator]
def linearise(spec: Spec, design: Design, roots: list[list[BlockRoot]]) -> Linearisation:
    """Linearise the law about its best fit at the prior's typical noise and discrepancy."""
    places = [np.flatnonzero(design.family == own) for own in range(len(design.families))]
    anchor = np.array([design.x[0][runs].min() for runs in places])
    own_typical = _typical(spec, len(design.families), None)
    typical = _typical(spec, len(design.families), float(anchor.mean()))
    families, count = len(design.families), len(typical.maps)
    slots = int(np.bincount(design.family).max())
    names = [term.name for term in active_terms(spec)]
    most = len(names) * rank_of(roots) + count
    point = np.zeros((families, count))
    slopes, turn = np.zeros((families, most, count)), np.zeros((families, most, slots))
    variance = {name: np.zeros((families, most)) for name in names}
    for family in range(families):
        runs, start = places[family], float(anchor[family])
        own = {name: root.rows for name, root in zip(names, roots[family], strict=True)}
        scaled = [typical.values[name] * rows for name, rows in own.items()]
        root = np.column_stack([np.zeros((len(runs), 0)), *scaled])
        scale = np.hypot(typical.values["sigma"], design.observed["relative_se"][runs])
        x, target = design.x_at(design.places.at(runs)), np.log(design.observed["y"][runs])
        best = _best_fit(spec, own_typical, x, target, scale, root)
        point[family] = _there(spec, own_typical, typical, best, start)
        at_runs = _slopes(spec, typical, (x, start), point[family])
        modes = _modes(root, at_runs)
        turn[family, : len(modes), : len(runs)] = modes
        slopes[family, : len(modes)] = modes @ at_runs
        for name, rows in own.items():
            variance[name][family, : len(modes)] = ((modes @ rows) ** 2).sum(axis=1)
    return Linearisation(point, slopes, turn, variance, anchor, typical.mean, typical.sd)


def _modes(root: Array, slopes: Array) -> Array:
    """Orthogonal directions of the runs: the root's own, and what the slopes add to them."""
    own = np.linalg.svd(root, full_matrices=False)[0]
    added = np.linalg.qr(slopes - own @ (own.T @ slopes))[0]
    return np.column_stack([own, added]).T


def _log_law(spec: Spec, typical: _Typical, ladder: Ladder, point: Array) -> Array:
    """Log of the law at runs, shape (n,), for the whitened parameters at a point."""
    values: dict[str, Any] = {name: typical.values[name] for name in spec.coordinates.parameters}
    x, anchor = ladder
    made = {
        name: rule.outward(value)
        for value, (name, rule) in zip(point, typical.maps.items(), strict=True)
    }
    values |= made if anchor is None else seen(spec, made, anchor)[0]
    return np.asarray(spec.law.curve(*x, **spec.coordinates.to_curve(stated(spec, values))))


def _best_fit(
    spec: Spec, typical: _Typical, x: Covariates, target: Array, scale: Array, root: Array
) -> Array:
    """Fit by least squares, whitened: with ``B = diag(1 / scale) root``, by ``(1 + B B')^-1/2``."""
    own, sizes, _ = np.linalg.svd(root / scale[:, None], full_matrices=False)
    shrunk = 1 / np.sqrt(1 + sizes**2) - 1

    def misfit(point: Array) -> Array:
        gap = (target - _log_law(spec, typical, (x, None), point)) / scale
        white = gap + own @ (shrunk * (own.T @ gap))
        return np.concatenate([white, (point - typical.mean) / typical.sd])

    reach = WITHIN * typical.sd
    bounds = (typical.mean - reach, typical.mean + reach)
    found = optimize.least_squares(misfit, typical.mean, bounds=bounds, x_scale=typical.sd)
    return np.asarray(found.x)


def _inward(spec: Spec, values: Mapping[str, Any], anchor: float) -> Mapping[str, Any]:
    """From the curve's arguments to what the sampler moves in."""
    about = anchored(spec)
    return values if about is None else about.inward(dict(values), anchor)


def _there(spec: Spec, own: _Typical, moved: _Typical, point: Array, anchor: float) -> Array:
    """From a point in the curve's arguments to the one in what the sampler moves in."""
    made = dict(zip(own.maps, point, strict=True))
    values = {name: rule.outward(made[name]) for name, rule in own.maps.items()}
    there = _inward(spec, values, anchor)
    return np.array([rule.inward(there[name]) for name, rule in moved.maps.items()])


def _slopes(spec: Spec, typical: _Typical, ladder: Ladder, point: Array) -> Array:
    """Central differences of the log law, shape (n, parameters)."""
    nudges = STEP * np.eye(len(point))
    columns = [
        _log_law(spec, typical, ladder, point + nudge)
        - _log_law(spec, typical, ladder, point - nudge)
        for nudge in nudges
    ]
    return np.column_stack(columns) / (2 * STEP) if columns else np.zeros((len(ladder[0][0]), 0))
