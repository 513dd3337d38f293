"""Pass rates before training ends: sealed by bucket, scored by what came, and made again."""

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling import registry
from bayes_scaling.errors import BayesScalingError, LedgerError

WORDS = {"question": "How hard will it be?", "resolves": "The evaluation.", "author": "a team"}


@pytest.fixture(scope="module")
def forecast(fit_passes):
    return bs.predict(fit_passes, compute=[1e24, 1e25])


@pytest.fixture
def records(forecast, tmp_path):
    return bs.register(
        forecast,
        tmp_path / "counts.jsonl",
        of="neg_log_pass",
        by="bucket",
        events=["neg_log_pass < 1"],
        **WORDS,
    )


def test_a_record_a_target_and_bucket_holds_the_quantiles_of_the_summary(records, forecast):
    table = forecast.quantile([0.05, 0.5], "neg_log_pass", by="bucket")
    assert len(records) == len(table) == 12
    for record in records:
        target = record.content["target"]
        row = table[(table["compute"] == target["compute"]) & (table["group"] == target["group"])]
        sealed = record.quantiles["run"]
        np.testing.assert_allclose(sealed[[0.05, 0.5]], row[["q05", "q50"]].to_numpy()[0])
        assert record.content["metric"]["scale"] == "log"
        assert record.content["metric"]["unit"] == "nats"


def test_it_is_scored_by_what_came(records):
    ledger, first = records[0].ledger, records[0]
    middle = float(first.quantiles["run"][0.5])
    scores = bs.score(ledger, {first.number: middle})
    assert scores.loc[first.number, "covered_50"]
    assert scores.loc[first.number, "crps"] > 0
    assert np.isnan(scores.loc[first.number, "log_score"])  # no density is sealed
    assert (scores["status"] == "open").sum() == 11
    with pytest.raises(LedgerError, match="asks for neg_log_pass, a finite number above 0"):
        bs.score(ledger, {records[1].number: 0.0})


def test_it_can_be_made_again(records):
    again = registry.rerun(records[3])
    assert again.identical
    assert len(again.quantiles) == 3 * 23


def test_several_quantities_are_records_of_their_own(forecast, tmp_path):
    path = tmp_path / "both.jsonl"
    both = bs.register(forecast, path, of=["pass_rate", "solved"], **WORDS)
    assert [one.content["metric"]["name"] for one in both] == [*["pass_rate"] * 2, *["solved"] * 2]
    assert [one.content["metric"]["highest"] for one in both] == [1.0, 1.0, 24.0, 24.0]
    assert registry.verify(path).holds


def test_what_it_cannot_be_registered_by_is_refused(forecast, fit_cerebras, tmp_path):
    path = tmp_path / "none.jsonl"
    with pytest.raises(BayesScalingError, match="of: 'loss' is not known"):
        bs.register(forecast, path, of="loss", **WORDS)
    losses = bs.predict(fit_cerebras, compute=2.3e22)
    with pytest.raises(BayesScalingError, match="by: 'bucket' is not known; allowed: all"):
        bs.register(losses, path, by="bucket", **WORDS)
    with pytest.raises(BayesScalingError, match="expected a Forecast, as predict returns it"):
        bs.register(forecast.summary(), path, **WORDS)
    assert not path.exists()


def test_a_run_of_counts_is_not_tracked(records):
    with pytest.raises(LedgerError, match="a run that trains has a loss to be tracked"):
        registry.track(records[0], bs.example("cerebras_gpt"))
