"""Which format a file is of: its content tells, and its name only where that leaves it open."""

import json
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from bayes_scaling.data.readers.big_code import is_big_code
from bayes_scaling.data.readers.csv_table import read_header
from bayes_scaling.data.readers.evalplus import is_evalplus
from bayes_scaling.data.readers.human_eval import is_human_eval
from bayes_scaling.data.readers.inspect_logs import is_inspect
from bayes_scaling.data.readers.json_records import iterate_json_lines, parse_json
from bayes_scaling.data.readers.lm_eval import is_lm_eval
from bayes_scaling.data.readers.neighbours import advise_on_name, describe_json, describe_record
from bayes_scaling.data.readers.tensorboard_export import is_tensorboard
from bayes_scaling.data.readers.text import plain_name, plain_suffix, read_text
from bayes_scaling.data.readers.trainer_state import is_trainer_state
from bayes_scaling.data.readers.wandb_export import is_wandb
from bayes_scaling.errors import DataError

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".dat": "csv",
    ".parquet": "parquet",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json",
    ".eval": "inspect-ai",
}
MAGIC = {b"PAR1": "parquet"}
JSON_FORMATS: dict[str, Callable[[object], bool]] = {
    "trainer_state": is_trainer_state,
    "EvalPlus": is_evalplus,
    "BigCodeBench": is_big_code,
    "inspect-ai": is_inspect,
}
# What a broken file was meant to be, where its content doesn't tell.
ENDINGS = {"trainer_state.json": "trainer_state", "eval_results.json": "EvalPlus"}
PAGE = re.compile(r"\s*<(?:!doctype html|html|\?xml)", re.IGNORECASE)


def find_format(path: Path) -> str:
    """Tell the format of a file from its content.

    Raises
    ------
    DataError
        If its ending isn't one of those known, it is empty or can't be read, or it is something
        that isn't read; the message says what it is then, and what to give instead.
    """
    suffix = plain_suffix(path)
    if suffix not in SUFFIXES:
        advice = advise_on_name(path.name, suffix)
        raise DataError(
            f"{path} has the suffix {suffix!r}, which isn't known; "
            + (f"{advice}." if advice else f"known: {', '.join(SUFFIXES)}.")
        )
    if not path.stat().st_size:
        raise DataError(f"{path} is empty.")
    if SUFFIXES[suffix] in {"parquet", "inspect-ai"}:
        return SUFFIXES[suffix]
    with path.open("rb") as file:
        magic = file.read(4)
    if magic in MAGIC:
        return MAGIC[magic]
    text = read_text(path)
    if PAGE.match(text):
        raise DataError(f"{path} is a web page, not a table; save what it shows as CSV.")
    form = _kind_of_text(text, SUFFIXES[suffix])
    return KINDS[form](path)


def _kind_of_text(text: str, by_name: str) -> str:
    """Tell JSON, JSON lines and text tables apart, whatever the file is called."""
    start = text.lstrip()[:1]
    if start not in {"{", "["}:
        return by_name
    lines = [line for line in islice(text.splitlines(), 200) if line.strip()]
    several = len(lines) > 1 and all(_is_object(line) for line in lines[:2])
    if by_name == "json lines":
        return "json" if start == "[" and _is_list_of_records(text) else by_name
    if by_name == "json":
        return "json lines" if several else by_name
    return "json lines" if several else "json" if _is_json(text) else by_name


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_list_of_records(text: str) -> bool:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, list) and all(isinstance(record, dict) for record in content)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _of_table(path: Path) -> str:
    header = read_header(path)
    return "tensorboard" if is_tensorboard(header) else "wandb" if is_wandb(header) else "csv"


def _of_json(path: Path) -> str:
    content = parse_json(path)
    for form, fits in JSON_FORMATS.items():
        if fits(content):
            return form
    if said := describe_json(content):
        raise DataError(f"{path} holds {said}.")
    meant = (form for ending, form in ENDINGS.items() if plain_name(path).endswith(ending))
    return next(meant, "json")


def _of_lines(path: Path) -> str:
    _, record = next(iterate_json_lines(path))
    if is_human_eval(record):
        return "human-eval"
    if is_lm_eval(record):
        return "lm-evaluation-harness"
    if said := describe_record(record):
        raise DataError(f"{path} holds {said}.")
    return "json lines"


KINDS: dict[str, Callable[[Path], str]] = {
    "csv": _of_table,
    "json": _of_json,
    "json lines": _of_lines,
}
