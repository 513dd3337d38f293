"""A ledger that an earlier version wrote, kept beside this file: two forecasts and their answers.

The version before `ledger` was split from `registry` wrote it from `inference/fit_schema_1.nc`.
"""

import shutil
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.ledger.appending import writing
from bayes_scaling.registry import correct, read_ledger, verify
from bayes_scaling.registry.ledgers import FORECASTS
from bayes_scaling.registry.refitting import sealed_data, sealed_spec

KEPT = Path(__file__).with_name("ledger_schema_1.jsonl")
HEAD = "5:938ce9416c1189282a7cc8bd27f1af0e96a1957077a08f176337daa4202fbec9"
STAMP = {"bayes_scaling_ledger", "number", "previous", "time"}


@pytest.fixture
def older(ledger):
    for path in KEPT.parent.glob(f"{KEPT.name}*"):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, ledger.with_name(path.name.replace(KEPT.name, ledger.name)))
    return ledger


def test_it_verifies_and_says_what_it_said(older):
    found = verify(older, HEAD)
    assert (found.holds, found.records, found.remarks) == (True, 5, ())
    records = read_ledger(older)
    assert [record.type for record in records] == ["forecast"] * 2 + ["outcome"] * 2 + ["void"]
    assert sealed_spec(records[0]).name == "loss"
    assert sealed_data(records[0])["loss"].tolist() == [2.608, 2.349, 2.181, 1.997, 1.834]


def test_it_is_scored_as_it_was(older):
    scores = bs.score(older)
    assert scores["status"].tolist() == ["resolved", "void"]
    said = {"crps": 0.01646, "log_score": -1.527544, "pit": 0.90796, "wis": 0.014707}
    said |= {"value": 1.9, "brier": 0.000025, "skill_power_law": 0.183693}
    shown = scores.loc[1, list(said)].astype(float)
    pd.testing.assert_series_equal(shown, pd.Series(said), check_names=False, atol=6e-7, rtol=0)


def test_it_goes_on(older):
    before = older.read_bytes()
    correct(older, 1, 1.95, reason="another slip")
    assert older.read_bytes().startswith(before)
    assert verify(older, HEAD).holds
    assert bs.score(older).loc[1, "corrections"] == 2


def test_the_same_records_are_the_same_bytes(ledger, monkeypatch):
    for record in read_ledger(KEPT):
        time = datetime.fromisoformat(record.content["time"])
        monkeypatch.setattr("bayes_scaling.ledger.appending.utc_now", lambda now=time: now)
        content = {key: value for key, value in record.content.items() if key not in STAMP}
        with writing(ledger, FORECASTS) as writer:
            (again,) = writer.append([content])
        assert again.hash == record.hash
    assert ledger.read_bytes() == KEPT.read_bytes()
