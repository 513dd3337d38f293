"""What is compiled, and all that its machine code depends on."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bayes_scaling.inference.compiled.origins import Origin, origin_of


@dataclass(frozen=True)
class Recipe:
    """A model to compile; two models of equal recipes share their machine code.

    Attributes
    ----------
    structure : tuple
        What of a specification the model's graph depends on, but for its functions.
    sizes : tuple
        What of the data it depends on: lengths that aren't data themselves.
    functions : tuple of callable
        The law's own, which a name wouldn't tell apart.
    outputs : tuple of str
        The variables whose draws are kept.
    build : callable
        Makes the `pm.Model`; not compared.
    """

    structure: Hashable
    sizes: Hashable
    functions: tuple[Callable[..., Any], ...] = field(repr=False, compare=False)
    outputs: tuple[str, ...]
    build: Callable[[], Any] = field(repr=False, compare=False)
    origins: tuple[Origin, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", tuple(map(origin_of, self.functions)))

    @cached_property
    def is_shipped(self) -> bool:
        """Whether all functions are the package's own: a name and the sources tell what they do."""
        return all(origin.place is not None for origin in self.origins)
