import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.evaluation.baselines import BASELINES, baseline_forecast, log_curve, minimise

COMPUTE = np.geomspace(1e18, 1e21, 7)
TIMES = np.array([1.0, 2, 1, 1, 1])
AHEAD = pd.DataFrame({"compute": [1e22, 1e23]})


def ladder(loss):
    return pd.DataFrame({"compute": COMPUTE[: len(loss)], "loss": loss})


def curve(compute):
    return 1.2 * (compute / 1e19) ** -0.15 + 1.6


def noisy(sd=0.01, size=7):
    rng = np.random.default_rng(3)
    return ladder(curve(COMPUTE[:size]) * np.exp(sd * rng.standard_normal(size)))


def test_power_law_has_the_closed_form_interval():
    runs = noisy()
    forecast = baseline_forecast("power_law", runs, AHEAD, random_seed=1)
    x, y, ahead = np.log(COMPUTE), np.log(runs["loss"]), np.log(AHEAD["compute"])
    line = stats.linregress(x, y)
    residual = y - line.intercept - line.slope * x
    n, sd = len(x), np.sqrt(np.sum(residual**2) / (len(x) - 2))
    widened = sd * np.sqrt(1 + 1 / n + (ahead - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2))
    known = stats.t(n - 2, line.intercept + line.slope * ahead, widened)
    for level in (0.05, 0.5, 0.95):
        drawn = np.quantile(forecast.draws, level, axis=0)
        np.testing.assert_allclose(drawn, known.ppf(level), atol=3e-3 * widened.max())
    seen = np.array([0.5, 0.6])
    np.testing.assert_allclose(forecast.log_density(seen), known.logpdf(seen))
    np.testing.assert_allclose(forecast.targets["distance"], [1, 2])


def test_huber_finds_the_curve_on_clean_data():
    forecast = baseline_forecast("huber_bootstrap", noisy(sd=0), AHEAD, random_seed=1)
    median = np.exp(np.median(forecast.draws, axis=0))
    np.testing.assert_allclose(median, curve(AHEAD["compute"]), rtol=2e-3)


def test_huber_is_least_squares_where_residuals_are_small():
    x = np.log(COMPUTE) - np.log(COMPUTE).mean()
    rng = np.random.default_rng(1)
    y = np.log(curve(COMPUTE)) + 2e-4 * rng.standard_normal(len(x))
    start = np.array([0.0, 0.2, 0.4])
    squares = optimize.least_squares(lambda theta: y - log_curve(theta, x), start)
    assert np.abs(squares.fun).max() < 1e-3
    found = minimise(squares.x + np.array([0.05, 0.01, -0.05]), x, y, np.ones(len(x)))
    np.testing.assert_allclose(log_curve(found.x, x), log_curve(squares.x, x), atol=2e-5)


def test_huber_shrugs_off_an_outlier():
    runs = noisy(sd=0)
    runs.loc[3, "loss"] *= 1.05
    forecast = baseline_forecast("huber_bootstrap", runs, AHEAD, random_seed=1)
    median = np.exp(np.median(forecast.draws, axis=0))
    np.testing.assert_allclose(median, curve(AHEAD["compute"]), rtol=0.02)


def test_no_simplex_finds_a_smaller_huber_loss():
    x, y = np.linspace(-2, 2, 5), np.array([1.2, 1.1, 0.95, 0.93, 0.8])
    found = minimise(np.array([0.1, 0.3, 0.2]), x, y, TIMES)
    shaken = optimize.minimize(
        lambda theta: minimise_value(theta, x, y), found.x, method="Nelder-Mead"
    )
    assert found.fun <= shaken.fun * (1 + 1e-3)


def minimise_value(theta, x, y):
    residual = np.abs(y - log_curve(theta, x)) / 1e-3
    huber = np.where(residual < 1, residual**2 / 2, residual - 0.5)
    return float(TIMES @ huber)


def test_last_value_is_a_random_walk():
    runs = pd.DataFrame({"compute": [1e18, 1e19, 1e21], "loss": np.exp([1.0, 0.9, 0.8])})
    forecast = baseline_forecast("last_value", runs, AHEAD, random_seed=1)
    per_decade = np.mean([0.1**2 / 1, 0.1**2 / 2])
    np.testing.assert_allclose(forecast.scale[0], np.sqrt(per_decade * np.array([1, 2])))
    np.testing.assert_allclose(np.median(forecast.draws, axis=0), 0.8)


@pytest.mark.parametrize("name", BASELINES)
def test_same_seed_same_draws(name):
    first, second = (baseline_forecast(name, noisy(size=5), AHEAD, 7) for _ in range(2))
    np.testing.assert_array_equal(first.draws, second.draws)
    assert first.draws.shape == (4000, 2)
    assert np.isfinite(first.log_density(np.array([0.5, 0.5]))).all()


def test_bad_input():
    with pytest.raises(DataError, match="Did you mean 'power_law'"):
        baseline_forecast("powerlaw", noisy(), AHEAD, 1)
    with pytest.raises(DataError, match="three distinct computes"):
        baseline_forecast("power_law", noisy(size=2), AHEAD, 1)
    with pytest.raises(DataError, match="one ladder, got 2 families"):
        baseline_forecast("power_law", noisy().assign(family=list("aaaabbb")), AHEAD, 1)


def test_a_baseline_is_read_as_a_forecast_is():
    forecast = baseline_forecast("power_law", noisy(), AHEAD, random_seed=1)
    table = forecast.summary(prob=0.9)
    np.testing.assert_allclose(table["median"], np.exp(np.median(forecast.draws, axis=0)))
    assert table.columns.tolist()[-2:] == ["q05", "q95"]
    low = table["q05"].iloc[0]
    assert forecast.probability(below=low).iloc[0] == pytest.approx(0.05, abs=0.001)
    with pytest.raises(BayesScalingError, match="foretells single runs, got 'law'"):
        forecast.summary(kind="law")
