"""The CSV export of a TensorBoard scalar chart: one run and one tag a file.

The header is ``Wall time,Step,Value``; the run's name is in the file's name,
``run-<run>-tag-<tag>.csv``, or is the file's name if that was changed. Tools that read the logs of
TensorBoard write the same columns in any order, and perhaps ``tag`` and ``run`` for each row.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bayes_scaling.data.column_names import plain_word
from bayes_scaling.data.readers.csv_table import read_cells
from bayes_scaling.data.readers.last_entries import last_entry
from bayes_scaling.data.readers.text import plain_stem
from bayes_scaling.errors import DataError

COLUMNS = ["wall_time", "step", "value"]
RUNS = ("run", "dir_name")
TAGS = ("tag", "tags")
MORE = {"", *TAGS, *RUNS}  # an index has no name


def is_tensorboard(header: Sequence[str]) -> bool:
    """Whether a CSV header is that of a scalar export."""
    words = {plain_word(name) for name in header}
    return words >= {*COLUMNS} and words <= {*COLUMNS, *MORE}


def read_tensorboard(path: Path) -> pd.DataFrame:
    """Read the last value of each run and tag: a row each."""
    cells = read_cells(path)
    columns = {plain_word(name): cells[name] for name in cells}
    if cells.empty:
        raise DataError(f"{path} has no rows; the run hasn't logged anything.")
    stem = plain_stem(path)
    named = re.fullmatch(r"run[-_](?P<run>.+)-tag-(?P<tag>.+)", stem)
    run, metric = (named["run"], named["tag"]) if named else (stem, "Value")
    run = path.absolute().parent.name if run == "." else run  # of a log without folders
    runs = next((columns[name] for name in RUNS if name in columns), run)
    tags = next((columns[name] for name in TAGS if name in columns), metric)
    numbers = pd.DataFrame({name: _numbers(path, columns[name]) for name in COLUMNS})
    rows = []
    for (own, tag), part in numbers.assign(run=runs, tag=tags).groupby(["run", "tag"], sort=False):
        times, steps, values = (part[name].to_numpy(float) for name in COLUMNS)
        last = last_entry(steps, values, times)
        rows.append({"run": str(own), "metric": str(tag), **last})
    return pd.DataFrame(rows)


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
