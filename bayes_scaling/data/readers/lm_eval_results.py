"""Averages by task that lm-evaluation-harness writes: ``results_*.json``."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.data.readers.json_records import parse_json
from bayes_scaling.errors import DataError, suggest

BESIDE = ("versions", "config", "configs")
USUAL = ("acc", "exact_match", "em", "pass@1")
ERROR = "_stderr"


def is_lm_eval_results(content: object) -> bool:
    """Whether the content of a JSON file is averages of lm-evaluation-harness."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("results"), dict)
        and any(name in content for name in BESIDE)
        and "config_general" not in content
    )


def read_lm_eval_results(path: Path, metric: str | None = None) -> pd.DataFrame:
    """Read the averages of a file into columns ``task, score, score_se, n_items``.

    Parameters
    ----------
    path : Path
    metric : str, optional
        The metric of all tasks; by default ``acc``, or else ``exact_match`` and its kin.

    Raises
    ------
    DataError
        If a task lacks the metric, or says neither how many items it has nor a standard error.
    """
    content: Any = parse_json(path)
    counts = content.get("n-samples", {})
    rows = [
        _row(path, task, found, counts.get(task, {}), metric)
        for task, found in content["results"].items()
        if _metrics_of(found)
    ]
    if not rows:
        raise DataError(f"{path}: no task of it has a metric.")
    table = pd.DataFrame(rows)
    if "n_items" in table and table["n_items"].notna().all():
        return table.drop(columns="score_se", errors="ignore")
    lacking = table["score_se"].isna() if "score_se" in table else table["score"].notna()
    if lacking.any():
        task = table["task"][lacking].iloc[0]
        raise DataError(
            f"{path}: task {task!r} says neither how many items it has (n-samples) nor a standard "
            "error above 0; give a table with n_items."
        )
    return table.drop(columns="n_items", errors="ignore")


def _row(
    path: Path, task: str, found: Mapping[str, Any], count: Any, metric: str | None
) -> dict[str, Any]:
    metrics = _metrics_of(found)
    name = metric or next((usual for usual in USUAL if usual in metrics), None)
    if name is None or name not in metrics:
        said = f"metric: {name!r} is not known of" if name else "metric: say which is the score of"
        raise DataError(f"{path}: {said} task {task!r}; {suggest(str(name), metrics)}")
    errors = [value for key, value in found.items() if key.split(",")[0] == name + ERROR]
    error = next((value for value in errors if isinstance(value, int | float)), math.nan)
    items = count.get("effective") if isinstance(count, dict) else count
    return {
        "task": task,
        "score": metrics[name],
        "score_se": float(error) if error and error > 0 else math.nan,
        "n_items": float(items) if isinstance(items, int | float) else math.nan,
    }


def _metrics_of(found: Any) -> dict[str, float]:
    """Return the metrics of a task, without the names of filters behind a comma."""
    if not isinstance(found, dict):
        return {}
    named = {key.split(",")[0]: value for key, value in found.items()}
    return {
        name: float(value)
        for name, value in named.items()
        if isinstance(value, int | float) and not name.endswith(ERROR)
    }
