"""What was taken as it stands, but should be known: warnings about runs and pass counts."""

import warnings
from pathlib import Path

PACKAGE = str(Path(__file__).parents[1])


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
