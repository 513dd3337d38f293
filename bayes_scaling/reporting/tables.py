"""Tables and numbers as a page shows them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

MINUS, SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
SHOWN = 60

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

    Examples
    --------
    >>> write = significant(3)
    >>> write(0.080123), write(-2), write(float("nan"))
    ('0.0801', '−2', '')
    """

    def write(value: Any) -> Cell:
        number = float(value)
        if math.isnan(number):
            return ""
        if number != 0 and not 1e-4 <= abs(number) < 1e6:
            return flop(number)
        return f"{number:.{digits}g}".replace("-", MINUS)

    return write


three_digits, four_digits = significant(3), significant(4)


def fixed(digits: int) -> Callable[[Any], str]:
    """Give a way to write numbers with so many decimals; nothing for one that is missing."""

    def write(value: Any) -> str:
        number = float(value)
        return "" if math.isnan(number) else f"{number:.{digits}f}".replace("-", MINUS)

    return write


def percent(value: Any) -> str:
    """Write a share as a percentage; nothing for one that is missing.

    Examples
    --------
    >>> [percent(share).replace(SPACE, " ") for share in (0.9, 0.0123, float("nan"))]
    ['90 %', '1.2 %', '']
    """
    share = 100 * float(value)
    if math.isnan(share):
        return ""
    digits = 0 if share == round(share) or 10 <= abs(share) <= 90 else 1
    return f"{share:.{digits}f}{SPACE}%".replace("-", MINUS)


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
    return not cell or cell[0].isdigit() or cell[0] == MINUS
