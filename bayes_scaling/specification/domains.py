"""The sets that a parameter or an argument may live in, and whether one set lies in another."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """An open interval of the real line, in words and in numbers.

    ``closed_below`` admits the lower end itself, for a number that pins a parameter.
    """

    words: str
    lower: float
    upper: float
    closed_below: bool = False

    def holds(self, number: float) -> bool:
        """Whether a number lies in the domain."""
        above = number >= self.lower if self.closed_below else number > self.lower
        return math.isfinite(number) and above and number < self.upper

    def covers(self, other: "Domain") -> bool:
        """Whether every number of `other` lies in this domain, but for end points."""
        return self.lower <= other.lower and other.upper <= self.upper


REAL = Domain("any real number", -math.inf, math.inf)
POSITIVE = Domain("a positive number", 0.0, math.inf)
NONNEGATIVE = Domain("zero or a positive number", 0.0, math.inf, closed_below=True)
UNIT = Domain("a number between 0 and 1", 0.0, 1.0)
SHARE = Domain("a number from 0 up to, not including, 1", 0.0, 1.0, closed_below=True)
