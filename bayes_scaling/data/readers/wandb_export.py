"""The CSV export of a Weights & Biases chart.

The first column is the step; then, for every run, the columns "<run> - <metric>",
"<run> - <metric>__MIN" and "<run> - <metric>__MAX". A run's cell is empty at steps that
it did not log.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.csv_table import read_cells
from bayes_scaling.errors import DataError


def is_wandb(header: Sequence[str]) -> bool:
    """Whether a CSV header is that of a chart export."""
    exported = [name for name in header[1:] if " - " in name]
    ranged = any(f"{name}__MIN" in header and f"{name}__MAX" in header for name in exported)
    return ranged or (header[0] == "Step" and len(exported) == len(header) - 1)


def read_wandb(path: Path) -> pd.DataFrame:
    """Read the last logged value of every run and metric: a row each."""
    cells = read_cells(path)
    step = cells.columns[0]
    rows = []
    for name in cells.columns[1:]:
        run, dash, metric = name.rpartition(" - ")
        if not dash or metric.endswith(("__MIN", "__MAX")) or metric == "_step":
            continue
        logged = cells[cells[name].str.strip() != ""]
        row: dict[str, object] = {"run": run, "metric": metric}
        if len(logged):
            row |= {"last_step": _number(path, step, logged), "loss": _number(path, name, logged)}
        rows.append(row)
    if not rows:
        raise DataError(f"{path} has no column '<run> - <metric>'; export the chart of a loss.")
    return pd.DataFrame(rows, columns=["run", "metric", "last_step", "loss"])


def _number(path: Path, name: str, logged: pd.DataFrame) -> float:
    text = str(logged[name].iloc[-1])
    try:
        return float(text)
    except ValueError:
        row = logged.index[-1] + 1
        raise DataError(f"{path}, row {row}, column {name!r}: {text!r} isn't a number.") from None
