"""The CSV export of a TensorBoard scalar chart: one run and one tag a file.

The header is ``Wall time,Step,Value``; the run's name is in the file's name,
``run-<run>-tag-<tag>.csv``, or is the file's name if that was changed.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.csv_table import read_cells
from bayes_scaling.data.readers.last_entries import last_entry
from bayes_scaling.data.readers.text import plain_stem
from bayes_scaling.errors import DataError

HEADER = ["wall time", "step", "value"]


def is_tensorboard(header: Sequence[str]) -> bool:
    """Whether a CSV header is that of a scalar export."""
    return [name.lower() for name in header] == HEADER


def read_tensorboard(path: Path) -> pd.DataFrame:
    """Read the last value: one row."""
    cells = read_cells(path)
    if cells.empty:
        raise DataError(f"{path} has no rows; the run hasn't logged anything.")
    stem = plain_stem(path)
    named = re.fullmatch(r"run[-_](?P<run>.+)-tag-(?P<tag>.+)", stem)
    run, metric = (named["run"], named["tag"]) if named else (stem, "Value")
    run = path.absolute().parent.name if run == "." else run  # of a log without folders
    times, steps, values = (_numbers(path, cells[name]) for name in cells)
    return pd.DataFrame([{"run": run, "metric": metric, **last_entry(steps, values, times)}])


def _numbers(path: Path, column: "pd.Series[str]") -> list[float]:
    try:
        return [float(cell) for cell in column]
    except ValueError:
        numbers = pd.to_numeric(column, errors="coerce")
        row = int(numbers.isna().to_numpy().argmax())
        raise DataError(
            f"{path} has a cell that isn't a number: row {row + 1}, column {column.name!r}: "
            f"{column.iloc[row]!r}."
        ) from None
