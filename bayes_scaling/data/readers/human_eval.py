"""The results of OpenAI's human-eval: a line a sample.

``evaluate_functional_correctness`` writes ``<samples>.jsonl_results.jsonl`` with ``task_id``,
``completion``, ``result`` and ``passed`` (true or false).
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.data.readers.json_records import iterate_json_lines
from bayes_scaling.errors import DataError


def is_human_eval(record: Mapping[str, Any]) -> bool:
    """Whether a record is that of a sample, evaluated or not."""
    return "task_id" in record and bool({"passed", "completion", "solution"} & record.keys())


def read_human_eval(path: Path) -> pd.DataFrame:
    """Count the samples of each problem, and those that passed."""
    n_samples: Counter[str] = Counter()
    n_correct: Counter[str] = Counter()
    for line, record in iterate_json_lines(path):
        problem, passed = record.get("task_id"), record.get("passed")
        if problem is None or not isinstance(passed, bool):
            raise DataError(f"{path}, line {line}: {_complaint(record)}")
        n_samples[str(problem)] += 1
        n_correct[str(problem)] += passed
    counts = [(problem, n, n_correct[problem]) for problem, n in n_samples.items()]
    return pd.DataFrame(counts, columns=["problem", "n_samples", "n_correct"])


def _complaint(record: Mapping[str, Any]) -> str:
    if record.get("task_id") is None:
        return "the sample has no 'task_id'."
    if "passed" not in record:
        return (
            f"the sample of problem {record['task_id']!r} has no 'passed': it was not evaluated. "
            "Give the file that the evaluation wrote, which ends in _results.jsonl."
        )
    return f"'passed' must be true or false, got {record['passed']!r}."
