"""The formats people have on disk, one module each: a path in, a raw table out.

Tables (CSV, parquet, JSON) come back as they are. Logs of training (trainer_state.json, the
exports of Weights & Biases and TensorBoard) come back with a row for every run and metric:
run, metric, last_step, loss and, where the log knows them, compute, tokens and planned (steps).
"""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.csv_table import read_csv, read_header
from bayes_scaling.data.readers.json_records import read_json, read_json_lines
from bayes_scaling.data.readers.parquet import read_parquet
from bayes_scaling.data.readers.tensorboard_export import is_tensorboard, read_tensorboard
from bayes_scaling.data.readers.trainer_state import is_trainer_state, read_trainer_state
from bayes_scaling.data.readers.wandb_export import is_wandb, read_wandb
from bayes_scaling.errors import DataError

SUFFIXES = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json",
}
READERS = {
    "csv": read_csv,
    "parquet": read_parquet,
    "json lines": read_json_lines,
    "json": read_json,
    "trainer_state": read_trainer_state,
    "wandb": read_wandb,
    "tensorboard": read_tensorboard,
}
LOGS = frozenset({"trainer_state", "wandb", "tensorboard"})


def find_format(path: Path) -> str:
    """Tell the format of a file from its suffix, and from a look inside where that is not enough.

    Raises
    ------
    DataError
        If the suffix is not one of those known, or the file is empty or can't be read.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path} has the suffix {suffix!r}, which isn't known; known: {', '.join(SUFFIXES)}."
        )
    if not path.stat().st_size:
        raise DataError(f"{path} is empty.")
    if suffix == ".json" and is_trainer_state(path):
        return "trainer_state"
    if suffix == ".csv":
        header = read_header(path)
        if is_tensorboard(header):
            return "tensorboard"
        if is_wandb(header):
            return "wandb"
    return SUFFIXES[suffix]


def read_file(path: Path, text: Collection[str] = ("run", "family")) -> tuple[str, pd.DataFrame]:
    """Read one file; return the name of its format and the raw table.

    The columns named in `text` are names, and are not read as numbers.
    """
    form = find_format(path)
    return form, read_csv(path, text) if form == "csv" else READERS[form](path)
