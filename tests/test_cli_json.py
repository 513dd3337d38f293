"""What commands write with --json is what docs/schema.json says; shells complete commands."""

import json
from pathlib import Path

import pytest
from json_schemas import faults
from typer.main import get_command
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "schema.json").read_text())
SMALL = "compute < 2e21"


@pytest.fixture
def folder(tmp_path, monkeypatch, fit_cerebras, fit_passes, fit_grid, fit_falling):
    """A ladder, fits of each kind, and a sealed forecast that came true."""
    monkeypatch.chdir(tmp_path)
    bs.example("cerebras_gpt").query(SMALL).to_csv("ladder.csv", index=False)
    bs.example("cerebras_gpt").to_csv("all.csv", index=False)
    fit_cerebras.save("fit.nc")
    fit_passes.save("counts.nc")
    fit_grid.save("grid.nc")
    fit_falling.save("scores.nc")
    sealed = bs.predict(fit_cerebras, compute=2.3e22)
    bs.register(sealed, "sealed.jsonl", question="How low?", resolves="The paper.")
    return tmp_path


def commands():
    """Yield every command that takes --json, by its name."""
    for name, command in get_command(app).commands.items():
        for full, one in [(name, command), *((f"{name} {n}", c) for n, c in subcommands(command))]:
            if any("--json" in parameter.opts for parameter in one.params):
                yield full


def subcommands(command):
    return getattr(command, "commands", {}).items()


def written(*arguments):
    result = CliRunner().invoke(app, [*arguments, "--json"])
    return json.loads(result.stdout)


def wrong(document, name):
    schema = SCHEMA["$defs"][name] if name == "error" else SCHEMA["commands"][name]
    return list(faults(document, schema, SCHEMA["$defs"]))


def test_every_command_has_a_schema():
    assert set(commands()) <= SCHEMA["commands"].keys()


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("models", []),
        ("check", ["ladder.csv"]),
        ("fit", ["ladder.csv", "--out", "again.nc"]),
        ("forecast", ["fit.nc", "--at", "2.3e22", "--below", "1.6"]),
        ("forecast", ["counts.nc", "--at", "1e24", "--by", "bucket"]),
        ("report", ["fit.nc", "--at", "2.3e22"]),
        ("backtest", ["all.csv", "--baseline", "power_law"]),
        ("sensitivity", ["fit.nc", "--at", "2.3e22"]),
        ("decide compute-for", ["fit.nc", "--loss", "1.8"]),
        ("decide floor", ["fit.nc", "--at", "2.3e22"]),
        ("decide crossing", ["fit.nc", "fit.nc", "--at", "2.3e22"]),
        (
            "decide next-run",
            [
                "fit.nc",
                "--candidate",
                "compute=1e21",
                "--target",
                "compute=2.3e22",
                "--budget",
                "1e22",
            ],
        ),
        ("decide allocate", ["grid.nc", "--at", "1e22", "--size", "2B"]),
        ("shape", ["scores.nc", "--up-to", "3.1e23"]),
        ("register", ["fit.nc", "--at", "6e21", "--question", "Q?", "--resolves", "The log."]),
        ("verify", ["sealed.jsonl"]),
        ("score", ["sealed.jsonl", "--outcome", "1=1.572"]),
        ("rerun", ["sealed.jsonl", "--record", "1"]),
        ("cache", []),
    ],
)
def test_what_is_written_is_what_the_schema_says(folder, command, arguments):
    assert wrong(written(*command.split(), *arguments), command) == []


def test_refusals_have_one_too(folder):
    assert wrong(written("forecast", "nowhere.csv", "--at", "1e24"), "error") == []


def test_the_check_sees_what_is_wrong():
    assert wrong({"report": 3, "converged": True}, "report") == ["$.report: 3 is no string"]
    assert wrong({"report": "a"}, "report") == ["$: no converged"]
    assert wrong({"report": "a", "converged": True, "x": 1}, "report") == ["$: x isn't known"]
    assert wrong([{"message": "m", "topic": "t", "refuses": "no"}], "check")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(shell):
    told = {"_BAYES_SCALING_COMPLETE": f"source_{shell}"}
    result = CliRunner().invoke(app, prog_name="bayes-scaling", env=told)
    assert result.exit_code == 0
    assert "_BAYES_SCALING_COMPLETE" in result.stdout


def test_a_word_is_completed():
    told = {
        "_BAYES_SCALING_COMPLETE": "complete_bash",
        "COMP_WORDS": "bayes-scaling fore",
        "COMP_CWORD": "1",
    }
    result = CliRunner().invoke(app, prog_name="bayes-scaling", env=told)
    assert result.stdout.split() == ["forecast"]
