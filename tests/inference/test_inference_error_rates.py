"""Error rates: a chance level from the runs, and responses that stay below 1."""

import numpy as np
import pandas as pd
import pytest
from chance import is_drawn_from
from scipy import integrate, stats

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.evaluation.scoring import Predictive, predictive_of, score_targets
from bayes_scaling.inference.ladder_numbers import take_numbers
from bayes_scaling.inference.shares import TOP, drawn_below, top_of
from bayes_scaling.inference.structure import structure_of

MODELS = ["loss_error_rate", "loss_above_chance"]
CHANCE = 0.25
SPEC = bs.load_model("loss_above_chance")
KINDS = ("law", "expected", "run")


def ladder(count=6, chance=CHANCE):
    compute, rng = np.geomspace(1e18, 1e20, count), np.random.default_rng(1)
    h = 2.5 * (compute / 1e18) ** -0.3
    error = (1 - chance) * (1 - np.exp(-h)) * np.exp(0.01 * rng.standard_normal(count))
    return bs.data.check_runs(pd.DataFrame({"compute": compute, "loss": error, "chance": chance}))


@pytest.fixture(scope="module")
def fitted():
    return bs.fit(SPEC, ladder(), random_seed=1, draws=500, tune=500)


def test_the_chance_of_the_runs_is_the_models(fitted, tmp_path):
    assert fitted.spec.pinned["chance"] == CHANCE
    assert fitted.notes[0] == "chance is 0.25, as the column of the runs says."
    loaded = bs.load_fit(fitted.save(tmp_path / "fit.nc"))
    assert loaded.spec == fitted.spec
    assert fitted.notes[0] in bs.predict(loaded, compute=1e21).notes


def test_all_kinds_stay_below_one_wherever_the_target_is(fitted):
    forecast = bs.predict(fitted, compute=[1e12, 1e17, 3e19, 1e22, 1e26])
    for kind in KINDS:
        draws = forecast.draws[kind].to_numpy()
        assert ((draws > 0) & (draws < 1)).all()
    law = forecast.draws["law"].to_numpy()
    assert law.max() <= 1 - CHANCE + 1e-12
    assert np.median(law[..., 0]) == pytest.approx(1 - CHANCE, rel=1e-3)


def test_scores_and_sums_of_a_forecast_are_of_error_rates(fitted):
    forecast = bs.predict(fitted, compute=[1e17, 1e21])
    scores = score_targets(predictive_of(forecast), np.array([0.74, 0.4]))
    assert np.isfinite(scores[["crps", "log_score", "pit"]]).all(axis=None)
    summary = forecast.summary()
    assert (summary["q95"] < 1).all()
    assert (forecast.probability(below=1.0) == 1.0).all()


def test_a_seal_knows_the_chance_and_the_bound(fitted, ledger):
    forecast = bs.predict(fitted, compute=1e21)
    asked = {"question": "The error of the large run?", "resolves": "when it has ended"}
    record = bs.register(forecast, ledger, **asked)[0]
    assert record.content["metric"]["highest"] == 1.0
    assert "chance = 0.25" in record.content["model"]["spec"]
    bs.registry.resolve(ledger, {record.number: 0.25})
    sealed = bs.registry.score(ledger)["log_score"].iloc[0]
    made = score_targets(predictive_of(forecast), np.array([0.25]))["log_score"].iloc[0]
    assert sealed == pytest.approx(made, rel=1e-4)


def test_a_chance_is_data_of_a_compiled_model():
    assert structure_of(SPEC) == structure_of(SPEC.with_priors(chance=0.5))


def test_numbers_are_taken_only_where_they_are():
    runs = ladder()
    assert take_numbers(bs.load_model("loss"), runs) == (bs.load_model("loss"), ())
    assert take_numbers(SPEC, runs.drop(columns="chance")) == (SPEC, ())
    assert take_numbers(SPEC, runs.assign(chance=np.nan)) == (SPEC, ())
    assert take_numbers(SPEC, runs.assign(chance="0.5"))[0].pinned["chance"] == 0.5
    own = SPEC.with_priors(chance=CHANCE)
    assert take_numbers(own, runs)[0] is own


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([0.25, 0.5, 0.25], r"row 2 \(run run 2\), column 'chance': got 0.5, but row 1 \(run run"),
        (
            [0.25, None, 0.25],
            "row 2 .*: got an empty cell, but row 1 .* has 0.25; write one number",
        ),
        ([1.0, 1.0, 1.0], "row 1 .*: expected a number from 0 up to, not including, 1, got 1"),
        (["a guess", "a guess", "a guess"], "row 1 .*: 'a guess' isn't a number: write one number"),
    ],
)
def test_a_ladder_has_one_chance(cells, said):
    with pytest.raises(DataError, match=said):
        take_numbers(SPEC, ladder(3).assign(chance=cells))


@pytest.mark.parametrize("model", MODELS)
def test_what_is_no_error_rate_is_refused(model):
    runs = ladder().assign(loss=[90.0, 0.8, 0.7, 0.6, 0.5, 0.4])
    said = rf"row 1 \(run run 1\), column 'loss': got 90, and {model} is a model of error rates"
    with pytest.raises(DataError, match=said):
        bs.fit(model, runs, random_seed=1)


def test_draws_are_those_given_that_they_lie_below():
    rng = np.random.default_rng(1)
    run = rng.standard_normal((4000, 2)) - [0.3, 90.0]
    law, below = np.full_like(run, -0.5), drawn_below(TOP, (np.full_like(run, -0.5), run), rng)[1]
    assert (below <= TOP).all()
    np.testing.assert_array_equal(below[:, 1], run[:, 1])
    own = np.unique(below[:, 0])  # draws that stand in for others are there twice
    assert is_drawn_from(own, stats.truncnorm(-np.inf, 0.3, loc=-0.3).cdf)
    np.testing.assert_array_equal(drawn_below(np.inf, (law, run), rng)[1], run)


def test_draws_of_one_world_stay_together():
    rng = np.random.default_rng(1)
    run = rng.standard_normal((500, 1))
    law, kept = drawn_below(TOP, (run - 7.0, run), rng)
    np.testing.assert_allclose(kept - law, 7.0)


def test_a_target_that_no_draw_reaches_is_refused():
    with pytest.raises(
        BayesScalingError, match="at target 2 no draw of the model is an error rate"
    ):
        drawn_below(TOP, [np.array([[-1.0, 0.5]])], np.random.default_rng(1))


def test_the_density_below_one_is_that_of_the_draws():
    location, scale = np.array([[-0.01], [-0.3]]), np.full((1, 1), 0.1)
    made = Predictive(pd.DataFrame(), location, location, scale, np.array(5.0), top=TOP)
    total = integrate.quad(lambda x: np.exp(made.log_density(np.array([x]))[0]), -30, 0, limit=200)
    assert total[0] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_simulated_error_rates_lie_below_one(model):
    design = pd.DataFrame({"compute": np.geomspace(1e18, 1e21, 7)})
    worlds = bs.simulate(model, design, random_seed=1, size=300)
    assert worlds["simulation"].nunique() == 300
    assert worlds[["loss", "true_expected"]].lt(1).all(axis=None)
    assert worlds["loss"].gt(0).all()
    assert worlds.groupby("simulation")["true_sigma"].nunique().eq(1).all()


def test_a_prior_of_no_error_rate_is_refused():
    spec = bs.load_model("loss_error_rate").with_priors(level=3.0)
    with pytest.raises(BayesScalingError, match="fewer than 2 are error rates below 1"):
        bs.simulate(spec, ladder(), random_seed=1, size=2)


def test_other_losses_have_no_top():
    assert top_of(bs.load_model("loss")) == np.inf
