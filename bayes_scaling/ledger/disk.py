"""Writes that are on the disk when they return, and locks between processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bayes_scaling.errors import LedgerError, OutputError

READ = os.O_RDONLY | os.O_CLOEXEC
APPEND = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
REPLACE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


@contextmanager
def locked(path: Path, *, exclusive: bool, create: bool = False) -> Iterator[int]:
    """Open a file and wait for a lock on it: shared for readers, exclusive for a writer.

    The lock goes with the file's descriptor, so a process that is killed leaves none behind.

    Raises
    ------
    OutputError
        If the file can't be opened for what is asked.
    LedgerError
        If the system has no such locks.
    """
    try:
        import fcntl
    except ImportError:
        raise LedgerError(
            f"{path}: a ledger needs file locks (flock), which this system doesn't have. Use "
            "Linux, macOS or WSL."
        ) from None
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    flags = (APPEND if exclusive else READ) | (os.O_CREAT if create else 0)
    while True:
        with speaking(path, "written" if exclusive else "read"):
            descriptor = os.open(path, flags, 0o666)
        try:
            with speaking(path, "locked"):
                fcntl.flock(descriptor, kind)
            if _is_still(path, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)


@contextmanager
def speaking(path: Path, verb: str = "written") -> Iterator[None]:
    """Turn the system's errors into one sentence."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: can't be {verb}: {error.strerror or error}.") from None


def write_durably(path: Path, data: bytes) -> None:
    """Put a file in place, whole or not at all, and wait until it is on the disk.

    Call it with the ledger locked: what a killed process left is written over.
    """
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, REPLACE, 0o666)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(path)
    sync_folder(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, however many the system takes at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_all(descriptor: int) -> bytes:
    """Read an open file from its beginning."""
    parts, at = [], 0
    while part := os.pread(descriptor, 1 << 24, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the file system can."""
    descriptor = os.open(folder, READ)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the path names the file that was locked, and not one that took its place."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
