"""JSON records: a record a line, or one array of records."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.data.readers.text import read_text
from bayes_scaling.errors import DataError


def read_json_lines(path: Path) -> pd.DataFrame:
    """Read a JSON lines file: a record a run."""
    return _table(path, [record for _, record in iterate_json_lines(path)])


def iterate_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records of a JSON lines file, each with the number of its line from 1."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number} isn't JSON: {_complaint(error)}.") from error
        if not isinstance(record, dict):
            raise DataError(f"{path}, line {number} isn't a record: write one object a line.")
        yield number, record


def read_json(path: Path) -> pd.DataFrame:
    """Read a JSON file that holds one array of records."""
    content = _records_of(parse_json(path))
    if not isinstance(content, list) or not all(isinstance(record, dict) for record in content):
        raise DataError(
            f"{path} isn't a table: its JSON must be an array of records, such as "
            '[{"compute": 3e21, "loss": 2.1}], or a trainer_state.json.'
        )
    return _table(path, content)


def _records_of(content: object) -> object:
    """Take the records of an object that holds nothing but an array of them, or grades by name."""
    if not isinstance(content, dict) or not content:
        return content
    values = list(content.values())
    if len(values) == 1 and isinstance(values[0], list) and _are_records(values[0]):
        return values[0]
    if all(isinstance(value, list) and value and _are_flags(value) for value in values):
        return [{"problem": name, "graded": value} for name, value in content.items()]
    return content


def _are_records(values: list[object]) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)


def _are_flags(values: list[object]) -> bool:
    return all(isinstance(value, bool) for value in values)


def parse_json(path: Path) -> object:
    """Parse a whole JSON file; a DataError says if it isn't JSON."""
    try:
        content: object = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path} isn't JSON: {error.msg} in line {error.lineno}.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} isn't JSON: {_complaint(error)}.") from error
    return content


def _table(path: Path, records: list[dict[str, Any]]) -> pd.DataFrame:
    try:
        return pd.DataFrame(records)
    except UnicodeEncodeError as error:
        what = error.object[error.start : error.end]
        raise DataError(
            f"{path} has a character that is no text, {what!r}; leave it out."
        ) from None


def _complaint(error: Exception) -> str:
    """Say what is wrong with a text that Python's parser doesn't take."""
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return "it has a number of thousands of digits"
