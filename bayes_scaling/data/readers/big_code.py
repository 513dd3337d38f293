"""The results of BigCodeBench: ``<samples>_eval_results.json``.

``eval`` holds for each problem a list of samples, each with one ``status``: 'pass', or why it
failed.
"""

from pathlib import Path

import pandas as pd

from bayes_scaling.data.readers.json_records import parse_json
from bayes_scaling.errors import DataError

PASSED = "pass"


def is_big_code(content: object) -> bool:
    """Whether the content of a JSON file is that of BigCodeBench: a status a sample, not two."""
    problems = content.get("eval") if isinstance(content, dict) else None
    first = next(iter(problems.values()), None) if isinstance(problems, dict) else None
    return (
        isinstance(first, list)
        and bool(first)
        and all(isinstance(one, dict) and "status" in one and "solution" in one for one in first)
    )


def read_big_code(path: Path) -> pd.DataFrame:
    """Count the samples of each problem, and those that passed."""
    content = parse_json(path)
    assert isinstance(content, dict)
    counts = []
    for problem, samples in content["eval"].items():
        try:
            passed = [sample["status"] == PASSED for sample in samples]
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{path}, problem {problem!r}: expected samples with 'status'."
            ) from error
        if not passed:
            raise DataError(f"{path}, problem {problem!r} has no samples; leave it out.")
        counts.append((str(problem), len(passed), sum(passed)))
    return pd.DataFrame(counts, columns=["problem", "n_samples", "n_correct"])
