"""How much it takes is where each draw's expected curve first reaches the goal."""

import numpy as np
import pandas as pd
import pytest
from chance import z
from known_fits import FAILED, known

import bayes_scaling as bs
from bayes_scaling.decision.draws import curve_points, expected_along
from bayes_scaling.decision.passages import first_passage
from bayes_scaling.errors import DataError

LAW = bs.load_model("loss").with_priors(amplitude=0)
RUNS = pd.DataFrame({"compute": [1e18, 1e19, 1e20, 1e21], "loss": [3.0, 2.7, 2.5, 2.35]})


def a_b_c(level, elasticity, floor_share):
    removed = 1 - floor_share
    return level * removed, elasticity / removed, level * floor_share


@pytest.fixture(scope="module")
def uncertain():
    rng = np.random.default_rng(2)
    own = {
        "level": rng.normal(2.55, 0.02, 1000),
        "elasticity": rng.normal(0.06, 0.004, 1000),
        "floor_share": rng.uniform(0.3, 0.7, 1000),
    }
    return known(LAW, RUNS, 1e20, sigma=0.005, **own)


def test_it_is_the_inverse_of_the_law_draw_by_draw(uncertain):
    found = bs.decision.compute_for(uncertain, loss=[2.4, 2.2])
    posterior = uncertain.posterior["posterior"].to_dataset()
    names = ("level", "elasticity", "floor_share")
    a, b, c = a_b_c(*(posterior[name].values[0] for name in names))
    for place, goal in enumerate((2.4, 2.2)):
        with np.errstate(invalid="ignore"):
            needed = 1e20 * ((goal - c) / a) ** (-1 / b)
        reached = np.isfinite(found.draws[:, place])
        np.testing.assert_array_equal(reached, needed < found.up_to)
        np.testing.assert_allclose(found.draws[reached, place], needed[reached], rtol=5e-3)
        law = bs.predict(uncertain, compute=found.draws[reached, place], far=True)
        own = np.diag(law.values(kind="law")[reached])
        np.testing.assert_allclose(own, goal, rtol=1e-4)
        assert found.below_floor[place] == np.mean(c >= goal)
    assert (found.unreachable >= found.below_floor).all()


def test_with_a_discrepancy_it_is_the_first_passage(fit_cerebras):
    found = bs.decision.compute_for(fit_cerebras, loss=1.85)
    runs = fit_cerebras.design.scale
    points = curve_points(fit_cerebras, runs.min() / 10, found.up_to)
    curves = expected_along(fit_cerebras, points)
    for drawn, curve in zip(found.draws[:200, 0], curves[:200], strict=True):
        passed = [place for place, value in enumerate(curve) if value <= 1.85]
        if not passed:
            assert drawn == np.inf
            continue
        assert points[passed[0] - 1] <= drawn <= points[passed[0]]


def test_its_distribution_is_that_of_the_forecast(fit_cerebras):
    """Who is below the goal at a compute has passed it by then; few come back."""
    found = bs.decision.compute_for(fit_cerebras, loss=1.85)
    for compute in (3e21, 1e22, 5e22):
        below = bs.predict(fit_cerebras, compute=compute).values(kind="expected")[:, 0] < 1.85
        passed = found.draws[:, 0] <= compute
        margin = z(6) * np.sqrt(2 * 0.25 / len(passed))
        assert below.mean() - margin < passed.mean() < below.mean() + margin + 0.02


def test_the_table_has_quantiles_and_no_mean(uncertain):
    found = bs.decision.compute_for(uncertain, loss=[2.4, 1.6])
    table = found.summary()
    assert list(table) == [
        "loss", "median", "q05", "q25", "q75", "q95", "unreachable", "below_floor",
    ]  # fmt: skip
    assert np.isfinite(table.loc[0, "q95"])
    assert table.loc[1, "q95"] == np.inf
    assert table.loc[1, "below_floor"] > 0.05
    said = (
        f"loss 1.6: the floor of the law lies above it with probability {found.below_floor[1]:.2f}."
    )
    assert said in found.notes


def test_a_loss_below_every_floor():
    fit = known(LAW, RUNS, 1e20, level=[2.5, 2.5], elasticity=0.06, floor_share=0.6, sigma=0.01)
    row = bs.decision.compute_for(fit, loss=1.4).summary().iloc[0]
    assert (row["median"], row["unreachable"], row["below_floor"]) == (np.inf, 1.0, 1.0)


def test_a_law_without_a_floor_has_none():
    spec = bs.load_model("loss_power").with_priors(amplitude=0)
    fit = known(spec, RUNS, 1e20, level=[2.5, 2.5], elasticity=0.06, sigma=0.01)
    row = bs.decision.compute_for(fit, loss=2.0).summary().iloc[0]
    assert row["median"] == pytest.approx(1e20 * (2.0 / 2.5) ** (-1 / 0.06), rel=1e-6)
    assert np.isnan(row["below_floor"])


def test_pass_rates(fit_passes):
    found = bs.decision.compute_for(fit_passes, pass_rate=[0.3, 0.6])
    assert found.quantity == "pass_rate"
    assert (found.draws[:, 0] <= found.draws[:, 1]).all()
    middle = found.summary()["median"][0]
    rate = bs.predict(fit_passes, compute=middle).values("pass_rate", kind="expected")
    assert 0.4 < (rate > 0.3).mean() < 0.6


def test_first_passage():
    points = np.array([1.0, 10.0, 100.0])
    curves = np.array([[4.0, 2.0, 1.0], [2.0, 3.0, 1.0], [4.0, 4.0, 3.0], [4.0, 1.0, 4.0]])
    found = first_passage(points, curves, 2.0, falls=True)
    np.testing.assert_allclose(found, [10.0, 1.0, np.inf, 10**0.5])
    rising = first_passage(points, curves[:, ::-1], 2.0, falls=False)
    np.testing.assert_allclose(rising, [10.0, 10 ** (np.log(2) / np.log(3)), 1.0, 1.0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, r"^loss: loss forecasts loss, no goal was given\. Write loss=\.$"),
        ({"pass_rate": 0.5}, r"^loss: loss forecasts loss, got pass_rate=\. Write loss=\.$"),
        ({"loss": -1.0}, r"^loss: expected positive numbers, got -1\.0\.$"),
        ({"loss": "low"}, r"^loss: expected positive numbers, got 'low'\.$"),
        ({"loss": float("nan")}, r"^loss: expected positive numbers, got nan\.$"),
        ({"loss": 2.0, "up_to": 1e19}, r"^up_to: got 1e\+19; look further than .* 1e\+21\.$"),
        ({"loss": 2.0, "family": "b"}, r"^family: 'b' has no run in the fit"),
    ],
)
def test_bad_input(uncertain, given, said):
    with pytest.raises(DataError, match=said):
        bs.decision.compute_for(uncertain, **given)


def test_a_fit_that_did_not_converge_says_so():
    fit = known(LAW, RUNS, 1e20, FAILED, level=2.5, elasticity=0.06, floor_share=0.4, sigma=0.01)
    assert bs.decision.compute_for(fit, loss=2.3).notes[0].startswith("NOT CONVERGED")


def test_a_model_of_two_scales_is_refused():
    spec = bs.load_model("loss_params_tokens").with_priors(amplitude=0)
    runs = pd.DataFrame({"params": [1e7, 1e8, 1e9], "tokens": [1e9, 2e9, 4e9], "loss": [4, 3, 2.5]})
    own = {"level": 3.0, "floor_share": 0.5, "params_share": 0.5, "alpha": 0.3, "beta": 0.3}
    with pytest.raises(
        DataError, match=r"^fit: compute_for looks along one scale, and loss_params"
    ):
        bs.decision.compute_for(known(spec, runs, sigma=0.01, **own), loss=2.0)
