"""Verify a ledger: its chain, its head, its side files."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from bayes_scaling.errors import LedgerError
from bayes_scaling.ledger.canonical import GENESIS, hash_of
from bayes_scaling.ledger.faults import (
    count_text,
    end_fault,
    published_fault,
    read_chain,
    record_fault,
)
from bayes_scaling.ledger.formats import Format
from bayes_scaling.ledger.heads import Head, head_path, parse_head
from bayes_scaling.ledger.reading import existing, snapshot, split_lines


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


def examine_ledger(
    ledger: str | Path, head: Head | str | Path | None, form: Format[Any]
) -> Verification:
    """Verify a ledger as it stands, perhaps against a head that was published."""
    path = existing(ledger)
    published = None if head is None else parse_head(head)
    return examine(path, *snapshot(path), published, form)


def examine(
    path: Path,
    data: bytes,
    head_file: bytes | None,
    published: Head | None,
    form: Format[Any],
) -> Verification:
    """Verify the bytes of a ledger and its head file, with the side files that lie beside them."""
    lines, torn = split_lines(data)
    ends = [GENESIS, *map(hash_of, lines)]
    found = Head(len(lines), ends[-1], len(data) - len(torn))
    contents, chain = read_chain(lines, ends)
    faults = (
        record_fault(path, contents, form),
        chain,
        published_fault(published, ends),
        end_fault(path, head_file, lines, ends, torn),
    )
    if any(faults):
        first = min(filter(None, faults), key=lambda fault: fault.record or math.inf)
        return Verification(False, first.record, first.why, len(lines), found)
    message = f"{count_text(len(lines))} and the side files hold. {_vouched(published, found)}"
    return Verification(True, None, message, len(lines), found, tuple(_remarks(contents)))


def demand_sound(
    ledger: str | Path, refused: str, form: Format[Any], head: Head | None = None
) -> None:
    """Demand a ledger that holds; raises LedgerError, which says what is refused otherwise."""
    _demand_holding(ledger, examine_ledger(ledger, head, form), refused)


def demand_sound_bytes(path: Path, data: bytes, form: Format[Any]) -> None:
    """Demand that a ledger holds, before something is appended to it; call it with it locked."""
    found = examine(path, data, head_path(path).read_bytes(), None, form)
    _demand_holding(path, found, "nothing was appended")


def _demand_holding(ledger: str | Path, found: Verification, refused: str) -> None:
    if not found.holds:
        raise LedgerError(f"{ledger}: doesn't hold, so {refused}. {found.message}")


def _vouched(published: Head | None, found: Head) -> str:
    if published is None:
        return (
            f"The head is {found}. Only a head that was published elsewhere shows that nobody "
            "rewrote the whole ledger."
        )
    later = found.count - published.count
    more = f"; {count_text(later)} came later" if later else ""
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
