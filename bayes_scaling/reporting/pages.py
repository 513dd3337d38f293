"""A page: what its sections say, and the template that shows it."""

from dataclasses import dataclass, fields
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from bayes_scaling.reporting.alternatives import Alternatives
from bayes_scaling.reporting.assumptions import Assumptions
from bayes_scaling.reporting.measurements import Measurements
from bayes_scaling.reporting.parts import Section
from bayes_scaling.reporting.provenance import Provenance
from bayes_scaling.reporting.sections import Answer
from bayes_scaling.reporting.trust import Trust
from bayes_scaling.reporting.words import meaning

TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class Page:
    """Everything that a report shows.

    Attributes
    ----------
    title : str
    date : str
        When it was written.
    warnings : tuple of str
        Why the fit can't be trusted; empty if it converged.
    answer : LossAnswer, LadderAnswer, PassAnswer, ScoreAnswer or SweepAnswer
    decisions : tuple of Section
        What follows for what to run.
    assumptions : Assumptions
    data : Measurements
    trust : Trust
    alternatives : Alternatives or None
    provenance : Provenance
    """

    title: str
    date: str
    warnings: tuple[str, ...]
    answer: Answer
    decisions: tuple[Section, ...]
    assumptions: Assumptions
    data: Measurements
    trust: Trust
    alternatives: Alternatives | None
    provenance: Provenance


def render_page(page: Page) -> str:
    """Fill the template; whatever isn't markup of this package's own is escaped."""
    context = {field.name: getattr(page, field.name) for field in fields(page)}
    return _environment().get_template(TEMPLATE).render(**context)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("bayes_scaling.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["meaning"] = meaning
    return made
