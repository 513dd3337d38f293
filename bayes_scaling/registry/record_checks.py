"""What the line of a record has to look like before anything is made of it."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bayes_scaling.ledger.canonical import HASH
from bayes_scaling.registry.draws_and_data import SUFFIXES
from bayes_scaling.registry.records import LEVELS

type Kinds = dict[str, tuple[type, ...]]

TEXT, NUMBER, MAYBE_TEXT = (str,), (int, float), (str, type(None))
MAYBE_NUMBER = (int, float, type(None))
COMMON: Kinds = {"author": TEXT, "number": (int,), "previous": TEXT, "time": TEXT}
ANSWER: Kinds = {
    "corrects": (int, type(None)),
    "forecast": (int,),
    "forecast_hash": TEXT,
    "note": MAYBE_TEXT,
}
FIELDS: dict[str, Kinds] = {
    "forecast": {
        "assumptions": (list,),
        "baselines": (dict,),
        "cutoff": NUMBER,
        "events": (list,),
        "files": (dict,),
        "levels": (list,),
        "metric": (dict,),
        "model": (dict,),
        "notes": (list,),
        "quantiles": (dict,),
        "question": TEXT,
        "resolves": TEXT,
        "scored": TEXT,
        "target": (dict,),
        "void_if": MAYBE_TEXT,
    },
    "outcome": {**ANSWER, "value": NUMBER},
    "void": {**ANSWER, "reason": TEXT},
}
METRIC: Kinds = {
    "highest": MAYBE_NUMBER,
    "lowest": MAYBE_NUMBER,
    "name": TEXT,
    "scale": TEXT,
    "unit": TEXT,
}
EVENT: Kinds = {"above": MAYBE_NUMBER, "below": MAYBE_NUMBER, "probability": NUMBER, "text": TEXT}
MODEL: Kinds = {
    "data_hash": TEXT,
    "name": TEXT,
    "random_seed": (int,),
    "sampler": (dict,),
    "spec": TEXT,
    "versions": (dict,),
}


def unlike_record(content: Mapping[str, Any]) -> str | None:
    """Say why a content isn't that of a record, if it isn't."""
    fields = FIELDS.get(str(content.get("type")))
    if fields is None:
        return f"its type {content.get('type')!r} is not known"
    if why := _unlike(content, {**COMMON, **fields}):
        return why
    if not _is_time(content["time"]):
        return "its 'time' isn't a time in UTC"
    return _unlike_forecast(content) if content["type"] == "forecast" else None


def _unlike(content: Any, kinds: Kinds) -> str | None:
    """Say which field is missing or of the wrong kind."""
    if not isinstance(content, dict):
        return "a part of it is of the wrong kind"
    for name, allowed in kinds.items():
        if name not in content:
            return f"it lacks {name!r}"
        if not isinstance(content[name], allowed) or isinstance(content[name], bool):
            return f"its {name!r} is of the wrong kind"
    return None


def _unlike_forecast(content: Mapping[str, Any]) -> str | None:
    parts = [(content["metric"], METRIC), (content["model"], MODEL)]
    parts += [(event, EVENT) for event in content["events"]]
    parts += [(baseline, {}) for baseline in content["baselines"].values()]
    for part, kinds in parts:
        if why := _unlike(part, kinds):
            return why
    if content["metric"]["scale"] not in {"log", "linear"}:
        return f"the scale of its metric, {content['metric']['scale']!r}, is not known"
    for role, digest in content["files"].items():
        if role not in SUFFIXES or not HASH.fullmatch(str(digest)):
            return "its 'files' aren't named by hashes"
    if content["levels"] != list(LEVELS) or content["scored"] not in content["quantiles"]:
        return "its quantiles aren't those of a forecast"
    sealed = [one["quantiles"] for one in content["baselines"].values() if "quantiles" in one]
    if not all(map(_is_quantiles, [*content["quantiles"].values(), *sealed])):
        return "its quantiles aren't rising numbers, one a level"
    return None


def _is_quantiles(numbers: Any) -> bool:
    """Whether these are finite numbers that rise, one a level."""
    if not isinstance(numbers, list) or len(numbers) != len(LEVELS):
        return False
    finite = set(map(type, numbers)) == {float} and math.isfinite(numbers[0] + numbers[-1])
    return finite and sorted(numbers) == numbers


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text.endswith("Z")
