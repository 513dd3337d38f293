"""Named events, such as ``loss < 1.6``: their text, probability and outcome."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_scaling.errors import BayesScalingError

SIGN = re.compile(r"\s*([<>])\s*")


@dataclass(frozen=True)
class Event:
    """That a number lies strictly between two bounds.

    Attributes
    ----------
    text : str
        As it was written.
    above, below : float
        May be infinite.
    """

    text: str
    above: float
    below: float

    def happened(self, value: Any) -> Any:
        """Whether it came true, for a number or an array."""
        return (value > self.above) & (value < self.below)

    def sealed(self, draws: Any) -> dict[str, Any]:
        """Write it with its probability, the share of draws in which it happens."""
        bounds = {"above": self.above, "below": self.below}
        return {
            "text": self.text,
            **{name: bound if math.isfinite(bound) else None for name, bound in bounds.items()},
            "probability": float(np.mean(self.happened(draws))),
        }


def parse_event(text: str, name: str) -> Event:
    """Read an event of a metric.

    Raises
    ------
    BayesScalingError
        If it isn't one.

    Examples
    --------
    >>> parse_event("1.5 < loss < 1.6", "loss")
    Event(text='1.5 < loss < 1.6', above=1.5, below=1.6)
    >>> parse_event("loss > 2", "loss").happened(1.9)
    False
    """
    parts = SIGN.split(str(text).strip())
    terms, signs = parts[::2], parts[1::2]
    bounds = {"above": -math.inf, "below": math.inf}
    if len(terms) not in (2, 3) or terms.count(name) != 1 or len(set(signs)) != 1:
        raise _refusal(text, name)
    own = terms.index(name)
    for place, term in enumerate(terms):
        if place == own:
            continue
        side = "above" if (signs[0] == "<") == (place < own) else "below"
        bound = _finite(term)
        if bound is None or math.isfinite(bounds[side]):
            raise _refusal(text, name)
        bounds[side] = bound
    if bounds["above"] >= bounds["below"]:
        raise BayesScalingError(
            f"events: {text!r} can't happen; its bounds are the wrong way round."
        )
    return Event(str(text), **bounds)


def stored_event(content: Mapping[str, Any]) -> Event:
    """Read an event back from a record."""
    above, below = content["above"], content["below"]
    return Event(
        content["text"],
        -math.inf if above is None else above,
        math.inf if below is None else below,
    )


def _finite(term: str) -> float | None:
    try:
        bound = float(term)
    except ValueError:
        return None
    return bound if math.isfinite(bound) else None


def _refusal(text: str, name: str) -> BayesScalingError:
    return BayesScalingError(
        f"events: {text!r} isn't an event of {name}; write {name + ' < 1.6'!r}, "
        f"{name + ' > 1.6'!r} or {'1.5 < ' + name + ' < 1.6'!r}."
    )
