"""The logs of samples of lm-evaluation-harness: ``samples_<task>_<date>.jsonl``.

A line for every problem and filter: ``doc_id``, ``filter``, ``resps`` (the responses), ``metrics``
(names) and a value for each metric. Tasks with several responses a problem give pass@k, from which
the counts are recovered; others give 0 or 1, which is one sample.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.data.estimators import pass_at_k
from bayes_scaling.data.notices import tell, warn_of_passes
from bayes_scaling.data.readers.json_records import iterate_json_lines
from bayes_scaling.errors import DataError, suggest

PASS_AT_K = re.compile(r"pass(?:@|_at_)(\d+)", re.ASCII)
FILE_NAME = re.compile(r"samples_(?P<task>.+)_\d{4}-\d{2}-\d{2}T[\d.-]+\.jsonl", re.ASCII)
NO_FILTER = "none"
STRUCTURE = {  # of a record, beside its metrics
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
    *("doc_hash", "prompt_hash", "target_hash"),
}
ROUNDING = 1e-12
OPEN = 0.05  # share of the samples that may be right or wrong, by a metric

Line = tuple[int, Mapping[str, Any]]


def is_lm_eval(record: Mapping[str, Any]) -> bool:
    """Whether a record is that of a problem and filter."""
    return "doc_id" in record and "resps" in record


def has_averages(content: object) -> bool:
    """Whether the content of a JSON file is that of ``results_<date>.json``: averages of tasks."""
    return isinstance(content, dict) and {"results", "configs"} <= content.keys()


def read_lm_eval(path: Path, filter: str | None = None, metric: str | None = None) -> pd.DataFrame:
    """Count the samples of each problem, and those that were right by a filter and metric.

    The task in the file's name is the benchmark. Files of early 2024 don't name their filters, and
    hold a block of all problems for each: the first counts, or the one whose number is given.
    """
    lines: list[Line] = list(iterate_json_lines(path))
    blocks = _blocks(lines)
    if len(blocks) > 1:
        lines = _choose_block(path, blocks, filter)
    else:
        lines = _choose_filter(path, lines, filter)
    metric = _choose_metric(path, lines, metric)
    matched = PASS_AT_K.fullmatch(metric)
    rows, unsure = [], 0
    for number, record in lines:
        place = f"{path}, line {number} (problem {record.get('doc_id')})"
        if record.get("doc_id") is None:
            raise DataError(f"{path}, line {number}: the sample has no 'doc_id'.")
        n = _count_responses(place, record) if matched else 1
        k = int(matched[1]) if matched else 1
        candidates = _counts_of(place, metric, record.get(metric), n, k)
        unsure += len(candidates) > 1
        rows.append((str(record["doc_id"]), n, candidates[-1]))
    if unsure:
        warn_of_passes(
            f"{path}: {metric} leaves open how many of the samples of {unsure} problems are right, "
            "since nearly all are; the largest number that agrees is taken."
        )
    counts = pd.DataFrame(rows, columns=["problem", "n_samples", "n_correct"])
    if len(blocks) > 1 and filter is None:
        said = _said_of_blocks(path, blocks, metric)
        counts = tell(counts, [("filters without names", "n_correct", said)])
    named = FILE_NAME.fullmatch(path.name)
    return counts.assign(benchmark=named["task"]) if named else counts


def _blocks(lines: Sequence[Line]) -> list[list[Line]]:
    """Take lines without named filters apart where every problem is there equally often.

    All problems begin again after the last, or the lines of a problem follow each other.
    """
    problems = [str(record.get("doc_id")) for _, record in lines]
    size = len(set(problems))
    times, left = divmod(len(problems), size)
    if left or any("filter" in record or record.get("doc_id") is None for _, record in lines):
        return [list(lines)]
    if problems == problems[:size] * times:
        return [list(lines[start : start + size]) for start in range(0, len(lines), size)]
    if problems == [problem for problem in problems[::times] for _ in range(times)]:
        return [list(lines[start::times]) for start in range(times)]
    return [list(lines)]


def _choose_block(path: Path, blocks: Sequence[list[Line]], wanted: str | None) -> list[Line]:
    numbers = [str(number + 1) for number in range(len(blocks))]
    if wanted is not None and wanted not in numbers:
        raise DataError(
            f"{_twice(path, blocks)} It has no filter {wanted!r}; write the number of a block, "
            f"{' or '.join(numbers)}."
        )
    return blocks[0 if wanted is None else int(wanted) - 1]


def _twice(path: Path, blocks: Sequence[list[Line]]) -> str:
    return (
        f"{path} has every problem {len(blocks)} times, in blocks of {len(blocks[0])} lines: a "
        "block for each filter, which files of this harness did not name in early 2024."
    )


def _said_of_blocks(path: Path, blocks: Sequence[list[Line]], metric: str) -> str:
    right = [sum(bool(record.get(metric)) for _, record in block) for block in blocks]
    found = " and ".join(f"{count} of {len(blocks[0])}" for count in right)
    return (
        f"{_twice(path, blocks)} The first block is kept; filter='2' keeps another. {metric} is "
        f"above 0 for {found} problems."
    )


def _choose_filter(path: Path, lines: Sequence[Line], wanted: str | None) -> list[Line]:
    found = sorted({str(record.get("filter", NO_FILTER)) for _, record in lines})
    if wanted is None and len(found) > 1:
        raise DataError(
            f"{path} has the answers by several filters: {', '.join(found)}; choose one with "
            f"filter={found[0]!r}."
        )
    chosen = found[0] if wanted is None else wanted
    if chosen not in found:
        raise DataError(f"{path} has no filter {chosen!r}; {suggest(chosen, found)}")
    return [(n, record) for n, record in lines if str(record.get("filter", NO_FILTER)) == chosen]


def _choose_metric(path: Path, lines: Sequence[Line], wanted: str | None) -> str:
    """Take the metric asked for; or else pass@k of the smallest k, or the only one of 0 and 1."""
    named = lines[0][1].get("metrics")
    free = [str(name) for name in lines[0][1] if name not in STRUCTURE]
    names = [str(name) for name in named] if isinstance(named, list) else free
    if wanted is not None:
        if wanted not in names:
            raise DataError(f"{path} has no metric {wanted!r}; {suggest(wanted, names)}")
        return wanted
    sizes = {name: int(found[1]) for name in names if (found := PASS_AT_K.fullmatch(name))}
    if sizes:
        return min(sizes, key=lambda name: sizes[name])
    counted = [name for name in names if all(_is_zero_or_one(record, name) for _, record in lines)]
    if len(counted) == 1:
        return counted[0]
    raise DataError(
        f"{path} has the metrics {', '.join(names)}; choose one that is pass@k, or 0 or 1 for "
        "every problem, with metric=."
    )


def _is_zero_or_one(record: Mapping[str, Any], name: str) -> bool:
    return isinstance(record.get(name), int | float) and record[name] in (0, 1)


def _count_responses(place: str, record: Mapping[str, Any]) -> int:
    responses = record.get("resps")
    if not (isinstance(responses, list) and responses and isinstance(responses[0], list)):
        raise DataError(f"{place}: 'resps' must be a list with the list of responses.")
    if not responses[0]:
        raise DataError(f"{place}: there are no responses; leave the problem out.")
    return len(responses[0])


def _counts_of(place: str, metric: str, value: object, n: int, k: int) -> list[int]:
    """Find which numbers of right samples of n give a value of pass@k."""
    if not isinstance(value, int | float):
        raise DataError(f"{place}: {metric} must be a number, got {value!r}.")
    if k > n:
        raise DataError(f"{place}: {metric} needs {k} responses, but there are {n}.")
    possible = pass_at_k(n, np.arange(n + 1), k)
    found = np.flatnonzero(np.abs(possible - value) < ROUNDING)
    if not len(found):
        allowed = "it must be 0 or 1" if n == 1 else f"no number of right samples of {n} gives that"
        raise DataError(f"{place}: {metric} is {value}; {allowed}.")
    if found[-1] - found[0] > max(1, n * OPEN):
        raise DataError(
            f"{place}: {metric} of {n} responses is {value} for any number of right ones from "
            f"{found[0]} to {found[-1]}. Read a metric of a smaller k, such as pass@1, with "
            "metric=, or count the samples."
        )
    return [int(count) for count in found]
