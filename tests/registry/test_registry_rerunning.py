"""A forecast comes out again from what was sealed, and an update never touches the seal."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from chance import count_bounds, is_drawn_from, z
from conftest import WORDS

import bayes_scaling as bs
from bayes_scaling.errors import LedgerError
from bayes_scaling.registry import correct, read_ledger, rerun, resolve, track
from bayes_scaling.registry.refitting import predict_again, refit, sealed_data
from bayes_scaling.registry.rerunning import TOLERANCE, compare_again
from bayes_scaling.registry.tracking import joint_probability
from bayes_scaling.reporting.seals import find_records


@pytest.fixture
def record(registered):
    return read_ledger(registered)[1]


@pytest.fixture
def fitted_before(forecast, monkeypatch):
    """The sealed fit is at hand; only the update is fitted."""

    def refit_or_take(record, runs):
        return forecast.fit if len(runs) == 5 else refit(record, runs)

    monkeypatch.setattr("bayes_scaling.registry.tracking.refit", refit_or_take)


@pytest.fixture
def seen():
    return bs.example("cerebras_gpt").query("compute == 6.3e21")


@pytest.mark.afresh
def test_a_rerun_gives_the_sealed_quantiles(record):
    again = rerun(record)
    assert again.identical
    assert again.agrees
    assert "to the last digit" in str(again)
    table = again.quantiles
    assert table["kind"].value_counts().to_dict() == {"run": 23, "expected": 23, "law": 23}
    np.testing.assert_array_equal(table["sealed"], table["again"])
    assert (table["error"] > 0).all()


def test_a_rerun_draws_with_the_seed_of_the_forecast(forecast, ledger, no_baselines):
    other = bs.predict(forecast.fit, forecast.targets, random_seed=7)
    (_, record) = bs.register(other, ledger, **WORDS)
    assert record.content["model"]["forecast_seed"] == 7
    assert record.content["model"]["random_seed"] == forecast.fit.random_seed
    assert compare_again(record, *predict_again(record, forecast.fit)).identical


def test_runs_whose_unit_is_stated_since_are_those_that_were_sealed(forecast, ledger, no_baselines):
    runs = forecast.fit.table
    before = replace(forecast.fit, table=runs.drop(columns="loss_unit"))
    records = bs.register(replace(forecast, fit=before), ledger, keep_data=False, **WORDS)
    assert [one.content["metric"]["unit"] for one in records] == ["unit not given"] * 2
    assert sealed_data(records[0], runs).equals(runs)
    found = find_records(ledger, forecast.fit, forecast)
    assert [one.hash for one in found] == [one.hash for one in records]
    with pytest.raises(LedgerError, match="these aren't the runs that record 1 was made from"):
        sealed_data(records[0], runs.assign(loss=runs["loss"] + 0.01))


def test_a_record_without_a_seed_of_its_own_is_rerun_with_that_of_the_fit(record, forecast):
    del record.content["model"]["forecast_seed"]
    assert compare_again(record, *predict_again(record, forecast.fit)).identical


@pytest.mark.parametrize(
    ("retried", "converged", "wanted"),
    [
        (False, True, {"draws": 2000, "target_accept": 0.99}),
        (False, False, {"draws": 2000, "target_accept": 0.99}),
        (True, True, {"draws": 2000, "target_accept": 0.99}),
        (True, False, {"draws": 1000, "target_accept": 0.95}),
    ],
)
def test_the_try_that_was_kept_is_made_again(record, monkeypatch, retried, converged, wanted):
    asked = {}
    monkeypatch.setattr(
        "bayes_scaling.registry.refitting.fit", lambda *_, **options: asked.update(options)
    )
    record.content["model"]["converged"] = converged
    record.content["model"]["sampler"] |= {
        "draws": 2000,
        "target_accept": 0.99,
        "retried": retried,
    }
    refit(record, None)
    assert {name: asked[name] for name in wanted} == wanted


@pytest.mark.slow
def test_a_rerun_of_several_families(ledger, no_baselines):
    ladder = bs.example("cerebras_gpt").query("compute < 2e21")
    runs = pd.concat([ladder.assign(family="b"), ladder.iloc[::2].assign(family="a")])
    fit = bs.fit("loss_families", runs, random_seed=1, draws=500)
    targets = pd.DataFrame({"compute": [6.3e21, 2.3e22], "family": ["b", "a"]})
    for record in bs.register(bs.predict(fit, targets), ledger, **WORDS):
        assert rerun(record).identical


def test_a_rerun_tells_chance_from_another_forecast(record, forecast):
    chance = bs.predict(forecast.fit, forecast.targets, random_seed=7)
    same = compare_again(record, chance, 1)
    worst = (same.quantiles.eval("again - sealed").abs() / same.quantiles["error"]).max()
    assert worst < z(len(same.quantiles))
    assert (same.agrees, same.identical) == (worst <= TOLERANCE, False)
    assert "Monte Carlo standard errors away" in same.message
    other = compare_again(record, forecast, 0)
    assert not other.agrees
    assert "does not agree" in other.message
    versions = record.content["model"]["versions"]
    versions |= {"numpy": "0.9", "python": "0"}
    assert "Versions differ: numpy '0.9' then" in compare_again(record, forecast, 0).message


def test_the_data_of_a_rerun_are_those_that_were_sealed(forecast, ledger, no_baselines):
    (record, _) = bs.register(forecast, ledger, keep_data=False, **WORDS)
    with pytest.raises(ValueError, match=r"registered without its data; hand them in with data="):
        rerun(record)
    others = forecast.fit.table.assign(loss=lambda runs: runs["loss"] + 0.01)
    with pytest.raises(
        ValueError, match=r"aren't the runs that record 1 was made from: their hash"
    ):
        rerun(record, others)
    shuffled = forecast.fit.table.sample(frac=1, random_state=np.random.default_rng(1))
    assert len(sealed_data(record, shuffled)) == 5


def test_only_a_forecast_is_rerun(registered):
    (outcome,) = resolve(registered, {1: 1.7})
    for verb in (rerun, lambda record: track(record, pd.DataFrame())):
        with pytest.raises(ValueError, match=r"record 3 of .* holds the outcome of record 1"):
            verb(outcome)


def test_a_record_that_its_ledger_does_not_hold_is_not_rerun(record, seen):
    forged = replace(record, hash="f" * 64)
    for verb in (rerun, lambda record: track(record, seen)):
        with pytest.raises(ValueError, match=r"nothing is fitted again\. Record 2 isn't the one"):
            verb(forged)


def test_tracking_updates_beside_the_seal(record, seen, fitted_before):
    before = record.ledger.read_bytes()
    tracking = track(record, seen.assign(finished=True))
    assert record.ledger.read_bytes() == before
    sealed, updated = (tracking.change.loc[name] for name in ("sealed", "updated"))
    assert sealed["median"] == record.quantiles.loc[0.5, "run"]
    assert updated["q95"] - updated["q05"] < 0.8 * (sealed["q95"] - sealed["q05"])
    assert tracking.updated.targets["distance"].item() == pytest.approx(np.log10(2.3e22 / 6.3e21))
    (row,) = tracking.seen.to_dict("records")
    assert row["q05"] < row["loss"] < row["q95"]
    assert tracking.probability == pytest.approx(2 * min(row["pit"], 1 - row["pit"]))
    assert f"{tracking.probability:.2g}" in str(tracking)


def test_a_run_that_left_its_forecast_is_seen(record, seen, fitted_before):
    high = pd.concat([seen.assign(compute=4e21, loss=1.95), seen.assign(loss=1.9)])
    tracking = track(record, high, assumption="Both checkpoints were annealed.")
    assert tracking.probability < 0.01
    assert (tracking.seen["probability"] < 0.01).all()
    assert tracking.notes[:2] == (
        "Assumed: Both checkpoints were annealed.",
        "Several points are of one run; each counts as a run of its own.",
    )
    assert tracking.change.loc["updated", "median"] > tracking.change.loc["sealed", "median"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, r"nothing says that these losses are final, and a loss in mid-training is above"),
        (
            {"finished": False},
            r"Mark runs that ended, .* with finished = True; or say in assumption=",
        ),
        ({"finished": True, "loss": -1.0}, "row 1 .*column 'loss': got -1"),
        ({"finished": True, "family": "Pythia"}, "'family' says 'Pythia', the forecast is of"),
        ({"finished": True, "loss_unit": "bits per byte"}, "'loss_unit' says 'bits per byte'"),
        (
            {"finished": True, "metric": "top1_err"},
            "of metric 'error_rate', the forecast",
        ),
    ],
)
def test_points_that_can_not_be_compared_are_refused(record, seen, changes, said):
    with pytest.raises(ValueError, match=said):
        track(record, seen.assign(**changes))


def test_runs_that_were_fitted_are_no_news(record):
    fitted = bs.example("cerebras_gpt").query("compute < 2e21").assign(finished=True)
    with pytest.raises(
        ValueError, match=r"'Cerebras-GPT-111M', .* is among the runs that the forecast was made"
    ):
        track(record, fitted)
    with pytest.raises(ValueError, match="expected a DataFrame, got str"):
        track(record, "losses.csv")


def test_the_joint_probability_is_uniform_under_the_forecast():
    rng = np.random.default_rng(1)
    root = np.array([[1.0, 0.0, 0.0], [0.9, 0.3, 0.0], [0.8, 0.4, 0.2]])
    draws = rng.standard_normal((4000, 3)) @ root.T
    for points in (1, 3):
        found = [
            joint_probability(draws[:, :points], seen[:points])
            for seen in rng.standard_normal((400, 3)) @ root.T
        ]
        low, high = count_bounds(400, 0.1)
        assert low <= np.sum(np.array(found) < 0.1) <= high
        assert is_drawn_from(found, "uniform")


def test_the_joint_probability_sees_what_no_point_shows():
    rng = np.random.default_rng(1)
    common = rng.standard_normal((4000, 1))
    draws = common + 0.1 * rng.standard_normal((4000, 2))
    apart = np.array([0.5, -0.5])
    assert joint_probability(draws[:, :1], apart[:1]) > 0.5
    assert joint_probability(draws, apart) < 0.001


def test_a_correction_leaves_the_forecast_alone(registered):
    resolve(registered, {2: 1.6})
    correct(registered, 2, 1.572, reason="a slip")
    assert read_ledger(registered)[1].type == "forecast"
