"""Remarks on a table, and the words that they share."""

from collections.abc import Sequence
from dataclasses import dataclass

NAMED = 5


@dataclass(frozen=True)
class Remark:
    """Something to look at before fitting: the kind of thing, and a sentence about it.

    Attributes
    ----------
    topic, message : str
    refuses : bool
        Whether `fit` refuses the table for it, unless it is told to ``allow`` the topic.
    """

    topic: str
    message: str
    refuses: bool = False

    def __str__(self) -> str:
        return self.message


def flop(compute: float) -> str:
    """Write an amount of compute."""
    return f"{compute:.3g} FLOP"


def named(names: Sequence[str]) -> str:
    """List names in quotes, the first few."""
    return listed([repr(name) for name in names[:NAMED]], len(names))


def listed(items: Sequence[str], count: int | None = None) -> str:
    """List items, the first few; `count` is how many there are, where not all are given."""
    left = (count or len(items)) - NAMED
    return ", ".join(items[:NAMED]) + (f" and {left} more" if left > 0 else "")
