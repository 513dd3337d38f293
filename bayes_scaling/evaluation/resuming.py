"""A file that remembers what is done, a line a piece, so that interrupted work goes on."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bayes_scaling.errors import OutputError

MARK = "bayes_scaling_backtest"
SCHEMA = 1

type Key = tuple[str, float]
type Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Journal:
    """What was done before, and where to write what is done now."""

    done: Mapping[Key, Rows]
    file: IO[str] | None = None

    def append(self, key: Key, rows: Rows) -> None:
        """Write one line, at once."""
        if self.file is not None:
            record = {"ladder": key[0], "cutoff": key[1], "forecasts": rows}
            self.file.write(json.dumps(record) + "\n")
            self.file.flush()


@contextmanager
def open_journal(path: Path | None, header: Mapping[str, Any]) -> Iterator[Journal]:
    """Open a JSON-lines file to go on with; without a path nothing is kept.

    A last line that was torn by a crash is dropped.

    Parameters
    ----------
    path : Path, optional
    header : mapping
        What the work depends on. It is the first line of the file.

    Raises
    ------
    OutputError
        If the path can't be written, or holds something else.
    """
    if path is None:
        yield Journal({})
        return
    first = {MARK: SCHEMA, **header}
    try:
        file = path.open("a+", encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"save: {path} can't be written: {error.strerror or error}.") from None
    with file:
        _lock(path, file)
        done = _read(path, file, first)
        if file.tell() == 0:
            file.write(json.dumps(first) + "\n")
            file.flush()
        yield Journal(done, file)


def _lock(path: Path, file: IO[str]) -> None:
    """Keep a second process off the file, where the system can."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"save: another process is writing to {path}; let it finish.") from None


def _read(path: Path, file: IO[str], first: Mapping[str, Any]) -> dict[Key, Rows]:
    """Read the whole lines, check the header, then cut off a torn line."""
    file.seek(0)
    try:
        text = file.read()
        whole = text[: text.rfind("\n") + 1]
        header, *records = [json.loads(line) for line in whole.splitlines()] or [None]
        done = {(one["ladder"], one["cutoff"]): one["forecasts"] for one in records}
    except (ValueError, KeyError, TypeError):
        raise _refusal(path) from None
    if header is not None:
        _demand_same(path, header, first)
    elif not json.dumps(first).startswith(text):
        raise _refusal(path)
    file.seek(0)
    file.truncate(len(whole.encode()))
    file.seek(0, 2)
    return done


def _demand_same(path: Path, found: Any, first: Mapping[str, Any]) -> None:
    if not isinstance(found, dict) or found.get(MARK) != SCHEMA:
        raise _refusal(path)
    other = [name for name in first if found.get(name) != first[name]]
    if other:
        raise OutputError(
            f"save: {path} holds a backtest with another {' and '.join(other)}, and can't be gone "
            "on with; choose another file, or delete it."
        )


def _refusal(path: Path) -> OutputError:
    return OutputError(f"save: {path} is not a saved backtest; choose another file.")
