"""Tables whose runs are ordered along another column than compute."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.data.compute import parse_count
from bayes_scaling.errors import DataError

OURS = ("compute", "compute_from")
STANDARD = frozenset({"compute", "params", "tokens", "loss"})  # columns that every table may have


def check_along(
    data: pd.DataFrame, along: str | None, check: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Check a table whose runs are ordered along a column of positive amounts.

    Parameters
    ----------
    data : DataFrame
        It needs no ``compute``.
    along : str, optional
        The column; without one, or where all tables have it, `check` is all that is done.
    check : callable
        Of the response's tables.

    Raises
    ------
    DataError
        If the column is missing or a cell isn't a positive amount, or as `check` does.
    """
    if along is None or along in STANDARD:
        return check(data)
    if along not in data:
        raise DataError(
            f"along: the table has no column {along!r}. It has {', '.join(map(str, data.columns))}."
        )
    amounts = [_amount(cell, row, along) for row, cell in enumerate(data[along], start=1)]
    if "compute" in data:
        return check(data.assign(**{along: amounts}))
    return _without_compute(check(data.drop(columns=along).assign(compute=amounts)), along)


def own_columns(along: str | None) -> tuple[str, ...]:
    """Return the column that runs are ordered along, where it isn't one that every table has."""
    return () if along is None or along in STANDARD else (along,)


def as_compute(table: pd.DataFrame, along: str) -> pd.DataFrame:
    """Return a table with a column in the place of compute, for checks of how responses fall."""
    if along == "compute":
        return table
    return table.assign(compute=table[along], compute_from="given")


def _amount(cell: Any, row: int, along: str) -> float:
    try:
        return parse_count(cell.item() if isinstance(cell, np.generic) else cell)
    except DataError as error:
        raise DataError(f"row {row}, column {along!r}: {error}") from None


def _without_compute(checked: pd.DataFrame, along: str) -> pd.DataFrame:
    """Give the column its own name back."""
    named = checked.drop(columns=OURS[1], errors="ignore").rename(columns={"compute": along})
    named.attrs = dict(checked.attrs)
    return named
