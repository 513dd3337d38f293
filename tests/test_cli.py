"""The command line prints what the Python functions return."""

import json
import subprocess
import sys
from io import StringIO

import pytest
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app, main
from bayes_scaling.cli.running import progress_bar

HEAVY = {"pymc", "pytensor", "arviz", "nutpie", "numba", "matplotlib", "pandas", "scipy", "xarray"}
TARGETS = [2.3e22, 3.456e21]
AT = ["--at", "2.3e22", "--at", "40 PF-days"]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def ladder(tmp_path):
    path = tmp_path / "ladder.csv"
    bs.example("cerebras_gpt").query("compute < 2e21").to_csv(path, index=False)
    return path


@pytest.fixture
def saved(fit_cerebras, tmp_path):
    return fit_cerebras.save(tmp_path / "fit.nc")


@pytest.fixture
def expected(fit_cerebras):
    return bs.predict(fit_cerebras, compute=TARGETS)


def loaded_modules(*arguments):
    code = (
        "import contextlib, io, sys; sys.argv = ['bayes-scaling', *sys.argv[1:]]\n"
        "from bayes_scaling.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    command = [sys.executable, "-c", code, *arguments]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_help_imports_nothing_heavy():
    assert HEAVY & loaded_modules("--help") == set()


def test_models_needs_no_sampler():
    assert {"pymc", "pytensor", "arviz", "nutpie"} & loaded_modules("models") == set()


def test_main_exits_with_the_code(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bayes-scaling", "check", "nowhere.csv"])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 2
    assert capsys.readouterr().err == (
        "bayes-scaling: nowhere.csv matches no file; look at the path.\n"
    )


def test_version():
    assert invoke("--version").stdout == f"{bs.__version__}\n"


def test_models():
    text = invoke("models").stdout
    assert [row.split()[0] for row in text.splitlines()[1:]] == list(bs.list_models()["model"])
    records = json.loads(invoke("models", "--json").stdout)
    assert records == bs.list_models().to_dict("records")


def test_check(ladder):
    remarks = bs.check(bs.read_runs(ladder))
    assert invoke("check", ladder).stdout.splitlines() == [remark.message for remark in remarks]
    found = json.loads(invoke("check", ladder, "--json").stdout)
    assert [remark["topic"] for remark in found] == [remark.topic for remark in remarks]


def test_nothing_to_remark(tmp_path):
    path = tmp_path / "fine.csv"
    path.write_text("compute,loss\n1e18,3\n5e18,2.8\n2e19,2.6\n1e20,2.4\n5e20,2.2\n")
    result = invoke("check", path)
    assert result.stdout == "Nothing to remark.\n"
    assert result.exit_code == 0


def test_fit_prints_and_saves(ladder, tmp_path, fit_cerebras):
    out = tmp_path / "new.nc"
    result = invoke("fit", ladder, "--out", out)
    assert result.exit_code == 0
    assert str(fit_cerebras.diagnosis) in result.stdout
    assert "C0 = 5.8e19 FLOP" in result.stdout
    assert f"{fit_cerebras.summary().loc['elasticity', 'median']:.4g}" in result.stdout
    assert "pinned at 5" in result.stdout
    assert "the floor comes from the prior" in result.stderr
    assert bs.load_fit(out).summary().equals(fit_cerebras.summary())


def test_fit_as_json(ladder, fit_cerebras):
    record = json.loads(invoke("fit", ladder, "--json").stdout)
    rows = {row["parameter"]: row for row in record["parameters"]}
    for name, row in fit_cerebras.summary().iterrows():
        assert rows[name]["median"] == row["median"]
    assert rows["nu"]["sd_ratio"] is None
    assert record["data_hash"] == fit_cerebras.data_hash
    assert record["versions"] == dict(fit_cerebras.versions)


def test_forecast_as_json(ladder, expected):
    result = invoke("forecast", ladder, *AT, "--json")
    record = json.loads(result.stdout)
    assert result.exit_code == 0
    assert record["targets"] == expected.summary().to_dict("records")
    assert record["notes"] == list(expected.notes)
    assert record["kind"] == "run"
    assert record["random_seed"] == 1
    assert record["diagnosis"]["converged"] is True
    assert record["diagnosis"]["rhat"] == expected.fit.diagnosis.rhat
    assert [remark["topic"] for remark in record["remarks"]] == ["collinear"]


def test_forecast_as_a_table(ladder, expected):
    result = invoke("forecast", ladder, *AT)
    assert "one new run (kind run)" in result.stdout
    assert "nats per token" in result.stdout
    for row in expected.summary().itertuples():
        wanted = f"{row.distance:.2f}   {row.median:.3f}  {row.q25:.3f} to {row.q75:.3f}  "
        assert wanted + f"{row.q05:.3f} to {row.q95:.3f}\n" in result.stdout
    for note in expected.notes:
        assert f"note: {note}\n" in result.stderr
    assert "note: params and tokens" in result.stderr
    assert "note:" not in result.stdout


@pytest.mark.afresh
def test_same_seed_same_output_another_seed_another(ladder):
    again = [invoke("forecast", ladder, *AT, "--seed", seed).stdout for seed in (3, 3, 4)]
    assert again[0] == again[1] != again[2]


def test_forecast_from_a_saved_fit_equals_the_direct_one(ladder, saved):
    direct, later = (invoke("forecast", path, *AT, "--json") for path in (ladder, saved))
    assert later.exit_code == 0
    assert json.loads(later.stdout) == json.loads(direct.stdout)


@pytest.mark.parametrize("kind", ["expected", "law"])
def test_forecast_of_another_kind(saved, expected, kind):
    record = json.loads(invoke("forecast", saved, *AT, "--kind", kind, "--json").stdout)
    assert record["targets"] == expected.summary(kind=kind).to_dict("records")
    assert f"(kind {kind})" in invoke("forecast", saved, *AT, "--kind", kind).stdout


def test_forecast_draws_a_figure(saved, tmp_path):
    path = tmp_path / "figure.svg"
    result = invoke("forecast", saved, *AT, "--figure", path)
    assert f"The figure is in {path}." in result.stderr
    assert "<!-- 50 and 90 % interval of one new run -->" in path.read_text()
    assert {file.name for file in tmp_path.iterdir()} == {"fit.nc", "figure.svg"}


def test_a_target_below_the_ladder_is_said(saved):
    result = invoke("forecast", saved, "--at", "1e17")
    assert result.exit_code == 0
    assert "lies below every fitted run" in result.stderr
    assert "-4.04" in result.stdout


def test_family_of_the_target(saved):
    result = invoke("forecast", saved, *AT, "--family", "Cerebras-GPT")
    assert result.stdout == invoke("forecast", saved, *AT).stdout


def test_names_of_columns_are_mapped(ladder, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text(ladder.read_text().replace(",loss,", ",test loss,", 1))
    assert invoke("check", path).exit_code == 2
    result = invoke("check", path, "--columns", "test loss=loss")
    assert result.stdout == invoke("check", ladder).stdout


def test_compute_of_logs_is_mapped(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("Step,a=1 - loss,b - loss\n1,3.0,2.9\n9,2.6,2.2\n")
    result = invoke("check", path, "--compute", "a=1=1e18", "--compute", "b=1 EFLOP", "--json")
    assert result.exit_code == 0
    topics = [remark["topic"] for remark in json.loads(result.stdout)]
    assert topics == ["few scales", "configurations"]


def test_a_fit_that_did_not_converge_exits_3(ladder):
    result = invoke("forecast", ladder, "--at", "2.3e22", "--draws", 12)
    assert result.exit_code == 3
    assert "2.3e22" in result.stdout
    assert "NOT CONVERGED on the second try" in result.stdout
    assert "NOT CONVERGED" in result.stderr
    record = invoke("forecast", ladder, "--at", "2.3e22", "--draws", 12, "--json")
    assert record.exit_code == 3
    assert json.loads(record.stdout)["diagnosis"]["converged"] is False


def test_demo(tmp_path, monkeypatch, fit_cerebras):
    monkeypatch.chdir(tmp_path)
    result = invoke("demo")
    assert result.exit_code == 0
    for text in ("1.704", "1.572", "6.7B", "13B", "The figure is in forecast.png."):
        assert text in result.stdout
    assert "The report is in report.html." in result.stdout
    assert "the floor comes from the prior" in result.stdout
    assert (tmp_path / "forecast.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
    record = json.loads(invoke("demo", "--json", "--figure", "other.pdf").stdout)
    assert record["report"] == "report.html"
    summary = bs.predict(fit_cerebras, compute=[6.3e21, 2.3e22]).summary()
    for row, wanted in zip(record["targets"], summary.to_dict("records"), strict=True):
        assert row == row | wanted
        assert row["width"] == wanted["q95"] - wanted["q05"]
        assert row["in_90"] == (wanted["q05"] <= row["published"] <= wanted["q95"])
    assert (tmp_path / "other.pdf").read_bytes().startswith(b"%PDF")


class Terminal(StringIO):
    def isatty(self):
        return True


def test_progress_goes_to_a_terminal_only(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress_bar() as report:
        report(10, 100)
    assert "sampling" in sys.stderr.getvalue()
    monkeypatch.setattr(sys, "stderr", StringIO())
    with progress_bar() as report:
        assert report is None
    assert sys.stderr.getvalue() == ""
