"""What was taken as it stands, but should be known: warnings about pass counts."""

import warnings
from pathlib import Path

PACKAGE = str(Path(__file__).parents[1])


class PassesWarning(UserWarning):
    """Something about pass counts that was taken as it stands, but should be known."""


def warn_of_passes(message: str) -> None:
    """Warn at the line that called into the package."""
    warnings.warn(message, PassesWarning, skip_file_prefixes=(PACKAGE,))
