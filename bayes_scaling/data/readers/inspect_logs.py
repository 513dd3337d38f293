"""The logs of inspect-ai, ``.eval`` or ``.json``: a sample for every problem and epoch.

They are read by inspect-ai itself, which is an optional dependency.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.data.cells import is_missing
from bayes_scaling.data.notices import warn_of_passes
from bayes_scaling.errors import DataError, suggest

PREFIX = "score_"
RIGHT = ("C", "1", "1.0", "True")
WRONG = ("I", "N", "0", "0.0", "False")  # N: no answer


def is_inspect(content: object) -> bool:
    """Whether the content of a JSON file is a log of inspect-ai."""
    return isinstance(content, dict) and {"eval", "plan", "status"} <= content.keys()


def read_inspect(path: Path, metric: str | None = None) -> pd.DataFrame:
    """Count the epochs of each problem, and those that the scorer named by `metric` calls right.

    The model is the run, and the task is the benchmark. Samples without a score (an error, a
    limit) don't count, and a warning says how many.
    """
    samples = _load(path)
    if samples.empty:
        raise DataError(f"{path} has no samples: the evaluation was not run to its end.")
    score = samples[_choose_scorer(path, samples, metric)]
    scored = [not is_missing(value) for value in score.tolist()]
    if not all(scored):
        warn_of_passes(
            f"{path}: {len(scored) - sum(scored)} of {len(scored)} samples have no score (an "
            "error, or a limit); they are left out."
        )
    if not any(scored):
        raise DataError(f"{path}: no sample has a score; score the log first (inspect score).")
    table = pd.DataFrame(
        {
            "run": samples["model"].astype(str),
            "benchmark": samples["task_name"].astype(str),
            "problem": samples["id"].astype(str),
            "n_correct": [
                _is_right(f"{path}, sample {name!r}, epoch {epoch}", value) if known else 0
                for name, epoch, value, known in zip(
                    samples["id"], samples["epoch"], score.tolist(), scored, strict=True
                )
            ],
            "n_samples": [int(known) for known in scored],
        }
    )
    counts = table.groupby(["run", "benchmark", "problem"], sort=False, as_index=False).sum()
    return counts[counts["n_samples"] > 0].reset_index(drop=True)


def _load(path: Path) -> pd.DataFrame:
    try:
        from inspect_ai import analysis
    except ImportError as error:
        raise DataError(
            f"{path} is a log of inspect-ai, which reads it and isn't installed: "
            "pip install 'bayes-scaling[inspect]'."
        ) from error
    columns: list[Any] = [*analysis.EvalModel, *analysis.EvalTask, *analysis.SampleSummary]
    try:
        table = analysis.samples_df(str(path), columns=columns, quiet=True)
    except Exception as error:  # whatever a foreign reader raises on a broken file
        raise DataError(f"{path} can't be read by inspect-ai: {error}") from error
    assert isinstance(table, pd.DataFrame)
    return table


def _choose_scorer(path: Path, samples: pd.DataFrame, wanted: str | None) -> str:
    found = [str(name).removeprefix(PREFIX) for name in samples if str(name).startswith(PREFIX)]
    if not found:
        raise DataError(f"{path} has no scores; score the log first (inspect score).")
    if wanted is None and len(found) > 1:
        raise DataError(
            f"{path} has several scores: {', '.join(sorted(found))}; choose one with "
            f"metric={sorted(found)[0]!r}."
        )
    if wanted is not None and wanted not in found:
        raise DataError(f"{path} has no score {wanted!r}; {suggest(wanted, found)}")
    return PREFIX + (wanted or found[0])


def _is_right(place: str, value: object) -> int:
    text = str(value)
    if text not in (*RIGHT, *WRONG):
        raise DataError(
            f"{place}: the score is {value!r}; only C or 1 (right) and I, N or 0 (wrong) "
            "can be counted."
        )
    return int(text in RIGHT)
