"""What runs are ordered along, in words: compute unless a model names another column."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """The words for a covariate.

    Attributes
    ----------
    words : str
        In a sentence.
    unit : str
        After its numbers.
    """

    words: str
    unit: str


SCALES = {
    "compute": Scale("training compute", "FLOP"),
    "params": Scale("parameters", "parameters"),
    "tokens": Scale("training tokens", "tokens"),
}
COMPUTE = ("compute",)


def scale_of(columns: Sequence[str]) -> Scale:
    """Find the words for what runs are ordered along; those of another column are its name.

    Examples
    --------
    >>> scale_of(["compute"]).unit, scale_of(["examples"]).unit
    ('FLOP', 'examples')
    >>> scale_of(["params", "tokens"]).words
    'parameters x training tokens'
    """
    own = [
        SCALES.get(name, Scale(name.replace("_", " "), name.replace("_", " "))) for name in columns
    ]
    if len(own) == 1:
        return own[0]
    return Scale(" x ".join(one.words for one in own), "")


def unit_after(columns: Sequence[str]) -> str:
    """Return the unit to put after a number, with the space before it; empty where there is none.

    Examples
    --------
    >>> unit_after(["compute"]), unit_after(["params", "tokens"])
    (' FLOP', '')
    """
    unit = scale_of(columns).unit
    return f" {unit}" if unit else ""


def compute_text(compute: float) -> str:
    """Write an amount of compute in three digits.

    Examples
    --------
    >>> compute_text(2.3e22)
    '2.3e22'
    """
    return f"{compute:.3g}".replace("e+0", "e").replace("e+", "e")


def axis_label(columns: Sequence[str]) -> str:
    """Name an axis.

    Examples
    --------
    >>> axis_label(["compute"]), axis_label(["examples"])
    ('Training compute (FLOP)', 'Examples')
    """
    own = scale_of(columns)
    words = own.words[:1].upper() + own.words[1:]
    return f"{words} ({own.unit})" if own.unit and own.unit not in own.words else words
