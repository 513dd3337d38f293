"""Scores go through every verb, as all responses do."""

import dataclasses
import json

import arviz as az
import numpy as np
import pandas as pd
import pytensor
import pytest
from interpreting import INTERPRETED
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling import registry
from bayes_scaling.cli import app
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.inference.score_predictive import log_score_densities

SIMPLE = ("monotone", "flat")
DESIGN = pd.DataFrame({"compute": [1e19, 1e20, 1e21, 1e22], "n_items": 300, "chance": 0.5})


@pytest.fixture(scope="module")
def two_tasks(falling_scores):
    rising = falling_scores.assign(task="winogrande", n_correct=[170, 190, 230])
    return pd.concat([falling_scores, rising], ignore_index=True)


@pytest.fixture(scope="module")
def fit_two(two_tasks):
    return bs.fit("score_u_shape", two_tasks, random_seed=1, draws=600, tune=800)


def test_a_forecast_is_a_share_of_items(fit_falling):
    forecast = bs.predict(fit_falling, compute=3.1e23)
    drawn = forecast.values()
    np.testing.assert_allclose(drawn * 315, np.round(drawn * 315), atol=1e-9)
    assert forecast.summary()["quantity"].tolist() == ["score"]
    assert 0 < forecast.probability(above=0.5).iloc[0] < 0.5


def test_one_new_run_is_less_sure_than_runs_on_average(fit_falling):
    forecast = bs.predict(fit_falling, compute=1.2e22)
    expected, run = (forecast.values(kind=kind).std() for kind in ("expected", "run"))
    assert run > expected
    luck = np.sqrt(0.32 * 0.68 / 315)
    assert run**2 > expected**2 + 0.5 * luck**2


def test_each_task_is_a_ladder_of_its_own(fit_two):
    table = pd.DataFrame({"family": ["hindsight", "winogrande"], "compute": 1e23})
    low, high = bs.predict(fit_two, table).summary()["median"]
    assert low < 0.5 < high
    with pytest.raises(DataError, match="family: the fit has 2 families"):
        bs.predict(fit_two, compute=1e23)


def test_a_saved_fit_forecasts_the_same(fit_two, tmp_path):
    again = bs.load_fit(fit_two.save(tmp_path / "fit.nc"))
    ours, theirs = (
        bs.predict(own, compute=1e23, family="hindsight").values() for own in (fit_two, again)
    )
    np.testing.assert_array_equal(ours, theirs)


def test_arviz_reads_all_groups(fit_falling):
    tree = bs.with_groups(fit_falling).posterior
    assert {"prior", "prior_predictive", "posterior_predictive", "log_likelihood"} <= set(tree)
    assert tree["log_likelihood"]["n_correct"].sizes["run"] == 3
    assert tree["prior_predictive"]["n_correct"].max() <= 315
    az.plot_ppc_dist(tree)


def test_the_plain_model_has_the_densities_that_are_said(fit_falling):
    """PyMC's own log likelihood, at the draws of the fit."""
    import pymc as pm

    few = fit_falling.posterior["posterior"].to_dataset().isel(chain=0, draw=slice(0, 20))
    model = fit_falling.pymc_model()
    density = pm.logp(model["n_correct"], model.rvs_to_values[model["n_correct"]])
    inputs = {rv.name: rv for rv in model.free_RVs}
    evaluate = pytensor.function([*inputs.values()], density, mode=INTERPRETED)
    theirs = [evaluate(*(few[name].values[draw] for name in inputs)) for draw in range(20)]
    ours = log_score_densities(fit_falling)[:20]
    np.testing.assert_allclose(theirs, ours, rtol=1e-6, atol=1e-6)


def test_models_of_the_same_scores_are_compared(fit_two):
    narrow = bs.load_model("score_u_shape").with_priors(
        fall={"dist": "HalfNormal", "sigma": 0.05, "over": "family"}
    )
    other = bs.fit(narrow, fit_two.table, random_seed=1, draws=600, tune=800)
    table = bs.compare({"may fall": fit_two, "rises only": other})
    assert table["interpolation_elpd"].notna().all()
    assert table.index[0] == "may fall"
    assert (table["extrapolation_n"] == 0).all()  # three runs leave none to foretell


def test_simulated_scores_come_from_their_curve():
    table = bs.simulate("score_u_shape", DESIGN, random_seed=1, size=400)
    seen, rate = table["n_correct"] / 300, table["true_expected"]
    sigma = table["true_sigma"]
    spread = np.sqrt(rate * (1 - rate) / 300 + (sigma * rate * (1 - rate)) ** 2)
    far = np.abs(seen - rate) / spread.clip(lower=1e-6)
    assert far[rate.between(0.02, 0.98)].pow(2).mean() == pytest.approx(1.0, abs=0.25)


def test_calibration_ranks_every_parameter():
    found = bs.calibrate(
        "score_u_shape", DESIGN, random_seed=1, simulations=2, fit_options={"draws": 300}
    )
    names = {*bs.load_model("score_u_shape").free, "log_likelihood", "log_prior", "target"}
    assert set(found.ranks.columns) == names
    assert found.ranks.to_numpy().min() > 0


def test_a_score_is_sealed_scored_and_made_again(fit_falling, tmp_path):
    forecast = bs.predict(fit_falling, compute=3.1e23)
    words = {"question": "How right?", "resolves": "The evaluation.", "author": "a team"}
    (record,) = bs.register(forecast, tmp_path / "ledger.jsonl", **words)
    assert record.content["metric"]["name"] == "score"
    assert record.content["metric"]["unit"] == "share of items"
    with pytest.raises(BayesScalingError, match=r"asks for score, a finite number"):
        bs.score(record.ledger, {record.number: 1.4})
    scores = bs.score(record.ledger, {record.number: 0.34})
    assert scores.loc[record.number, "covered_90"]
    assert registry.rerun(record).identical


def test_a_report_says_score_and_chance(fit_falling, tmp_path):
    path = tmp_path / "report.html"
    bs.report(fit_falling, bs.predict(fit_falling, compute=1e23), path=path)
    page = path.read_text(encoding="utf-8")
    assert "share of items" in page
    assert "BetaBinomial" in page
    assert "the chance of a guess" in page


def test_a_law_that_starts_at_chance_refuses_scores_below_it(falling_scores):
    below = falling_scores.assign(n_correct=[60, 50, 40])
    with pytest.raises(DataError, match=r"chance: all scores of hindsight lie below the chance"):
        bs.fit("score_emergence", below, random_seed=1)


def test_a_model_of_likelihoods_needs_them(falling_scores):
    rising = falling_scores.assign(n_correct=[170, 190, 230])
    with pytest.raises(DataError, match="nll: score_emergence_nll reads the mean negative"):
        bs.fit("score_emergence_nll", rising, random_seed=1)


def test_one_run_says_nothing_of_a_trend(falling_scores):
    with pytest.raises(DataError, match="at least 3 distinct computes"):
        bs.fit("score_u_shape", falling_scores.iloc[:1], random_seed=1)


def test_the_figure_is_labelled_as_a_share(fit_falling):
    ax = bs.plot_forecast(bs.predict(fit_falling, compute=1e23))
    assert ax.get_ylabel() == "Score (share of items)"


def test_how_much_compute_a_score_takes(fit_two):
    found = bs.decision.compute_for(fit_two, score=0.7, family="winogrande").summary()
    assert found["median"][0] > 1e21
    with pytest.raises(DataError, match="score: expected numbers between 0 and 1"):
        bs.decision.compute_for(fit_two, score=1.5, family="winogrande")


def test_the_command_line_says_what_the_functions_say(fit_falling, falling_scores, tmp_path):
    saved = fit_falling.save(tmp_path / "fit.nc")
    found = CliRunner().invoke(app, ["shape", str(saved), "--up-to", "3.1e23", "--json"])
    assert found.exit_code == 0, found.stderr
    rows = {row["shape"]: row for row in json.loads(found.stdout)["shape"]}
    ours = bs.shape(fit_falling, up_to=3.1e23)
    assert rows["falls"]["posterior"] == pytest.approx(ours.probability("falls"))
    wrong = CliRunner().invoke(app, ["emergence", str(saved)])
    assert wrong.exit_code == 2
    assert "score_emergence" in wrong.stderr
    path = tmp_path / "scores.csv"
    falling_scores.to_csv(path, index=False)
    said = CliRunner().invoke(app, ["check", str(path), "--model", "score_u_shape"])
    assert "3 distinct computes" in said.stdout


@pytest.fixture(scope="module")
def several(fit_falling, falling_scores):
    """Three models of the scores that fall, which disagree on what comes next."""
    others = {name: bs.fit(f"score_{name}", falling_scores, random_seed=1) for name in SIMPLE}
    return {"u": fit_falling, **others}


@pytest.fixture(scope="module")
def stacked(several):
    return bs.stack(several, compute=3.1e23)


def test_models_of_scores_are_stacked_without_backtests(stacked, several):
    """Three runs say little, so no model loses most of its weight, and the draws are a mixture."""
    weights = stacked.weights.iloc[0]
    assert weights.sum() == pytest.approx(1.0)
    assert weights.min() > 0.1
    each = [bs.predict(fit, compute=3.1e23).values().mean() for fit in several.values()]
    spread = 0.5 / np.sqrt(4000)  # of the mean of draws between 0 and 1, at most
    assert stacked.values().mean() == pytest.approx(weights.to_numpy() @ each, abs=4.5 * spread)


def test_shapes_are_stacked_with_the_same_weights(stacked, several):
    found = bs.shape(stacked).summary()
    own = [bs.shape(fit, up_to=3.1e23).summary() for fit in several.values()]
    for side in ("posterior", "prior"):
        expected = sum(
            weight * one[side] for weight, one in zip(stacked.weights.iloc[0], own, strict=True)
        )
        np.testing.assert_allclose(found[side], expected, atol=4.5 * 0.5 / np.sqrt(4000))
        assert found[side].sum() == pytest.approx(1.0)


def test_a_mixture_of_two_humps_says_so(fit_falling):
    whole = bs.predict(fit_falling, compute=3.1e23)
    made = {
        name: dataclasses.replace(whole, draws=at + 0.1 * whole.draws)
        for name, at in {"high": 0.8, "low": 0.1}.items()
    }
    assert any("has 2 humps" in note for note in bs.mix(made).notes)
    assert not any("has 2 humps" in note for note in bs.mix(made, {"high": 1, "low": 0}).notes)


def test_the_command_line_stacks_scores(stacked, falling_scores, tmp_path):
    path = tmp_path / "scores.csv"
    falling_scores.to_csv(path, index=False)
    names = ["score_u_shape", *(f"score_{name}" for name in SIMPLE)]
    models = [word for name in names for word in ("--model", name)]
    found = CliRunner().invoke(app, ["stack", str(path), *models, "--at", "3.1e23", "--json"])
    assert found.exit_code == 0, found.stderr
    (row,) = json.loads(found.stdout)["targets"]
    assert list(row["weights"].values()) == pytest.approx(stacked.weights.iloc[0].tolist())
    wrong = CliRunner().invoke(
        app, ["stack", str(path), *models, "--at", "1e23", "--past", "x.csv"]
    )
    assert wrong.exit_code == 2
    assert "has no backtests, so weights are learned from the runs; leave it out" in wrong.stderr
