"""Where runs and targets are: the family of each, and its covariates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array, Index


@dataclass(frozen=True, eq=False)
class Places:
    """Runs or targets as a law and its discrepancies see them.

    Attributes
    ----------
    family : ndarray of int, shape (n,)
        Which ladder each belongs to.
    covariates : mapping of str to ndarray, shape (n,)
        Positive numbers in the unit of each, such as ``compute`` in FLOP. Of targets that are
        forecast themselves, a row a draw: shape ``(draws, n)``.
    measured : mapping of str to ndarray, shape (n,)
        What stands behind covariates that a link made, such as a ``loss``.
    groups : mapping of str to ndarray of int, shape (n,)
        What else they are grouped by, such as ``recipe``; those that aren't are in the first group.
    """

    family: Index
    covariates: Mapping[str, Array]
    measured: Mapping[str, Array] = field(default_factory=dict)
    groups: Mapping[str, Index] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.family)

    def group(self, column: str) -> Index:
        """Return which group of a column each is in."""
        own = self.family if column == "family" else self.groups.get(column)
        return np.zeros(len(self), dtype=np.int64) if own is None else own

    def at(self, chosen: Any) -> "Places":
        """Take some of them, by a mask or by their numbers."""
        own = {name: values[..., chosen] for name, values in self.covariates.items()}
        measured = {name: values[..., chosen] for name, values in self.measured.items()}
        groups = {name: index[chosen] for name, index in self.groups.items()}
        return Places(self.family[chosen], own, measured, groups)

    @property
    def shown(self) -> dict[str, Array]:
        """The covariates as people measure them."""
        return {**self.covariates, **self.measured}

    @property
    def scale(self) -> Array:
        """What they are ordered by: the covariate, or the product of several.

        That of parameters and tokens is a sixth of compute.
        """
        return np.prod(list(self.covariates.values()), axis=0)


def along(name: str, values: Any, family: Index | None = None) -> Places:
    """Make places of one covariate, of the first ladder unless told.

    Examples
    --------
    >>> along("compute", [1e20, 1e21]).scale.tolist()
    [1e+20, 1e+21]
    """
    own = np.asarray(values, dtype=float)
    zeros = np.zeros(len(own), dtype=np.int64)
    return Places(zeros if family is None else family, {name: own})
