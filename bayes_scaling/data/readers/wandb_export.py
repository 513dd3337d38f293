"""The CSV export of a Weights & Biases chart.

The first column is the axis, the step unless another was chosen; then, for every run, the columns
"<run> - <metric>", "<run> - <metric>__MIN" and "<run> - <metric>__MAX". A run's cell is empty where
it did not log. Where runs were grouped, "<run>" is "<key>: <value>", and the values are means.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_scaling.data.readers.csv_table import read_cells
from bayes_scaling.data.readers.last_entries import last_entry
from bayes_scaling.errors import DataError

LAST = ("last_step", "loss", "reached", "back_step", "back_loss")
RANGE = re.compile(r"__[A-Z]+")
STEPS = re.compile(r"(?i)(?<![a-z])_?(?:(?:global|train(?:er|ing)?)?[ _/]?steps?|iter(?:ation)?s?)")
TIME = re.compile(r"(?i)time|runtime|timestamp")
GROUPED = re.compile(r"(?P<key>[^\s:][^:]*): .+")


def is_wandb(header: Sequence[str]) -> bool:
    """Whether a CSV header is that of a chart export."""
    exported = [name for name in header[1:] if " - " in name]
    ranged = any(f"{name}__MIN" in header and f"{name}__MAX" in header for name in exported)
    return ranged or (_is_axis(header[0]) and len(exported) == len(header) - 1)


def read_wandb(path: Path) -> pd.DataFrame:
    """Read the last logged value of every run and metric: a row each."""
    cells = read_cells(path)
    axis = str(cells.columns[0])
    rows = []
    for name in cells.columns[1:]:
        run, dash, metric = name.rpartition(" - ")
        if not dash or RANGE.search(metric) or metric == "_step":
            continue
        logged = cells[cells[name].str.strip() != ""]
        row: dict[str, object] = {"run": run, "metric": metric, "logged": len(logged) > 0}
        if len(logged):
            row |= _last(path, axis, f"{run} - _step", name, logged)
        rows.append(row | {"said": _said(axis, run, f"{run} - _step" in cells)})
    if not rows:
        raise DataError(f"{path} has no column '<run> - <metric>'; export the chart of a loss.")
    return pd.DataFrame(rows).reindex(columns=["run", "metric", "logged", "said", *LAST])


def _last(path: Path, axis: str, own: str, name: str, logged: pd.DataFrame) -> dict[str, float]:
    values = _numbers(path, name, logged)
    places = _numbers(path, axis, logged)
    steps = _numbers(path, own, logged) if own in logged else places
    last = last_entry(steps, values, places if TIME.search(axis) else None)
    if own in logged or STEPS.search(axis):
        return last
    return last | dict.fromkeys(("last_step", "reached", "back_step", "back_loss"), float("nan"))


def _numbers(path: Path, name: str, logged: pd.DataFrame) -> list[float]:
    """Read cells; of a metric only the last has to be a number, since a run may have recovered."""
    text = str(logged[name].iloc[-1])
    numbers = pd.to_numeric(logged[name].str.strip(), errors="coerce").astype(float)
    if np.isnan(numbers.iloc[-1]) and text.strip().lower() != "nan":
        row = logged.index[-1] + 1
        raise DataError(f"{path}, row {row}, column {name!r}: {text!r} isn't a number.")
    found: list[float] = numbers.tolist()
    return found


def _is_axis(name: str) -> bool:
    return name == "Step" or bool(TIME.search(name) or STEPS.fullmatch(name))


def _said(axis: str, run: str, has_steps: bool) -> list[tuple[str, str]]:
    """Say what the chart's columns are, where they aren't the runs' own steps and values."""
    said = []
    if grouped := GROUPED.fullmatch(run):
        said.append(
            (
                "grouped export",
                f"{run!r} is a group of runs by its name ({grouped['key']}), and its loss the mean "
                "of those that logged last: what runs scatter around it isn't seen, and a run that "
                "failed counts in it. Export the chart ungrouped, with a line a run.",
            )
        )
    if not STEPS.search(axis) and not has_steps:
        unit = ", in seconds," if TIME.search(axis) else ""
        said.append(
            (
                "axis of a chart",
                f"the axis of the chart is {axis!r}{unit} and not the step, so it isn't known "
                "whether runs finished. Export the chart by Step to know.",
            )
        )
    return said
