"""Read a ledger: bytes to lines to records."""

import os
from pathlib import Path

from bayes_scaling.errors import LedgerError, OutputError
from bayes_scaling.ledger.disk import locked, read_all
from bayes_scaling.ledger.formats import Format, parse_records
from bayes_scaling.ledger.heads import head_path

CHUNK = 1 << 16


def read_records[R](ledger: str | Path, form: Format[R]) -> tuple[R, ...]:
    """Read the records of a ledger as they stand; raises LedgerError if one can't be read."""
    path = existing(ledger)
    lines, torn = split_lines(snapshot(path)[0])
    if torn:
        raise LedgerError(
            f"{path}: the last line has no end: an append was interrupted, or the ledger was cut. "
            "verify says which."
        )
    return parse_records(path, lines, form)


def existing(ledger: str | Path) -> Path:
    """Resolve the path of a ledger that is there."""
    path = Path(ledger).expanduser().resolve()
    if not path.is_file():
        raise LedgerError(f"{ledger}: there is no such ledger; register begins one.")
    return path


def snapshot(path: Path) -> tuple[bytes, bytes | None]:
    """Read a ledger and its head file at one moment; None where there is no head file."""
    with locked(path, exclusive=False) as descriptor:
        data = read_all(descriptor)
        try:
            return data, head_path(path).read_bytes()
        except FileNotFoundError:
            return data, None
        except OSError as error:
            raise OutputError(f"{head_path(path)}: can't be read: {error.strerror}.") from None


def split_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Split into whole lines, newline included, and what is left without one."""
    *whole, rest = data.split(b"\n")
    return [line + b"\n" for line in whole], rest


def last_line(descriptor: int) -> bytes:
    """Read the last line of a file, newline included where it has one."""
    size = start = os.fstat(descriptor).st_size
    found = b""
    while start > 0 and b"\n" not in found[:-1]:
        start = max(0, start - CHUNK)
        found = os.pread(descriptor, size - start, start)
    return found[found[:-1].rfind(b"\n") + 1 :]
