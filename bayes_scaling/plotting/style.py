"""What figures look like: sizes that suit the axes, colours that the colour-blind can tell apart.

Properties are set on what is drawn; matplotlib's global settings stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path

# Okabe and Ito (2008), Color universal design.
BLUE, GREEN, PINK, ORANGE, SKY = "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
VERMILLION = "#D55E00"
INK, FAINT = "#222222", "#8A8A8A"
DASHES = (0.0, (2.0, 2.0))
UP = Path(  # an arrow that stands on its foot
    [(-0.25, 0), (0.25, 0), (0, 0), (0, 1), (-0.2, 0.7), (0, 1), (0.2, 0.7)],
    [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.LINETO],
)


type Look = dict[str, Any]


@dataclass(frozen=True)
class Style:
    """Sizes in points; everything follows from the size of the text."""

    text: float

    @classmethod
    def of(cls, ax: Axes) -> "Style":
        """Choose sizes for axes as wide as they are now."""
        inches = ax.bbox.width / ax.figure.dpi
        return cls(float(np.clip(1.9 * inches + 1.8, 6.5, 9.0)))

    @property
    def small(self) -> float:
        """Size of the text of ticks and legends."""
        return 0.94 * self.text

    @property
    def line(self) -> float:
        """Width of a curve."""
        return self.text / 6

    @property
    def thin(self) -> float:
        """Width of a 90 % bar."""
        return 0.9 * self.line

    @property
    def thick(self) -> float:
        """Width of a 50 % bar."""
        return 2.6 * self.line

    @property
    def dot(self) -> Look:
        """Properties of the dot of a fitted run, but for its colour."""
        return {"ls": "none", "marker": "o", "ms": self.text / 1.9, "mew": 0}

    @property
    def at_least(self) -> Look:
        """Properties of an arrow up from a lower bound, but for its colour."""
        size: Look = {"ms": 2.2 * self.text, "mew": 0.7 * self.line}
        return {"ls": "none", "marker": UP, "mfc": "none", **size}

    def hollow(self, colour: str) -> Look:
        """Properties of the marker of the truth."""
        return self.dot | {"ms": self.text / 1.5, "mfc": "none", "mec": colour, "mew": self.line}


@dataclass(frozen=True)
class Colours:
    """What one family is drawn in."""

    curve: str
    dots: str
    edge: str
    truth: str

    @classmethod
    def plain(cls, colour: str) -> "Colours":
        """One colour for everything."""
        return cls(colour, colour, colour, colour)


def palette(families: Sequence[str]) -> dict[str, Colours]:
    """Give each family a colour; the truth of a family that is alone has one of its own."""
    if len(families) == 1:
        return {families[0]: Colours(BLUE, INK, FAINT, VERMILLION)}
    cycle = (BLUE, ORANGE, GREEN, PINK, SKY, VERMILLION)
    return {
        family: Colours.plain(cycle[index % len(cycle)]) for index, family in enumerate(families)
    }
