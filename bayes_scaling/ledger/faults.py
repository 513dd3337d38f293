"""What can be wrong with a ledger, and with which record it begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayes_scaling.ledger.canonical import from_line
from bayes_scaling.ledger.formats import Format, unreadable
from bayes_scaling.ledger.heads import EMPTY, Head, from_head_file, head_path
from bayes_scaling.ledger.side_files import side_file_fault, side_path


@dataclass(frozen=True)
class Fault:
    """What doesn't hold, and from which record on; no record where the head file is at fault."""

    record: int | None
    why: str


def read_chain(
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


def record_fault(
    path: Path, contents: Sequence[Mapping[str, Any]], form: Format[Any]
) -> Fault | None:
    """Find the first record of another version, or with a side file that doesn't hold."""
    sound: set[tuple[str, str]] = set()
    for number, content in enumerate(contents, 1):
        if why := unreadable(content, form):
            return Fault(number, f"Record {number} can't be read: {why}.")
        for role, digest in form.files(content).items():
            if (role, digest) in sound:
                continue
            if why := side_file_fault(side_path(path, digest, form.suffixes[role]), role):
                return Fault(number, f"Record {number}: {why}.")
            sound.add((role, digest))
    return None


def published_fault(published: Head | None, ends: Sequence[str]) -> Fault | None:
    """Compare a ledger with a head that was published; it may have grown since."""
    if published is None:
        return None
    here = len(ends) - 1
    if published.count > here:
        return Fault(
            here + 1,
            f"Record {here + 1} is missing: the head that was given counts "
            f"{count_text(published.count)}, the ledger has {here}. Its end was cut.",
        )
    if ends[published.count] != published.hash:
        return Fault(
            published.count,
            f"Record {published.count} isn't the one that the head that was given names: it, or "
            "the ledger from an earlier record on, was rewritten.",
        )
    return None


def end_fault(
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
            f"Record {after} is missing: the head file counts {count_text(head.count)}, the ledger "
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


def count_text(records: int) -> str:
    """Write a number of records."""
    return f"{records} record{'' if records == 1 else 's'}"
