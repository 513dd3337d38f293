from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.inference import attempts
from bayes_scaling.inference.compiled.codes import find_code
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.sampling import recipe_of

pytestmark = pytest.mark.afresh

LOSS = bs.load_model("loss")
CEREBRAS = bs.example("cerebras_gpt")
SMALL = CEREBRAS.query("compute < 2e21")
QUICK = {"draws": 50, "tune": 200, "chains": 2}


@pytest.fixture(scope="module")
def quick(fit_cerebras):
    """A fit of too few draws, tried twice."""
    return bs.fit("loss", SMALL, random_seed=3, **QUICK)


def posterior(fit):
    return fit.posterior["posterior"].to_dataset()


def test_the_fit_holds_what_it_was_made_from(fit_cerebras):
    fit = fit_cerebras
    assert fit.spec == LOSS
    assert fit.random_seed == 1
    assert list(fit.table["run"]) == list(SMALL["run"])
    np.testing.assert_array_equal(fit.posterior["observed_data"]["loss"], SMALL["loss"])
    np.testing.assert_array_equal(fit.posterior["constant_data"]["compute"], SMALL["compute"])
    assert {"python", "pymc", "nutpie", "bayes-scaling"} <= fit.versions.keys()


def test_five_points_converge_at_the_first_try(fit_cerebras):
    verdict = fit_cerebras.diagnosis
    assert verdict.converged
    assert not verdict.retried
    assert verdict.draws == 4000
    assert verdict.gradient_evaluations <= 300_000


def test_what_people_quote_follows_from_what_is_sampled(fit_cerebras):
    drawn = posterior(fit_cerebras)
    xr.testing.assert_allclose(drawn["a"] + drawn["c"], drawn["level"])
    xr.testing.assert_allclose(drawn["b"], drawn["elasticity"] / (1 - drawn["floor_share"]))
    xr.testing.assert_allclose(drawn["c"], drawn["floor_share"] * drawn["level"])


def test_the_summary_says_what_the_data_added(fit_cerebras):
    table = fit_cerebras.summary()
    drawn = posterior(fit_cerebras)
    assert table.loc["level", "mean"] == pytest.approx(float(drawn["level"].mean()))
    assert table.loc["level", "sd_ratio"] < 0.05
    assert table.loc["amplitude", "sd_ratio"] > 0.5
    assert set(table.loc[["a", "c"], "sd_ratio"]) == {table.loc["floor_share", "sd_ratio"]}
    assert set(table.loc[["a", "c"], "prior"]) == {"sd_ratio is floor_share's"}
    assert table.loc["b", "prior"] == ""
    assert table.loc["nu", ["mean", "sd"]].tolist() == [5.0, 0.0]
    assert table.loc["nu", "prior"] == "pinned at 5"
    assert (table.loc[["a", "b", "c"], "q05"] < table.loc[["a", "b", "c"], "q95"]).all()


@pytest.mark.parametrize("reference", [1.0, 1e21])
def test_the_summary_restates_a_at_another_compute(fit_cerebras, reference):
    restated = fit_cerebras.summary(reference=reference)
    drawn = posterior(fit_cerebras)
    ratio = reference / fit_cerebras.reference.iloc[0]
    a = float((drawn["a"] * ratio ** -drawn["b"]).mean())
    assert restated.loc["a", "mean"] == pytest.approx(a)
    own = fit_cerebras.summary()
    pd.testing.assert_frame_equal(restated.drop("a"), own.drop("a"))


@pytest.mark.parametrize("reference", [0.0, -1e20, float("nan"), float("inf")])
def test_a_summary_at_no_compute_is_refused(fit_cerebras, reference):
    with pytest.raises(DataError, match="reference: expected positive FLOP"):
        fit_cerebras.summary(reference=reference)


def test_the_same_seed_gives_the_same_draws(quick):
    again = bs.fit("loss", SMALL, random_seed=3, **QUICK)
    xr.testing.assert_identical(posterior(again), posterior(quick))
    assert again.diagnosis == quick.diagnosis


def test_another_seed_gives_other_draws(quick):
    other = bs.fit("loss", SMALL, random_seed=4, **QUICK)
    each = [posterior(fit)["level"].values[:, : QUICK["draws"]] for fit in (other, quick)]
    assert not np.any(each[0] == each[1])


def test_the_chains_differ(quick):
    level = posterior(quick)["level"].values
    assert not np.any(level[0] == level[1])


def test_what_was_handed_in_is_unchanged(quick):
    runs = SMALL.copy(deep=True)
    bs.fit("loss", runs, random_seed=3, **QUICK)
    pd.testing.assert_frame_equal(runs, SMALL)


def test_other_numbers_and_other_numbers_of_rows_compile_nothing(quick):
    before = find_code.cache_info()
    rescaled = SMALL.assign(loss=SMALL["loss"] + 0.3, compute=SMALL["compute"] * 7)
    bs.fit("loss", rescaled, random_seed=1, reference=1e21, **QUICK)
    bs.fit("loss", CEREBRAS, random_seed=1, **QUICK)
    bs.fit("loss", SMALL.assign(loss_se=0.01).head(3), random_seed=1, **QUICK)
    after = find_code.cache_info()
    assert after.misses == before.misses
    assert after.hits > before.hits


def test_a_recipe_is_the_structure_whatever_the_numbers_of_priors_and_of_runs(fit_cerebras):
    own = recipe_of(LOSS, fit_cerebras.design)
    numbers = LOSS.with_priors(elasticity={"dist": "LogNormal", "mu": -2.0, "sigma": 1.0})
    more = pd.concat([CEREBRAS, CEREBRAS.assign(run=lambda rows: rows["run"] + " again")])
    same = recipe_of(numbers, make_design(LOSS, check_runs(more)))
    assert own == same
    assert hash(own) == hash(same)
    assert own != recipe_of(LOSS.with_priors(nu=4), fit_cerebras.design)
    gamma = LOSS.with_priors(elasticity={"dist": "Gamma", "alpha": 2, "beta": 9})
    assert own != recipe_of(gamma, fit_cerebras.design)


def test_a_law_or_a_noise_of_the_same_name_is_another_recipe(fit_cerebras):
    own = recipe_of(LOSS, fit_cerebras.design)
    assert own.is_shipped
    law = replace(LOSS.law, curve=lambda x, **_: 0.5 * x)
    noise = replace(LOSS.noise, standard=lambda rng, *_: rng.standard_cauchy())
    for made in (replace(LOSS, law=law), replace(LOSS, noise=noise)):
        other = recipe_of(made, fit_cerebras.design)
        assert own != other
        assert not other.is_shipped


def test_other_numbers_of_the_priors_compile_nothing_and_count(fit_cerebras):
    before = find_code.cache_info().misses
    narrow = {"dist": "LogitNormal", "mu": -2.0, "sigma": 0.01}
    settings = {"draws": 200, "tune": 300}
    low = bs.fit(LOSS.with_priors(floor_share=narrow), SMALL, random_seed=1, **settings)
    assert find_code.cache_info().misses == before
    share = posterior(low)["floor_share"]
    assert abs(float(share.mean()) - 1 / (1 + np.exp(2.0))) < 0.002  # its prior's sd is 0.001


@pytest.mark.slow
def test_a_draw_does_not_depend_on_what_was_compiled_first(fit_cerebras):
    settings = {"random_seed": 4, **QUICK}
    wide = LOSS.with_priors(sigma={"dist": "LogNormal", "mu": -3.0, "sigma": 1.5})
    first = posterior(bs.fit(wide, SMALL, **settings))
    find_code.cache_clear()
    alone = posterior(bs.fit(wide, SMALL, **settings))
    assert first.identical(alone)


def test_a_fit_that_does_not_converge_is_tried_again_with_more_draws(quick):
    assert quick.diagnosis.retried
    assert quick.diagnosis.target_accept == 0.99
    times = posterior(quick).sizes["draw"] / QUICK["draws"]
    assert times in range(2, 9)
    assert quick.diagnosis.draws == times * QUICK["draws"] * QUICK["chains"]
    assert str(quick.diagnosis).startswith("NOT CONVERGED on the second try: ")
    own_steps = int(quick.posterior["sample_stats"]["n_steps"].sum())
    assert quick.diagnosis.gradient_evaluations > 1.5 * own_steps


def test_the_second_try_may_do(fit_cerebras, monkeypatch):
    asked = []

    def judge(reported, stats, **settings):
        asked.append(settings)
        ess = 1000.0 if settings.get("retried") else 10.0
        return Diagnosis(1.0, ess, ess, "level", 0, stats["diverging"].size, 1.0, **settings)

    monkeypatch.setattr(attempts, "diagnose", judge)
    fit = bs.fit("loss", SMALL, random_seed=3, target_accept=0.995, **QUICK)
    assert [settings["target_accept"] for settings in asked] == [0.995, 0.995]
    assert fit.diagnosis.converged
    assert str(fit.diagnosis).startswith("Converged on the second try")
    said = "The fit converged on the second try, with more draws and smaller steps."
    assert said in bs.predict(fit, compute=1e22).notes


def test_progress_is_told_up_to_the_last_draw(fit_cerebras):
    told = []
    bs.fit("loss", SMALL, random_seed=1, progress=lambda *counts: told.append(counts))
    done = [count for count, _ in told]
    assert {total for _, total in told} == {4 * 2000}
    assert done == sorted(done)
    assert done[-1] == 4 * 2000


def test_unfinished_runs_are_refused():
    runs = SMALL.assign(finished=[True, True, False, True, True])
    unfinished = SMALL["run"].iloc[2]
    with pytest.raises(DataError, match=f"finished: {unfinished} ended before it was planned to"):
        bs.fit("loss", runs, random_seed=1)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"random_seed": -1}, "random_seed: expected zero or more"),
        ({"random_seed": 2**63}, "random_seed: expected zero or more and below 2\\^63"),
        ({"random_seed": True}, "random_seed: expected an integer, got True"),
        ({"random_seed": 1.0}, "random_seed: expected an integer, got 1.0"),
        ({"random_seed": None}, "random_seed: expected an integer, got None"),
        ({"draws": 0}, "draws: expected a positive integer, got 0"),
        ({"draws": True}, "draws: expected a positive integer, got True"),
        ({"tune": 10.5}, "tune: expected a positive integer, got 10.5"),
        ({"chains": -4}, "chains: expected a positive integer, got -4"),
        ({"target_accept": 1}, "target_accept: expected a number between 0 and 1, got 1"),
        ({"target_accept": float("nan")}, "target_accept: expected a number between 0 and 1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(setting, said):
    with pytest.raises(BayesScalingError, match=said):
        bs.fit("loss", SMALL, **{"random_seed": 1, **setting})


def test_a_pinned_a_is_restated_too(fit_cerebras):
    spec = bs.load_model("loss_abc").with_priors(a=1.2)
    drawn = posterior(fit_cerebras)[["b", "c", "sigma", "amplitude"]]
    fit = bs.Fit(
        spec=spec,
        table=fit_cerebras.table,
        posterior=xr.DataTree.from_dict({"posterior": drawn}),
        diagnosis=fit_cerebras.diagnosis,
        design=fit_cerebras.design,
        random_seed=1,
        versions={},
    )
    ratio = 1e21 / fit.reference.iloc[0]
    restated = float((1.2 * ratio ** -drawn["b"]).mean())
    assert fit.summary().loc["a", "mean"] == 1.2
    assert fit.summary(reference=1e21).loc["a", "mean"] == pytest.approx(restated)
