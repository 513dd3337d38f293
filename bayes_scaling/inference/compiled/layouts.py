"""How a model's variables lie in the flat vectors that compiled code reads and writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from bayes_scaling.arrays import Array

Shapes = Mapping[str, tuple[int, ...]]

JITTER = 1.0


@dataclass(frozen=True)
class Layout:
    """Names and dimensions; how long each dimension is, the data tell.

    Attributes
    ----------
    variables : mapping of str to int
        The unconstrained variables in their order, and how many dimensions each has.
    starts : mapping of str to list of float
        Where the sampler starts from: one number for all of a variable, or one an element.
    outputs : mapping of str to int
        What is kept of each draw, and how many dimensions it has.
    """

    variables: Mapping[str, int]
    starts: Mapping[str, list[float]]
    outputs: Mapping[str, int]

    @property
    def dimensions(self) -> int:
        """Of all variables and outputs together."""
        return sum(self.variables.values()) + sum(self.outputs.values())

    def shapes(self, lengths: Sequence[int]) -> tuple[Shapes, Shapes]:
        """Deal lengths out to the variables, then to the outputs."""
        left = [int(length) for length in lengths]
        return _deal(self.variables, left), _deal(self.outputs, left)

    def start(self, shapes: Shapes, seed: int | None) -> Array:
        """Return a point for a chain to start from: the model's own, moved by up to one unit.

        It depends on nothing but the seed, so a process that loads code starts where the one that
        compiled it did.
        """
        sizes = {name: prod(shape) for name, shape in shapes.items()}
        parts = [np.broadcast_to(self.starts[name], size) for name, size in sizes.items()]
        moved = np.random.default_rng(seed).uniform(-JITTER, JITTER, sum(sizes.values()))
        return np.concatenate([np.zeros(0), *parts]) + moved


def split(flat: Array, shapes: Shapes) -> dict[str, Array]:
    """Cut the last axis of draws into named variables in their shapes.

    Examples
    --------
    >>> split(np.zeros((4, 100, 7)), {"a": (), "b": (2, 3)})["b"].shape
    (4, 100, 2, 3)
    """
    found, start = {}, 0
    for name, shape in shapes.items():
        stop = start + prod(shape)
        found[name] = flat[..., start:stop].reshape(*flat.shape[:-1], *shape)
        start = stop
    return found


def _deal(dimensions: Mapping[str, int], lengths: list[int]) -> Shapes:
    return {name: tuple(lengths.pop(0) for _ in range(count)) for name, count in dimensions.items()}
