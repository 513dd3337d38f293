"""What was taken as it stands, or as its name says, and should be known: warnings about tables."""

import warnings
from pathlib import Path

import pandas as pd

PACKAGE = str(Path(__file__).parents[1])
READINGS = "readings"  # of a table's attrs: how columns were read, a topic and a sentence each


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


def warn_of_readings(table: pd.DataFrame, category: type[UserWarning]) -> pd.DataFrame:
    """Warn of each column that was read as its name says; return the table."""
    for _, sentence in table.attrs.get(READINGS, ()):
        warnings.warn(sentence, category, skip_file_prefixes=(PACKAGE,))
    return table
