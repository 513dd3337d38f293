"""Append to a ledger: locked, flushed, all or nothing."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bayes_scaling.errors import LedgerError, OutputError
from bayes_scaling.ledger.canonical import hash_of, to_line
from bayes_scaling.ledger.disk import locked, read_all, speaking, write_all
from bayes_scaling.ledger.formats import MARK, Format, parse_content, parse_record, parse_records
from bayes_scaling.ledger.heads import Head, from_head_file, head_path, write_head
from bayes_scaling.ledger.reading import last_line, split_lines
from bayes_scaling.ledger.repair import LedgerWarning, put_in_order, read_head
from bayes_scaling.ledger.side_files import keep_side_file


@dataclass
class Writer[R]:
    """A ledger that is locked and in order, ready for records.

    Attributes
    ----------
    path : Path
    descriptor : int
    head : Head
        Of the ledger as it is now.
    form : Format
        Of its records.
    """

    path: Path
    descriptor: int
    head: Head
    form: Format[R]

    def read(self) -> tuple[R, ...]:
        """Read the records."""
        return parse_records(self.path, split_lines(read_all(self.descriptor))[0], self.form)

    def append(
        self, contents: Sequence[Mapping[str, Any]], files: Sequence[tuple[str, bytes]] = ()
    ) -> tuple[R, ...]:
        """Append records, all or none; when it returns they are on the disk.

        Parameters
        ----------
        contents : sequence of mapping
            What the records say; number, time and the hash of the line before are added.
        files : sequence of (role, bytes)
            Side files, which are written first.

        Returns
        -------
        tuple
            The records.

        Raises
        ------
        OutputError
            If the place can't be written. Nothing is appended then.
        """
        lines = self._chained(contents)
        numbered = enumerate(lines, self.head.count + 1)
        records = tuple(parse_record(self.path, n, line, self.form) for n, line in numbered)
        size, data = os.fstat(self.descriptor).st_size, b"".join(lines)
        head = Head(self.head.count + len(lines), hash_of(lines[-1]), size + len(data))
        for role, content in files:
            keep_side_file(self.path, content, self.form.suffixes[role])
        try:
            with speaking(self.path):
                write_all(self.descriptor, data)
                os.fsync(self.descriptor)
                write_head(self.path, head)
        except BaseException:
            self._roll_back(size)
            raise
        self.head = head
        return records

    def _chained(self, contents: Sequence[Mapping[str, Any]]) -> list[bytes]:
        """Write the lines, each with the hash of the one before."""
        now, lines, last = utc_now(), [], self.head
        time = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        late = self._clock_behind(now)
        for content in contents:
            stamp = {MARK: self.form.schema, "number": last.count + 1, "previous": last.hash}
            lines.append(to_line({**content, **stamp, "time": time, **late}))
            last, late = Head(last.count + 1, hash_of(lines[-1])), {}
        return lines

    def _clock_behind(self, now: datetime) -> dict[str, float]:
        """By how many seconds the clock is behind the last record, if it is, with a warning."""
        line = last_line(self.descriptor)
        if not line:
            return {}
        before = parse_content(self.path, self.head.count, line, self.form)["time"]
        seconds = (datetime.fromisoformat(before) - now).total_seconds()
        if seconds <= 0:
            return {}
        warnings.warn(
            f"{self.path}: the clock is {seconds:g} s behind record {self.head.count}. The new "
            "record is appended after it all the same, with the clock's time, and says so "
            "(clock_behind). Look at the clock.",
            LedgerWarning,
            stacklevel=2,
        )
        return {"clock_behind": seconds}

    def _roll_back(self, size: int) -> None:
        """Take back what isn't acknowledged; a ledger may be ahead of its head, never behind."""
        with suppress(OSError):
            if from_head_file(head_path(self.path).read_bytes()) != self.head:
                write_head(self.path, self.head)
            os.ftruncate(self.descriptor, size)
            os.fsync(self.descriptor)


@contextmanager
def writing[R](ledger: str | Path, form: Format[R]) -> Iterator[Writer[R]]:
    """Lock a ledger, put its tail in order, and hand out what appends to it.

    Raises
    ------
    LedgerError
        If something that was acknowledged was lost or changed: an append would bury it.
    OutputError
        If the place can't be written.
    """
    path = Path(ledger).expanduser().resolve()
    with _in_order(path) as (descriptor, head):
        yield Writer(path, descriptor, head, form)


@contextmanager
def _in_order(path: Path) -> Iterator[tuple[int, Head]]:
    """Lock a ledger and put its tail in order; raises as `writing` does."""
    if head_path(path).exists() and not path.exists():
        raise LedgerError(
            f"{path}: the ledger is gone, but its head file is there. Take the ledger from a copy, "
            "or give another path."
        )
    with locked(path, exclusive=True, create=True) as descriptor:
        with speaking(path):
            head = put_in_order(path, descriptor, read_head(path, descriptor))
        yield descriptor, head


def demand_place(ledger: str | Path) -> None:
    """Refuse a ledger that can't be appended to; one that isn't there yet is not begun.

    Raises
    ------
    LedgerError, OutputError
        As `writing` does.
    """
    path = Path(ledger).expanduser().resolve()
    if path.exists() or head_path(path).exists():
        with _in_order(path):
            return
    if not path.parent.is_dir():
        raise OutputError(f"{path}: can't be written: there is no folder {path.parent}.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: can't be written: nothing can be added to {path.parent}.")


def utc_now() -> datetime:
    """Say what the clock says."""
    return datetime.now(UTC)
