import pytest
from pass_files import counted, lines, write

from bayes_scaling.data import read_passes
from bayes_scaling.errors import DataError

COMPUTE = {"70M": 1e20, "m": 1e20}

SAMPLES = [
    {"task_id": "HumanEval/0", "completion": "x", "result": "passed", "passed": True},
    {"task_id": "HumanEval/1", "completion": "x", "result": "timed out", "passed": False},
    {"task_id": "HumanEval/0", "completion": "y", "result": "failed: ", "passed": False},
]


@pytest.mark.parametrize(
    "name", ["70M.jsonl_results.jsonl", "70M_results.jsonl", "70M/samples.jsonl_results.jsonl"]
)
def test_human_eval(tmp_path, name):
    path = write(tmp_path / name, lines(SAMPLES))
    expected = {("70M", "HumanEval/0"): (2, 1), ("70M", "HumanEval/1"): (1, 0)}
    assert counted(read_passes(path, compute=COMPUTE)) == expected
    renamed = read_passes({"m": path}, compute=COMPUTE)
    assert set(renamed["run"]) == {"m"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"task_id": "HumanEval/1", "pass', "line 2 isn't JSON"),
        ("[1]", "line 2 isn't a record"),
        ('{"task_id": "HumanEval/1"}', "line 2: the sample of problem 'HumanEval/1' has no 'pass"),
        ('{"passed": true}', "line 2: the sample has no 'task_id'"),
        ('{"task_id": "q", "passed": "yes"}', "line 2: 'passed' must be true or false, got 'yes'"),
    ],
)
def test_broken_human_eval(tmp_path, line, message):
    path = write(tmp_path / "70M.jsonl", lines(SAMPLES[:1]) + line + "\n")
    with pytest.raises(DataError, match=rf"70M\.jsonl, {message}"):
        read_passes(path, compute=COMPUTE)


def test_samples_that_were_not_evaluated(tmp_path):
    path = write(tmp_path / "samples.jsonl", lines([{"task_id": "p", "completion": "x"}]))
    with pytest.raises(DataError, match=r"it was not evaluated. Give the file that the evaluation"):
        read_passes(path, compute=COMPUTE)
