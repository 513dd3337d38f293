"""What was planted is found: in families that learn from each other, and in either model."""

import numpy as np
import nutpie
import pandas as pd
import pytest

import bayes_scaling as bs

pytestmark = pytest.mark.slow

MEAN_SLOPE, SPREAD = 0.06, 0.1
LADDERS = {"a": 6, "b": 6, "c": 5, "d": 6, "two": 2, "one": 1}
NOISE = 0.005
TARGET = 1e23


def planted():
    """Families with alike slopes; the two runs of one say, by bad luck, that its slope is steep."""
    rng = np.random.default_rng(12)
    rows, truth = [], {}
    for family, count in LADDERS.items():
        slope = MEAN_SLOPE * np.exp(SPREAD * rng.standard_normal())
        level, share = rng.uniform(2, 4), 0.5

        def loss(compute, level=level, share=share, slope=slope):
            x = np.log(compute / 1e20)
            return level * (share + (1 - share) * np.exp(-slope / (1 - share) * x))

        compute = np.geomspace(1e18, 3e21, count) if count > 2 else np.array([6e19, 1e20])[:count]
        noise = np.exp(NOISE * rng.standard_normal(count))
        if family == "two":
            noise = np.exp([0.008, -0.008])
        rows += [
            {"family": family, "compute": c, "loss": value}
            for c, value in zip(compute, loss(compute) * noise, strict=True)
        ]
        truth[family] = float(loss(TARGET))
    return pd.DataFrame(rows), truth


@pytest.fixture(scope="module")
def families():
    runs, truth = planted()
    return bs.fit("loss_families", runs, random_seed=1), runs, truth


def slopes(fit):
    elasticity = fit.posterior["posterior"]["elasticity"].median(("chain", "draw"))
    return elasticity.to_series()


def test_families_converge(families):
    fit, _, _ = families
    assert fit.diagnosis.converged
    assert fit.families == tuple(LADDERS)


def test_the_slope_of_two_runs_shrinks_to_that_of_the_others(families):
    fit, runs, _ = families
    two = runs[runs["family"] == "two"]
    alone = -np.polyfit(np.log(two["compute"]), np.log(two["loss"]), 1)[0]
    pooled = slopes(fit)
    others = pooled[list("abcd")]
    population = np.exp(np.log(others).mean())
    assert alone > 1.3 * population
    assert abs(pooled["two"] - population) < 0.5 * abs(alone - population)
    assert abs(np.log(others / MEAN_SLOPE)).max() < 0.35


def test_a_family_of_one_run_has_the_slope_of_the_others_and_is_less_sure_of_it(families):
    fit, _, _ = families
    elasticity = np.log(fit.posterior["posterior"]["elasticity"])
    spread = elasticity.std(("chain", "draw")).to_series()
    assert spread["one"] > spread[list("abcd")].max()
    assert slopes(fit)["one"] == pytest.approx(slopes(fit)[list("abcd")].median(), rel=0.15)
    prior = np.log(0.09), np.hypot(0.6, 0.3)
    assert spread["one"] < 0.8 * prior[1]


def test_short_families_are_forecast_sensibly(families):
    fit, _, truth = families
    table = bs.predict(fit, compute=[TARGET] * len(LADDERS), family=list(LADDERS)).summary()
    width = pd.Series(np.log(table["q95"] / table["q05"]).to_numpy(), index=list(LADDERS))
    for family, row in zip(LADDERS, table.itertuples(), strict=True):
        assert row.q05 < truth[family] < row.q95
    assert np.isfinite(width).all()
    assert width[["one", "two"]].min() > width[list("abcd")].max()
    unpooled = bs.simulate(
        "loss", pd.DataFrame({"compute": [1e19, 1e20, TARGET]}), random_seed=1, size=2000
    )
    drop = np.log(unpooled["loss"].to_numpy().reshape(-1, 3)) @ [0, -1, 1]
    prior_width = np.diff(np.quantile(drop, [0.05, 0.95]))[0]
    assert width["two"] < 0.8 * prior_width


@pytest.mark.slow
def test_the_plain_model_has_the_same_posterior(fit_cerebras):
    """The model as written down, sampled at length: it mixes badly, so it takes many draws."""
    plain = nutpie.sample(
        nutpie.compile_pymc_model(fit_cerebras.pymc_model()),
        draws=20_000,
        tune=4000,
        chains=4,
        seed=5,
        target_accept=0.99,
        progress_bar=False,
    ).posterior
    runs = fit_cerebras.table
    fine = bs.fit("loss", runs, random_seed=2, draws=5000)
    ours = fine.posterior["posterior"]
    for name in ("level", "elasticity", "floor_share", "sigma", "amplitude"):
        one, other = (np.log(tree[name].values.ravel()) for tree in (plain, ours))
        assert abs(one.mean() - other.mean()) < 0.1 * other.std(), name
        assert one.std() == pytest.approx(other.std(), rel=0.1), name
