"""What is said on stderr, and pairs of words that were typed."""

from collections.abc import Sequence

import typer

from bayes_scaling.errors import BayesScalingError

_said: set[str] = set()


def forget() -> None:
    """Begin a command, in which nothing was said yet."""
    _said.clear()


def note(text: str) -> None:
    """Write a line to stderr, once a command: what is said before a fit is in its notes too."""
    if text not in _said:
        _said.add(text)
        typer.echo(f"note: {text}", err=True)


def read_pairs(option: str, texts: Sequence[str] | None) -> dict[str, str] | None:
    """Read what was typed as names joined by =; None if nothing was."""
    pairs = {}
    for text in texts or ():
        name, equals, value = text.rpartition("=")
        if not (name and equals and value):
            raise BayesScalingError(f"{option}: expected two names joined by =, got {text!r}.")
        pairs[name] = value
    return pairs or None
