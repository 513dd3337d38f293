"""Where a table comes from: its files, and what their paths name."""

import re
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bayes_scaling.data.readers.text import plain_name, plain_suffix
from bayes_scaling.errors import DataError

TOOLS_ENDINGS = (".jsonl_results.jsonl", "_results.jsonl", "_eval_results.json")
TOOLS_NAMES = ("", "samples", "results", "eval_results")
STANDARD_INPUT = "-"
LONGEST = 60  # of what is shown of a wrong source
STREAM = "standard input"
NAMED = re.compile(r"\{(run|family)\}")

Source = str | Path | Sequence[str | Path] | Mapping[str, str | Path]


class Found(NamedTuple):
    """A file, and what was said of all its rows: its run, its family."""

    path: Path
    run: str | None = None
    family: str | None = None

    @property
    def names(self) -> dict[str, str]:
        """What was said, by column."""
        said = {"run": self.run, "family": self.family}
        return {column: name for column, name in said.items() if name is not None}


def find_files(source: object, noun: str) -> list[Found]:
    """Find the files of a path or glob, of a list of them, or of a mapping of run to path.

    Parameters
    ----------
    source : str, Path, sequence of these, or mapping of str to these
        In a path {run} and {family} stand for any text, as * does, and name the runs.
    noun : str
        What they are of, for messages.

    Raises
    ------
    DataError
        If it is none of these, or there is no such file.
    """
    if isinstance(source, str | Path):
        return _find_named(source)
    if isinstance(source, Mapping) and _are_paths(source.values()):
        named = [(str(run), _find_named(place)) for run, place in source.items()]
        return [one._replace(run=run) for run, found in named for one in found]
    if isinstance(source, list | tuple) and _are_paths(source):
        return list(dict.fromkeys(one for place in source for one in _find_named(place)))
    raise DataError(
        f"{noun} must be a pandas DataFrame, a path or a glob, a list of paths, or a mapping of "
        f"runs to paths, got {_shown(source)}."
    )


def _shown(source: object) -> str:
    text = repr(source)
    return type(source).__name__ if "\n" in text or len(text) > LONGEST else text


def name_source(source: object) -> str:
    """Name a source in a message."""
    if isinstance(source, Mapping):
        source = list(source.values())
    if isinstance(source, list | tuple):
        shown = ", ".join(map(str, source[:3]))
        return f"{shown} and {len(source) - 3} more" if len(source) > 3 else shown
    return str(source)


@contextmanager
def received(source: object) -> Iterator[object]:
    """Put what comes from standard input (-) into a file as long as it is read."""
    alone = source[0] if isinstance(source, list | tuple) and len(source) == 1 else source
    if not isinstance(alone, str) or alone != STANDARD_INPUT:
        yield source
        return
    content = sys.stdin.buffer.read()
    if not content.strip():
        raise DataError(f"{STREAM} is empty.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{STREAM}{'.parquet' if content.startswith(b'PAR1') else '.txt'}"
        path.write_bytes(content)
        try:
            yield path
        except DataError as error:
            raise DataError(str(error).replace(str(path), STREAM)) from None


def find_paths(source: str | Path, suffix: str = ".csv") -> list[Path]:
    """Find the files of a path or glob, in the order of their names.

    Raises
    ------
    DataError
        If there is none, or the path is a folder; `suffix` is that of the example then shown.
    """
    path = Path(source).expanduser()
    if not _can_be(path):
        raise DataError(f"{str(path)[:60]!r} can't be a path: it is too long, or holds no text.")
    if path.is_dir():
        example = path / f"*{suffix}"
        raise DataError(f"{path} is a folder; give a file, or a glob such as {example}.")
    if path.exists():
        return [path]
    base = Path(path.anchor)
    found = sorted(each for each in base.glob(str(path.relative_to(base))) if each.is_file())
    if not found:
        raise DataError(f"{path} matches no file; look at the path.")
    return found


def _can_be(path: Path) -> bool:
    """Whether the system takes a path at all."""
    try:
        path.exists()
    except (OSError, ValueError):
        return False
    return "\0" not in str(path)


def name_run(path: Path) -> str:
    """Name a run that its file doesn't name: after the file, or else after its folder.

    The folder's name is taken where the file's is one that a tool gives to all of them.

    Examples
    --------
    >>> name_run(Path("70M/samples.jsonl_results.jsonl")), name_run(Path("70M_eval_results.json"))
    ('70M', '70M')
    """
    whole = path.absolute()
    name = plain_name(whole)
    for ending in TOOLS_ENDINGS:
        name = name.removesuffix(ending)
    if name.lower().endswith(plain_suffix(whole)):
        name = name[: len(name) - len(plain_suffix(whole))]
    return whole.parent.name if name in TOOLS_NAMES else name


def _are_paths(places: Collection[object]) -> bool:
    return bool(places) and all(isinstance(place, str | Path) for place in places)


def _find_named(source: str | Path) -> list[Found]:
    """Find files, and read what {run} and {family} in their path stand for."""
    text = str(Path(source).expanduser())
    keys = NAMED.findall(text)
    if not keys or (_can_be(Path(text)) and Path(text).exists()):
        return [Found(path) for path in find_paths(source)]
    if len(set(keys)) < len(keys):
        raise DataError(f"{text} names the {keys[0]} twice; write * for the other.")
    pattern = re.compile(_as_regex(text))
    found = []
    try:
        paths = find_paths(NAMED.sub("*", text))
    except DataError:
        raise DataError(f"{text} matches no file; look at the path.") from None
    for path in paths:
        if matched := pattern.fullmatch(path.as_posix()):
            found.append(Found(path, **matched.groupdict()))
    return found


def _as_regex(glob: str) -> str:
    """Turn a glob into a regular expression, in which {run} takes as little as it can."""
    parts = []
    for part in Path(glob).as_posix().split("/"):
        if part == "**":
            parts.append("(?:[^/]+/)*")
            continue
        tokens = re.split(r"(\{(?:run|family)\}|\*+|\?|\[[^]]+\])", part)
        parts.append("".join(map(_token, tokens)) + "/")
    return "".join(parts).removesuffix("/")


def _token(token: str) -> str:
    if found := NAMED.fullmatch(token):
        return f"(?P<{found[1]}>[^/]+?)"
    if token.startswith("*"):
        return "[^/]*"
    if token == "?":
        return "[^/]"
    if token.startswith("[") and token.endswith("]"):
        return token.replace("[!", "[^", 1)
    return re.escape(token)
