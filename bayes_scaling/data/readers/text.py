"""Files, read whole: their text, unpacked where they are packed, and their plain names."""

import codecs
import gzip
import zlib
from pathlib import Path

from bayes_scaling.errors import DataError

GZIP = b"\x1f\x8b"
PACKED = ".gz"


def read_text(path: Path) -> str:
    """Read a text file, UTF-8 or UTF-16 by its mark; a DataError says if it is empty or no text."""
    content = read_bytes(path)
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{path} isn't a table: it is a binary file, or not in UTF-8.")
    if not text.strip():
        raise DataError(f"{path} is empty.")
    return text


def read_bytes(path: Path) -> bytes:
    """Read a file, unpacked if it is packed by gzip; a DataError says if it can't be."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(GZIP) else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is packed by gzip, and is truncated or altered.") from error
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from error


def plain_name(path: Path) -> str:
    """Name a file without the ending of a packed one.

    Examples
    --------
    >>> plain_name(Path("logs/d8.csv.gz")), plain_name(Path("d8.csv"))
    ('d8.csv', 'd8.csv')
    """
    return path.name[: -len(PACKED)] if path.name.lower().endswith(PACKED) else path.name


def plain_stem(path: Path) -> str:
    """Name a file without its endings."""
    return Path(plain_name(path)).stem


def plain_suffix(path: Path) -> str:
    """Return the ending of a file in lower case, that of what is packed if it is."""
    return Path(plain_name(path)).suffix.lower()
