"""Sealed forecasts: append to a ledger, verify, resolve, score, rerun and track."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "bayes_scaling.ledger.anchoring": ["anchor_head"],
    "bayes_scaling.ledger.heads": ["Head"],
    "bayes_scaling.ledger.repair": ["LedgerWarning", "head_of", "rebuild_head"],
    "bayes_scaling.ledger.verification": ["Verification"],
    "bayes_scaling.registry.ledgers": ["read_ledger", "verify"],
    "bayes_scaling.registry.outcomes": ["correct", "resolve", "void"],
    "bayes_scaling.registry.records": ["Record"],
    "bayes_scaling.registry.registration": ["register"],
    "bayes_scaling.registry.rerunning": ["Rerun", "rerun"],
    "bayes_scaling.registry.scores": ["score", "summarise_scores"],
    "bayes_scaling.registry.surprises": ["OutcomeWarning"],
    "bayes_scaling.registry.tracking": ["Tracking", "track"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Head",
    "LedgerWarning",
    "OutcomeWarning",
    "Record",
    "Rerun",
    "Tracking",
    "Verification",
    "anchor_head",
    "correct",
    "head_of",
    "read_ledger",
    "rebuild_head",
    "register",
    "rerun",
    "resolve",
    "score",
    "summarise_scores",
    "track",
    "verify",
    "void",
]

if TYPE_CHECKING:
    from bayes_scaling.ledger.anchoring import anchor_head
    from bayes_scaling.ledger.heads import Head
    from bayes_scaling.ledger.repair import LedgerWarning, head_of, rebuild_head
    from bayes_scaling.ledger.verification import Verification
    from bayes_scaling.registry.ledgers import read_ledger, verify
    from bayes_scaling.registry.outcomes import correct, resolve, void
    from bayes_scaling.registry.records import Record
    from bayes_scaling.registry.registration import register
    from bayes_scaling.registry.rerunning import Rerun, rerun
    from bayes_scaling.registry.scores import score, summarise_scores
    from bayes_scaling.registry.surprises import OutcomeWarning
    from bayes_scaling.registry.tracking import Tracking, track


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: to verify a ledger needs no PyMC."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'bayes_scaling.registry' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
