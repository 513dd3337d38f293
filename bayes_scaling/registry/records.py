"""A record of a ledger: one line, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_scaling.errors import LedgerError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1

# The 23 levels of the forecast hubs (Cramer et al. 2022, The United States COVID-19 Forecast Hub).
LEVELS = (0.01, 0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975, 0.99)


@dataclass(frozen=True, eq=False)
class Record:
    """One line of a ledger.

    Attributes
    ----------
    ledger : Path
        The ledger that it was read from or appended to.
    content : mapping
        What the line says. Every record has ``type`` (``forecast``, ``outcome`` or ``void``),
        ``number`` (its place, from 1), ``previous`` (hash of the line before), ``time`` (UTC),
        ``author``.
    hash : str
        SHA-256 of the line, newline included.
    """

    ledger: Path
    content: Mapping[str, Any]
    hash: str

    @property
    def number(self) -> int:
        """Its place in the ledger, from 1."""
        return int(self.content["number"])

    @property
    def type(self) -> str:
        """What it is: a forecast, an outcome, or the word that a question is void."""
        return str(self.content["type"])

    @cached_property
    def quantiles(self) -> "pd.DataFrame":
        """The sealed quantiles of a forecast: a row a level, a column a kind of interval."""
        import pandas as pd

        index = pd.Index(self.content["levels"], name="level")
        return pd.DataFrame(self.content["quantiles"], index=index)

    def __str__(self) -> str:
        return f"record {self.number}, {self.type}, {self.content['time']}, {self.hash}"


def demand_forecast(record: Record) -> None:
    """Demand a record that holds a forecast."""
    if record.type != "forecast":
        raise LedgerError(
            f"record: expected a forecast, but record {record.number} of {record.ledger} holds "
            f"the {record.type} of record {record.content['forecast']}."
        )
