"""Outcomes are appended, checked, corrected by new records, and never edited."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.ledger.appending import writing
from bayes_scaling.ledger.side_files import side_path
from bayes_scaling.registry import OutcomeWarning, correct, read_ledger, resolve, verify, void
from bayes_scaling.registry.ledgers import FORECASTS
from bayes_scaling.registry.questions import questions_of


def test_an_outcome_is_bound_to_its_forecast(registered):
    before = registered.read_bytes()
    (record,) = resolve(registered, {2: 1.572}, author="someone else", note="model card")
    assert registered.read_bytes().startswith(before)
    content = read_ledger(registered)[2].content
    assert (content["forecast"], content["value"], content["note"]) == (2, 1.572, "model card")
    assert content["forecast_hash"] == read_ledger(registered)[1].hash
    assert (record.type, content["author"], content["corrects"]) == (
        "outcome",
        "someone else",
        None,
    )
    states = {number: one.status for number, one in questions_of(read_ledger(registered)).items()}
    assert states == {1: "open", 2: "resolved"}


def test_outcomes_as_a_table(registered):
    resolve(registered, pd.DataFrame({"record": [2, 1], "value": [1.572, 1.704]}))
    assert [record.content["forecast"] for record in read_ledger(registered)[2:]] == [2, 1]


def test_numbers_of_records_may_be_numpy_s(registered):
    resolve(registered, {np.int64(2): np.float32(1.572)})
    void(registered, np.int32(1), reason="cancelled")
    assert [record.content["forecast"] for record in read_ledger(registered)[2:]] == [2, 1]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({np.int64(9): 1.6}, "record: 9 isn't the number of a forecast"),
        ({np.nan: 1.6}, "record: nan isn't the number of a forecast"),
        ({np.inf: 1.6}, "record: inf isn't the number of a forecast"),
        ({1.5: 1.6}, "record: 1.5 isn't the number of a forecast"),
        (
            {1: 1.7, 9: 1.6},
            "9 isn't the number of a forecast in this ledger; its forecasts are 1, 2",
        ),
        (pd.DataFrame({"record": [True], "value": [1.7]}), "True isn't the number of a forecast"),
        ({"1": 1.7}, "'1' isn't the number of a forecast"),
        ({1: 1.7, 2: np.nan}, "asks for loss, a finite number above 0; got nan"),
        ({1: 1.7, 2: 0}, "asks for loss, a finite number above 0; got 0"),
        ({1: 1.7, 2: "1.6"}, "asks for loss, a finite number above 0; got '1.6'"),
        ({1: 1.7, 2: None}, "asks for loss, a finite number above 0; got None"),
        ({}, "outcomes: none was given"),
        (pd.DataFrame({"record": [1, 1], "value": [1.7, 1.7]}), "record 1 is there twice"),
        (pd.DataFrame({"run": [1], "loss": [1.7]}), "lacks record, value"),
        (1.7, "expected a mapping from records to values, or a table"),
    ],
)
def test_outcomes_that_can_not_be_are_refused_all_together(registered, outcomes, said):
    before = registered.read_bytes()
    with pytest.raises(ValueError, match=said):
        bs.score(registered, outcomes)
    assert registered.read_bytes() == before
    assert verify(registered).holds


def test_a_question_is_resolved_once(registered):
    resolve(registered, {1: 1.704})
    before = registered.read_bytes()
    with pytest.raises(ValueError, match=r"1 was resolved with 1.704 by record 3\. Nothing was"):
        bs.score(registered, {2: 1.572, 1: 1.704})
    with pytest.raises(ValueError, match="1 was resolved with"):
        void(registered, 1, reason="we don't like it")
    with pytest.raises(ValueError, match="3 isn't the number of a forecast"):
        resolve(registered, {3: 1.7})
    assert registered.read_bytes() == before


def test_a_void_question_is_counted(registered):
    (record,) = void(registered, 1, reason="cancelled")
    assert record.content["reason"] == "cancelled"
    with pytest.raises(ValueError, match=r"1 was declared void \('cancelled'\) by record 3"):
        resolve(registered, {1: 1.7})
    with pytest.raises(ValueError, match="reason: expected a text"):
        void(registered, 2, reason="")
    scores = bs.score(registered, {2: 1.572})
    assert scores["status"].tolist() == ["void", "resolved"]
    assert np.isnan(scores.loc[1, "crps"])


def test_a_correction_is_a_new_record(registered):
    with pytest.raises(ValueError, match="1 has no outcome yet; give it with resolve"):
        correct(registered, 1, 1.7, reason="a slip")
    with pytest.warns(OutcomeWarning, match="less than 1 in 10,000"):
        resolve(registered, {1: 17.04})
    before = registered.read_bytes()
    (record,) = correct(registered, 1, 1.704, reason="a slip")
    assert registered.read_bytes().startswith(before)
    assert (record.content["corrects"], record.content["note"]) == (3, "a slip")
    scores = bs.score(registered)
    assert scores.loc[1, ["value", "corrections", "answer"]].tolist() == [1.704, 1, 4]
    correct(registered, 1, None, reason="it was cancelled after all")
    assert bs.score(registered).loc[1, "status"] == "void"
    correct(registered, 1, 1.705, reason="it was not")
    assert bs.score(registered).loc[1, ["value", "corrections"]].tolist() == [1.705, 3]
    assert len(read_ledger(registered)) == 6


def test_an_outcome_that_belongs_to_nothing_is_refused(registered):
    with writing(registered, FORECASTS) as writer:
        content = {"type": "outcome", "author": "x", "corrects": None, "note": None, "value": 1.7}
        writer.append([content | {"forecast": 1, "forecast_hash": "f" * 64}])
    assert verify(registered).holds
    with pytest.raises(ValueError, match="record 3 doesn't belong to a forecast before it"):
        bs.score(registered)


@pytest.fixture
def edited(registered):
    """A ledger whose first record isn't as it was appended."""
    registered.write_bytes(registered.read_bytes().replace(b"someone", b"anybody", 1))
    return registered


@pytest.mark.parametrize(
    "answer",
    [
        lambda ledger: resolve(ledger, {2: 1.572}),
        lambda ledger: void(ledger, 2, reason="cancelled"),
        lambda ledger: correct(ledger, 2, 1.572, reason="a slip"),
    ],
)
def test_nothing_is_appended_to_what_does_not_hold(edited, answer):
    before = edited.read_bytes()
    with pytest.raises(ValueError, match=r"doesn't hold, so nothing was appended\. Record 1 was"):
        answer(edited)
    assert edited.read_bytes() == before


def test_no_outcome_without_the_draws_that_it_is_scored_by(registered):
    digest = read_ledger(registered)[0].content["files"]["draws"]
    side_path(registered, digest, ".npz").unlink()
    with pytest.raises(ValueError, match=r"so nothing was appended\. Record 1: the side file"):
        resolve(registered, {2: 1.572})


def test_no_ledger_no_outcome(tmp_path):
    with pytest.raises(ValueError, match="there is no such ledger"):
        resolve(tmp_path / "none.jsonl", {1: 1.7})
    assert list(tmp_path.iterdir()) == []
