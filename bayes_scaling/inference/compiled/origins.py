"""Where a function's code comes from: the package's own files, or somebody else's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bayes_scaling

PACKAGE = Path(bayes_scaling.__file__).resolve().parent


@dataclass(frozen=True)
class Origin:
    """What tells a function from others.

    Attributes
    ----------
    place : tuple of str and int, optional
        Module, name and line of a function in the package's files.
    function : callable, optional
        Any other function, itself.
    """

    place: tuple[str, str, int] | None = None
    function: Callable[..., Any] | None = None


def origin_of(function: Callable[..., Any]) -> Origin:
    """Find where a function comes from.

    Examples
    --------
    >>> from bayes_scaling.specification.laws import power
    >>> origin_of(power.curve).place[:2]
    ('bayes_scaling.specification.laws.power', 'curve')
    >>> origin_of(lambda x: x).place is None
    True
    """
    code = getattr(function, "__code__", None)
    closed = getattr(function, "__closure__", None)
    if code is None or closed or PACKAGE not in Path(code.co_filename).resolve().parents:
        return Origin(function=function)
    return Origin(place=(function.__module__, function.__qualname__, code.co_firstlineno))
