"""Forecasts along another column than compute: its words, numbers and seals."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling import registry
from bayes_scaling.cli import app
from bayes_scaling.data.notices import RunsWarning
from bayes_scaling.errors import DataError, SpecError

EXAMPLES = [200, 400, "0.8K", 1600, 3200, 6400]


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def table():
    compute = np.array([200, 400, 800, 1600, 3200, 6400.0])
    waves = 1 + 0.004 * np.sin(3 * np.arange(6))
    return pd.DataFrame({"examples": EXAMPLES, "loss": (1.2 + 1.5 * compute**-0.2) * waves})


@pytest.fixture(scope="module")
def fit(table):
    return bs.fit("loss", table, along="examples", random_seed=1)


def test_numbers_are_those_of_the_same_ladder_in_compute(fit, table):
    numbers = [200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0]
    same = table.drop(columns="examples").assign(compute=numbers)
    ours = bs.predict(fit, examples=[5e4, "1M"]).summary()
    theirs = bs.predict(bs.fit("loss", same, random_seed=1), compute=[5e4, 1e6]).summary()
    own = [name for name in ours if name not in {"family", "examples"}]
    pd.testing.assert_frame_equal(ours[own], theirs[own])
    assert ours["examples"].tolist() == [5e4, 1e6]


def test_priors_of_another_scale_are_said(fit):
    (said,) = fit.notes
    assert said.startswith("The priors of loss were made for training compute, and serve examples")
    own = fit.spec
    assert bs.fit(own, fit.table, random_seed=1).notes == ()  # a model that states it is meant


def test_words_follow_the_scale(fit, table, tmp_path):
    forecast = bs.predict(fit, examples=5e4)
    ax = bs.plot_forecast(forecast, truth=table)
    assert ax.get_xlabel() == "Examples"
    plt.close("all")
    assert forecast.probability(below=2.0).index.name == "examples"
    page = bs.report(fit, forecast, path=tmp_path / "report.html").read_text("utf-8")
    assert "FLOP" not in page
    with pytest.raises(DataError, match=r"examples: the target 1e\+15 examples lies 11\.2 decades"):
        bs.predict(fit, examples=1e15)
    with pytest.raises(DataError, match="compute: loss forecasts along examples"):
        bs.predict(fit, compute=1e20)


def test_it_is_saved_sealed_scored_and_made_again(fit, tmp_path):
    back = bs.load_fit(fit.save(tmp_path / "fit.nc"))
    assert back.data_hash == fit.data_hash
    forecast = bs.predict(back, examples=5e4)
    words = {"question": "Which loss?", "resolves": "The log.", "author": "a team"}
    (record,) = bs.register(forecast, tmp_path / "ledger.jsonl", **words)
    assert record.content["target"]["examples"] == 5e4
    assert registry.rerun(record).identical
    assert (
        bs.score(record.ledger, {1: float(record.quantiles["run"][0.5])}).loc[1, "status"]
        == "resolved"
    )


def test_the_command_line_goes_along_a_column(table, tmp_path, fit):
    path = tmp_path / "ladder.csv"
    table.rename(columns={"examples": "shots"}).to_csv(path, index=False)
    asked = [str(path), "--along", "examples", "--columns", "shots=examples"]
    at = ["--at", "5e4", "--at", "1M"]
    said = run("forecast", *asked, *at, "--json")
    assert said.exit_code == 0, said.output
    rows = json.loads(said.stdout)["targets"]
    ours = bs.predict(fit, examples=[5e4, 1e6]).summary()
    assert [row["examples"] for row in rows] == [5e4, 1e6]
    assert [row["median"] for row in rows] == pytest.approx(ours["median"].tolist(), rel=1e-12)
    assert "The priors of loss were made for training compute, and serve examples" in said.stderr
    text = run("forecast", *asked, *at).stdout
    assert "200 to 6.4e3 examples" in text
    assert "target (examples)" in text
    assert "Distance: decades of examples beyond the last fitted run." in text
    assert "FLOP" not in text
    fitted = run("fit", *asked, "--out", str(tmp_path / "fit.nc"))
    assert "C0 = 1.1e3 examples" in fitted.stdout
    again = run("forecast", str(tmp_path / "fit.nc"), *at, "--json")
    assert json.loads(again.stdout)["targets"] == rows
    topics = [remark["topic"] for remark in json.loads(run("check", *asked, "--json").stdout)]
    assert topics == [remark.topic for remark in bs.check(table, along="examples")]


def test_the_command_line_refuses_what_it_cannot_run_along(table, tmp_path, monkeypatch):
    path = tmp_path / "ladder.csv"
    table.to_csv(path, index=False)
    refusals = {
        ("check", str(path)): "compute",
        ("check", str(path), "--along", "exampels"): "along: the table has no column 'exampels'",
        (
            "forecast",
            str(path),
            "--along",
            "examples",
            "--at",
            "some",
        ): "--at: 'some' isn't a count",
        ("forecast", str(path), "--along", "examples", "--at", "1e15"): "11.2 decades beyond",
        ("fit", str(path), "--along", "loss"): "along: expected the name of a column of amounts",
    }
    for typed, sentence in refusals.items():
        said = run(*typed)
        assert (said.exit_code, sentence in said.stderr) == (2, True), said.stderr
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("examples,loss\n200,3\nsome,2\n")
    sentence = run("check", str(wrong), "--along", "examples").stderr
    assert "row 2, column 'examples': 'some' isn't a count" in sentence


def test_a_reader_goes_along_a_column():
    runs = pd.DataFrame({"examples": ["0.8K", 800, 1600], "compute": 1e18, "loss": [3, 2.9, 2.0]})
    read = bs.read_runs(runs, along="examples")
    assert read["examples"].tolist() == [800.0, 800.0, 1600.0]
    assert "compute" in read
    with pytest.warns(RunsWarning, match="2 of 3, without 'run 1'"):
        alone = bs.read_runs(runs.drop(columns="compute"), along="examples", keep="best")
    assert alone["examples"].tolist() == [800.0, 1600.0]
    assert "compute" not in alone


def test_what_it_cannot_run_along_is_refused(table):
    with pytest.raises(DataError, match="along: the table has no column 'exampels'"):
        bs.fit("loss", table, along="exampels", random_seed=1)
    with pytest.raises(DataError, match=r"row 2, column 'examples': 'some' isn't a count"):
        bs.fit(
            "loss", table.assign(examples=[1, "some", 3, 4, 5, 6]), along="examples", random_seed=1
        )
    with pytest.raises(SpecError, match="along: expected the name of a column of amounts"):
        bs.fit("loss", table, along="loss", random_seed=1)
