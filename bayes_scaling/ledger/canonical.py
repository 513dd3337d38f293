"""One text for each record, and the hash that chains it to the next."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

GENESIS = "0" * 64
HASH = re.compile(r"[0-9a-f]{64}")

# Characters that end a line for some reader, turn the direction of what follows, can't be seen, or
# are no text. JSON itself escapes those below U+0020.
UNSAFE = re.compile(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


def to_line(content: Mapping[str, Any]) -> bytes:
    r"""Write a record as its one line: keys sorted, no blanks, UTF-8, a newline at the end.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.

    Examples
    --------
    >>> to_line({"b": 0.1, "a": "two\nlines"})
    b'{"a":"two\\nlines","b":0.1}\n'
    """
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return (UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n").encode()


def from_line(line: bytes) -> dict[str, Any]:
    """Read the one object of a line, strictly.

    Raises
    ------
    ValueError
        If it isn't a JSON object, or is one that two programs could read in two ways: a key stands
        in it twice, or a number is NaN.
    """
    try:
        content = json.loads(line, object_pairs_hook=_once_each, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ValueError("it isn't JSON, or not strictly") from None
    if not isinstance(content, dict):
        raise ValueError("it isn't a JSON object")
    return content


def hash_of(data: bytes) -> str:
    """SHA-256 as 64 hex digits; of a line, its newline included.

    The head of a ledger is thus also ``tail -n 1 forecasts.jsonl | sha256sum``.
    """
    return hashlib.sha256(data).hexdigest()


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key stands there twice")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")
