"""What a ledger has to know of the records that are kept in it, and how a line becomes one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayes_scaling.errors import LedgerError
from bayes_scaling.ledger.canonical import from_line, hash_of

MARK = "bayes_scaling_ledger"

type Content = Mapping[str, Any]


@dataclass(frozen=True)
class Format[R]:
    """The format of a ledger's records.

    Attributes
    ----------
    schema : int
        The version that is written, and the newest that is read.
    unlike : callable
        Says why the content of a record isn't one, or None where it is.
    files : callable
        From the content of a record to its side files, a hash a role.
    suffixes : mapping of str to str
        The suffix of a side file, by its role.
    record : callable
        Makes a record of the ledger's path, the content of a line and its hash.
    """

    schema: int
    unlike: Callable[[Content], str | None]
    files: Callable[[Content], Mapping[str, str]]
    suffixes: Mapping[str, str]
    record: Callable[[Path, Content, str], R]


def unreadable(content: Content, form: Format[Any]) -> str | None:
    """Say why this version can't read a record, if it can't."""
    schema = content.get(MARK)
    if type(schema) is not int:
        return "it isn't a record of a ledger"
    if schema > form.schema:
        return (
            f"it was written by a newer version (schema {schema}, this one reads up to "
            f"{form.schema}). Upgrade bayes-scaling to read it"
        )
    return form.unlike(content)


def parse_records[R](path: Path, lines: Iterable[bytes], form: Format[R]) -> tuple[R, ...]:
    """Turn lines into records; raises LedgerError where one isn't a record."""
    return tuple(parse_record(path, number, line, form) for number, line in enumerate(lines, 1))


def parse_record[R](path: Path, number: int, line: bytes, form: Format[R]) -> R:
    """Turn one line into a record; raises LedgerError if it isn't one."""
    return form.record(path, parse_content(path, number, line, form), hash_of(line))


def parse_content(path: Path, number: int, line: bytes, form: Format[Any]) -> Content:
    """Read what one line says; raises LedgerError if it isn't a record."""
    try:
        content = from_line(line)
    except ValueError as error:
        raise LedgerError(f"{path}: record {number} can't be read: {error}.") from None
    why = unreadable(content, form)
    if why is None and content["number"] != number:
        why = f"it says that it is record {content['number']}"
    if why:
        raise LedgerError(f"{path}: record {number} can't be read: {why}.")
    return content
