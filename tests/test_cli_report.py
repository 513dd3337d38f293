"""The command that writes a report."""

import json
import re

import pytest
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def saved(fit_cerebras, tmp_path):
    return fit_cerebras.save(tmp_path / "fit.nc")


def test_it_writes_what_the_function_writes(saved, fit_cerebras, tmp_path):
    out, wanted = tmp_path / "report.html", tmp_path / "wanted.html"
    result = invoke("report", saved, "--at", "2.3e22", "--out", out)
    assert result.exit_code == 0
    assert result.stdout == f"The report is in {out}.\n"
    bs.report(fit_cerebras, bs.predict(fit_cerebras, compute=2.3e22), path=wanted)
    undated = [re.sub("Written on .*", "", path.read_text()) for path in (out, wanted)]
    assert undated[0] == undated[1]


def test_the_fit_alone_as_json(saved, tmp_path):
    out = tmp_path / "report.html"
    result = invoke("report", saved, "--out", out, "--json")
    assert json.loads(result.stdout) == {"report": str(out), "converged": True}
    assert "it forecasts no larger run" in " ".join(out.read_text().split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "report.pdf"], "--out: report.pdf has to end in .html"),
        (["--out", "absent/report.html"], "absent/report.html: can't be written"),
        (["--at", "much"], "--at: "),
        (["--ledger", "absent.jsonl"], "absent.jsonl: there is no such ledger"),
    ],
)
def test_bad_input_is_refused(saved, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke("report", saved, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"fit.nc"}
