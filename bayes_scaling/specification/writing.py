"""A specification's table as TOML text, for specs made in Python."""

import json
import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

from bayes_scaling.errors import SpecError

SECTIONS = {"priors", "effects", "discrepancy"}
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def _key(name: str) -> str:
    return name if BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_entry(key, inner) for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Real):
        return repr(float(value))
    raise SpecError(f"expected a number, text, list or table, got {value!r}.")


def _entry(key: str, value: Any, under: str = "") -> str:
    try:
        return f"{_key(key)} = {_value(value)}"
    except SpecError as error:
        raise SpecError(f"{under}{key}: {error}") from None


def to_toml(table: Mapping[str, Any]) -> str:
    """Write the table of a specification as TOML.

    Raises
    ------
    SpecError
        If it holds something that TOML can't; the key is named.

    Examples
    --------
    >>> print(to_toml({"title": "T", "priors": {"nu": 5, "b": {"dist": "HalfNormal", "sigma": 1}}}))
    title = "T"
    <BLANKLINE>
    [priors]
    nu = 5.0
    b = { dist = "HalfNormal", sigma = 1.0 }
    <BLANKLINE>
    """
    top = {key: value for key, value in table.items() if key not in SECTIONS}
    lines = [_entry(key, value) for key, value in top.items()]
    lines += ["", "[priors]"]
    lines += [_entry(key, value, "priors.") for key, value in table.get("priors", {}).items()]
    if table.get("effects"):
        lines += ["", "[effects]"]
        lines += [_entry(key, value, "effects.") for key, value in table["effects"].items()]
    for term in table.get("discrepancy", []):
        lines += ["", "[[discrepancy]]"]
        lines += [_entry(key, value) for key, value in term.items()]
    return "\n".join(lines) + "\n"
