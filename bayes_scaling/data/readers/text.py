"""Text files, read whole."""

from pathlib import Path

from bayes_scaling.errors import DataError


def read_text(path: Path) -> str:
    """Read a UTF-8 text file; a DataError says if it is empty or no text."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{path} isn't a table: it is a binary file, or not in UTF-8.")
    if not text.strip():
        raise DataError(f"{path} is empty.")
    return text
