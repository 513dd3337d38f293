"""The commands that judge models."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app, running
from bayes_scaling.evaluation import comparison


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def ladder(tmp_path):
    path = tmp_path / "ladder.csv"
    bs.example("cerebras_gpt").to_csv(path, index=False)
    return path


def test_backtest_prints_what_the_function_returns(ladder):
    done = invoke("backtest", ladder, "--baseline", "power_law", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    expected = bs.backtest(None, ladder, baseline="power_law", random_seed=1)
    assert found["summary"][0]["n"] == 5
    assert found["summary"][0]["crps"] == pytest.approx(expected.summary()["crps"].item())
    assert len(found["forecasts"]) == len(expected.forecasts)


def test_backtest_as_a_table(ladder, tmp_path):
    save = tmp_path / "done.jsonl"
    arguments = ("backtest", ladder, "--baseline", "last_value", "--by", "distance")
    done = invoke(*arguments, "--cutoff", "2e20", "--cutoff", "5e22", "--save", save)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("last_value, log loss; smaller scores are better")
    said = " ".join(done.stderr.split())
    assert "at 5e+22 FLOP: no run beyond the cutoff" in said
    assert len(save.read_text().splitlines()) == 2


def test_a_backtest_within_a_horizon(ladder):
    arguments = ("backtest", ladder, "--baseline", "last_value", "--json", "--horizon")
    near = json.loads(invoke(*arguments, "1").stdout)["forecasts"]
    assert 0 < max(row["distance"] for row in near) <= 1
    wrong = invoke(*arguments, "0")
    assert wrong.exit_code == 2
    assert "horizon" in wrong.stderr


def compared(*models):
    """Return a table as `compare` does."""
    scores = {"interpolation_elpd": [12.0, 10.5], "difference": [0.0, 1.5]}
    scores |= {"difference_se": [0.0, 0.5], "bad_k": [0, 1], "extrapolation_n": [4, 4]}
    scores |= {"extrapolation_log_score": [-1.8, -2.0], "converged": [True, True]}
    return pd.DataFrame(scores, index=pd.Index(models, name="model"))


def test_compare_prints_a_column_a_model(ladder, monkeypatch):
    table = compared("loss", "loss_power").assign(converged=[True, False])
    monkeypatch.setattr(running, "fit_table", lambda *given, **_: given[1])
    monkeypatch.setattr(comparison, "compare", lambda fits, *_, **__: table.loc[list(fits)])
    arguments = ("compare", ladder, "--model", "loss", "--model", "loss_power")
    done = invoke(*arguments)
    assert done.exit_code == 3
    lines = done.stdout.splitlines()
    assert lines[1].split() == ["interpolation_elpd", "12", "10.5", "higher", "is", "better"]
    assert lines[-1] == (
        "loss interpolates better than loss_power by 1.5, more than 2 standard errors (0.5 each); "
        "loss_power extrapolates better by 0.2 a forecast, of 4, too few to be sure."
    )
    rows = json.loads(invoke(*arguments, "--json").stdout)
    assert rows[1] == {"model": "loss_power"} | table.loc["loss_power"].to_dict()


def test_compare_takes_counts(tmp_path, monkeypatch):
    rows = [(f"r{m}", 10.0**m, p, 10, m) for m in range(3) for p in "abcd"]
    table = pd.DataFrame(rows, columns=["run", "compute", "problem", "n_samples", "n_correct"])
    path, asked = tmp_path / "counts.csv", {}
    table.to_csv(path, index=False)
    monkeypatch.setattr(running, "fit_table", lambda data, name, **_: (name, data))

    def compare(fits, unit, **_):
        asked.update(unit=unit, fits=fits)
        return compared(*fits)

    monkeypatch.setattr(comparison, "compare", compare)
    models = ("--model", "pass_rate", "--model", "pass_rate_logistic")
    done = invoke("compare", path, *models, "--unit", "run", "--buckets", "2")
    assert done.exit_code == 0, done.output
    assert asked["unit"] == "run"
    assert list(asked["fits"]) == ["pass_rate", "pass_rate_logistic"]
    assert asked["fits"]["pass_rate"][1]["bucket"].nunique() == 2


def test_bad_input(ladder):
    alone = invoke("compare", ladder, "--model", "loss", "--model", "loss")
    assert alone.exit_code == 2
    assert "--model: give two or more different ones" in alone.stderr
    both = invoke("backtest", ladder, "--model", "loss", "--baseline", "power_law")
    assert both.exit_code == 2
    assert "--baseline: it takes the place of a model" in both.stderr
    unknown = invoke("backtest", ladder, "--baseline", "powerlaw")
    assert unknown.exit_code == 2
    assert "Did you mean 'power_law'" in unknown.stderr
