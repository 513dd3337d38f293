"""What was taken as it stands, or as its name says, and should be known: warnings about tables."""

import warnings
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

PACKAGE = str(Path(__file__).parents[1])
READINGS = "bayes_scaling.readings"  # of a table's attrs: a topic, a column of ours, a sentence
Reading = tuple[str, str, str]


class RunsWarning(UserWarning):
    """Something about the runs that was read as it stands, but should be looked at."""


class PassesWarning(UserWarning):
    """Something about pass counts that was taken as it stands, but should be known."""


def warn_of_runs(message: str) -> None:
    """Warn at the line that called into the package."""
    warnings.warn(message, RunsWarning, skip_file_prefixes=(PACKAGE,))


def warn_of_passes(message: str) -> None:
    """Warn at the line that called into the package."""
    warnings.warn(message, PassesWarning, skip_file_prefixes=(PACKAGE,))


def readings_of(table: pd.DataFrame) -> list[Reading]:
    """List how columns were read; whatever else the attrs of a table hold is passed over."""
    said = table.attrs.get(READINGS, ())
    kept = said if isinstance(said, list | tuple) else ()
    found = [tuple(one) for one in kept if isinstance(one, list | tuple)]
    texts = [one for one in found if len(one) == 3 and all(isinstance(text, str) for text in one)]
    return list(dict.fromkeys(texts))


def tell(table: pd.DataFrame, readings: Iterable[Reading]) -> pd.DataFrame:
    """Return a table whose attrs say more of how it was read."""
    said = table.copy(deep=False)
    told = list(dict.fromkeys([*readings_of(table), *readings]))
    said.attrs = {**table.attrs, READINGS: told} if told else dict(table.attrs)
    return said


def warn_of_readings(table: pd.DataFrame, category: type[UserWarning]) -> pd.DataFrame:
    """Warn of each column that was read as its name says; return the table."""
    for _, _, sentence in readings_of(table):
        warnings.warn(sentence, category, skip_file_prefixes=(PACKAGE,))
    return table
