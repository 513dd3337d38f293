"""The words of a record: who says it, and what is said."""

import getpass
from collections.abc import Sequence
from typing import Any

from bayes_scaling.errors import BayesScalingError


def demand_text(name: str, text: Any) -> str:
    """Demand a text that says something.

    Examples
    --------
    >>> demand_text("resolves", " ")
    Traceback (most recent call last):
    bayes_scaling.errors.BayesScalingError: resolves: expected a text that says something, got ' '.
    """
    if not isinstance(text, str) or not text.strip():
        raise BayesScalingError(f"{name}: expected a text that says something, got {text!r}.")
    return text


def demand_texts(name: str, texts: str | Sequence[str]) -> list[str]:
    """Demand texts; one alone is a list of one."""
    listed = [texts] if isinstance(texts, str) else list(texts)
    return [demand_text(name, text) for text in listed]


def author_name(author: str | None) -> str:
    """Take the name that was given, or that of the account."""
    if author is not None:
        return demand_text("author", author)
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise BayesScalingError("author: this account has no name; give author=.") from None
