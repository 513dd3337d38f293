"""A fit in five lines, as text and as a table for notebooks."""

from html import escape
from typing import TYPE_CHECKING

from bayes_scaling.scales import compute_text, unit_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from bayes_scaling.inference.fits import Fit

MOST_NAMED = 4
MOST_ROWS = 30


def name_data(fit: "Fit") -> str:
    """Say what a fit was fitted to: how many runs, of which ladders, over which range.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> name_data(bs.fit("loss", small, random_seed=1))
    '5 runs of Cerebras-GPT, 2.6e18 to 1.1e21 FLOP'
    """
    design = fit.design
    low, high = design.scale.min(), design.scale.max()
    span = f"{compute_text(low)} to {compute_text(high)}{unit_after(fit.spec.columns)}"
    return f"{len(design.runs)} runs{_whose(fit)}, {span}"


def _whose(fit: "Fit") -> str:
    units = fit.design.units
    if len(units):
        return f" of {units.sizes.sum()} problems"
    named = fit.families if "family" in fit.table else ()
    shown = ", ".join(named[:MOST_NAMED]) + (", ..." if len(named) > MOST_NAMED else "")
    return f" of {shown}" if shown else ""


def describe_fit(fit: "Fit") -> list[str]:
    """Say in five lines what was fitted, and whether it can be trusted.

    The verdict stands before anything that rests on the draws.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> describe_fit(bs.fit("loss", small, random_seed=1))[0]
    'Fit of loss: Loss against compute, with an irreducible floor'
    """
    sizes = fit.posterior["posterior"].sizes
    return [
        f"Fit of {fit.spec.name}: {fit.spec.title}",
        f"Data: {name_data(fit)}",
        str(fit.diagnosis),
        f"Draws: {sizes['draw']} in each of {sizes['chain']} chains, seed {fit.random_seed}; "
        f"{count_notes(fit.notes)}",
        "fit.summary() has the parameters; predict(fit, ...) forecasts",
    ]


def count_notes(notes: "Sequence[str]") -> str:
    """Say how many notes there are to read.

    Examples
    --------
    >>> count_notes(()), count_notes(("one",)), count_notes(("one", "two"))
    ('no notes', '1 note to read in .notes', '2 notes to read in .notes')
    """
    if not notes:
        return "no notes"
    return f"{len(notes)} note{'s' * (len(notes) > 1)} to read in .notes"


def as_html(lines: "Sequence[str]", table: "pd.DataFrame", notes: "Sequence[str]" = ()) -> str:
    """Show lines, a table and notes in a notebook; whatever others wrote is escaped.

    Parameters
    ----------
    lines : sequence of str
        The first is the heading.
    table : DataFrame
        Of many rows the first are shown.
    notes : sequence of str

    Returns
    -------
    str
        HTML without scripts, styles or anything that is fetched.
    """
    head, *rest = map(escape, lines)
    parts = [f"<p><strong>{head}</strong><br>{'<br>'.join(rest)}</p>"]
    parts.append(table.to_html(max_rows=MOST_ROWS, float_format="{:.4g}".format, na_rep=""))
    if notes:
        parts.append(f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>")
    return "\n".join(parts)
