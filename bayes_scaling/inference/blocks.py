"""Runs laid out in blocks of one size: those of a family, or all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import by_family
from bayes_scaling.specification.spec import Spec


@dataclass(frozen=True)
class Blocks:
    """Where each run goes in arrays of shape ``(blocks, slots)``; empty slots are masked.

    Runs of different blocks are independent given the parameters: a block is a family, or all runs
    where a discrepancy is shared by families.

    Attributes
    ----------
    block, slot : ndarray of int, shape (n,)
    mask : ndarray, shape (blocks, slots)
        1 where there is a run.
    """

    block: Index
    slot: Index
    mask: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Blocks and slots."""
        return self.mask.shape[0], self.mask.shape[1]

    def lay(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Lay values out, a row a run, with zeros in the empty slots."""
        laid = np.zeros((*self.shape, *values.shape[1:]), dtype=values.dtype)
        laid[self.block, self.slot] = values
        return laid


def lay_out(spec: Spec, design: Design) -> Blocks:
    """Assign each run to a block and a slot."""
    own = by_family(spec)
    block = design.family if own else np.zeros_like(design.family)
    slot = np.array([int(np.sum(block[:row] == block[row])) for row in range(len(block))])
    mask = np.zeros((len(design.families) if own else 1, int(slot.max()) + 1))
    mask[block, slot] = 1.0
    return Blocks(block, slot, mask)
