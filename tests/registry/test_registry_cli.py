"""The commands say what the functions return."""

import json

import pytest
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app
from bayes_scaling.registry import head_of, read_ledger, summarise_scores, verify

TEXTS = ["--question", "13B?", "--resolves", "The model card."]


@pytest.fixture
def invoke(tmp_path, monkeypatch, no_baselines):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def refused(invoke):
    def run(*arguments):
        result = invoke(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        sentence = result.stderr.splitlines()[-1]
        assert sentence.startswith("bayes-scaling: ")
        return sentence

    return run


@pytest.fixture
def saved(fit_cerebras, tmp_path):
    return fit_cerebras.save(tmp_path / "fit.nc")


def test_register(invoke, saved, forecast, ledger):
    at = ["--at", "6.3e21", "--at", "2.3e22", "--event", "loss < 1.6", "--assume", "same data"]
    result = invoke("register", saved, *at, *TEXTS, "--author", "someone", "--no-data")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"Head {head_of(ledger)}"
    assert result.stdout.count("P(loss < 1.6) = ") == 2
    assert "publish the head" in result.stderr
    (first, second) = read_ledger(ledger)
    assert f"{second.quantiles.loc[0.5, 'run']:.4g}, 90 % interval" in result.stdout
    assert first.content["assumptions"] == ["same data"]
    assert first.content["author"] == "someone"
    assert "data" not in first.content["files"]
    again = json.loads(invoke("register", saved, "--at", "2.3e22", *TEXTS, "--json").stdout)
    assert again["head"] == str(head_of(ledger))
    assert again["records"][0]["quantiles"]["law"] == second.content["quantiles"]["law"]


def test_what_can_be_refused_is_refused_before_the_fit(refused, ledger, monkeypatch, tmp_path):
    def fit(*arguments, **options):
        raise AssertionError("a fit was made")

    monkeypatch.setattr("bayes_scaling.inference.fitting.fit", fit)
    bs.example("cerebras_gpt").to_csv("ladder.csv")
    asked = ["register", "ladder.csv", "--at", "2.3e22", *TEXTS]
    assert "isn't an event of loss" in refused(*asked, "--event", "los < 2")
    assert "isn't a ledger of bayes_scaling" in refused(*asked, "--ledger", "ladder.csv")
    assert "there is no folder" in refused(*asked, "--ledger", tmp_path / "no" / "x.jsonl")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "nothing can be added to" in refused(*asked, "--ledger", tmp_path / "x.jsonl")
    assert not ledger.exists()


def test_what_is_refused_leaves_no_ledger_behind(refused, tmp_path):
    refused("register", "nowhere.csv", "--at", "2.3e22", *TEXTS)
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_without_forecasts_is_scored(invoke, ledger):
    ledger.touch()
    result = invoke("score")
    assert (result.exit_code, result.stdout) == (
        0,
        f"forecasts.jsonl has no forecast yet. Head 0:{'0' * 64}\n",
    )
    found = json.loads(invoke("score", "--json").stdout)
    assert (found["summary"], found["forecasts"]) == ([], [])


def test_verify(invoke, refused, registered):
    result = invoke("verify", registered, "--head", head_of(registered))
    assert result.exit_code == 0
    assert "The first 2 are those of the head that was given." in result.stdout
    found = json.loads(invoke("verify", "--json").stdout)
    assert found["holds"] is True
    assert found["head"] == str(head_of(registered))
    assert "expected a count and a hash" in refused("verify", "--head", "two")
    registered.write_bytes(registered.read_bytes().replace(b"someone", b"anybody", 1))
    result = invoke("verify")
    assert result.exit_code == 1
    assert result.stdout.startswith("Record 1 was changed, or record 2")
    assert "there is no such ledger" in refused("verify", "nowhere.jsonl")


def test_score(invoke, refused, registered):
    assert "2 records and" in verify(registered).message
    result = invoke("score", registered, "--outcome", "2=1.572", "--note", "model card")
    assert result.exit_code == 0
    assert read_ledger(registered)[2].content["note"] == "model card"
    scores = bs.score(registered)
    assert f"{scores.loc[2, 'crps']:.4g}" in result.stdout
    assert result.stdout.splitlines()[-1].endswith(f"Head {head_of(registered)}")
    found = json.loads(invoke("score", "--correct", "2=1.6", "--reason", "a slip", "--json").stdout)
    assert found["forecasts"][1]["value"] == 1.6
    assert found["forecasts"][0]["crps"] is None
    row = summarise_scores(bs.score(registered)).loc["loss"]
    assert found["summary"][0]["wis"] == pytest.approx(row["wis"])
    assert invoke("score", "--void", "1=cancelled = gone").exit_code == 0
    assert read_ledger(registered)[4].content["reason"] == "cancelled = gone"
    before = registered.read_bytes()
    for arguments, said in {
        ("--outcome", "1=1.7"): "1 was declared void",
        ("--outcome", "9=1.7"): "9 isn't the number of a forecast",
        ("--outcome", "1=low"): "--outcome: 'low' isn't a number",
        ("--outcome", "one=1.7"): "expected a record's number, =, and what, got 'one=1.7'",
        ("--void", "1"): "expected a record's number, =, and what, got '1'",
        ("--correct", "2=1.5"): "--correct and --reason: give both, or none",
        ("--outcome", "1=2", "--void", "1=x"): "give one kind at a time",
        ("--anchor", "svn"): "'svn' is not known",
    }.items():
        assert said in refused("score", registered, *arguments)
    assert registered.read_bytes() == before


def test_what_was_mended_is_noted(invoke, registered):
    registered.write_bytes(registered.read_bytes() + b'{"torn')
    result = invoke("score", registered, "--outcome", "1=1.704")
    assert result.exit_code == 0
    assert "note: " in result.stderr
    assert "its torn end, 6 bytes, is in" in result.stderr


@pytest.mark.parametrize(
    "answer",
    [
        ("--outcome", "1=1.7"),
        ("--void", "1=gone"),
        ("--correct", "1=1.7", "--reason", "a slip"),
        (),
    ],
)
def test_what_does_not_hold_is_neither_answered_nor_scored(refused, registered, answer):
    registered.write_bytes(registered.read_bytes().replace(b"someone", b"anybody", 1))
    before = registered.read_bytes()
    said = refused("score", registered, *answer)
    assert f"doesn't hold, so {'nothing was appended' if answer else 'it isn'}" in said
    assert registered.read_bytes() == before


def test_what_does_not_hold_is_not_tracked(refused, registered):
    bs.example("cerebras_gpt").assign(finished=True).to_csv("seen.csv", index=False)
    registered.write_bytes(registered.read_bytes().replace(b"someone", b"anybody", 1))
    said = refused("track", registered, "seen.csv", "--record", 2)
    assert "doesn't hold, so nothing is fitted again. Record 1 was changed" in said


def test_track(invoke, refused, registered, fit_cerebras, monkeypatch):
    monkeypatch.setattr("bayes_scaling.registry.tracking.refit", lambda *_: fit_cerebras)
    seen = bs.example("cerebras_gpt").query("compute == 6.3e21")
    seen.to_csv("seen.csv", index=False)
    asked = ["track", registered, "seen.csv", "--record"]
    assert "has 2 records, none is 9" in refused(*asked, 9)
    assert "nothing says that these losses are final" in refused(*asked, 2)
    result = invoke(*asked, 2, "--assume", "It has ended.", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["notes"][0] == "Assumed: It has ended."
    assert found["seen"][0]["loss"] == 1.704
    assert [row["forecast"] for row in found["change"]] == ["sealed", "updated"]
    assert "note: Assumed: It has ended." in result.stderr


def test_an_anchor_of_another_kind_is_refused(refused, saved):
    said = refused("register", saved, "--at", "2.3e22", *TEXTS, "--anchor", "svn")
    assert "anchor: 'svn' is not known; allowed: git." in said
