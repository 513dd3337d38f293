"""Write results: text for people and JSON for machines on stdout, notes on stderr."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import typer

from bayes_scaling.cli.questions import Question
from bayes_scaling.cli.records import chance_text
from bayes_scaling.cli.words import answer, note
from bayes_scaling.scales import compute_text, scale_of, unit_after

if TYPE_CHECKING:
    from bayes_scaling.inference.fits import Fit

KIND_OF = {
    "run": "one new run",
    "expected": "the average of runs at that scale",
    "law": "the law alone",
}
STANDS_FOR_COMPUTE = frozenset({"loss"})  # by the link of pass rates
DISTANCE = "Distance: decades of compute beyond the last fitted run."


def distance_text(distance: float) -> str:
    """Write a distance, and mark it where it is far."""
    from bayes_scaling.forecasting import FAR

    return f"{distance:.2f}{' (far)' if distance > FAR else ''}"


def distance_line(targets: pd.DataFrame, *, is_recorded: bool) -> str:
    """Say what a distance is and, of far ones, what the record holds there."""
    from bayes_scaling.forecasting import FAR, farthest, record_at

    distance, line = farthest(targets), DISTANCE.replace("compute", _words_of_distance(targets))
    if distance is None:
        return line
    record = f" {record_at(distance)}" if is_recorded else ""
    return f"{line} Far: more than {FAR:g}.{record}"


def _words_of_distance(targets: pd.DataFrame) -> str:
    """Say what distances are decades of; a loss stands for a compute, and sizes multiply to one."""
    names = [str(name) for name in targets.columns[1 : list(targets.columns).index("distance")]]
    own = names[0] if len(names) == 1 and names[0] not in STANDS_FOR_COMPUTE else "compute"
    return own if own == "compute" else scale_of([own]).unit


def print_json(content: Any) -> None:
    """Write JSON to stdout; NaN becomes null."""
    answer(json.dumps(_plain(content), indent=1, allow_nan=False))


def table_text(table: pd.DataFrame, *, left: bool = False) -> str:
    """Lay out a table of texts, aligned on the right or on the left.

    Examples
    --------
    >>> print(table_text(pd.DataFrame({"model": ["loss", "loss_abc"], "law": ["a", "b"]})))
       model  law
        loss    a
    loss_abc    b
    """
    rows = [list(map(str, table.columns)), *table.astype(str).to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    align = "<" if left else ">"
    lines = (
        "  ".join(f"{cell:{align}{width}}" for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def print_chance(chance: "pd.Series[float] | None", question: Question, of: str) -> None:
    """Print the probability that was asked for, a line a target."""
    if chance is None:
        return
    low = "" if question.above is None else f"{question.above:g} < "
    high = "" if question.below is None else f" < {question.below:g}"
    event = f"{low}{of}{high}" if low and high else f"{of}{high or f' > {question.above:g}'}"
    typer.echo("")
    unit = unit_after([str(chance.index.name)])
    for scale, value in zip(chance.index, chance, strict=True):
        typer.echo(f"P({event}) at {compute_text(float(scale))}{unit}: {chance_text(value)}")


def print_notes(*lists: Iterable[str]) -> None:
    """Write lists of notes to stderr."""
    for texts in lists:
        for text in texts:
            note(text)


def say_unconverged(fit: "Fit") -> None:
    """Say that a fit didn't converge, if so."""
    if not fit.diagnosis.converged:
        typer.echo(str(fit.diagnosis))


def _plain(value: Any) -> Any:
    """Turn paths, tuples and numpy's scalars into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
