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
from bayes_scaling.data.readers.last_entries import last_entry
from bayes_scaling.data.readers.text import plain_name, plain_stem
from bayes_scaling.errors import DataError

# From its names to ours; a zero or -1 there means that it wasn't counted.
AMOUNTS = {
    "global_step": "end",
    "max_steps": "planned",
    "total_flos": "compute",
    "num_input_tokens_seen": "tokens",
}
NO_METRICS = ("step", "epoch", "total_flos")
EARLY = 0.9  # of the steps


def is_trainer_state(content: object) -> bool:
    """Whether the content of a JSON file is a trainer state: by the log that it holds."""
    return isinstance(content, dict) and "log_history" in content


def read_trainer_state(path: Path) -> pd.DataFrame:
    """Read the last value of every metric of a run: a row a metric."""
    state = parse_json(path)
    log = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(state, dict) or not isinstance(log, list):
        raise DataError(f"{path} isn't a trainer state: it has no 'log_history'.")
    entries: dict[str, list[tuple[float, float]]] = {}
    for entry in log:
        if isinstance(entry, dict):
            step = _number(entry.get("step"))
            for key, value in entry.items():
                if isinstance(value, Real) and key not in NO_METRICS:
                    entries.setdefault(key, []).append((step, float(value)))
    if not entries:
        raise DataError(f"{path} has an empty log: the run hasn't logged a loss yet.")
    run: dict[str, object] = {"run": run_place(path).name}
    amounts = {
        ours: float(state[theirs])
        for theirs, ours in AMOUNTS.items()
        if isinstance(state.get(theirs), Real) and state[theirs] > 0
    }
    if "end" not in amounts:
        raise DataError(f"{path} isn't a trainer state: it has no 'global_step' above zero.")
    end = amounts.pop("end")
    rows = []
    for metric, logged in entries.items():
        last = last_entry(*zip(*logged, strict=True))
        early = _said_early(str(run["run"]), metric, last["last_step"], end)
        own: dict[str, object] = {"metric": metric, "said": [early] if early else []}
        steps = {"own_step": last["last_step"], "last_step": end, "reached": end}
        rows.append(run | amounts | last | own | steps)
    return pd.DataFrame(rows)


def _number(value: object) -> float:
    return float(value) if isinstance(value, Real) else float("nan")


def _said_early(run: str, metric: str, step: float, end: float) -> tuple[str, str] | None:
    """Say that a metric was last logged well before the end, if so."""
    if not step < EARLY * end:
        return None
    return (
        "early evaluation",
        f"{metric} of {run!r} was last logged at step {step:g} of {end:g}: its loss isn't that of "
        "the end of training. Evaluate once more at the end, or choose another metric.",
    )


def run_place(path: Path) -> Path:
    """Find where a run lives: its folder, which is the one above checkpoint-<step>."""
    if plain_name(path) != "trainer_state.json":
        return path.absolute().with_name(plain_stem(path))
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
