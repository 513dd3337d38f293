"""The trainer_state.json that the Hugging Face Trainer leaves in a run's folder.

A run is named after its folder, or after its file if that was given another name. The log
holds ``loss`` (training) and, if it was evaluated, ``eval_loss`` and other metrics;
``total_flos`` is the compute up to ``global_step``.
"""

from collections.abc import Iterable
from numbers import Real
from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.json_records import parse_json
from bayes_scaling.errors import DataError

# From its names to ours; a zero or -1 there means that it wasn't counted.
AMOUNTS = {
    "global_step": "last_step",
    "max_steps": "planned",
    "total_flos": "compute",
    "num_input_tokens_seen": "tokens",
}


def is_trainer_state(content: object) -> bool:
    """Whether the content of a JSON file is a trainer state: by the log that it holds."""
    return isinstance(content, dict) and "log_history" in content


def read_trainer_state(path: Path) -> pd.DataFrame:
    """Read the last value of every metric of a run: a row a metric."""
    state = parse_json(path)
    log = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(state, dict) or not isinstance(log, list):
        raise DataError(f"{path} isn't a trainer state: it has no 'log_history'.")
    last: dict[str, float] = {}
    for entry in log:
        if isinstance(entry, dict):
            last |= {key: float(value) for key, value in entry.items() if isinstance(value, Real)}
    metrics = [key for key in last if key not in ("step", "epoch", "total_flos")]
    if not metrics:
        raise DataError(f"{path} has an empty log: the run hasn't logged a loss yet.")
    run: dict[str, object] = {"run": run_place(path).name}
    amounts = {
        ours: float(state[theirs])
        for theirs, ours in AMOUNTS.items()
        if isinstance(state.get(theirs), Real) and state[theirs] > 0
    }
    if "last_step" not in amounts:
        raise DataError(f"{path} isn't a trainer state: it has no 'global_step' above zero.")
    return pd.DataFrame(
        [run | amounts | {"metric": metric, "loss": last[metric]} for metric in metrics]
    )


def run_place(path: Path) -> Path:
    """Find where a run lives: its folder, which is the one above checkpoint-<step>."""
    if path.name != "trainer_state.json":
        return path.absolute().with_suffix("")
    folder = path.absolute().parent
    return folder.parent if folder.name.startswith("checkpoint-") else folder


def latest(paths: Iterable[Path]) -> list[Path]:
    """Keep the last state of each run: the one in its own folder, or its last checkpoint's."""
    last: dict[Path, Path] = {}
    for path in sorted(paths, key=_checkpoint):
        last[run_place(path)] = path
    return sorted(last.values())


def _checkpoint(path: Path) -> float:
    step = path.absolute().parent.name.removeprefix("checkpoint-")
    return float(step) if step.isdecimal() else float("inf")
