"""Numbers that a table gives for a whole ladder, such as the chance level of its questions."""

import pandas as pd

from bayes_scaling.data.cells import is_missing
from bayes_scaling.data.compute import as_float
from bayes_scaling.errors import DataError
from bayes_scaling.specification.spec import Spec

FORMS = "write one number for the whole ladder, or leave the cells empty"


def take_numbers(spec: Spec, runs: pd.DataFrame) -> tuple[Spec, tuple[str, ...]]:
    """Pin a law's numbers to what the columns of their names say.

    Parameters
    ----------
    spec : Spec
    runs : DataFrame
        Checked runs. A column of which every cell is empty says nothing.

    Returns
    -------
    Spec
        Its text holds the numbers, so that a saved fit, a rerun and a seal have them.
    tuple of str
        A sentence for each number that was taken from the runs.

    Raises
    ------
    DataError
        If a cell isn't a number that the parameter may be, or the runs have several.
    """
    notes = []
    for name in sorted(spec.coordinates.numbers & set(runs.columns)):
        number = _number_of(spec, runs, name)
        if number is None:
            continue
        if number != spec.pinned[name]:
            spec = spec.with_priors(**{name: number})
        notes.append(f"{name} is {number:g}, as the column of the runs says.")
    return spec, tuple(notes)


def _number_of(spec: Spec, runs: pd.DataFrame, name: str) -> float | None:
    domain = spec.law.parameters[name].domain
    found: float | None = None
    first = ""
    for place, (run, cell) in enumerate(zip(runs["run"], runs[name], strict=True), start=1):
        where = f"row {place} (run {run}), column {name!r}"
        if is_missing(cell):
            number = None
        else:
            try:
                number = as_float(cell, "a number", FORMS)
            except DataError as error:
                raise DataError(f"{where}: {error}") from None
            if not domain.holds(number):
                raise DataError(f"{where}: expected {domain.words}, got {number:g}.")
        if place > 1 and number != found:
            raise DataError(
                f"{where}: got {_said(number)}, but {first} has {_said(found)}; {FORMS}."
            )
        found, first = number, f"row {place} (run {run})"
    return found


def _said(number: float | None) -> str:
    return "an empty cell" if number is None else f"{number:g}"
