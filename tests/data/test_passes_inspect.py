import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from pass_files import counted, write

from bayes_scaling.data import PassesWarning, read_passes
from bayes_scaling.errors import DataError

INSPECT = {"mockllm/70M": 1e20}


@pytest.fixture
def inspect_ai(monkeypatch):
    """A stub of inspect-ai: its samples are what the test puts in `samples`."""
    package, analysis = ModuleType("inspect_ai"), ModuleType("inspect_ai.analysis")
    package.analysis = analysis
    analysis.EvalModel, analysis.EvalTask, analysis.SampleSummary = ["model"], ["task"], ["sample"]
    analysis.samples = pd.DataFrame()

    def samples_df(logs, columns, quiet):
        assert columns == ["model", "task", "sample"]
        assert quiet
        return analysis.samples

    analysis.samples_df = samples_df
    monkeypatch.setitem(sys.modules, "inspect_ai", package)
    monkeypatch.setitem(sys.modules, "inspect_ai.analysis", analysis)
    return analysis


def epochs(*scores, problems="pq", **columns):
    """Samples as inspect-ai gives them, in its types: each problem once an epoch."""
    rows = len(scores)
    table = {
        "model": "mockllm/70M",
        "task_name": "sums",
        "id": pd.array([problems[i % 2] for i in range(rows)], dtype="string"),
        "epoch": [i // 2 + 1 for i in range(rows)],
        "score_match": pd.array(scores, dtype="string"),
    }
    return pd.DataFrame(table | columns)


def test_inspect_epochs_are_samples(tmp_path, inspect_ai):
    inspect_ai.samples = epochs("C", "I", "I", "N", "C", "I")
    path = write(tmp_path / "log.eval", "zip")
    passes = read_passes(path, compute=INSPECT)
    assert counted(passes) == {("mockllm/70M", "p"): (3, 2), ("mockllm/70M", "q"): (3, 0)}
    assert set(passes["benchmark"]) == {"sums"}
    assert set(read_passes({"m": path}, compute={"m": 1e20})["run"]) == {"m"}
    log = {"version": 2, "status": "success", "eval": {}, "plan": {}, "samples": []}
    assert len(read_passes(write(tmp_path / "log.json", log), compute=INSPECT)) == 2


def test_inspect_numbers(tmp_path, inspect_ai):
    inspect_ai.samples = epochs("", "").assign(score_match=[1.0, 0.0])
    passes = read_passes(write(tmp_path / "log.eval", "zip"), compute=INSPECT)
    assert passes["n_correct"].tolist() == [1, 0]


def test_inspect_without_a_score(tmp_path, inspect_ai):
    inspect_ai.samples = epochs("C", None, "I", "C", "C", None)
    path = write(tmp_path / "log.eval", "zip")
    with pytest.warns(PassesWarning, match="2 of 6 samples have no score"):
        passes = read_passes(path, compute=INSPECT)
    assert counted(passes) == {("mockllm/70M", "p"): (3, 2), ("mockllm/70M", "q"): (1, 1)}
    inspect_ai.samples = epochs("C", None, "I", None)
    with pytest.warns(PassesWarning, match="2 of 4"):
        assert read_passes(path, compute=INSPECT)["problem"].tolist() == ["p"]


def test_inspect_scorers(tmp_path, inspect_ai):
    inspect_ai.samples = epochs("C", "I", score_includes=["C", "C"])
    path = write(tmp_path / "log.eval", "zip")
    with pytest.raises(DataError, match="several scores: includes, match; choose one with metric="):
        read_passes(path, compute=INSPECT)
    with pytest.raises(DataError, match=r"no score 'include'; .*Did you mean 'includes'"):
        read_passes(path, metric="include", compute=INSPECT)
    assert read_passes(path, metric="includes", compute=INSPECT)["n_correct"].tolist() == [1, 1]
    assert read_passes(path, metric="match", compute=INSPECT)["n_correct"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (epochs("C", "P"), r"sample 'q', epoch 1: the score is 'P'; only C or 1 \(right\)"),
        (epochs("C", "0.5"), "the score is '0.5'"),
        (epochs(), "has no samples"),
        (epochs("C", "I").drop(columns="score_match"), "has no scores; score the log first"),
    ],
)
def test_bad_inspect_logs(tmp_path, inspect_ai, samples, message):
    inspect_ai.samples = samples
    with pytest.raises(DataError, match=message) as error:
        read_passes(write(tmp_path / "log.eval", "zip"), compute=INSPECT)
    assert "log.eval" in str(error.value)


def test_inspect_without_any_score(tmp_path, inspect_ai):
    inspect_ai.samples = epochs("C", "I").assign(score_match=[np.nan, None])
    path = write(tmp_path / "log.eval", "zip")
    with (
        pytest.raises(DataError, match="no sample has a score"),
        pytest.warns(PassesWarning, match="2 of 2"),
    ):
        read_passes(path, compute=INSPECT)


def test_a_log_that_inspect_cannot_read(tmp_path, inspect_ai, monkeypatch):
    def samples_df(logs, columns, quiet):
        raise OSError("EOCD not found")

    monkeypatch.setattr(inspect_ai, "samples_df", samples_df)
    with pytest.raises(DataError, match=r"log\.eval can't be read by inspect-ai: EOCD not found"):
        read_passes(write(tmp_path / "log.eval", "zip"), compute=INSPECT)


def test_inspect_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    with pytest.raises(DataError, match=r"isn't installed: pip install 'bayes-scaling\[inspect\]'"):
        read_passes(write(tmp_path / "log.eval", "zip"), compute=INSPECT)
