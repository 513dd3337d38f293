"""Where a table comes from: its files, and what they name."""

from pathlib import Path

from bayes_scaling.errors import DataError

TOOLS_ENDINGS = (".jsonl_results.jsonl", "_results.jsonl", "_eval_results.json")
TOOLS_NAMES = ("", "samples", "results", "eval_results")


def find_paths(source: str | Path, suffix: str = ".csv") -> list[Path]:
    """Find the files of a path or glob, in the order of their names.

    Raises
    ------
    DataError
        If there is none, or the path is a folder; `suffix` is that of the example then shown.
    """
    path = Path(source).expanduser()
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


def name_run(path: Path) -> str:
    """Name a run that its file doesn't name: after the file, or else after its folder.

    The folder's name is taken where the file's is one that a tool gives to all of them.

    Examples
    --------
    >>> name_run(Path("70M/samples.jsonl_results.jsonl")), name_run(Path("70M_eval_results.json"))
    ('70M', '70M')
    """
    whole = path.absolute()
    name = whole.name
    for ending in TOOLS_ENDINGS:
        name = name.removesuffix(ending)
    name = name.removesuffix(whole.suffix)
    return whole.parent.name if name in TOOLS_NAMES else name
