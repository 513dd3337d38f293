"""Discrepancies at the runs as few standard normal weights, however many the runs.

A Gaussian process that changes slowly has a covariance with few eigenvalues to speak of, so the
root of its covariance needs few columns. What they leave out counts as noise of each run.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.blocks import lay_out
from bayes_scaling.inference.design import Design, Root
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.specification.discrepancy import Discrepancy, square_root
from bayes_scaling.specification.prior_draws import draw_prior
from bayes_scaling.specification.spec import Spec

LEFT_OUT = 0.03
EXACT = 8
PRIOR_DRAWS = 2000


@dataclass(frozen=True)
class BlockRoot:
    """A discrepancy at runs that share it: rows of a matrix times standard normal weights.

    Attributes
    ----------
    runs : ndarray of int, shape (n,)
        Rows of the design.
    rows : ndarray, shape (n, rank)
        At unit amplitude; columns are orthogonal, the longest first.
    left_out : ndarray, shape (n,)
        Variance at unit amplitude that the weights don't hold.
    """

    runs: Index
    rows: Array
    left_out: Array


def find_root(spec: Spec, design: Design, term: Discrepancy, runs: Index) -> BlockRoot:
    """Find the root of a discrepancy's covariance at some runs.

    Its rank is the first to leave out less than 3 % of sigma at every run, both at their priors'
    medians. A small ladder's root is exact.
    """
    there = design.places.at(runs)
    unit = design.covariance_between(term, there, there)
    whole = square_root(unit)[:, ::-1]
    rows = whole
    if whole.shape[1] > EXACT:
        sigma, amplitude = (np.median(prior_sample(spec)[name]) for name in ("sigma", term.name))
        left = np.diag(unit)[:, None] - np.cumsum(whole**2, axis=1)
        needed = np.sum(left.max(axis=0) > (LEFT_OUT * sigma / amplitude) ** 2) + 1
        rows = whole[:, : max(int(needed), EXACT)]
    return BlockRoot(runs, rows, np.maximum(np.diag(unit) - (rows**2).sum(axis=1), 0.0))


@threadpool_limits.wrap(limits=1)  # type: ignore[untyped-decorator]  # eigenvalues by many threads wait for each other
def find_roots(spec: Spec, design: Design) -> list[list[BlockRoot]]:
    """Find the root of each active discrepancy, a block of runs after the other."""
    blocks = lay_out(spec, design)
    runs = [np.flatnonzero(blocks.block == block) for block in range(blocks.shape[0])]
    return [[find_root(spec, design, term, own) for term in active_terms(spec)] for own in runs]


def rank_of(roots: list[list[BlockRoot]]) -> int:
    """Return the largest rank, which all roots are padded to."""
    return max((root.rows.shape[1] for block in roots for root in block), default=0)


def lay_roots(spec: Spec, design: Design, roots: list[list[BlockRoot]]) -> dict[str, Array]:
    """Lay roots out side by side, and what follows from them, with zeros where there is nothing.

    Returns
    -------
    dict of str to ndarray
        ``root`` of shape ``(blocks, slots, terms * rank)``; ``left_out`` of shape ``(terms, blocks,
        slots)``; ``share`` of shape ``(blocks, slots)``, how much each run counts; and ``gram`` of
        shape ``(blocks, terms * rank, terms * rank)``, the root's products so weighed.
    """
    blocks, rank, terms = lay_out(spec, design), rank_of(roots), len(roots[0])
    root = np.zeros((*blocks.shape, terms * rank))
    left_out = np.zeros((terms, *blocks.shape))
    for block, of_terms in enumerate(roots):
        for term, own in enumerate(of_terms):
            count, columns = own.rows.shape
            root[block, :count, term * rank : term * rank + columns] = own.rows
            left_out[term, block, :count] = own.left_out
    typical = np.median(prior_sample(spec)["sigma"])
    share = np.asarray(blocks.lay(1 / (1 + (design.observed["relative_se"] / typical) ** 2)))
    gram = np.swapaxes(root, 1, 2) @ (share[:, :, None] * root)
    return {"root": root, "left_out": left_out, "share": share, "gram": gram}


def kept_roots(spec: Spec, design: Design) -> dict[str, Root]:
    """Gather the roots of all blocks, a discrepancy at a time: what a fit keeps."""
    if not active_terms(spec):
        return {}
    blocks = find_roots(spec, design)
    rank = rank_of(blocks)
    found = {}
    for place, term in enumerate(active_terms(spec)):
        rows, left_out = np.zeros((len(design.runs), rank)), np.zeros(len(design.runs))
        for block in blocks:
            root = block[place]
            rows[root.runs, : root.rows.shape[1]] = root.rows
            left_out[root.runs] = root.left_out
        found[term.name] = Root(rows, left_out)
    return found


@lru_cache(maxsize=32)
def prior_sample(spec: Spec) -> dict[str, Array]:
    """Draw all parameters of one ladder from the prior, always the same draws."""
    drawn = draw_prior(spec, {"family": 1, "recipe": 1}, PRIOR_DRAWS, np.random.default_rng(0))
    return {name: values.reshape(PRIOR_DRAWS, -1)[:, 0] for name, values in drawn.items()}
