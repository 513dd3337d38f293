import numpy as np
import pandas as pd
import pytest
from chance import count_bounds, z
from scipy import special, stats

import bayes_scaling as bs
from bayes_scaling.evaluation.scoring import Predictive, predictive_of, score_targets, summarise

TRUTH = np.array([2.4, 2.9])


@pytest.fixture(scope="module")
def normal():
    """Log losses of two targets, normal with known moments."""
    location, scale = np.array([[0.9, 1.0]]), np.array([[0.02, 0.05]])
    standard = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    draws = location + scale * standard[:, None]
    targets = pd.DataFrame({"family": "a", "compute": [1e21, 1e22], "distance": [0.4, 1.4]})
    return Predictive(targets, draws, location, scale, np.full((1, 1), np.inf))


def table_of(size=4, **columns):
    """Scores with nothing wrong about them."""
    plain = {
        "ladder": [f"l{i}" for i in range(size)],
        "family": "f",
        "distance": np.linspace(0.1, 3.0, size),
        "truth": 2.0,
        "median": 2.1,
        "crps": 0.01,
        "log_score": -3.0,
        "interval_score": 0.1,
        "pit": 0.4,
        "covered_50": False,
        "covered_80": True,
        "covered_90": True,
        "converged": True,
    }
    return pd.DataFrame(plain | columns, index=range(size))


def test_crps_is_that_of_a_normal(normal):
    scores, (location, scale) = score_targets(normal, TRUTH), (normal.location[0], normal.scale[0])
    z = (np.log(TRUTH) - location) / scale
    closed = scale * (z * (2 * special.ndtr(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    np.testing.assert_allclose(scores["crps"], closed, rtol=1e-3)


def test_log_score_pit_and_quantiles_are_those_of_a_normal(normal):
    scores = score_targets(normal, TRUTH)
    known = stats.norm(normal.location[0], normal.scale[0])
    np.testing.assert_allclose(scores["log_score"], -known.logpdf(np.log(TRUTH)))
    np.testing.assert_allclose(scores["pit"], known.cdf(np.log(TRUTH)), atol=1e-4)
    np.testing.assert_allclose(scores["q90"], np.exp(known.ppf(0.9)), rtol=1e-5)


def test_interval_score_penalises_what_lies_outside(normal):
    scores = score_targets(normal, np.exp([0.9, 1.2]))
    low, high = np.log(scores["q05"]), np.log(scores["q95"])
    assert scores["covered_90"].tolist() == [True, False]
    np.testing.assert_allclose(
        scores["interval_score"], high - low + [0, 2 / 0.1 * (1.2 - high.iloc[1])]
    )


def test_density_of_a_mixture_integrates_to_one():
    location = np.array([[0.0], [0.1], [0.4]])
    mixture = Predictive(pd.DataFrame(), location, location, np.array([[0.05]]), np.array(5.0))
    grid = np.linspace(-3, 3, 20_001)
    density = [np.exp(mixture.log_density(np.array([y])))[0] for y in grid[::10]]
    assert np.trapezoid(density, grid[::10]) == pytest.approx(1, abs=1e-4)


def test_density_of_a_fit_is_that_of_its_draws(fit_cerebras):
    predictive = predictive_of(bs.predict(fit_cerebras, compute=[6.4e21, 2.3e22]))
    middle = np.quantile(predictive.draws, [0.3, 0.7], axis=0)
    grid = np.linspace(*middle, 201)
    density = np.exp([predictive.log_density(row) for row in grid])
    inside = [np.trapezoid(density[:, k], grid[:, k]) for k in range(2)]
    error = np.sqrt(0.4 * 0.6 / fit_cerebras.diagnosis.ess_bulk)
    np.testing.assert_allclose(inside, 0.4, atol=z(2) * error)


def test_sigma_halved_in_the_forecast_is_caught(normal):
    rng = np.random.default_rng(1)
    truths = np.exp(0.9 + 0.02 * rng.standard_normal(2000))
    right = np.repeat(normal.draws[:, :1], 2000, axis=1)[::20]
    targets = pd.DataFrame({"distance": np.ones(2000)})
    for wrong, expected in ((1.0, 0.9), (0.5, 2 * special.ndtr(1.645 / 2) - 1)):
        narrow = 0.9 + wrong * (right - 0.9)
        scale = wrong * normal.scale[:, :1]
        spread = Predictive(targets, narrow, normal.location[:, :1], scale, np.array(np.inf))
        low, high = count_bounds(2000, expected)
        assert low <= score_targets(spread, truths)["covered_90"].sum() <= high


def test_a_nan_is_never_averaged_away(normal):
    broken = normal.draws.copy()
    broken[0, 1] = np.nan
    scores = score_targets(
        Predictive(normal.targets, broken, normal.location, normal.scale, normal.nu), TRUTH
    )
    assert np.isfinite(scores["crps"][0])
    assert np.isnan(scores["crps"][1])
    assert np.isnan(scores["pit"][1])
    table = table_of(crps=[0.1, np.nan, 0.1, 0.1])
    summary = summarise(table).loc["all"]
    assert summary["n"] == 4
    assert summary[["crps", "coverage_50", "coverage_90", "coverage_90_low"]].isna().all()
    assert summarise(table_of(median=[2.0, np.nan, 2, 2]))["median_abs_error"].isna().all()


def test_counts_by_distance_add_up():
    table = table_of(9, distance=[0.1, 0.5, 0.6, 1.0, 1.2, 1.5, 2.5, 2.6, 4.0])
    by = summarise(table, "distance")
    assert by.index.tolist() == ["(0, 0.5]", "(0.5, 1]", "(1, 1.5]", "(1.5, 2.5]", "over 2.5"]
    assert by["n"].tolist() == [2, 2, 2, 1, 2]


def test_averages():
    table = table_of(covered_90=[True, True, True, False], converged=[True, False, True, True])
    row = summarise(table).loc["all"]
    assert row["coverage_90"] == 0.75
    assert row["median_abs_error"] == pytest.approx(np.log(2.1 / 2.0))
    assert row["not_converged"] == 1


def test_interval_is_over_sources():
    covered = np.repeat([True, False], 50)
    table = table_of(100, covered_90=covered)
    by_ladder = summarise(table).loc["all"]
    sd = np.sqrt(0.25 / 100)
    assert by_ladder["coverage_90_low"] == pytest.approx(0.5 - 1.645 * sd, abs=0.02)
    by_source = summarise(table.assign(source=np.repeat(["a", "b"], 50))).loc["all"]
    assert (by_source["coverage_90_low"], by_source["coverage_90_high"]) == (0, 1)
    assert summarise(table.assign(source="a"))["coverage_90_low"].isna().all()


def test_groups_that_are_not_there():
    with pytest.raises(ValueError, match="no column source"):
        summarise(table_of(), "source")
    with pytest.raises(ValueError, match="Did you mean 'distance'"):
        summarise(table_of(), "distanc")
