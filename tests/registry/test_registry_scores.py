"""Scores are those of the sealed forecast, whoever computes them and how often."""

import shutil
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import WORDS
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.evaluation.baselines import BASELINES
from bayes_scaling.evaluation.scoring import predictive_of, score_targets
from bayes_scaling.forecasting import Forecast
from bayes_scaling.registry import read_ledger, resolve, summarise_scores, void
from bayes_scaling.registry.forecast_scores import weighted_interval_score
from bayes_scaling.registry.records import LEVELS

TRUTH = {1: 1.704, 2: 1.572}


@pytest.fixture
def scored(registered):
    return bs.score(registered, TRUTH)


def test_scores_are_those_of_a_backtest(scored, forecast):
    expected = score_targets(predictive_of(forecast), np.array(list(TRUTH.values())))
    for name in ("crps", "log_score", "pit"):
        np.testing.assert_allclose(scored[name], expected[name], rtol=2e-5)
    for name in ("q05", "q10", "q25", "median", "q75", "q90", "q95"):
        np.testing.assert_allclose(scored[name], expected[name], rtol=1e-6)
    for name in ("covered_50", "covered_80", "covered_90"):
        assert scored[name].tolist() == expected[name].tolist()


def test_scoring_again_gives_the_same_bits(registered, scored, tmp_path):
    pd.testing.assert_frame_equal(bs.score(registered), scored, check_exact=True)
    away = tmp_path / "away"
    away.mkdir()
    for path in tmp_path.glob("forecasts.jsonl*"):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, away / path.name)
    pd.testing.assert_frame_equal(bs.score(away / registered.name), scored, check_exact=True)


def test_the_weighted_interval_score_is_that_of_its_definition():
    levels = np.array(LEVELS)
    quantiles, alpha = stats.norm.ppf(levels), 2 * levels[:11]
    low, high = quantiles[:11], quantiles[:11:-1]
    for seen in (-4.0, 0.0, 0.7):
        outside = np.maximum(low - seen, 0) + np.maximum(seen - high, 0)
        scores = (high - low) + 2 / alpha * outside
        wis = (0.5 * abs(seen - quantiles[11]) + np.sum(alpha / 2 * scores)) / 11.5
        assert weighted_interval_score(seen, quantiles, levels) == pytest.approx(wis)


def test_brier_and_skill(scored, registered):
    for number, record in enumerate(read_ledger(registered)[:2], 1):
        below, between = (event["probability"] for event in record.content["events"])
        happened = TRUTH[number] < 1.6, 1.55 < TRUTH[number] < 1.7
        brier = np.mean([(below - happened[0]) ** 2, (between - happened[1]) ** 2])
        assert scored.loc[number, "brier"] == pytest.approx(brier)
        for name in BASELINES:
            sealed = np.log(record.content["baselines"][name]["quantiles"])
            wis = weighted_interval_score(np.log(TRUTH[number]), sealed, np.array(LEVELS))
            assert scored.loc[number, f"wis_{name}"] == pytest.approx(wis)
            skill = 1 - scored.loc[number, "wis"] / wis
            assert scored.loc[number, f"skill_{name}"] == pytest.approx(skill)


def test_averages(registered):
    void(registered, 1, reason="cancelled")
    scores = bs.score(registered, {2: 1.572})
    row = summarise_scores(scores).loc["loss"]
    counts = row[["registered", "resolved", "open", "void", "corrected"]].tolist()
    assert counts == [2, 1, 0, 1, 0]
    assert row["coverage_90"] == 1
    for name in ("crps", "log_score", "wis", "brier", "skill_power_law"):
        assert row[name] == pytest.approx(scores.loc[2, name])


def test_averages_of_skill_weigh_by_score(scored):
    row = summarise_scores(scored).loc["loss"]
    ratio = scored["wis"].mean() / scored["wis_last_value"].mean()
    assert row["skill_last_value"] == pytest.approx(1 - ratio)
    assert row["crps"] == pytest.approx(scored["crps"].mean())


def test_nothing_is_scored_before_it_is_resolved(registered):
    scores = bs.score(registered)
    assert scores["status"].tolist() == ["open", "open"]
    assert scores[["crps", "wis", "brier", "pit", "value"]].isna().all(axis=None)
    assert scores["covered_90"].isna().all()
    assert np.isnan(summarise_scores(scores).loc["loss", "crps"])


def test_a_ledger_without_forecasts_has_no_scores(registered, tmp_path):
    begun = tmp_path / "begun.jsonl"
    begun.touch()
    scores, wanted = bs.score(begun), bs.score(registered)
    assert scores.empty
    assert list(scores) == [name for name in wanted if not name.startswith(("wis_", "skill_"))]
    assert (scores.index.name, scores["covered_90"].dtype) == ("record", "boolean")
    summary = summarise_scores(scores)
    assert summary.empty
    averages = summarise_scores(wanted)
    assert list(summary) == [name for name in averages if not name.startswith("skill_")]
    with pytest.raises(ValueError, match="has no forecast to plot"):
        bs.plot_ledger(begun)


def test_units_are_not_drawn_on_one_axis(registered, forecast, no_baselines):
    runs = forecast.fit.table.assign(loss_unit="bits per byte")
    bits = replace(forecast, fit=replace(forecast.fit, table=runs))
    bs.register(bits, registered, **WORDS)
    with pytest.raises(ValueError, match=r"unit: .* has several, say which one; allowed: bits per"):
        bs.plot_ledger(registered)
    with pytest.raises(ValueError, match=r"unit: .* has none of 'bits'"):
        bs.plot_ledger(registered, unit="bits")
    ax = bs.plot_ledger(registered, unit="bits per byte")[0]
    assert ax.get_xlabel() == "Loss (bits per byte) of one new run"
    assert len(ax.get_yticks()) == 2
    plt.close("all")


def test_what_does_not_hold_is_not_scored(registered):
    data = registered.read_bytes()
    registered.write_bytes(data.replace(b"someone", b"somebody", 1))
    with pytest.raises(ValueError, match=r"doesn't hold, so it isn't scored\. Record 1"):
        bs.score(registered, TRUTH)
    registered.write_bytes(data)
    assert bs.score(registered, TRUTH)["status"].eq("resolved").all()


def test_a_calibrated_forecaster_covers_as_it_says(forecast, ledger, no_baselines):
    """Twenty forecasts, each with a truth at a quantile of its own."""
    many = bs.predict(forecast.fit, compute=np.geomspace(2e21, 4e22, 20).tolist())
    wide = Forecast(many.targets, many.draws, many.fit, ())
    records = bs.register(wide, ledger, keep_data=False, **WORDS)
    levels = (np.arange(20) + 0.5) / 20
    truth = {
        record.number: float(np.quantile(many.draws["run"].values[..., place], levels[place]))
        for place, record in enumerate(records)
    }
    resolve(ledger, truth)
    scores = bs.score(ledger)
    np.testing.assert_allclose(scores["pit"], levels, atol=1e-3)
    row = summarise_scores(scores).loc["loss"]
    assert row[["coverage_50", "coverage_80", "coverage_90"]].tolist() == [0.5, 0.8, 0.9]
