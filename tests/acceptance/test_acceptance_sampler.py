"""Acceptance experiments E1 to E3: the sampler against simulation, quadrature and a budget."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chance import count_bounds, is_drawn_from

import bayes_scaling as bs
from bayes_scaling.specification.spec import parse_spec

pytestmark = pytest.mark.afresh

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load_benchmark(name):
    found = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def six_points():
    return bs.example("cerebras_gpt").query("compute < 1e22")


def law_only():
    text = bs.load_model("loss").text.split("[[discrepancy]]")[0]
    return parse_spec(text, name="law only")


@pytest.mark.parametrize(
    ("spec", "target_accept", "budget"),
    [
        pytest.param(law_only(), 0.8, 60_000, marks=pytest.mark.slow),
        (bs.load_model("loss"), 0.98, 300_000),
    ],
)
def test_six_cerebras_points_fit_in_the_gradient_budget(spec, target_accept, budget, six_points):
    fitted = bs.fit(spec, six_points, random_seed=2, draws=2000, target_accept=target_accept)
    assert not fitted.diagnosis.retried
    assert fitted.diagnosis.divergences <= 2  # one fit in twenty has one of 4,000 draws
    assert min(fitted.diagnosis.ess_bulk, fitted.diagnosis.ess_tail) > 400
    assert fitted.diagnosis.gradient_evaluations <= budget


def test_oracle_quadrature_agrees_with_a_closed_form():
    """With the law's shape known to be flat in x = 0, the level is a normal mean."""
    oracle = load_benchmark("oracle")
    log_loss = np.log([2.0, 2.1, 2.2])
    exact = oracle.quadrature(np.zeros(3), log_loss)
    precision = 3 / oracle.SIGMA**2 + 1
    assert exact.loc["level", "mean"] == pytest.approx(
        (log_loss.sum() / oracle.SIGMA**2 + 0.9) / precision, rel=1e-9
    )
    assert exact.loc["level", "sd"] == pytest.approx(precision**-0.5, rel=1e-9)
    assert exact.loc["elasticity"].tolist() == pytest.approx(oracle.ELASTICITY, rel=1e-3)


@pytest.mark.slow
def test_nuts_agrees_with_quadrature_on_synthetic_ladders():
    oracle = load_benchmark("oracle")
    ladders = oracle.synthetic(50, seed=2)
    table = pd.DataFrame([oracle.compare(runs, seed) for seed, runs in enumerate(ladders.values())])
    assert table["ess"].min() >= 10_000
    assert table["mean_error"].max() < 0.05
    assert table["sd_error"].max() < 0.05


@pytest.mark.slow
def test_nuts_agrees_with_quadrature_on_public_ladders(data_dir):
    oracle = load_benchmark("oracle")
    ladders = oracle.public(data_dir)
    table = pd.DataFrame([oracle.compare(runs, seed) for seed, runs in enumerate(ladders.values())])
    assert len(table) == 50
    assert table["ess"].min() >= 10_000
    assert table["mean_error"].max() < 0.05
    assert table["sd_error"].max() < 0.05


@pytest.fixture(scope="module")
def calibration():
    benchmark = load_benchmark("calibration")
    return bs.calibrate("loss", benchmark.LADDER, random_seed=2, simulations=1000, jobs=2)


@pytest.mark.slow
def test_ranks_lie_inside_their_simultaneous_bands(calibration):
    assert len(calibration.ranks) == 1000
    assert all(is_drawn_from(ranks, "uniform") for _, ranks in calibration.ranks.items())
    assert calibration.summary(prob=0.9999)["inside"].all()
    assert calibration.converged.mean() > 0.99


@pytest.mark.slow
def test_the_interval_covers_simulated_ladders(calibration):
    ranks = calibration.ranks["target"].iloc[:500]
    low, high = count_bounds(500, 0.9)
    assert low <= ((ranks > 0.05) & (ranks < 0.95)).sum() <= high


@pytest.mark.slow
def test_calibration_catches_a_wrong_noise():
    """A sampler of another model, here one with the noise pinned too small, leaves the band."""
    spec = bs.load_model("loss").with_priors(sigma=0.02, amplitude=0)
    ladder = pd.DataFrame({"compute": np.geomspace(1e18, 1e21, 6)})
    drawn = bs.simulate(spec, ladder, random_seed=1, size=100)
    wrong = bs.load_model("loss").with_priors(sigma=0.01, amplitude=0)
    shares = []
    for _, world in drawn.groupby("simulation"):
        fitted = bs.fit(wrong, world[["run", "compute", "loss"]], random_seed=1, draws=500)
        level = fitted.posterior["posterior"]["level"].to_numpy()
        shares.append(float(np.mean(level < world["true_level"].iloc[0])))
    outside = np.mean((np.array(shares) < 0.05) | (np.array(shares) > 0.95))
    assert outside > 0.2
