"""A record says what the forecast said."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import WORDS

import bayes_scaling as bs
from bayes_scaling.data import table_hash
from bayes_scaling.evaluation.baselines import BASELINES, baseline_forecast
from bayes_scaling.forecasting import Forecast
from bayes_scaling.ledger.appending import writing
from bayes_scaling.ledger.heads import head_path
from bayes_scaling.ledger.side_files import side_path
from bayes_scaling.ledger.verification import examine
from bayes_scaling.registry import head_of, read_ledger, verify
from bayes_scaling.registry.draws_and_data import (
    pack_table,
    read_side_file,
    unpack_arrays,
    unpack_table,
)
from bayes_scaling.registry.events import parse_event
from bayes_scaling.registry.ledgers import FORECASTS
from bayes_scaling.registry.record_checks import unlike_record
from bayes_scaling.registry.records import LEVELS
from bayes_scaling.specification.spec import parse_spec


@pytest.fixture
def records(registered):
    return read_ledger(registered)


def test_the_levels_are_those_of_the_forecast_hubs():
    assert len(LEVELS) == 23
    assert LEVELS[:4] + LEVELS[-4:] == (0.01, 0.025, 0.05, 0.1, 0.9, 0.95, 0.975, 0.99)
    np.testing.assert_allclose(np.add(LEVELS, LEVELS[::-1]), 1)


def test_quantiles_and_events_are_those_of_the_forecast(records, forecast):
    for kind in ("run", "expected", "law"):
        said = forecast.quantile(LEVELS, kind=kind).filter(regex=r"^q\d").to_numpy()
        np.testing.assert_array_equal([one.quantiles[kind] for one in records], said)
    below = forecast.probability(below=1.6).tolist()
    between = forecast.probability(above=1.55, below=1.7).tolist()
    for place, record in enumerate(records):
        said = [event["probability"] for event in record.content["events"]]
        assert said == [below[place], between[place]]


def test_a_record_says_what_it_rests_on(records, forecast):
    fit = forecast.fit
    for place, record in enumerate(records):
        content, model = record.content, record.content["model"]
        assert content["metric"]["kind"] == "cross_entropy"
        assert content["target"] == forecast.targets.iloc[place].to_dict()
        assert content["cutoff"] == fit.table["compute"].max()
        assert parse_spec(model["spec"], name=model["name"]) == fit.spec
        assert model["data_hash"] == fit.data_hash
        assert model["versions"] == fit.versions
        assert model["reference"] == fit.reference.to_dict()
        sampler = {"chains": 4, "draws": 1000, "tune": 1000, "retried": False}
        assert model["sampler"] == {"target_accept": 0.95} | sampler
        assert model["converged"] is fit.diagnosis.converged
        assert content["notes"] == list(forecast.notes)
        assert content["question"] == WORDS["question"]
        assert content["author"] == "someone"


def test_the_baselines_are_sealed(records, forecast):
    for name in BASELINES:
        drawn = baseline_forecast(name, forecast.fit.table, forecast.targets, 1).draws
        said = [record.content["baselines"][name]["quantiles"] for record in records]
        np.testing.assert_allclose(said, np.exp(np.quantile(drawn, LEVELS, axis=0)).T)


def test_an_infinite_number_among_the_data_is_named(forecast, ledger, no_baselines):
    runs = forecast.fit.table.assign(step_time=[1.0, np.inf, 2.0, np.nan, 3.0])
    other = replace(forecast, fit=replace(forecast.fit, table=runs))
    with pytest.raises(ValueError, match=r"data: column 'step_time' holds inf in row 2, which"):
        bs.register(other, ledger, **WORDS)
    assert not ledger.exists()
    assert len(bs.register(other, ledger, keep_data=False, **WORDS)) == 2


def test_draws_and_data_lie_beside_the_ledger(records, forecast):
    for place, record in enumerate(records):
        arrays = unpack_arrays(read_side_file(record, "draws"))
        drawn = forecast.draws["run"].isel(target=place)
        np.testing.assert_array_equal(arrays["draws.run"], drawn.to_numpy().astype(np.float32))
        assert table_hash(unpack_table(read_side_file(record, "data"))) == forecast.fit.data_hash
    names = [path.name for path in records[0].ledger.with_name("forecasts.jsonl.files").iterdir()]
    assert len(names) == 3
    assert all(len(name.split(".")[0]) == 64 for name in names)


def test_a_side_file_that_is_missing_or_changed_is_found(records):
    ledger, digest = records[1].ledger, records[1].content["files"]["draws"]
    path = side_path(ledger, digest, ".npz")
    data = path.read_bytes()
    path.write_bytes(data[:-1] + b"x")
    assert verify(ledger).first_fault == 2
    assert f"{digest}.npz, was changed" in verify(ledger).message
    path.unlink()
    with pytest.raises(ValueError, match=r"side file with its draws, .* is missing. Take it from"):
        bs.score(ledger)
    path.write_bytes(data)
    assert verify(ledger).holds


def test_bytes_of_forecasts_are_guarded(registered):
    data, head, head_file = registered.read_bytes(), head_of(registered), head_path(registered)

    def holds(edited):
        return examine(registered, edited, head_file.read_bytes(), head, FORECASTS).holds

    for place in range(0, len(data), 23):
        assert not holds(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    assert holds(data)


def test_files_of_a_record_that_has_none_are_not_looked_for(ledger):
    void = {"type": "void", "author": "someone", "note": None, "reason": "cancelled"}
    void |= {"forecast": 1, "forecast_hash": "0" * 64, "corrects": None}
    with writing(ledger, FORECASTS) as writer:
        (record,) = writer.append([void | {"files": {"../role": 5}}])
    assert verify(ledger).holds
    assert str(record).startswith("record 1, void, 20")


def test_a_pickle_in_the_place_of_draws_is_not_opened():
    buffer = io.BytesIO()
    np.savez(buffer, draws=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        unpack_arrays(buffer.getvalue())


def test_a_table_comes_back_from_its_side_file():
    table = pd.DataFrame(
        {
            "run": ["a", "b\n", "<script>"],
            "compute": [1e18, 2.5e19, 0.1],
            "seed": [1, 2**60, 3],
            "finished": [True, False, True],
            "loss_se": [np.nan, 0.1, 0.2],
            "unit": [None, "nats", "bits"],
            "when": pd.to_datetime(["2026-01-01", "2026-01-02", None]),
        }
    )
    assert table_hash(unpack_table(pack_table(table))) == table_hash(table)


def test_the_data_may_stay_at_home(forecast, ledger, no_baselines):
    (_, record) = bs.register(forecast, ledger, keep_data=False, **WORDS)
    assert set(record.content["files"]) == {"draws"}
    assert not list(ledger.with_name("forecasts.jsonl.files").glob("*.json"))
    with pytest.raises(ValueError, match="record 2 was registered without its data"):
        read_side_file(record, "data")


def test_hostile_names_stay_text(forecast, ledger, tmp_path, no_baselines):
    hostile = "<script>alert(1)</script>\n\u2028{}../../x\x1b[2J\ud800"
    questions = [hostile, "fine"]
    texts = {"resolves": hostile, "void_if": hostile, "author": hostile}
    said = bs.register(forecast, ledger, question=questions, assumptions=[hostile], **texts)
    (first, _) = read_ledger(ledger)
    assert first.content["question"] == first.content["author"] == hostile
    assert first.content["assumptions"] == [hostile]
    assert len(ledger.read_text().splitlines()) == 2
    assert first.hash == said[0].hash
    assert verify(ledger).holds
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {"forecasts"}


def test_a_hostile_path_in_the_place_of_a_hash_is_refused(registered):
    line = json.loads(registered.read_text().splitlines()[0])
    assert unlike_record(line) is None
    assert "aren't named by hashes" in unlike_record(line | {"files": {"draws": "../" * 21 + "x"}})
    assert "aren't named by hashes" in unlike_record(line | {"files": {"../x": "0" * 64}})


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"levels": [0.5]}, "quantiles aren't those of a forecast"),
        ({"scored": "walk"}, "quantiles aren't those of a forecast"),
        ({"quantiles": {"run": [2.0] * 22 + [1.0]}}, "aren't rising numbers, one a level"),
        ({"quantiles": {"run": ["x"] * 23}}, "aren't rising numbers, one a level"),
        ({"baselines": {"a": 5}}, "of the wrong kind"),
        ({"events": [{"text": "x"}]}, "lacks 'above'"),
        ({"question": 5}, "'question' is of the wrong kind"),
        ({"time": "yesterday"}, "isn't a time in UTC"),
        ({"type": "guess"}, "its type 'guess' is not known"),
    ],
)
def test_a_record_of_another_shape_is_refused(registered, part, said):
    line = json.loads(registered.read_text().splitlines()[0])
    assert said in unlike_record(line | part)


@pytest.mark.parametrize(
    ("text", "above", "below"),
    [
        ("loss < 1.6", -np.inf, 1.6),
        ("loss>1.6", 1.6, np.inf),
        ("1.5 < loss < 1.6", 1.5, 1.6),
        ("1.6 > loss > 1.5e0", 1.5, 1.6),
        ("1.6 > loss", -np.inf, 1.6),
    ],
)
def test_events_are_read(text, above, below):
    event = parse_event(text, "loss")
    assert (event.above, event.below) == (above, below)
    assert event.happened(np.array([1.4, 1.5, 1.55, 1.6, 1.7])).sum() == event.happened(
        1.55
    ) + event.happened(1.4) + event.happened(1.7) + (above < 1.5 < below) + (above < 1.6 < below)


@pytest.mark.parametrize(
    "text", ["loss", "los < 1.6", "loss <= 1.6", "loss < nan", "1 < 2", "1 < loss > 2", "loss < x"]
)
def test_what_is_no_event_is_said(text):
    with pytest.raises(ValueError, match=r"isn't an event of loss; write 'loss < 1.6'"):
        parse_event(text, "loss")


def test_an_event_that_can_not_happen_is_refused():
    with pytest.raises(ValueError, match="bounds are the wrong way round"):
        parse_event("1.6 < loss < 1.5", "loss")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"question": " "}, "question: expected a text that says something"),
        ({"question": ["one"]}, "question: 1 questions for 2 targets"),
        ({"resolves": None}, "resolves: expected a text that says something, got None"),
        ({"void_if": ""}, "void_if: expected a text"),
        ({"assumptions": ["fine", 3]}, "assumptions: expected a text"),
        ({"events": ["loss = 2"]}, "isn't an event of loss"),
        ({"author": ""}, "author: expected a text"),
        ({"anchor": "svn"}, r"anchor: 'svn' is not known; allowed: git\."),
    ],
)
def test_what_is_refused_leaves_nothing_behind(forecast, ledger, changed, said, no_baselines):
    with pytest.raises(ValueError, match=said):
        bs.register(forecast, ledger, **{**WORDS, **changed})
    assert list(ledger.parent.iterdir()) == []


def test_what_is_no_forecast_is_said(forecast, ledger, no_baselines):
    with pytest.raises(ValueError, match="expected a Forecast, as predict returns it, got Fit"):
        bs.register(forecast.fit, ledger, **WORDS)
    broken = forecast.draws.copy(deep=True)
    broken["run"][0, 0, 1] = np.nan
    spoilt = Forecast(forecast.targets, broken, forecast.fit, ())
    with pytest.raises(ValueError, match=r"1 draws of kind run at .* aren't finite"):
        bs.register(spoilt, ledger, **WORDS)
    assert not ledger.exists()


def test_one_text_alone_is_a_list_of_one(forecast, ledger, no_baselines):
    (record, _) = bs.register(forecast, ledger, assumptions="same data", **WORDS)
    assert record.content["assumptions"] == ["same data"]
    assert record.content["void_if"] is None
    assert record.content["author"]


def test_a_baseline_that_can_not_be_had_says_why(forecast, ledger, monkeypatch):
    runs = forecast.fit.table.assign(compute=1e20)
    monkeypatch.setattr(
        "bayes_scaling.registry.claims.baseline_forecast",
        lambda name, _runs, targets, seed: baseline_forecast(name, runs, targets, seed),
    )
    (record, _) = bs.register(forecast, ledger, **WORDS)
    missing = record.content["baselines"]["power_law"]["missing"]
    assert "three distinct computes" in missing
    assert np.isnan(bs.score(ledger, {1: 1.7}).loc[1, "skill_power_law"])
