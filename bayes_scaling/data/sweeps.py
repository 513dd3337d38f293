"""Sweeps of the learning rate: a row a run, some of which may have diverged."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array, Flags
from bayes_scaling.data.cells import (
    Rows,
    as_table,
    is_missing,
    number_columns,
    other_columns,
    read_cells,
    text_column,
)
from bayes_scaling.data.compute import as_float, parse_count
from bayes_scaling.data.mapping import demand_columns, map_columns
from bayes_scaling.data.notices import warn_of_runs
from bayes_scaling.data.readers import read_file
from bayes_scaling.data.sources import Source, find_files, name_source, received
from bayes_scaling.errors import DataError

WIDTH, RATE = "width", "learning_rate"
PLACES = (WIDTH, RATE)
COLUMNS = ("run", "family", WIDTH, "tokens", "batch_tokens", RATE, "loss", "limit", "diverged")
WITHIN = 2.0  # times the least loss of a setting: as far as a bowl is taken to hold
FEWEST = 3  # learning rates of a setting, on average, and settings
YES, NO = {"true", "yes", "1", "1.0", "diverged"}, {"false", "no", "0", "0.0", "finished"}


def read_sweep(
    source: pd.DataFrame | Source,
    places: Sequence[str] = PLACES,
    *,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Read a sweep of the learning rate into a checked table, a row a run.

    Parameters
    ----------
    source : DataFrame, str, Path, or list of them
        A table, or the path or glob of text tables, parquet or JSON lines. See `check_sweep`.
    places : sequence of str
        The covariates of the model, the swept one last.
    columns : mapping of str to str, optional
        From the table's names to ours, such as ``{"lr": "learning_rate"}``.

    Returns
    -------
    DataFrame
        As `check_sweep` describes it.

    Raises
    ------
    DataError
        If there is no such file, or the table is no sweep.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame([(w, 2.0**-t, 3 + 0.1 * (t - 8) ** 2)
    ...                       for w in (256, 512, 1024) for t in (6, 7, 8, 9)])
    >>> table.columns = ["width", "lr", "loss"]
    >>> read_sweep(table, columns={"lr": "learning_rate"})["diverged"].sum()
    np.int64(0)
    """
    demand_columns(columns)
    if isinstance(source, pd.DataFrame):
        return check_sweep(map_columns(source, columns, COLUMNS), places)
    with received(source) as place:
        found = [read_file(one.path)[1] for one in find_files(place, "runs")]
        try:
            whole = map_columns(pd.concat(found, ignore_index=True), columns, COLUMNS)
            return check_sweep(whole, places)
        except DataError as error:
            raise DataError(f"{name_source(place)}: {error}") from error


def check_sweep(table: pd.DataFrame, places: Sequence[str] = PLACES) -> pd.DataFrame:
    """Check a sweep of the learning rate and put it in its standard form.

    A bowl holds near its optimum only. So what is known of a run that diverged, or whose loss is
    more than twice the least of its setting, is that the loss lies above that `limit`.

    Parameters
    ----------
    table : DataFrame
        A row a run, with the covariates of the model and ``loss``, which may be missing where
        ``diverged`` is true. Optional: ``run``, ``family``. It is not changed.
    places : sequence of str
        The covariates of the model, the swept one last: ``width``, perhaps ``tokens`` and
        ``batch_tokens``, and ``learning_rate``. The values of all but the last are a setting.

    Returns
    -------
    DataFrame
        A fresh table, index 0 to n - 1, with ``limit``, and ``diverged`` where a run is known to
        lie above it only: its ``loss`` is the limit then. Checking it again changes nothing.

    Raises
    ------
    DataError
        If a cell isn't what it can be (the message names the row), all runs of a setting diverged,
        or there are fewer than three widths, or fewer than three learning rates a setting.

    Examples
    --------
    >>> import pandas as pd
    >>> rates = [0.001, 0.002, 0.004, 0.008]
    >>> sweep = [(w, t, loss) for w in (256, 512, 1024)
    ...          for t, loss in zip(rates, (2.4, 2.3, 2.4, float("inf")))]
    >>> check_sweep(pd.DataFrame(sweep, columns=["width", "learning_rate", "loss"])).tail(2)
          run   width  learning_rate  loss  limit  diverged
    10  run 11  1024.0          0.004   2.4    4.6     False
    11  run 12  1024.0          0.008   4.6    4.6      True
    """
    raw = as_table(table, "sweep", "a row a run", COLUMNS)
    for name in (*places, "loss"):
        if name not in raw:
            raise DataError(
                f"column {name!r} is missing; the table has: {', '.join(map(str, raw.columns))}. "
                f"Other names are mapped with columns={{'your name': {name!r}}} of read_sweep."
            )
    rows = Rows()
    runs = [f"run {number}" for number in range(1, len(raw) + 1)]
    checked: dict[str, Any] = {"run": text_column(raw, "run", rows) if "run" in raw else runs}
    rows = Rows(names={"run": checked["run"]}) if "run" in raw else rows
    if "family" in raw:
        checked["family"] = text_column(raw, "family", rows)
    parsers = {name: _rate if name == places[-1] else parse_count for name in places}
    checked |= number_columns(raw, parsers, rows)
    for name in places:
        _demand_whole(checked[name], name, rows)
    losses = np.array(read_cells(raw["loss"], _loss, rows), dtype=float)
    gone = _diverged(raw, rows) | np.isinf(losses)
    _demand_losses(losses, gone, rows)
    settings = pd.DataFrame(
        {name: checked[name] for name in ("family", *places[:-1]) if name in checked}
    )
    limit = _limits(settings, np.where(gone, np.inf, losses), raw)
    over = gone | (losses >= limit)
    _demand_spread(pd.DataFrame(checked), places)
    checked |= {"loss": np.where(over, limit, losses), "limit": limit, "diverged": over}
    others = other_columns(
        raw, tuple({*COLUMNS} - {"tokens", "batch_tokens"} | {*places}), warn_of_runs
    )
    whole = pd.concat([pd.DataFrame(checked), others], axis=1)
    whole.attrs = dict(raw.attrs)
    return whole


def _limits(settings: pd.DataFrame, losses: Array, raw: pd.DataFrame) -> Array:
    """Return the limit of each row: as given by a checked table, or twice its setting's least."""
    if {"limit", "diverged"} <= set(raw):
        return raw["limit"].to_numpy(float)
    least = (
        pd.Series(losses)
        .groupby([settings[name] for name in settings], sort=False)
        .transform("min")
    )
    bad = np.flatnonzero(~np.isfinite(least))
    if len(bad):
        words = ", ".join(
            f"{name} {settings[name].iloc[bad[0]]:g}"
            if name != "family"
            else f"family {settings[name].iloc[bad[0]]}"
            for name in settings
        )
        raise DataError(
            f"diverged: all runs of {words} diverged, so nothing is known of its optimum. Add runs "
            "at lower learning rates, or leave its rows out."
        )
    return WITHIN * least.to_numpy(float)


def _demand_losses(losses: Array, gone: Flags, rows: Rows) -> None:
    missing = np.flatnonzero(np.isnan(losses) & ~gone)
    if len(missing):
        raise DataError(
            f"{rows[int(missing[0])]}, column 'loss': missing or NaN. Say diverged = true of a run "
            "that diverged, fill the cell, or leave the run out."
        )


def _demand_spread(checked: pd.DataFrame, places: Sequence[str]) -> None:
    """Demand several widths, and learning rates of each setting."""
    *others, swept = places
    for name in others:
        values = sorted(checked[name].unique())
        if len(values) < FEWEST:
            only = (
                f"all runs are at {name} {values[0]:g}"
                if len(values) == 1
                else (f"there are runs at {name} {values[0]:g} and {values[1]:g} only")
            )
            raise DataError(
                f"{name}: {only}, and how the optimum drifts takes {FEWEST} values or more. Add "
                "sweeps at others."
            )
    counts = checked.groupby([checked[name] for name in others])[swept].nunique()
    if counts.max() < FEWEST:
        raise DataError(
            f"{swept}: no setting was run at more than {counts.max()} value"
            f"{'s' if counts.max() > 1 else ''} of it, and where its optimum lies takes {FEWEST} "
            "or more. Add runs at others."
        )


def _demand_whole(numbers: Array, name: str, rows: Rows) -> None:
    missing = np.isnan(numbers)
    if missing.any():
        raise DataError(
            f"{rows[int(missing.argmax())]}, column {name!r}: missing; it must be a positive "
            "number. Fill the cell, or leave the run out."
        )


def _rate(value: object) -> float:
    number = as_float(value, "a learning rate", "write a number")
    if not (math.isfinite(number) and number > 0):
        raise DataError(
            f"got {number:g}; a learning rate must be positive and finite. Write it as it is, not "
            "as its logarithm."
        )
    return number


def _loss(value: object) -> float:
    """Read a loss; none is NaN, and infinity has diverged."""
    if is_missing(value):
        return math.nan
    number = as_float(value, "a loss", "write a number")
    if not number > 0:
        raise DataError(f"got {number:g}; a loss must be positive.")
    return number


def _diverged(raw: pd.DataFrame, rows: Rows) -> Flags:
    if "diverged" not in raw:
        return np.zeros(len(raw), dtype=bool)
    return np.array(read_cells(raw["diverged"], _flag, rows), dtype=bool)


def _flag(value: object) -> bool:
    word = "" if is_missing(value) else str(value).strip().lower()
    if word in YES or word in NO | {""}:
        return word in YES
    raise DataError(f"got {value!r}; write true or false.")
