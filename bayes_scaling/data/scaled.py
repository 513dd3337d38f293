"""Tables whose runs are ordered along another column than compute."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.data.compute import parse_count
from bayes_scaling.errors import DataError

OURS = ("compute", "compute_from")


def check_along(
    data: Any, along: str, check: Callable[[pd.DataFrame], pd.DataFrame], read: Callable[..., Any]
) -> pd.DataFrame:
    """Check a table, or read one, whose runs are ordered along a column of positive amounts.

    Parameters
    ----------
    data : DataFrame, str or Path
        It needs no ``compute``.
    along : str
        The column.
    check, read : callable
        Of the response's tables.

    Raises
    ------
    DataError
        If the column is missing or a cell isn't a positive amount, or as `check` does.
    """
    if not isinstance(data, pd.DataFrame):
        return _without_compute(read(data, columns={along: "compute"}), along)
    if along not in data:
        raise DataError(
            f"along: the table has no column {along!r}. It has {', '.join(map(str, data.columns))}."
        )
    amounts = [_amount(cell, row, along) for row, cell in enumerate(data[along], start=1)]
    if "compute" in data:
        return check(data.assign(**{along: amounts}))
    return _without_compute(check(data.drop(columns=along).assign(compute=amounts)), along)


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
