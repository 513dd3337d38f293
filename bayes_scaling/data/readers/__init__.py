"""The formats people have on disk, one module each: a path in, a raw table out.

Tables (CSV and its kin, parquet, JSON) come back as they are. Logs of training (trainer_state.json,
the exports of Weights & Biases and TensorBoard) come back with a row for every run and metric:
run, metric, last_step, loss, top_step and top_loss and, where the log knows them, compute, tokens,
planned (steps), logged (whether it was at all) and said (what has to be known of it).
Logs of samples (human-eval, EvalPlus, BigCodeBench, lm-evaluation-harness, inspect-ai) come back
with a row for every problem: problem, n_samples, n_correct and, where the log knows them, run and
benchmark.
"""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.csv_table import read_csv
from bayes_scaling.data.readers.formats import find_format
from bayes_scaling.data.readers.json_records import read_json, read_json_lines
from bayes_scaling.data.readers.parquet import read_parquet
from bayes_scaling.data.readers.tensorboard_export import read_tensorboard
from bayes_scaling.data.readers.trainer_state import read_trainer_state
from bayes_scaling.data.readers.wandb_export import read_wandb
from bayes_scaling.errors import DataError

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
SAMPLE_LOGS = frozenset(
    {"human-eval", "EvalPlus", "BigCodeBench", "lm-evaluation-harness", "inspect-ai"}
)

__all__ = ["LOGS", "READERS", "SAMPLE_LOGS", "find_format", "read_file"]


def read_file(path: Path, text: Collection[str] = ("run", "family")) -> tuple[str, pd.DataFrame]:
    """Read one file; return the name of its format and the raw table.

    The columns named in `text` are names, and are not read as numbers.
    """
    form = find_format(path)
    if form in SAMPLE_LOGS:
        raise DataError(f"{path} holds counts of samples ({form}); read_passes reads it.")
    return form, read_csv(path, text) if form == "csv" else READERS[form](path)
