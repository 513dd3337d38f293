"""Read a ledger: bytes to lines to records."""

from collections.abc import Iterable
from pathlib import Path

from bayes_scaling.errors import LedgerError, OutputError
from bayes_scaling.registry.canonical import from_line, hash_of
from bayes_scaling.registry.disk import locked, read_all
from bayes_scaling.registry.heads import head_path
from bayes_scaling.registry.records import Record
from bayes_scaling.registry.shapes import unreadable


def read_ledger(ledger: str | Path) -> tuple[Record, ...]:
    """Read the records of a ledger, as they stand: `verify` says whether they hold.

    Parameters
    ----------
    ledger : str or Path

    Returns
    -------
    tuple of Record

    Raises
    ------
    LedgerError
        If there is no such ledger, or a line can't be read or is of a newer version.
    """
    path = existing(ledger)
    lines, torn = split_lines(snapshot(path)[0])
    if torn:
        raise LedgerError(
            f"{path}: the last line has no end: an append was interrupted, or the ledger was cut. "
            "verify says which."
        )
    return parse_records(path, lines)


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


def parse_records(path: Path, lines: Iterable[bytes]) -> tuple[Record, ...]:
    """Turn lines into records; raises LedgerError where one isn't a record."""
    return tuple(parse_record(path, number, line) for number, line in enumerate(lines, 1))


def parse_record(path: Path, number: int, line: bytes) -> Record:
    """Turn one line into a record; raises LedgerError if it isn't one."""
    try:
        content = from_line(line)
    except ValueError as error:
        raise LedgerError(f"{path}: record {number} can't be read: {error}.") from None
    why = unreadable(content)
    if why is None and content["number"] != number:
        why = f"it says that it is record {content['number']}"
    if why:
        raise LedgerError(f"{path}: record {number} can't be read: {why}.")
    return Record(path, content, hash_of(line))
