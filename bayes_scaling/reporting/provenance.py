"""The section on provenance: what it takes to make the same numbers again."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bayes_scaling.forecasting import Forecast
from bayes_scaling.inference.fits import Fit
from bayes_scaling.registry import Record
from bayes_scaling.reporting.seals import Seal, doubts_of, show_seals, verify_ledgers
from bayes_scaling.reporting.tables import Table


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from.

    Attributes
    ----------
    facts, versions : Table
    spec : str
        The specification's text, whole.
    seals : tuple of Seal
    doubts : tuple of str
        Why they don't vouch for what the report says first.
    ledgers : tuple of str
        What verifying each ledger said.
    """

    facts: Table
    versions: Table
    spec: str
    seals: tuple[Seal, ...]
    doubts: tuple[str, ...]
    ledgers: tuple[str, ...]

    @property
    def vouching(self) -> tuple[tuple[int, Seal], ...]:
        """Seals that vouch for the report, with their places; none if its headline isn't sealed."""
        numbered = enumerate(self.seals, 1)
        return () if self.doubts else tuple(one for one in numbered if one[1].vouches)


def trace_provenance(fit: Fit, forecast: Forecast | None, records: Sequence[Record]) -> Provenance:
    """Say what a fit was made from, by what, and where its forecast is sealed."""
    sizes = fit.posterior["posterior"].sizes
    facts = (
        ("Model", fit.spec.name),
        ("Random seed", str(fit.random_seed)),
        ("Draws kept", f"{sizes['draw']} in each of {sizes['chain']} chains"),
        ("Acceptance asked for", f"{fit.diagnosis.target_accept:g}"),
        ("Hash of the data (SHA-256)", _breaking(fit.data_hash)),
        ("Hash of the responses (SHA-256)", _breaking(fit.response_hash)),
    )
    verified = verify_ledgers(records)
    seals = show_seals(records, verified, fit, forecast)
    return Provenance(
        facts=Table("What the fit was made from", ("Fact", "Value"), facts),
        versions=Table(
            "Versions that made the fit",
            ("Package", "Version"),
            tuple(sorted(fit.versions.items())),
        ),
        spec=fit.spec.text.strip(),
        seals=seals,
        doubts=doubts_of(seals, is_forecast=forecast is not None),
        ledgers=tuple(f"{path.name}: {found}" for path, found in verified.items()),
    )


def _breaking(digest: str) -> Markup:
    """Write a hash so that it breaks where a line of a narrow screen ends."""
    return Markup('<span class="hash">{}</span>').format(digest)
