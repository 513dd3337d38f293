"""The command line for counts prints what the Python functions return, and refuses bad input."""

import dataclasses
import json
import re

import pandas as pd
import pytest
from refusals import forbid_sampling
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app
from bayes_scaling.cli.pass_printing import quantity_text
from bayes_scaling.cli.records import chance_text

FINE = (
    "run,compute,problem,n_samples,n_correct\n"
    "a,1e18,p,100,3\na,1e18,q,100,0\nb,1e19,p,100,9\nb,1e19,q,100,0\n"
)
MODEL = ["--model", "pass_rate"]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(*arguments):
    """Run, and return the one sentence."""
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    *notes, sentence = result.stderr.splitlines()
    assert all(note.startswith("note: ") for note in notes)
    assert sentence.startswith("bayes-scaling: ")
    assert sentence.endswith((".", "?"))
    return sentence


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working folder with counts, and a sampler that must not be reached."""

    forbid_sampling(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fine.csv").write_text(FINE)
    return tmp_path


@pytest.fixture
def saved(fit_passes, folder):
    return fit_passes.save(folder / "fit.nc")


@pytest.fixture
def small(pass_counts, folder):
    """The fitted runs as a table without buckets."""
    path = folder / "small.csv"
    columns = ["run", "compute", "problem", "n_samples", "n_correct"]
    pass_counts.query("compute < 1e24")[columns].to_csv(path, index=False)
    return path


@pytest.fixture
def fitted(fit_passes, monkeypatch):
    """What would have been fitted, where a fit is asked for: its result is the fixture's."""
    asked = []

    def fit(model, data, **settings):
        asked.append((model, data, settings))
        return fit_passes

    monkeypatch.setattr("bayes_scaling.inference.fitting.fit", fit)
    return asked


def test_forecast_as_json(saved, fit_passes):
    arguments = ["--k", 1, "--k", 10, "--samples", 5, "--above", 0.5, "--json"]
    result = invoke("forecast", saved, "--at", "1e24", *arguments)
    record = json.loads(result.stdout)
    forecast = bs.predict(fit_passes, compute=1e24)
    wanted = forecast.summary(k=[1, 10], n_samples=5)
    assert result.exit_code == (0 if fit_passes.diagnosis.converged else 3)
    assert record["targets"] == wanted.to_dict("records")
    chance = float(forecast.probability(above=0.5).iloc[0])
    assert record["probability"] == {
        "of": "pass_rate",
        "above": 0.5,
        "below": None,
        "targets": [{"compute": 1e24, "probability": chance}],
    }
    assert record["buckets"] == dict.fromkeys("123456", 4)
    asked = {"runs": 4, "problems": 24, "by": "all", "kind": "run", "n_samples": 5}
    assert record == record | asked | {"restrict": None, "averaged_over": 24}
    assert record["data_hash"] == fit_passes.data_hash


@pytest.mark.parametrize("by", ["bucket", "problem"])
def test_forecast_by_group(saved, fit_passes, by):
    record = json.loads(invoke("forecast", saved, "--at", "1e24", "--by", by, "--json").stdout)
    wanted = bs.predict(fit_passes, compute=1e24).summary(by)
    assert record["targets"] == wanted.to_dict("records")
    lines = invoke("forecast", saved, "--at", "1e24", "--by", by).stdout.splitlines()
    assert lines[3].split()[0] == by
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[4 : 4 + len(wanted)]]
    assert [row[0] for row in rows] == wanted["group"].tolist()
    written = map(quantity_text, wanted["median"], wanted["quantity"])
    assert [row[4] for row in rows] == list(written)


def test_forecast_as_a_table(saved, fit_passes):
    result = invoke("forecast", saved, "--at", "1e24", "--above", 3, "--of", "solved")
    forecast = bs.predict(fit_passes, compute=1e24)
    assert "fitted to 4 runs of 24 problems, 1e20 to 4e22 FLOP" in result.stdout
    assert "one new run (kind run)" in result.stdout
    assert "solved: problems solved at least once in 60 samples each." in result.stdout
    chance = forecast.probability(above=3, of="solved").iloc[0]
    assert f"P(solved > 3) at 1e24 FLOP: {chance_text(chance)}" in result.stdout
    for note in forecast.notes:
        assert f"note: {note}\n" in result.stderr


def test_a_restriction_says_what_it_drops(saved, fit_passes):
    arguments = ["--at", "1e24", "--restrict", "solved_by_all"]
    forecast = bs.predict(fit_passes, compute=1e24, restrict="solved_by_all")
    result = invoke("forecast", saved, *arguments)
    assert f"note: {forecast.notes[-1]}\n" in result.stderr
    assert "are dropped" in forecast.notes[-1]
    record = json.loads(invoke("forecast", saved, *arguments, "--json").stdout)
    assert record["averaged_over"] == forecast.chosen.sum() < 24
    assert record["targets"] == forecast.summary().to_dict("records")


@pytest.mark.parametrize(
    ("by", "panels"), [([], 6), (["--by", "all"], 1), (["--by", "problem"], 6)]
)
def test_forecast_draws_a_figure(saved, folder, by, panels):
    result = invoke("forecast", saved, "--at", "1e24", *by, "--figure", "out.svg")
    assert "The figure is in out.svg." in result.stderr
    text = (folder / "out.svg").read_text()
    assert "<!-- 50 and 90 % interval of one new run -->" in text
    titles = [f"<!-- Bucket {label}: 4 problems -->" in text for label in "123456"]
    assert sum(titles) == (panels if panels > 1 else 0)


def test_fit_prints_the_parameters(small, fitted, fit_passes):
    result = invoke("fit", small, *MODEL, "--seed", 3, "--draws", 50)
    assert "C0 = 2e21 FLOP" in result.stdout
    assert str(fit_passes.diagnosis) in result.stdout
    for name in fit_passes.summary().index:
        assert f"{name} " in result.stdout
    ((model, data, settings),) = fitted
    assert model == "pass_rate"
    assert (settings["random_seed"], settings["draws"]) == (3, 50)
    assert "bucket" not in data
    record = json.loads(invoke("fit", small, *MODEL, "--json").stdout)
    assert {row["parameter"] for row in record["parameters"]} == set(fit_passes.summary().index)


@pytest.mark.parametrize(
    ("arguments", "how"),
    [
        (["--buckets", 3, "--hardest", 5], {"buckets": 3, "hardest": 5}),
        (["--buckets", "split"], {"buckets": "split", "random_seed": 4}),
        (["--hardest", 5], {"hardest": 5}),
    ],
)
def test_buckets_are_formed_as_asked(small, fitted, arguments, how):
    result = invoke("fit", small, *MODEL, "--seed", 4, *arguments)
    wanted = bs.form_buckets(bs.read_passes(small), **how)
    pd.testing.assert_frame_equal(fitted[0][1], wanted)
    assert ("hardest (5)" in result.stderr) == ("hardest" in how)
    assert ("half of the samples" in result.stderr) == (how.get("buckets") == "split")


def test_compute_by_run_is_read_from_a_table(small, fitted, folder):
    counts = bs.read_passes(small)
    counts.drop(columns="compute").to_csv("bare.csv", index=False)
    counts.drop_duplicates("run")[["run", "compute"]].to_csv("map.csv", index=False)
    assert "compute" in refused("fit", "bare.csv", *MODEL)
    invoke("fit", "bare.csv", *MODEL, "--run-compute", "map.csv")
    assert fitted[0][1]["compute"].tolist() == counts["compute"].tolist()


def test_check(small):
    counts = bs.read_passes(small)
    counts.assign(n_correct=counts["n_correct"].where(counts["problem"] != "03", 0)).to_csv(small)
    remarks = bs.check(bs.read_passes(small))
    result = invoke("check", small, *MODEL)
    assert result.stdout.splitlines() == [remark.message for remark in remarks]
    assert any(remark.topic == "never solved" for remark in remarks)
    assert result.exit_code == 0


def test_a_fit_that_did_not_converge_exits_3(small, fit_passes, monkeypatch):
    bad = dataclasses.replace(fit_passes.diagnosis, rhat=1.2)
    broken = dataclasses.replace(fit_passes, diagnosis=bad)
    monkeypatch.setattr("bayes_scaling.inference.fitting.fit", lambda *_, **__: broken)
    result = invoke("forecast", small, *MODEL, "--at", "1e24")
    assert result.exit_code == 3
    assert "NOT CONVERGED" in result.stdout
    assert "pass_rate" in result.stdout
    assert invoke("fit", small, *MODEL).exit_code == 3


def test_probability_of_a_loss(fit_cerebras, folder):
    fit_cerebras.save(folder / "loss.nc")
    chance = bs.predict(fit_cerebras, compute=2.3e22).probability(above=1.5, below=1.6).iloc[0]
    result = invoke("forecast", "loss.nc", "--at", "2.3e22", "--above", 1.5, "--below", 1.6)
    assert f"P(1.5 < loss < 1.6) at 2.3e22 FLOP: {chance:.3f}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "buckets"], "--by: 'buckets' is not known; allowed: all, bucket, problem. Did"),
        (["--k", 0], "--k: expected a positive number, got 0"),
        (["--samples", -1], "--samples: expected a positive number, got -1"),
        (["--restrict", "solved"], "--restrict: 'solved' is not known; allowed: solved_by_all."),
        (["--of", "solved"], "--of: it goes with --above or --below"),
        (["--of", "pass_rat", "--above", 0.5], "--of: 'pass_rat' is not known"),
        (["--of", "n_correct", "--above", 5], "--of: n_correct is of one problem"),
        (["--family", "x"], "--family: pass_rate is a model of counts"),
        (["--buckets", "six"], "--buckets: expected a positive number or split, got 'six'."),
        (["--buckets", 0], "--buckets: expected a positive number or split, got '0'."),
        (["--hardest", 0], "--hardest: expected a positive number, got 0."),
        (["--hardest", 2], ": --hardest: got 2, but there are 2 problems"),
        (["--read", "test=base"], "--read: 'test' is not known"),
        (["--read", "tests=base"], ": --read tests goes with EvalPlus, got csv"),
        (["--run-compute", "absent.csv"], "absent.csv matches no file"),
        (["--run-compute", "fine.csv", "--compute", "a=1e18"], "--compute says the same"),
        (["--kind", "runs"], "--kind: 'runs' is not known"),
        (["--draws", 0], ": --draws: expected a positive integer, got 0"),
    ],
)
def test_options(folder, arguments, said):
    assert said in refused("forecast", "fine.csv", *MODEL, "--at", "1e20", *arguments)
    assert [path.name for path in folder.iterdir()] == ["fine.csv"]


def test_no_problem_solved_by_all(folder):
    (folder / "none.csv").write_text(FINE.replace("a,1e18,p,100,3", "a,1e18,p,100,0"))
    arguments = ["--at", "1e20", "--restrict", "solved_by_all"]
    assert "--restrict: no problem is solved by every run" in refused(
        "forecast", "none.csv", *MODEL, *arguments
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("100,9", "100,101", "n_correct"),
        ("100,9", "0,0", "n_samples"),
        ("100,9", "100,-1", "n_correct"),
        ("100,9", "100,1.5", "n_correct"),
        ("b,1e19,q", "b,1e19,p", "'p'"),
        ("b,1e19", "b,", "compute"),
        ("1e19", "1e18", "says nothing of the exponent"),
        ("n_correct", "n_right", "n_correct"),
    ],
)
def test_tables(folder, old, new, said):
    (folder / "bad.csv").write_text(FINE.replace(old, new))
    assert said in refused("forecast", "bad.csv", *MODEL, "--at", "1e20")


@pytest.mark.parametrize(
    "arguments",
    [["--buckets", 3], ["--hardest", 3], ["--run-compute", "m.csv"], ["--read", "tests=base"]],
)
def test_a_saved_fit_refuses_what_was_for_its_data(saved, arguments):
    said = refused("forecast", saved, "--at", "1e24", *arguments)
    assert f"{arguments[0]}: {saved} is fitted already; leave it out." in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--by", "bucket"],
        ["--k", 10],
        ["--samples", 10],
        ["--restrict", "solved_by_all"],
        ["--of", "solved", "--above", 3],
        ["--buckets", 3],
        ["--hardest", 3],
        ["--run-compute", "m.csv"],
        ["--read", "tests=base"],
    ],
)
def test_a_model_of_losses_refuses_what_is_for_passes(folder, arguments):
    (folder / "runs.csv").write_text("run,compute,loss\na,1e18,3\nb,1e19,2.6\nc,1e20,2.3\n")
    said = refused("forecast", "runs.csv", "--at", "1e22", *arguments)
    assert f"{arguments[0]}: loss is a model of losses, which have no problems; leave it" in said
