"""The head of a ledger: how many records it has, and the hash of the last."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bayes_scaling.errors import LedgerError
from bayes_scaling.ledger.canonical import GENESIS, HASH, from_line, to_line
from bayes_scaling.ledger.disk import write_durably

SUFFIX = ".head"


@dataclass(frozen=True)
class Head:
    """What stands for a whole ledger, short enough to be posted.

    Attributes
    ----------
    count : int
        Number of records.
    hash : str
        SHA-256 of the last line, newline included; zeros where there is none.
    size : int or None
        Bytes of the ledger, where it is read from a head file.

    Examples
    --------
    >>> str(Head(0, "0" * 64))[:8]
    '0:000000'
    """

    count: int
    hash: str
    size: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.count}:{self.hash}"


EMPTY = Head(0, GENESIS, 0)


def head_path(ledger: Path) -> Path:
    """Name the head file of a ledger."""
    return ledger.with_name(ledger.name + SUFFIX)


def parse_head(given: Head | str | Path) -> Head:
    """Read a head that was published.

    Parameters
    ----------
    given : Head, str or Path
        ``"50:3fa9..."``, the text of a head file, or the path of one.

    Raises
    ------
    LedgerError
        If it is none of these.

    Examples
    --------
    >>> parse_head(str(Head(3, "ab" * 32))).count
    3
    """
    if isinstance(given, Head):
        return given
    text = str(given).strip()
    with suppress(OSError, ValueError):
        if not text.startswith("{") and Path(text).is_file():
            text = Path(text).read_text(encoding="utf-8").strip()
    count, _, digest = text.partition(":")
    if count.isascii() and count.isdigit() and len(count) < 16:
        found = _checked({"count": int(count), "hash": digest})
    else:
        found = _from_json(text)
    if found is None:
        raise LedgerError(
            "head: expected a count and a hash such as '50:3fa9...', or a head file, got "
            f"{text[:60]!r}."
        )
    return found


def from_head_file(data: bytes) -> Head | None:
    """Read the bytes of a head file; None if they are anything else than what is written."""
    try:
        content = from_line(data)
    except ValueError:
        return None
    return _checked(content) if to_line(content) == data and "size" in content else None


def write_head(ledger: Path, head: Head) -> None:
    """Replace the head file, whole or not at all; call it with the ledger locked."""
    write_durably(head_path(ledger), to_line(asdict(head)))


def _from_json(text: str) -> Head | None:
    try:
        return _checked(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _checked(content: Any) -> Head | None:
    if not isinstance(content, dict) or set(content) | {"size"} != {"count", "hash", "size"}:
        return None
    count, digest, size = content["count"], content["hash"], content.get("size")
    for number in (count, 0 if size is None else size):
        if type(number) is not int or number < 0:
            return None
    if not isinstance(digest, str) or not HASH.fullmatch(digest):
        return None
    return Head(count, digest, size) if (count == 0) == (digest == GENESIS) else None
