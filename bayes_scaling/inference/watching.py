"""How far a long fit is, on one line of stderr, where somebody looks on: terminal or notebook."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from bayes_scaling.inference.nuts import Progress

BEFORE = "getting the model ready; the first time on a machine it compiles, for a minute or two"
EVERY = 0.2  # seconds
CLEAR = "\r\x1b[K"


class ProgressLine:
    """One line that is written over: what is done, and how long it will still take.

    Parameters
    ----------
    stream : text stream
    clock : callable
        Returns seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._began, self._last = 0.0, -EVERY
        self._write(BEFORE)

    def __call__(self, done: int, total: int) -> None:
        """Say that so much is done of so much."""
        now = self._clock()
        self._began = self._began or now
        if now - self._last < EVERY and done < total:
            return
        self._last = now
        left = (now - self._began) * (total - done) / done if done else 0.0
        ahead = f", about {_duration(left)} to go" if 0 < done < total and left >= 1 else ""
        self._write(f"sampling: {done / max(total, 1):4.0%}{ahead}")

    def close(self) -> None:
        """Take the line away."""
        self._stream.write(CLEAR)
        self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(f"{CLEAR}{text}")
        self._stream.flush()


def _duration(seconds: float) -> str:
    """Write seconds as people do.

    Examples
    --------
    >>> _duration(42.3), _duration(190)
    ('42 s', '3 min 10 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def is_watched() -> bool:
    """Whether stderr is a terminal, or the output of a notebook's cell."""
    if sys.stderr.isatty():
        return True
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


@contextmanager
def watched(progress: Progress | bool | None) -> Iterator[Progress | None]:
    """Give what is told how far a fit is.

    Parameters
    ----------
    progress : callable, bool or None
        What the user asked for: None shows a line where somebody looks on.
    """
    if callable(progress):
        yield progress
    elif progress or (progress is None and is_watched()):
        line = ProgressLine(sys.stderr)
        try:
            yield line
        finally:
            line.close()
    else:
        yield None
