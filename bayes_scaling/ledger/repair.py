"""The end of a ledger: its head, and the repair of what an interrupted append left behind it."""

import os
import warnings
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from bayes_scaling.errors import LedgerError
from bayes_scaling.ledger.canonical import GENESIS, from_line, hash_of
from bayes_scaling.ledger.disk import locked, read_all, speaking, write_durably
from bayes_scaling.ledger.formats import MARK
from bayes_scaling.ledger.heads import EMPTY, Head, from_head_file, head_path, write_head
from bayes_scaling.ledger.reading import existing, last_line, split_lines


class LedgerWarning(UserWarning):
    """Something that was found at an append, and what was done about it."""


def head_of(ledger: str | Path) -> Head:
    """Return the head of a ledger: what to publish, and to hand to `verify` later.

    Parameters
    ----------
    ledger : str or Path

    Returns
    -------
    Head
        Its text, ``str(head)``, is the count and the hash of the last line.

    Raises
    ------
    LedgerError
        If there is no such ledger, or it doesn't end where its head file says.
    """
    path = existing(ledger)
    with locked(path, exclusive=False) as descriptor:
        head = read_head(path, descriptor)
        if not _ends_with(descriptor, head):
            raise LedgerError(
                f"{path}: the ledger doesn't end where its head file says; verify it."
            )
    return head


def rebuild_head(ledger: str | Path) -> Head:
    """Write the head file anew, from the ledger as it stands.

    For a head file that was lost. Whoever does it vouches for the ledger: nobody can see from the
    ledger alone whether its end was cut.

    Parameters
    ----------
    ledger : str or Path

    Returns
    -------
    Head

    Raises
    ------
    LedgerError
        If there is no such ledger, or its chain doesn't hold.
    """
    path = existing(ledger)
    with locked(path, exclusive=True) as descriptor, speaking(path):
        data = read_all(descriptor)
        lines, torn = split_lines(data)
        if torn or count_following(lines, EMPTY) < len(lines):
            raise LedgerError(f"{path}: the chain doesn't hold, so it has no head; verify it.")
        head = Head(len(lines), hash_of(lines[-1]), len(data)) if lines else EMPTY
        write_head(path, head)
    return head


def read_head(path: Path, descriptor: int) -> Head:
    """Read the head file of a ledger; an empty ledger gets one before its first record."""
    try:
        head = from_head_file(head_path(path).read_bytes())
    except FileNotFoundError:
        if os.fstat(descriptor).st_size:
            raise LedgerError(_why_no_head(path, descriptor)) from None
        write_head(path, EMPTY)
        return EMPTY
    if head is None:
        raise LedgerError(
            f"{head_path(path)}: isn't a head file as it was written. Take it from a copy; or, if "
            "you can vouch for the ledger, write it anew with rebuild_head."
        )
    return head


def put_in_order(path: Path, descriptor: int, head: Head) -> Head:
    """Demand what was acknowledged, keep whole records after it, and move a torn tail aside.

    Raises
    ------
    LedgerError
        If the ledger and its head file don't agree, or something that isn't torn follows the head.
    """
    if _ends_with(descriptor, head):
        return head
    data = read_all(descriptor)
    lines, _ = split_lines(data)
    ends = [GENESIS, *map(hash_of, lines)]
    sizes = [0, *accumulate(map(len, lines))]
    if head.count >= len(ends) or (ends[head.count], sizes[head.count]) != (head.hash, head.size):
        raise LedgerError(
            f"{path}: nothing was appended, because the ledger and its head file don't agree: "
            f"{head.count} records were acknowledged, and not all of them are there as they were. "
            "verify says which; take both files from a copy."
        )
    kept = head.count + count_following(lines[head.count :], head)
    if kept < len(lines) and MARK in _content(lines[kept]):
        raise LedgerError(
            f"{path}: nothing was appended, because the line after record {kept} doesn't follow "
            "it: it was added by other means. Take it out, and register it properly."
        )
    if kept > head.count:
        head = Head(kept, ends[kept], sizes[kept])
        write_head(path, head)
        _warn(f"{path}: an append was interrupted; what it wrote, up to record {kept}, is kept.")
    if tail := data[sizes[kept] :]:
        _move_aside(path, descriptor, tail)
    return head


def count_following(lines: Sequence[bytes], head: Head) -> int:
    """Count the lines that continue a chain, up to the first that doesn't."""
    for place, line in enumerate(lines):
        content = _content(line)
        if (content.get("number"), content.get("previous")) != (head.count + 1, head.hash):
            return place
        head = Head(head.count + 1, hash_of(line))
    return len(lines)


def _ends_with(descriptor: int, head: Head) -> bool:
    """Whether a ledger ends with the line and at the byte that a head names."""
    line = last_line(descriptor)
    last = hash_of(line) if line else GENESIS
    return (last, os.fstat(descriptor).st_size) == (head.hash, head.size)


def _content(line: bytes) -> dict[str, Any]:
    try:
        return from_line(line)
    except ValueError:
        return {}


def _why_no_head(path: Path, descriptor: int) -> str:
    if count_following(split_lines(read_all(descriptor))[0][:1], EMPTY):
        return (
            f"{head_path(path)}: the head file is missing, and without it nobody can say whether "
            "the ledger's end was cut. Take it from a copy; or, if you can vouch for the ledger, "
            "write it anew with rebuild_head."
        )
    return f"{path}: isn't a ledger of bayes_scaling; choose another file."


def _move_aside(path: Path, descriptor: int, tail: bytes) -> None:
    aside = path.with_name(f"{path.name}.torn-{hash_of(tail)[:12]}")
    write_durably(aside, tail)
    os.ftruncate(descriptor, os.fstat(descriptor).st_size - len(tail))
    os.fsync(descriptor)
    _warn(f"{path}: an append was interrupted; its torn end, {len(tail)} bytes, is in {aside}.")


def _warn(text: str) -> None:
    warnings.warn(text, LedgerWarning, stacklevel=2)
