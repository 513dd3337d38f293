"""Inputs that real people have, read from their own folder where there is one.

`BAYES_SCALING_FIELD` names it; `tests/data/test_data_field.py` and `test_data_formats.py` hold the
same inputs retyped.
"""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bayes_scaling.cli import app

CHART = ["--compute", "run-small=1e18", "--compute", "run-big=1e19"]
TABLE = [
    *("--columns", "Name=run", "--columns", "model/params=params"),
    *("--columns", "train/tokens=tokens", "--columns", "eval/loss=loss"),
]
PASSES = ["--model", "pass_rate", "--run-compute", "rc.csv"]
SAMPLES = "samples_gsm8k_2024-04-08T10-11-12.123456.jsonl"
CASES = {  # folder, what is typed after check, exit code, and what is said
    "F06": (
        "F06",
        ["*.csv", "--compute", "d12=1e19", "--compute", "d8=1e18"],
        0,
        ["the loss is 1.87, the last in time", "at step 12000, before, it was 1.98."],
    ),
    "F07": ("F07", ["eval_results.json"], 2, ["one evaluation of one run", "trainer_state.json"]),
    "F07 passes": (
        "F07",
        ["eval_results.json", "--model", "pass_rate"],
        2,
        ["one evaluation of one run", "trainer_state.json"],
    ),
    "F09": (
        "F09",
        ["runs_table.csv", *TABLE],
        0,
        ["row 2 is an attempt at run 'd12' that crashed", "'d16' of the ladder did not finish"],
    ),
    "F09 mapped": (
        "F09",
        ["runs_table.csv", *TABLE, "--columns", "State=finished"],
        0,
        ["row 5 (run 'd20') failed and has no loss", "'d16' of the ladder did not finish"],
    ),
    "F10": ("F10", ["wandb_export.csv", *CHART], 2, ["--read metric=eval/loss"]),
    "F10 chosen": (
        "F10",
        ["wandb_export.csv", *CHART, "--read", "metric=eval/loss"],
        0,
        ["the ladder has 2 distinct computes"],
    ),
    "F12": (
        "F12",
        [SAMPLES, *PASSES],
        0,
        ["every problem 2 times, in blocks of 20 lines", "The first block is kept"],
    ),
    "F13": ("F13", ["*_eval_all.json", *PASSES], 0, ["a median of 10 samples for a problem"]),
    "F15": (
        "F15",
        ["ladder.csv"],
        2,
        ["column 'tokens': '~220 B' isn't a count", "column 'compute': '89.56P' isn't an amount"],
    ),
}


@pytest.fixture(scope="session")
def field():
    path = os.environ.get("BAYES_SCALING_FIELD")
    if not path or not Path(path).is_dir():
        pytest.skip("no such inputs: set BAYES_SCALING_FIELD to their folder")
    return Path(path)


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_of_them(field, monkeypatch, name):
    folder, typed, code, said = CASES[name]
    monkeypatch.chdir(field / folder)
    result = CliRunner().invoke(app, ["check", *typed])
    assert result.exit_code == code, result.output
    for part in said:
        assert part in result.output
