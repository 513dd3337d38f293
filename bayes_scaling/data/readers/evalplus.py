"""The results of EvalPlus: ``<samples>_eval_results.json``, or ``eval_results.json`` in a folder.

``eval`` holds for each problem a list of samples, each with ``base_status`` and ``plus_status``;
in older releases lists ``base`` and ``plus`` of pairs of a status and details. A sample passes the
plus tests only if it passes the base tests too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.data.readers.json_records import parse_json
from bayes_scaling.errors import DataError, suggest

PASSED = ("pass", "success")
TESTS = ("base", "plus")

Statuses = Sequence[tuple[object, object]]


def is_evalplus(content: object) -> bool:
    """Whether the content of a JSON file is that of EvalPlus."""
    return isinstance(content, dict) and isinstance(content.get("eval"), dict) and "hash" in content


def read_evalplus(path: Path, tests: str | None = None) -> pd.DataFrame:
    """Count the samples of each problem, and those that passed the tests: 'plus', or 'base'."""
    if tests not in (*TESTS, None):
        raise DataError(f"tests: got {tests!r}; {suggest(str(tests), TESTS)}")
    content = parse_json(path)
    problems = content.get("eval") if isinstance(content, dict) else None
    if not isinstance(problems, dict):
        raise DataError(f"{path} isn't a result of EvalPlus: it has no 'eval'.")
    if not problems:
        raise DataError(f"{path} has no problems in it: the evaluation was not run to its end.")
    counts = []
    for problem, samples in problems.items():
        place = f"{path}, problem {problem!r}"
        statuses = _statuses(place, samples)
        passed = [_passed(place, pair, base_only=tests == "base") for pair in statuses]
        counts.append((str(problem), len(passed), sum(passed)))
    return pd.DataFrame(counts, columns=["problem", "n_samples", "n_correct"])


def _statuses(place: str, samples: Any) -> Statuses:
    """List the base and plus status of each sample of a problem, from either layout."""
    try:
        if isinstance(samples, dict):
            base = [status for status, *_ in samples["base"]]
            plus = [status for status, *_ in samples["plus"]] or [None] * len(base)
        else:
            base = [sample["base_status"] for sample in samples]
            plus = [sample.get("plus_status") for sample in samples]
        pairs = list(zip(base, plus, strict=True))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{place}: expected samples with 'base_status' and 'plus_status', or lists 'base' and "
            "'plus' of equal length."
        ) from error
    if not pairs:
        raise DataError(f"{place} has no samples; evaluate it, or leave the problem out.")
    return pairs


def _passed(place: str, pair: tuple[object, object], *, base_only: bool) -> bool:
    base, plus = pair
    if not isinstance(base, str):
        raise DataError(f"{place}: a status must be text such as 'pass', got {base!r}.")
    if base_only:
        return base in PASSED
    if not isinstance(plus, str):
        raise DataError(
            f"{place} was evaluated with the base tests only; read it with tests='base'."
        )
    return base in PASSED and plus in PASSED
