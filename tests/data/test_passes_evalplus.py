import pytest
from pass_files import counted, write

from bayes_scaling.data import read_passes
from bayes_scaling.errors import DataError

COMPUTE = {"70M": 1e20}


def sample(problem, base, plus):
    return {"task_id": problem, "solution": "x", "base_status": base, "plus_status": plus}


PRESENT = {
    "date": "2025-01-01",
    "hash": "f",
    "eval": {
        "HumanEval/0": [
            sample("HumanEval/0", "pass", "pass"),
            sample("HumanEval/0", "pass", "fail"),
            sample("HumanEval/0", "fail", "pass"),
        ],
        "HumanEval/1": [sample("HumanEval/1", "timeout", "fail")],
    },
}
OLDER = {
    "date": "2023-06-01",
    "hash": "f",
    "eval": {
        "HumanEval/0": {
            "nfiles": 3,
            "base": [["success", [True]], ["success", [True]], ["failed", [False]]],
            "plus": [["success", None], ["failed", None], ["success", None]],
        },
        "HumanEval/1": {"nfiles": 1, "base": [["timed out", []]], "plus": [["failed", []]]},
    },
}


@pytest.mark.parametrize("content", [PRESENT, OLDER], ids=["present", "older"])
@pytest.mark.parametrize(("tests", "right"), [(None, 1), ("plus", 1), ("base", 2)])
def test_evalplus(tmp_path, content, tests, right):
    expected = {("70M", "HumanEval/0"): (3, right), ("70M", "HumanEval/1"): (1, 0)}
    for name in ("70M/eval_results.json", "70M_eval_results.json", "70M.json"):
        passes = read_passes(write(tmp_path / name, content), tests=tests, compute=COMPUTE)
        assert counted(passes) == expected


ONLY_BASE = [
    {"eval": {"p": [sample("p", "pass", None)]}},
    {"eval": {"p": {"nfiles": 1, "base": [["success", []]], "plus": []}}},
]


@pytest.mark.parametrize("content", ONLY_BASE, ids=["present", "older"])
def test_evalplus_with_base_tests_only(tmp_path, content):
    path = write(tmp_path / "70M_eval_results.json", content)
    with pytest.raises(DataError, match=r"'p' was evaluated with the base tests only; .*'base'"):
        read_passes(path, compute=COMPUTE)
    assert counted(read_passes(path, tests="base", compute=COMPUTE)) == {("70M", "p"): (1, 1)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"eval": {}}, "has no problems in it"),
        ({"evals": {}}, "isn't a result of EvalPlus: it has no 'eval'"),
        ([], "isn't a result of EvalPlus"),
        ({"eval": {"p": []}}, "problem 'p' has no samples"),
        ({"eval": {"p": [{"status": "pass"}]}}, "problem 'p': expected samples with 'base_status'"),
        ({"eval": {"p": {"base": [["pass"]], "plus": [["pass"], ["pass"]]}}}, "of equal length"),
        ({"eval": {"p": 3}}, "problem 'p': expected samples"),
        ({"eval": {"p": [sample("p", 1, "pass")]}}, "a status must be text such as 'pass', got 1"),
        ('{"eval": {\n"p": [', "isn't JSON: .* in line 2"),
    ],
)
def test_broken_evalplus(tmp_path, content, message):
    path = write(tmp_path / "70M_eval_results.json", content)
    with pytest.raises(DataError, match=message) as error:
        read_passes(path, compute=COMPUTE)
    assert "70M_eval_results.json" in str(error.value)


def test_unknown_tests(tmp_path):
    path = write(tmp_path / "70M_eval_results.json", PRESENT)
    with pytest.raises(DataError, match=r"tests: got 'bas'; allowed: base, plus. .*'base'"):
        read_passes(path, tests="bas", compute=COMPUTE)
