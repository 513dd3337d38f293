"""Tables as people have them: what is saved forecasts as the table does, and nothing is lost."""

import json
import tempfile

import pytest
from refusals import refused
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app
from bayes_scaling.errors import OutputError

NESTED = [
    {"arch": {"vocab": 205, "name": "h32"}, "val_bpc": 3.05, "flops": 685436928000},
    {"arch": {"vocab": 205, "name": "h128"}, "val_bpc": 2.78, "flops": 2.7e12},
    {"arch": {"vocab": 205, "name": "h256"}, "val_bpc": 2.63, "flops": 5.48e12, "curve": [[1, 2]]},
    {"arch": None, "val_bpc": 2.5, "flops": 1.1e13, "curve": [[250, 2.75e12, 3.5], []]},
]
SLASHED = """Name,compute,eval/loss,optim/lr,Tags,row
a,1e18,2.62,0.01,"x, y",2026-01-02T03:04:05Z
b,3e18,2.43,0.008,,2026-01-03T03:04:05Z
c,1e19,2.26,0.006,x,2026-01-04T03:04:05Z
d,3e19,2.12,0.004,x,2026-01-05T03:04:05Z
e,1e20,1.99,0.003,x,2026-01-06T03:04:05Z
"""
TABLES = {
    "nested cells": (
        "runs.jsonl",
        "\n".join(map(json.dumps, NESTED)),
        ["--columns", "val_bpc=loss", "--columns", "flops=compute"],
        "5e13",
    ),
    "slashes": (
        "runs.csv",
        SLASHED,
        ["--columns", "Name=run", "--columns", "eval/loss=loss"],
        "3e21",
    ),
}


def printed(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", TABLES)
def test_a_saved_fit_forecasts_as_its_table_does(tmp_path, name):
    file, text, columns, at = TABLES[name]
    table, saved = tmp_path / file, tmp_path / "fit.nc"
    table.write_text(text)
    printed("fit", table, *columns, "--out", saved, "--json")
    of_fit = printed("forecast", saved, "--at", at, "--json")
    of_table = printed("forecast", table, *columns, "--at", at, "--json")
    assert of_fit["targets"] == of_table["targets"]
    own = bs.load_fit(saved).table
    if name == "slashes":
        assert own["optim/lr"].tolist() == [0.01, 0.008, 0.006, 0.004, 0.003]
        assert own["row"].tolist()[0] == "2026-01-02T03:04:05Z"
    else:
        assert own["arch"].tolist() == [record["arch"] for record in NESTED]
        assert own["curve"].tolist()[2:] == [[[1, 2]], [[250, 2.75e12, 3.5], []]]


SEAL = ("register", "runs.csv", "--at", "1e22", "--question", "A?", "--resolves", "The card.")


@pytest.mark.parametrize(
    ("command", "broken"),
    [
        (("report", "runs.csv", "--at", "1e22"), "bayes_scaling.reporting.report"),
        (SEAL, "bayes_scaling.registry.register"),
        (
            ("forecast", "runs.csv", "--at", "1e22", "--figure", "out.png"),
            "bayes_scaling.cli.outputs.draw_figure",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_fit_isnt_lost_with_what_was_to_be_made_of_it(
    fit_cerebras, tmp_path, tmp_path_factory, monkeypatch, command, broken
):
    def fail(*args, **kwargs):
        raise OutputError("out: can't be written: No space left on device.")

    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bayes_scaling.cli.running.fit_table", lambda *_, **__: fit_cerebras)
    monkeypatch.setattr(broken, fail)
    (tmp_path / "runs.csv").write_text("compute,loss\n1e18,3\n1e19,2.6\n1e20,2.3\n")
    sentence = refused(*command)
    (kept,) = temporary.rglob("*.nc")
    assert f"No space left on device. The fit is kept in {kept}, which" in sentence
    assert bs.load_fit(kept).data_hash == fit_cerebras.data_hash
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]
