"""What can be wrong with what a user handed in, and how to say so."""

import difflib
from collections.abc import Iterable


class BayesScalingError(ValueError):
    """Something that the user can mend; the message says what and how."""


class DataError(BayesScalingError):
    """A table that can't be read, or doesn't hold what the model needs."""


class SpecError(BayesScalingError):
    """A model specification with a key, name or number that isn't allowed."""


class SamplingError(BayesScalingError):
    """A model and data that the sampler can't move in."""


class SavedFitError(BayesScalingError):
    """A saved fit that is truncated, altered, or newer than this package."""


class OutputError(BayesScalingError):
    """A path that can't be written."""


class LedgerError(BayesScalingError):
    """A ledger that doesn't hold, or a record that doesn't fit into it."""


def suggest(word: str, allowed: Iterable[str]) -> str:
    """Name what is allowed and the nearest match, as the end of an error sentence.

    Examples
    --------
    >>> suggest("los", ["loss", "compute"])
    "allowed: compute, loss. Did you mean 'loss'?"
    """
    choices = sorted(allowed)
    listed = f"allowed: {', '.join(choices)}."
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    return f"{listed} Did you mean '{near[0]}'?" if near else listed


def demand_record[T](value: object, kind: type[T], argument: str, verb: str) -> T:
    """Return a record as it is, and refuse one of another kind.

    Examples
    --------
    >>> demand_record(3, str, "word", "speak")
    Traceback (most recent call last):
    bayes_scaling.errors.BayesScalingError: word: expected a str, as speak returns it, got int.
    """
    if isinstance(value, kind):
        return value
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    got = "None" if value is None else type(value).__name__
    raise BayesScalingError(
        f"{argument}: expected {article} {kind.__name__}, as {verb} returns it, got {got}."
    )
