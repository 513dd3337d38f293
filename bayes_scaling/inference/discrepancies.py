"""Discrepancies of a fit, at its runs and elsewhere, from the weights that are kept of them.

With K the covariance at unit amplitude, s the amplitude, and a root R of K at the runs whose
columns are orthogonal, a discrepancy is ``s R w`` at the runs. Given the weights w it is normal
elsewhere, with

    mean  s K(there, runs) R (R'R)^-1 w,   covariance  s^2 (K(there, there) - rows rows'),

where ``rows = K(there, runs) R (R'R)^-1``. That is its conditional given the values at the runs,
at any distance on either side.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.inference.design import Design, Root
from bayes_scaling.inference.places import Places
from bayes_scaling.specification.discrepancy import Discrepancy, square_root
from bayes_scaling.specification.spec import Spec

FAMILY = "family"


def active_terms(spec: Spec) -> list[Discrepancy]:
    """Return the discrepancies whose amplitude isn't pinned to zero."""
    return [term for term in spec.discrepancy if term.amplitude != 0.0]


def by_family(spec: Spec) -> bool:
    """Whether each family is a block of its own."""
    return FAMILY in spec.groups and all(term.over == FAMILY for term in active_terms(spec))


def weights_name(term: Discrepancy) -> str:
    """Name the weights of a discrepancy in a posterior."""
    return f"{term.name}_weights"


def named_weights(
    spec: Spec, term: Discrepancy, blocks: Sequence[Array], shape: tuple[int, int]
) -> Any:
    """Name the axes of weights, given a block of runs after the other, ``(draws, rank)`` each."""
    own = f"{term.name}_weight"
    if by_family(spec):
        stacked = np.stack(blocks, axis=1)
        return (("chain", "draw", "family", own), stacked.reshape(*shape, *stacked.shape[1:]))
    return (("chain", "draw", own), blocks[0].reshape(*shape, -1))


def exact_roots(spec: Spec, design: Design) -> dict[str, Root]:
    """Find roots that leave nothing out, of a block of runs after the other.

    A block is a family where each has discrepancies of its own, else all runs.
    """
    block = design.family if by_family(spec) else np.zeros(len(design.runs), dtype=np.int64)
    found = {}
    for term in active_terms(spec):
        parts = {}
        for own in np.unique(block):
            runs = np.flatnonzero(block == own)
            places = design.places.at(runs)
            parts[own] = runs, square_root(design.covariance_between(term, places, places))
        rank = max(rows.shape[1] for _, rows in parts.values())
        whole = np.zeros((len(design.runs), rank))
        for runs, rows in parts.values():
            whole[runs, : rows.shape[1]] = rows
        found[term.name] = Root(whole, np.zeros(len(design.runs)))
    return found


def rows_at(design: Design, term: Discrepancy, runs: Array, places: Places) -> Array:
    """Return what the weights of some runs say elsewhere, at unit amplitude.

    Returns
    -------
    ndarray, shape (places, rank), or a row of these a draw of the places
        ``K(there, runs) R (R'R)^-1``.
    """
    rows = design.roots[term.name].rows[runs]
    towards = design.covariance_between(term, places, design.places.at(runs))
    squares = (rows**2).sum(axis=0)
    safe = np.where(squares > 0, squares, 1.0)
    return np.asarray(towards @ rows / safe)


def draw_term(
    spec: Spec,
    design: Design,
    values: Mapping[str, Array],
    term: Discrepancy,
    places: Places,
    rng: np.random.Generator,
) -> Array:
    """Draw one discrepancy at places, given its weights.

    Parameters
    ----------
    values : mapping of str to ndarray
        Draws of the amplitude and the weights.

    Returns
    -------
    ndarray, shape (draws, places), or (draws, groups, places)
        The latter where units, not runs, have groups: problems, or buckets.
    """
    weights = values[weights_name(term)]
    if term.over == FAMILY and by_family(spec):
        drawn = np.zeros((len(weights), len(places)))
        for family in np.unique(places.family):
            there = np.flatnonzero(places.family == family)
            runs = np.flatnonzero(design.family == family)
            scale = _amplitude(term, values, len(weights), family)
            given = weights[:, family]
            drawn[:, there] = _given(design, term, given, scale, runs, places.at(there), rng)
        return drawn
    runs = np.arange(len(design.runs))
    scale = _amplitude(term, values, len(weights))
    return _given(design, term, weights, scale, runs, places, rng)


def at_runs(spec: Spec, design: Design, values: Mapping[str, Array], term: Discrepancy) -> Array:
    """Return a discrepancy at the runs, as the weights hold it; shapes as of `draw_term`."""
    weights, rows = values[weights_name(term)], design.roots[term.name].rows
    if term.over == FAMILY and by_family(spec):
        amplitude = np.stack(
            [_amplitude(term, values, len(weights), own) for own in range(weights.shape[1])], axis=1
        )
        scaled = amplitude[:, design.family]
        return np.asarray(scaled * np.einsum("smr,mr->sm", weights[:, design.family], rows))
    scale = _amplitude(term, values, len(weights)).reshape(-1, *[1] * (weights.ndim - 1))
    return np.asarray(scale * (weights @ rows.T))


def _given(
    design: Design,
    term: Discrepancy,
    weights: Array,
    amplitude: Array,
    runs: Any,
    places: Places,
    rng: np.random.Generator,
) -> Array:
    rows = rows_at(design, term, runs, places)
    across = np.swapaxes(rows, -1, -2)
    rest = square_root(design.covariance_between(term, places, places) - rows @ across)
    fresh = rng.standard_normal((*weights.shape[:-1], rest.shape[-1]))
    drawn = _times(weights, across) + _times(fresh, np.swapaxes(rest, -1, -2))
    return np.asarray(amplitude.reshape(-1, *[1] * (weights.ndim - 1)) * drawn)


def _times(weights: Array, rows: Array) -> Array:
    """Multiply weights, a draw each, by rows that all draws share or by their own."""
    if rows.ndim > weights.ndim:
        return np.asarray((weights[:, None] @ rows)[:, 0])
    return np.asarray(weights @ rows)


def _amplitude(
    term: Discrepancy, values: Mapping[str, Array], count: int, family: Any = 0
) -> Array:
    """Return the draws of an amplitude, which may be a number, or one a family."""
    if term.name not in values:
        return np.full(count, float(term.amplitude))  # type: ignore[arg-type]
    drawn = values[term.name]
    return drawn[:, family] if drawn.ndim == 2 else drawn


def roots_as_saved(design: Design) -> dict[str, tuple[tuple[str, ...], Array]]:
    """Return the roots as a fit's constant data hold them."""
    found: dict[str, tuple[tuple[str, ...], Array]] = {}
    for name, root in design.roots.items():
        found[f"{name}_root"] = (("run", f"{name}_weight"), root.rows)
        found[f"{name}_left_out"] = (("run",), root.left_out)
    return found
