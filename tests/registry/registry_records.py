"""Records for the tests."""

from bayes_scaling.registry.appending import writing


def plain(number=1, reason="a short one"):
    """A record that needs neither a fit nor side files."""
    return {
        "type": "void",
        "author": "someone",
        "corrects": None,
        "forecast": number,
        "forecast_hash": "0" * 64,
        "note": None,
        "reason": reason,
    }


def append_plain(ledger, count=1):
    for number in range(count):
        with writing(ledger) as writer:
            writer.append([plain(number)])
