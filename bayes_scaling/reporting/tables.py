"""Tables and numbers as a page shows them."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

MINUS, SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
SHOWN = 60
FINEST = 0.01  # percent
RARE = 0.001  # as a share of a few thousand draws
NUMBER = re.compile(rf"((<|>|&lt;|&gt;) )?[\d{MINUS}]")

type Cell = str | Markup


@dataclass(frozen=True)
class Column:
    """A column of a page's table: its heading, and how its cells are written from which values."""

    head: str
    write: Callable[..., Cell]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of texts; the first column names the rows.

    Attributes
    ----------
    caption : str
    head : tuple of str
        Names of the columns.
    rows : tuple of tuple of str
        As long as the head.
    more : str
        What was left out, as a sentence.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: str = ""

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns are aligned on the right: those whose cells all begin like a number."""
        return tuple(
            place > 0 and all(_is_number(row[place]) for row in self.rows)
            for place in range(len(self.head))
        )


def column(head: str, write: Callable[..., Cell], *sources: str) -> Column:
    """Describe a column that is written from the values of one column of a DataFrame or more."""
    return Column(head, write, sources)


def make_table(caption: str, frame: pd.DataFrame, *columns: Column, most: int = SHOWN) -> Table:
    """Turn a table of values into texts.

    Parameters
    ----------
    caption : str
    frame : DataFrame
    *columns : Column
        Those whose sources are missing are left out.
    most : int
        Rows beyond are counted, not shown.

    Examples
    --------
    >>> frame = pd.DataFrame({"run": ["a"], "q05": [2.5], "q95": [2.75]})
    >>> own = column("Run", str, "run"), column("90 %", span(fixed(2)), "q05", "q95")
    >>> make_table("Runs", frame, *own).rows
    (('a', Markup('2.50 to 2.75')),)
    """
    chosen = [one for one in columns if set(one.sources) <= set(frame.columns)]
    shown = frame.head(most)
    cells = [
        [one.write(*values) for values in zip(*(shown[name] for name in one.sources), strict=True)]
        for one in chosen
    ]
    left = len(frame) - len(shown)
    more = f"{left} more row{'s' if left > 1 else ''} not shown." if left > 0 else ""
    return Table(caption, tuple(one.head for one in chosen), tuple(zip(*cells, strict=True)), more)


def flop(value: float) -> Markup:
    """Write an amount of compute in three digits.

    Examples
    --------
    >>> print(flop(2.3e22).replace(SPACE, " "))
    2.3 × 10<sup>22</sup>
    """
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    if not exponent:
        return Markup(mantissa)
    power = f"{int(exponent)}".replace("-", MINUS)
    return Markup("{}{}×{}10<sup>{}</sup>").format(mantissa, SPACE, SPACE, power)


def plain_flop(value: float) -> str:
    """Write an amount of compute in three digits, where there can be no markup.

    Examples
    --------
    >>> plain_flop(2.3e22)
    '2.3e22'
    """
    return f"{value:.3g}".replace("e+", "e")


def significant(digits: int) -> Callable[[Any], Cell]:
    """Give a way to write numbers in so many digits; nothing for one that is missing.

    What lies before the decimal point is written whole, and a million or more as a power of ten.

    Examples
    --------
    >>> write = significant(3)
    >>> write(0.080123), write(-2), write(12345.6), write(float("nan"))
    ('0.0801', '−2', '12,346', '')
    """

    def write(value: Any) -> Cell:
        number = float(value)
        if math.isnan(number):
            return ""
        if number != 0 and not 1e-4 <= abs(number) < 1e6:
            return flop(number)
        text = f"{number:z,.{digits}g}"
        return (f"{number:,.0f}" if "e" in text else text).replace("-", MINUS)

    return write


three_digits, four_digits = significant(3), significant(4)


def fixed(digits: int) -> Callable[[Any], str]:
    """Give a way to write numbers with so many decimals; nothing for one that is missing.

    Examples
    --------
    >>> write = fixed(2)
    >>> write(-0.5), write(-0.001), write(1234)
    ('−0.50', '0.00', '1,234.00')
    """

    def write(value: Any) -> str:
        number = float(value)
        return "" if math.isnan(number) else f"{number:z,.{digits}f}".replace("-", MINUS)

    return write


def percent(value: Any) -> str:
    """Write a share as a percentage; nothing for one that is missing.

    Only what is 0 or 100 % is written as such.

    Examples
    --------
    >>> shares = 0.9, 0.0123, 0.0004, 0.9996, 1e-9, float("nan")
    >>> [percent(share).replace(SPACE, " ") for share in shares]
    ['90 %', '1.2 %', '0.04 %', '99.96 %', '< 0.01 %', '']
    """
    share = 100 * float(value)
    if math.isnan(share):
        return ""
    if 0 < share < FINEST:
        return f"< {FINEST}{SPACE}%"
    if 0 < 100 - share < FINEST:
        return f"> {100 - FINEST}{SPACE}%"
    return f"{share:z.{_percent_decimals(share)}f}{SPACE}%".replace("-", MINUS)


def chance(value: Any) -> str:
    """Write a share of draws as a percentage: all of them don't make a thing certain.

    Examples
    --------
    >>> [chance(share).replace(SPACE, " ") for share in (0.0, 0.12, 1.0, float("nan"))]
    ['< 0.1 %', '12 %', '> 99.9 %', '']
    """
    share = float(value)
    if share < RARE:
        return f"< {100 * RARE:g}{SPACE}%"
    if share > 1 - RARE:
        return f"> {100 * (1 - RARE):g}{SPACE}%"
    return percent(share)


def _percent_decimals(share: float) -> int:
    """Count the decimals that keep a percentage apart from 0 and 100."""
    if math.isclose(share, round(share), rel_tol=1e-12) or 10 <= share <= 90:
        return 0
    return 2 if min(abs(share), abs(100 - share)) < 0.1 else 1


def decimals(low: Any, high: Any) -> int:
    """Count the decimals that show two digits of the narrowest of some intervals.

    Examples
    --------
    >>> decimals([1.5], [1.62]), decimals([1.0], [1.0])
    (3, 4)
    """
    width = float(np.min(np.asarray(high) - np.asarray(low)))
    return min(max(2 - math.floor(math.log10(width)), 0), 6) if width > 0 else 4


def span(write: Callable[[Any], Cell]) -> Callable[[Any, Any], Cell]:
    """Give a way to write intervals as ``low to high``; nothing where a bound is missing."""

    def write_both(low: Any, high: Any) -> Cell:
        ends = write(low), write(high)
        return Markup("{} to {}").format(*ends) if all(ends) else ""

    return write_both


def glossed(name: str, gloss: str) -> Cell:
    """Write a name with what it means below it."""
    return Markup('{}<span class="gloss">{}</span>').format(name, gloss) if gloss else name


def _is_number(cell: Cell) -> bool:
    return not cell or NUMBER.match(cell) is not None
