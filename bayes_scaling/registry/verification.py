"""Verify a ledger: its chain, its head, its side files."""

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from bayes_scaling.registry.canonical import GENESIS, from_line, hash_of
from bayes_scaling.registry.files import side_file_fault
from bayes_scaling.registry.heads import EMPTY, Head, from_head_file, head_path, parse_head
from bayes_scaling.registry.reading import existing, snapshot, split_lines
from bayes_scaling.registry.shapes import unreadable


@dataclass(frozen=True)
class Verification:
    """What `verify` found.

    Attributes
    ----------
    holds : bool
    first_fault : int or None
        Number of the first record that doesn't hold; one more than the last where the ledger's end
        is missing or torn; None where all hold, or only the head file is at fault.
    message : str
        What was found, in sentences.
    records : int
        How many whole lines there are.
    head : Head
        Of the ledger as it stands.
    remarks : tuple of str
        What is no fault, but should be known: a clock that ran backwards.
    """

    holds: bool
    first_fault: int | None
    message: str
    records: int
    head: Head
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.message, *self.remarks])


@dataclass(frozen=True)
class Fault:
    """What doesn't hold, and from which record on; no record where the head file is at fault."""

    record: int | None
    why: str


def verify(ledger: str | Path, head: Head | str | Path | None = None) -> Verification:
    """Recompute the chain of a ledger, its head and the hashes of its side files.

    Parameters
    ----------
    ledger : str or Path
    head : Head, str or Path, optional
        A head that was published when the ledger had that many records: ``"50:3fa9..."``, or a
        head file. Records may have been added since.

    Returns
    -------
    Verification

    Raises
    ------
    LedgerError
        If there is no such ledger, or the head can't be read.
    OutputError
        If a file is there but can't be read.

    Notes
    -----
    What this shows, and what it can't. Each line carries the SHA-256 of the line before, so an
    edit, deletion, insertion or change of order anywhere but at the end breaks the chain, and the
    head file beside the ledger guards the end. Both lie in the same place. Whoever can write there
    can rewrite all records and the head file with them, or cut the end of both, and the chain that
    results holds. That this did not happen is shown only by a head published where its author
    can't take it back: a commit pushed to a repository of others (``anchor="git"``, then push), a
    time-stamping service, a post. Handed that head, `verify` vouches for every byte of the records
    it counts, but not for what was appended after them.

    Nor does a chain show that a forecast is older than its outcome: the time in a record is what
    the clock of its author said. Only the date of the publication is a witness. And nothing shows
    that the author did not keep several ledgers and publish the one that came true; a place where
    all heads are posted does.

    Side files are checked by their hashes. An author is a name, not a signature.
    """
    path = existing(ledger)
    published = None if head is None else parse_head(head)
    return examine(path, *snapshot(path), published)


def examine(
    path: Path, data: bytes, head_file: bytes | None, published: Head | None
) -> Verification:
    """Verify the bytes of a ledger and its head file, with the side files that lie beside them."""
    lines, torn = split_lines(data)
    ends = [GENESIS, *map(hash_of, lines)]
    found = Head(len(lines), ends[-1], len(data) - len(torn))
    contents, chain = _read_chain(lines, ends)
    faults = (
        _record_fault(path, contents),
        chain,
        _published_fault(published, ends),
        _end_fault(path, head_file, lines, ends, torn),
    )
    if any(faults):
        first = min(filter(None, faults), key=lambda fault: fault.record or math.inf)
        return Verification(False, first.record, first.why, len(lines), found)
    message = f"{_count(len(lines))} and the side files hold. {_vouched(published, found)}"
    return Verification(True, None, message, len(lines), found, tuple(_remarks(contents)))


def _read_chain(
    lines: Sequence[bytes], ends: Sequence[str]
) -> tuple[list[dict[str, Any]], Fault | None]:
    """Read lines up to the first that can't be read, is out of place, or isn't what was built on.

    Returns
    -------
    list of dict
        What the records before the fault say.
    Fault or None
    """
    contents: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            content = from_line(line)
        except ValueError as error:
            return contents, Fault(number, f"Record {number} was changed: {error}.")
        said = content.get("number")
        if said != number:
            why = f"the line in its place says that it is record {said!r}"
            return contents, Fault(number, f"Record {number} is missing or out of order: {why}.")
        if content.get("previous") != ends[number - 1]:
            return contents[:-1], _broken(number)
        contents.append(content)
    return contents, None


def _broken(number: int) -> Fault:
    if number == 1:
        return Fault(1, "Record 1 was changed: it says that a line stood before it.")
    return Fault(
        number - 1,
        f"Record {number - 1} was changed, or record {number}: the hash of the former isn't the "
        "one that the latter was built on.",
    )


def _record_fault(path: Path, contents: Sequence[Mapping[str, Any]]) -> Fault | None:
    """Find the first record of another version, or with a side file that doesn't hold."""
    unread = ((number, unreadable(content)) for number, content in enumerate(contents, 1))
    first = next(((number, why) for number, why in unread if why), None)
    sound = contents if first is None else contents[: first[0] - 1]
    named: dict[tuple[str, str], int] = {}
    for number, content in enumerate(sound, 1):
        for item in content.get("files", {}).items():
            named.setdefault(item, number)
    with ThreadPoolExecutor() as pool:  # hashing releases the lock of the interpreter
        faults = pool.map(lambda item: side_file_fault(path, *item), named)
        for number, why in zip(named.values(), faults, strict=True):
            if why:
                return Fault(number, f"Record {number}: {why}.")
    return first and Fault(first[0], f"Record {first[0]} can't be read: {first[1]}.")


def _published_fault(published: Head | None, ends: Sequence[str]) -> Fault | None:
    if published is None:
        return None
    here = len(ends) - 1
    if published.count > here:
        return Fault(
            here + 1,
            f"Record {here + 1} is missing: the head that was given counts "
            f"{_count(published.count)}, the ledger has {here}. Its end was cut.",
        )
    if ends[published.count] != published.hash:
        return Fault(
            published.count,
            f"Record {published.count} isn't the one that the head that was given names: it, or "
            "the ledger from an earlier record on, was rewritten.",
        )
    return None


def _end_fault(
    path: Path, head_file: bytes | None, lines: Sequence[bytes], ends: Sequence[str], torn: bytes
) -> Fault | None:
    """Compare the end of a ledger with its head file."""
    name, count, after = head_path(path).name, len(lines), len(lines) + 1
    if head_file is None and (lines or torn):
        return Fault(None, f"The head file {name} is missing: nobody can say if the end was cut.")
    head = EMPTY if head_file is None else from_head_file(head_file)
    if head is None:
        return Fault(None, f"The head file {name} was changed: it isn't as it was written.")
    if head.count > count:
        return Fault(
            after,
            f"Record {after} is missing: the head file counts {_count(head.count)}, the ledger "
            f"has {count}{' and a torn line' if torn else ''}. Its end was cut.",
        )
    if ends[head.count] != head.hash:
        return Fault(
            head.count or None,
            f"Record {head.count} was changed, or the head file: the hash of the former isn't the "
            "one in the latter.",
        )
    if head.size != sum(map(len, lines[: head.count])):
        return Fault(None, f"The head file {name} was changed: its size isn't the ledger's.")
    if head.count < count:
        return Fault(
            head.count + 1,
            f"Record {head.count + 1} isn't counted by the head file: its append was interrupted "
            "before it was acknowledged, and the next append will keep it; or it was added by "
            "other means.",
        )
    if torn:
        return Fault(
            after,
            f"Line {after} has no end: an append was interrupted before it was acknowledged. The "
            "next append will move it aside.",
        )
    return None


def _vouched(published: Head | None, found: Head) -> str:
    if published is None:
        return (
            f"The head is {found}. Only a head that was published elsewhere shows that nobody "
            "rewrote the whole ledger."
        )
    later = found.count - published.count
    more = f"; {_count(later)} came later" if later else ""
    return f"The first {published.count} are those of the head that was given{more}."


def _remarks(contents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say where the clock ran backwards."""
    for before, after in pairwise(contents):
        times = [datetime.fromisoformat(str(one["time"])) for one in (before, after)]
        if times[1] < times[0]:
            yield (
                f"By its clock, record {after['number']} is older than record "
                f"{before['number']}, which it follows."
            )


def _count(records: int) -> str:
    return f"{records} record{'' if records == 1 else 's'}"
