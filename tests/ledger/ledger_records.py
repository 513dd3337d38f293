"""Records of a made-up format, which has nothing to do with forecasts, for the tests."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayes_scaling.ledger.appending import writing
from bayes_scaling.ledger.formats import Format
from bayes_scaling.ledger.reading import read_records
from bayes_scaling.ledger.verification import examine_ledger


@dataclass(frozen=True)
class Note:
    ledger: Path
    content: dict[str, Any]
    hash: str

    @property
    def number(self):
        return self.content["number"]


NOTES = Format(
    schema=1,
    unlike=lambda content: None if {"text", "number", "time"} <= set(content) else "it is no note",
    files=lambda content: content.get("files", {}),
    suffixes={"noise": ".bin"},
    record=Note,
)


def plain(about=1, text="a short one"):
    return {"about": about, "text": text}


def append_plain(ledger, count=1):
    for about in range(count):
        with writing(ledger, NOTES) as writer:
            writer.append([plain(about)])


def read(ledger):
    return read_records(ledger, NOTES)


def verify(ledger, head=None):
    return examine_ledger(ledger, head, NOTES)
