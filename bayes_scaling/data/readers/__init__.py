"""The formats people have on disk, one module each: a path in, a raw table out.

Tables (CSV, parquet, JSON) come back as they are. Logs of training (trainer_state.json, the
exports of Weights & Biases and TensorBoard) come back with a row for every run and metric:
run, metric, last_step, loss and, where the log knows them, compute, tokens and planned (steps).
Logs of samples (human-eval, EvalPlus, lm-evaluation-harness, inspect-ai) come back with a row for
every problem: problem, n_samples, n_correct and, where the log knows them, run and benchmark.
"""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.csv_table import read_csv, read_header
from bayes_scaling.data.readers.evalplus import is_evalplus
from bayes_scaling.data.readers.human_eval import is_human_eval
from bayes_scaling.data.readers.inspect_logs import is_inspect
from bayes_scaling.data.readers.json_records import (
    iterate_json_lines,
    parse_json,
    read_json,
    read_json_lines,
)
from bayes_scaling.data.readers.lm_eval import has_averages, is_lm_eval
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
    ".eval": "inspect-ai",
}
ENDINGS = {"trainer_state.json": "trainer_state", "eval_results.json": "EvalPlus"}
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
SAMPLE_LOGS = frozenset({"human-eval", "EvalPlus", "lm-evaluation-harness", "inspect-ai"})


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
    return _look_inside(path, suffix) or SUFFIXES[suffix]


def read_file(path: Path, text: Collection[str] = ("run", "family")) -> tuple[str, pd.DataFrame]:
    """Read one file; return the name of its format and the raw table.

    The columns named in `text` are names, and are not read as numbers.
    """
    form = find_format(path)
    if form in SAMPLE_LOGS:
        raise DataError(f"{path} holds counts of samples ({form}); read_passes reads it.")
    return form, read_csv(path, text) if form == "csv" else READERS[form](path)


def _look_inside(path: Path, suffix: str) -> str | None:
    """Tell a log by its name or content; None where it is a plain table."""
    for ending, form in ENDINGS.items():
        if path.name.endswith(ending):
            return form
    if suffix == ".csv":
        header = read_header(path)
        return "tensorboard" if is_tensorboard(header) else "wandb" if is_wandb(header) else None
    if suffix == ".json":
        content = parse_json(path)
        if has_averages(content):
            raise DataError(
                f"{path} holds averages over problems; the counts by problem are in "
                "samples_*.jsonl beside it, which lm-evaluation-harness writes with --log_samples."
            )
        known = {"trainer_state": is_trainer_state, "EvalPlus": is_evalplus}
        known |= {"inspect-ai": is_inspect}
        return next((form for form, fits in known.items() if fits(content)), None)
    if SUFFIXES[suffix] == "json lines":
        _, record = next(iterate_json_lines(path))
        if is_human_eval(record):
            return "human-eval"
        return "lm-evaluation-harness" if is_lm_eval(record) else None
    return None
