"""What is typed: several paths, standard input, names in paths; errors as JSON; new commands."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from refusals import forbid_sampling, refused
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app
from bayes_scaling.cli.words import as_typed

RUNS = "run,compute,loss\na,1e18,3.0\nb,1e19,2.6\nc,1e20,2.3\n"
LOG = "Wall time,Step,Value\n1,100,{}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder, and a sampler that must not be reached."""
    forbid_sampling(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, **options):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


def topics(*arguments, **options):
    result = run("check", *arguments, "--json", **options)
    assert result.exit_code == 0, result.output
    return [remark["topic"] for remark in json.loads(result.stdout)]


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(option):
    assert "Usage: " in run(option).stdout
    assert "{run} in a path" in " ".join(run("check", option).stdout.split())


def test_the_package_runs_as_a_module():
    command = [sys.executable, "-m", "bayes_scaling", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{bs.__version__}\n"


def test_several_paths_and_standard_input(folder):
    header, first, second, *_ = RUNS.splitlines()
    (folder / "x.csv").write_text(f"{header}\n{first}\n")
    (folder / "y.csv").write_text(f"{header}\n{second}\n")
    assert topics("x.csv", "y.csv") == ["few scales"]
    assert topics("*.csv") == ["few scales"]
    assert topics("-", input=RUNS.replace(",", ";")) == ["few scales"]
    said = run("check", "-", input="run,compute,loss\na,1e18,low\n")
    assert said.stderr.startswith("bayes-scaling: standard input: row 1 (run 'a'), column 'loss'")
    assert said.exit_code == 2
    sentence = refused("forecast", "fit.nc", "x.csv", "--at", "1e22")
    assert "fit.nc is a saved fit, and was given with 1 other files" in sentence


def test_names_in_paths_and_plans(folder):
    for name, loss in (("d8", 3.0), ("d12", 2.5)):
        place = folder / "out" / name / "run-.-tag-loss.csv"
        place.parent.mkdir(parents=True)
        place.write_text(LOG.format(loss))
    computes = ["--compute", "d8=1e18", "--compute", "d12=1e19"]
    assert topics("out/{run}/*.csv", *computes) == ["few scales"]
    plans = ["--steps", "d8=100", "--steps", "d12=200"]
    assert topics("out/{run}/*.csv", *computes, *plans) == ["few scales", "unfinished"]
    said = refused("check", "out/{run}/*.csv", *computes, "--steps", "d8=100")
    assert 'give --steps "d12=10_000"' in said
    said = refused("check", "out/{run}/*.csv", "--compute", "d8=1e18")
    assert 'give --compute "d12=3 ZFLOP"' in said


CHART = (  # F10
    '"Step","small - eval/loss","small - train/loss","big - eval/loss","big - train/loss"\n'
    '"100","3.5","3.4","3.3","3.2"\n"200","3.2","3.1","3.0","2.9"\n'
)


def test_a_chart_of_two_metrics(folder):
    (folder / "export.csv").write_text(CHART)
    computes = ["--compute", "small=1e18", "--compute", "big=1e19"]
    said = refused("check", "export.csv", *computes)
    assert said.endswith("say which is the loss with --read metric=eval/loss.")
    assert topics("export.csv", *computes, "--read", "metric=eval/loss") == ["few scales"]
    runs = bs.read_runs("export.csv", compute={"small": 1e18, "big": 1e19}, metric="eval/loss")
    assert runs["loss"].tolist() == [3.2, 3.0]


def test_the_best_of_several_configurations(folder):
    (folder / "grid.csv").write_text(RUNS + "d,1e18,3.6\n")
    said = run("check", "grid.csv").stdout
    assert "--keep best keeps the best configuration at each compute." in said
    result = run("check", "grid.csv", "--keep", "best")
    assert "note: of runs at one compute the one with the lowest loss is kept: 3 of 4" in (
        result.stderr
    )
    assert ": --keep: got 'bst'; allowed: all, best" in refused(
        "check", "grid.csv", "--keep", "bst"
    )


def test_counts_given_to_a_model_of_losses(folder):
    (folder / "counts.csv").write_text("run,compute,problem,n_samples,n_correct\na,1e18,p,4,1\n")
    said = refused("fit", "counts.csv")
    assert "holds counts by problem (problem, n_samples, n_correct), and no loss" in said
    assert said.endswith("such as --model pass_rate.")
    for option in (["--keep", "best"], ["--steps", "a=10"]):
        said = refused("fit", "counts.csv", "--model", "pass_rate", *option)
        assert f"{option[0]}: pass_rate is a model of passes; leave it out." in said


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (["check", "absent.csv"], "DataError", "absent.csv matches no file; look at the path."),
        (["fit", "fine.csv", "--model", "los"], "SpecError", "Did you mean 'loss'?"),
        (["fit", "fine.csv", "--out", "fit"], "OutputError", "--out: fit has to end in .nc"),
        (["score", "absent.jsonl"], "LedgerError", "absent.jsonl: there is no such ledger"),
        (["forecast", "fine.csv", "--at", "much"], "BayesScalingError", "--at: 'much' isn't an am"),
        (["forecast", "fine.csv"], "BayesScalingError", "--at: say where to forecast"),
        (["register", "fine.csv", "--at", "1e22"], "MissingParameter", "--question"),
        (["fit", "fine.csv", "--bucket", "3"], "NoSuchOption", "--bucket"),
        (["fit", "fine.csv", "--seed", "one"], "BadParameter", "Invalid value for '--seed'"),
    ],
)
def test_errors_as_json(folder, words, kind, message):
    (folder / "fine.csv").write_text(RUNS)
    result = run(*words, "--json")
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert message in error["message"]
    assert error["kind"] == kind
    assert error["message"].splitlines()[0] in result.stderr


@pytest.mark.parametrize(
    ("python", "typed"),
    [
        ("keep='best' keeps", "--keep best keeps"),
        ("such as model='pass_rate'.", "such as --model pass_rate."),
        ("with metric='eval/loss'.", "with --read metric=eval/loss."),
        ("pass steps={'a': 10_000, ...}.", 'give --steps "a=10_000".'),
    ],
)
def test_remedies_are_typed(python, typed):
    assert as_typed(python) == typed


# The commands that weigh priors and models.


def test_sensitivity(fit_cerebras, folder):
    path = fit_cerebras.save(folder / "fit.nc")
    wanted = bs.sensitivity(fit_cerebras, bs.predict(fit_cerebras, compute=2.3e22))
    found = json.loads(run("sensitivity", path, "--at", "2.3e22", "--json").stdout)
    assert found["priors"] == wanted.to_dict("records")
    text = run("sensitivity", path, "--at", "2.3e22").stdout
    assert wanted["prior"].iloc[0] in text.splitlines()[1]
    assert "above 0.05 it is worth a look" in text
    said = refused("sensitivity", path, "--at", "2.3e22", "--kind", "runs")
    assert "--kind: 'runs' is not known" in said


def test_calibrate(monkeypatch, folder):
    from bayes_scaling.evaluation.calibration import Calibration

    asked = {}

    def simulate(model, design, **settings):
        asked.update(settings, model=model, design=design)
        ranks = pd.DataFrame({"floor": np.arange(20) / 20 + 0.02})
        return Calibration(ranks, pd.Series([True] * 20), pd.Series([False] * 20))

    monkeypatch.setattr("bayes_scaling.evaluation.calibration.calibrate", simulate)
    (folder / "design.csv").write_text("family,compute\nx,1 EFLOP\nx,10 EFLOP\n")
    words = ["calibrate", "design.csv", "--simulations", "20", "--draws", "50", "--target", "1e22"]
    found = json.loads(run(*words, "--json").stdout)
    assert found["simulations"] == 20
    assert found["not_converged"] == found["in_conflict"] == 0
    assert [row["quantity"] for row in found["quantities"]] == ["floor"]
    assert asked["design"]["compute"].tolist() == [1e18, 1e19]
    assert asked["fit_options"] == {"draws": 50}
    assert asked["target"] == 1e22
    assert "20 simulations; 0 did not converge" in run(*words).stdout
    (folder / "none.csv").write_text("params,loss\n1,2\n")
    assert "design: column 'compute' is missing" in refused("calibrate", "none.csv")
    assert "isn't an amount" in refused("calibrate", "design.csv", "--target", "much")


def test_learn_priors(monkeypatch, folder):
    asked = {}

    def learn(runs, **settings):
        asked.update(settings, runs=runs)
        return bs.load_model("loss")

    monkeypatch.setattr("bayes_scaling.evaluation.learning.learn_priors", learn)
    (folder / "past.csv").write_text(RUNS)
    words = ["learn-priors", "past.csv", "--learn", "elasticity", "--without", "x"]
    result = run(*words, "--out", "mine.toml")
    assert result.exit_code == 0, result.output
    assert "elasticity: " in result.stdout
    assert "note: The model is in mine.toml; --model mine.toml fits it." in result.stderr
    assert bs.load_model(folder / "mine.toml").text == bs.load_model("loss").text
    assert asked["learn"] == ["elasticity"]
    assert asked["without"] == ["x"]
    assert len(asked["runs"]) == 3
    assert "has to end in .toml" in refused(*words, "--out", "mine.nc")
    assert "there is no folder absent" in refused(*words, "--out", "absent/mine.toml")


def test_stack_is_refused_before_a_fit(folder):
    (folder / "fine.csv").write_text(RUNS)
    words = ["stack", "fine.csv", "--at", "1e22"]
    assert "two or more different ones" in refused(*words, "--model", "loss")
    said = refused(*words, "--model", "loss", "--model", "pass_rate")
    assert "stack models of the same" in said
    said = refused(*words[:2], "--at", "much", "--model", "loss", "--model", "loss_power")
    assert "--at: 'much'" in said


def test_stack(monkeypatch, folder, fit_cerebras):
    from bayes_scaling.evaluation.stacking import StackedForecast

    forecast = bs.predict(fit_cerebras, compute=2.3e22)
    asked = []

    def judge(model, runs, **settings):
        asked.append((model, len(runs), settings["cutoffs"]))

    def mix(fits, judged, **settings):
        weights = pd.DataFrame([[0.25, 0.75]], columns=list(fits))
        made, notes = {"loss": forecast}, ("x: a note.",)
        return StackedForecast(forecast.targets, forecast.draws, weights, made, notes)

    monkeypatch.setattr("bayes_scaling.cli.running.fit_table", lambda *_, **__: fit_cerebras)
    monkeypatch.setattr("bayes_scaling.evaluation.backtesting.backtest", judge)
    monkeypatch.setattr("bayes_scaling.evaluation.stacking.stack", mix)
    (folder / "fine.csv").write_text(RUNS)
    (folder / "past.csv").write_text(RUNS + "d,1e21,2.1\n")
    words = ["stack", "fine.csv", "--model", "loss", "--model", "loss_power", "--at", "2.3e22"]
    result = run(*words, "--past", "past.csv", "--cutoff", "1e19", "--json")
    (target,) = json.loads(result.stdout)["targets"]
    assert target["weights"] == {"loss": 0.25, "loss_power": 0.75}
    assert target["median"] == forecast.summary()["median"].item()
    assert asked == [("loss", 4, ["1e19"]), ("loss_power", 4, ["1e19"])]
    assert "note: x: a note." in result.stderr
    assert "weight of loss_power" in run(*words).stdout


def test_rerun(monkeypatch, folder, ledger, fit_cerebras):
    from bayes_scaling import registry

    words = {"question": "13B on the Pile?", "resolves": "The model card.", "author": "me"}
    (record,) = bs.register(bs.predict(fit_cerebras, compute=2.3e22), ledger, **words)
    table = pd.DataFrame({"kind": ["run"], "level": [0.5], "sealed": [1.5], "again": [1.5]})
    again = registry.Rerun(record, None, table, False, False, "It differs.")
    monkeypatch.setattr("bayes_scaling.registry.rerunning.rerun", lambda *_, **__: again)
    monkeypatch.setattr("bayes_scaling.registry.rerun", lambda *_, **__: again, raising=False)
    result = run("rerun", ledger, "--record", record.number)
    assert result.exit_code == 1
    assert result.stdout == "It differs.\n"
    found = json.loads(run("rerun", ledger, "--record", record.number, "--json").stdout)
    assert found["agrees"] is False
    assert found["quantiles"] == table.to_dict("records")
    assert "has 1 records, none is 7" in refused("rerun", ledger, "--record", "7")
