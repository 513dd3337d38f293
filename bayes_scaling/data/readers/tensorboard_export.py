"""The CSV export of a TensorBoard scalar chart: one run and one tag a file.

The header is ``Wall time,Step,Value``; the run's name is in the file's name,
``run-<run>-tag-<tag>.csv``, or is the file's name if that was changed.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.csv_table import read_cells
from bayes_scaling.errors import DataError

HEADER = ["Wall time", "Step", "Value"]


def is_tensorboard(header: Sequence[str]) -> bool:
    """Whether a CSV header is that of a scalar export."""
    return list(header) == HEADER


def read_tensorboard(path: Path) -> pd.DataFrame:
    """Read the value at the last step: one row."""
    cells = read_cells(path)
    if cells.empty:
        raise DataError(f"{path} has no rows; the run hasn't logged anything.")
    named = re.fullmatch(r"run[-_](?P<run>.+)-tag-(?P<tag>.+)", path.stem)
    run, metric = (named["run"], named["tag"]) if named else (path.stem, "Value")
    try:
        step, loss = cells["Step"].astype(float), cells["Value"].astype(float)
    except ValueError as error:
        raise DataError(f"{path} has a cell that isn't a number: {error}.") from error
    # A resumed run logs some steps twice: the later entry is the one that counts.
    last = step[step == step.max()].index[-1]
    row = {"run": run, "metric": metric, "last_step": step[last], "loss": loss[last]}
    return pd.DataFrame([row])
