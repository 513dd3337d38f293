"""Backtests, sensitivity and stacks of counts."""

import json
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app
from bayes_scaling.errors import BayesScalingError, DataError, SpecError
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.evaluation.pass_backtesting import counts_at, score_shares
from bayes_scaling.evaluation.prior_scaling import sensitivity

FEW = {"draws": 100, "tune": 200}
WIDER = {"dist": "HalfNormal", "sigma": 0.5}


@pytest.fixture(scope="module")
def counts(pass_counts):
    """Counts of six runs, the two largest drawn from the four smaller ones' law."""
    return bs.simulate(
        "pass_rate",
        pd.DataFrame({"compute": 10.0 ** np.arange(18, 24), "run": list("abcdef")}),
        random_seed=3,
        problems=12,
        n_samples=20,
    )


@pytest.fixture(scope="module")
def judged(counts):
    return bs.backtest("pass_rate", counts, cutoffs=[1e21], random_seed=1, fit_options=FEW)


def test_a_row_a_later_run_with_what_it_showed(judged, counts):
    table = judged.forecasts
    assert judged.response == "passes"
    assert table["compute"].tolist() == [1e22, 1e23]
    np.testing.assert_allclose(table["distance"], [1, 2])
    shares = counts.assign(share=counts["n_correct"] / counts["n_samples"])
    seen = shares.groupby("compute")["share"].mean()
    np.testing.assert_allclose(table["truth"], seen.loc[[1e22, 1e23]])
    assert (table["q05"] <= table["median"]).all()
    assert (table["median"] <= table["q95"]).all()
    assert table["pit"].between(0, 1).all()
    assert (table["log_score"] > 0).all()  # minus the log of a probability


def test_it_is_averaged_as_a_backtest_of_losses_is(judged):
    (row,) = judged.summary().to_dict("records")
    table = judged.forecasts
    assert row["n"] == 2
    assert row["median_abs_error"] == pytest.approx(
        (table["median"] - table["truth"]).abs().median()
    )
    assert judged.summary(by="distance")["n"].tolist() == [1, 1]


def test_scores_are_those_of_the_binomial_where_the_rate_is_known(forecast_of):
    """Draws that are all alike leave the luck of the samples alone."""
    forecast = forecast_of(np.full((2, 2000, 1, 3), -np.log(0.3)))
    n, c = np.full((1, 3), 20.0), np.array([[6.0, 4.0, 9.0]])
    (row,) = score_shares(forecast, n, c, np.random.default_rng(1)).to_dict("records")
    assert row["truth"] == pytest.approx(19 / 60)
    assert row["log_score"] == pytest.approx(-stats.binom.logpmf(c, 20, 0.3).mean())
    share = stats.binom(60, 0.3)
    assert row["median"] == pytest.approx(share.median() / 60, abs=1 / 60)
    chance = (share.cdf(18), share.cdf(19))  # of less than the truth, and of no more
    slack = 5 * np.sqrt(0.25 / 4000)
    assert chance[0] - slack < row["pit"] < chance[1] + slack
    assert row["covered_90"]


def test_a_problem_that_nobody_tried_is_not_averaged_over(forecast_of):
    forecast = forecast_of(np.full((1, 50, 1, 3), -np.log(0.3)))
    n, c = np.array([[10.0, 0.0, 30.0]]), np.array([[5.0, 0.0, 3.0]])
    (row,) = score_shares(forecast, n, c, np.random.default_rng(1)).to_dict("records")
    assert row["truth"] == pytest.approx((0.5 + 0.1) / 2)


def test_counts_find_their_problems(fit_passes, pass_counts):
    names, run = fit_passes.design.units.names, pass_counts["run"].iloc[0]
    own = pass_counts[pass_counts["run"] == run]
    later = own.iloc[np.random.default_rng(1).permutation(len(own))]
    strange = later.iloc[:1].assign(problem="never seen", n_samples=10**6)
    n, c = counts_at(fit_passes, pd.concat([later, strange]), [run])
    own = later.set_index(later["problem"].astype(str)).loc[list(names)]
    assert n.tolist() == [own["n_samples"].tolist()]
    assert c.tolist() == [own["n_correct"].tolist()]


@pytest.fixture
def forecast_of(fit_passes):
    """Make a forecast of three problems with given draws of -log p."""

    def make(values):
        design = fit_passes.design.of_units(np.arange(3))
        names = [fit_passes.design.units.names[place] for place in range(3)]
        dims = ("chain", "draw", "target", "problem")
        draws = xr.Dataset(dict.fromkeys(("law", "expected", "run"), (dims, values)))
        made = bs.predict(fit_passes, compute=1e24)
        assert len(names) == len(design.units)
        return replace(made, draws=draws, fit=replace(fit_passes, design=design))

    return make


def test_errors_of_shares_are_drawn_in_points(judged):
    axes = bs.plot_backtest(judged)
    assert axes.get_ylabel() == "Forecast less truth, % points"
    drawn = np.concatenate([line.get_ydata() for line in axes.lines if line.get_marker() == "o"])
    table = judged.forecasts
    expected = np.sort(table["median"] - table["truth"])
    np.testing.assert_allclose(np.sort(drawn[np.isfinite(drawn)]), expected)
    plt.close("all")


def test_backtests_that_there_are_none_of_are_refused(counts):
    with pytest.raises(BayesScalingError, match="is a model of scores, whose tasks have chance"):
        bs.backtest("score_emergence", counts, random_seed=1)
    with pytest.raises(DataError, match="loss"):
        bs.backtest(None, counts, baseline="last_value", random_seed=1)


def test_priors_of_passes_are_not_learned(counts):
    with pytest.raises(SpecError, match="learn from each other within a benchmark already"):
        bs.learn_priors(counts, model="pass_rate", random_seed=1)


def test_a_prior_that_matters_moves_the_mean_pass_rate(fit_passes):
    forecast = bs.predict(fit_passes, compute=[1e24, 1e26])
    table = sensitivity(fit_passes, forecast)
    assert set(table["compute"]) == {1e24, 1e26}
    wide = forecast.quantile([0.05, 0.95])
    middle = forecast.quantile(0.5)["q50"].to_numpy()
    for _, own in table.groupby("prior"):
        assert np.isfinite(own["sensitivity"]).all()
        near = np.abs(own["median_wider"].to_numpy() - middle)
        assert (near < (wide["q95"] - wide["q05"]).to_numpy()).all()
    assert (table["width_wider"] > 0).all()


def test_the_command_line_says_how_priors_move_pass_rates(fit_passes, tmp_path):
    path = fit_passes.save(tmp_path / "fit.nc")
    said = CliRunner().invoke(app, ["sensitivity", str(path), "--at", "1e24", "--json"])
    assert said.exit_code == 0, said.output
    expected = sensitivity(fit_passes, bs.predict(fit_passes, compute=1e24))
    assert [row["prior"] for row in json.loads(said.stdout)["priors"]] == expected["prior"].tolist()


def test_the_command_line_judges_and_stacks_counts(
    counts, judged, fit_passes, tmp_path, monkeypatch
):
    """What is typed reaches the functions that other tests judge."""
    asked_of = []

    def judge(model, data, **settings):
        asked_of.append((model, len(data), settings["cutoffs"]))
        return judged

    monkeypatch.setattr("bayes_scaling.evaluation.backtesting.backtest", judge)
    monkeypatch.setattr("bayes_scaling.cli.running.fit_table", lambda *_, **__: fit_passes)
    path, other = tmp_path / "counts.csv", tmp_path / "other.toml"
    own = ["run", "compute", "problem", "bucket", "n_samples", "n_correct"]
    counts[own].to_csv(path, index=False)
    other.write_text(bs.load_model("pass_rate").with_priors(amplitude=WIDER).text)
    asked = [str(path), "--model", "pass_rate", "--cutoff", "1e21"]
    said = CliRunner().invoke(app, ["backtest", *asked])
    assert said.stdout.startswith("pass_rate, share of right samples; smaller scores are better")
    stacked = ["stack", *asked, "--model", str(other), "--at", "1e25", "--json"]
    found = json.loads(CliRunner().invoke(app, stacked).stdout)
    assert asked_of == [
        (name, len(counts), ["1e21"]) for name in ("pass_rate", "pass_rate", str(other))
    ]
    (first, *_) = found["targets"]
    assert list(first["weights"].values()) == pytest.approx([0.5, 0.5])
    assert {row["quantity"] for row in found["targets"]} >= {"neg_log_pass", "pass_rate"}
    mixed = CliRunner().invoke(app, ["stack", *asked, "--model", "loss", "--at", "1e25"])
    assert "pass_rate is a model of passes and loss one of loss; stack models" in mixed.stderr


def backtest_of(log_scores):
    """A backtest with given log scores at distances 1 and 2."""
    size = len(log_scores)
    table = {"ladder": "x", "cutoff": 1e21, "compute": 10.0 ** (22 + np.arange(size) % 2)}
    table |= {"truth": 0.5, "distance": 1.0 + np.arange(size) % 2, "log_score": log_scores}
    return Backtest("a", pd.DataFrame(table), pd.DataFrame(), "passes")


def test_a_stack_of_counts_is_one_model_where_the_other_fails(fit_passes):
    fits = {"good": fit_passes, "bad": replace(fit_passes, random_seed=2)}
    judged = {
        "good": backtest_of(np.zeros(2)),
        "bad": backtest_of(np.full(2, 50.0)),
    }
    stacked = bs.stack(fits, judged, compute=[1e24, 1e25])
    weights = stacked.weights["good"].to_numpy()
    assert (weights > 0.5).all()
    alone = bs.predict(fit_passes, compute=[1e24, 1e25])
    assert stacked.draws["run"].dims == alone.draws["run"].dims
    rows = stacked.summary(by="bucket")
    assert len(rows) == len(alone.summary(by="bucket"))
    own = {
        tuple(draw)
        for draw in np.round(
            alone.draws["run"].values.reshape(-1, *alone.draws["run"].shape[2:])[:, 0], 12
        )
    }
    mixed = stacked.draws["run"].values.reshape(-1, *alone.draws["run"].shape[2:])[:, 0]
    share = np.mean([tuple(draw) in own for draw in np.round(mixed, 12)])
    assert share == pytest.approx(weights[0], abs=2 / len(mixed))  # whole draws, stratified
