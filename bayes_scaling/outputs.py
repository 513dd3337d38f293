"""Files that are written whole or not at all, where they were asked for or in a place of refuge."""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bayes_scaling.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the path of a file to write, which then takes the place of `path`, whole or not at all.

    Raises
    ------
    OutputError
        If the path can't be written; nothing is left behind.
    """
    part = _part(path)
    with _speaking(path):
        try:
            yield part
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def demand_writable(path: Path) -> None:
    """Refuse a path that can't be written, before the work that would be lost.

    Raises
    ------
    OutputError
        If it is a folder, or no file can be made beside it; nothing is left behind.
    """
    with _speaking(path):
        if path.is_dir():
            raise OutputError(f"{path}: can't be written: it is a folder. Add a file name.")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: can't be written: there is no folder {path.parent}.")
        part = _part(path)
        part.touch(exist_ok=False)
        part.unlink()


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


@contextmanager
def _speaking(path: Path) -> Iterator[None]:
    """Turn the system's errors into one sentence."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror or error}.") from None


def take_refuge(name: str, write: Callable[[Path], object]) -> Path:
    """Write a file that can't stand where it was asked for into a fresh temporary folder.

    Returns
    -------
    Path
        Where it is now; only this user can read it.
    """
    path = Path(tempfile.mkdtemp(prefix="bayes-scaling-")) / name
    write(path)
    return path
