"""The run to train next is the one that a regression says most of the target."""

import numpy as np
import pandas as pd
import pytest
from chance import z
from known_fits import FAILED, known

import bayes_scaling as bs
from bayes_scaling.decision.choices import after, choose, shares
from bayes_scaling.errors import DataError
from bayes_scaling.specification.spec import parse_spec

POWER = bs.load_model("loss_power").with_priors(amplitude=0)
TEXT = POWER.text.replace('"student_t"', '"normal"').replace("nu = 5.0", "")
NORMAL = parse_spec(TEXT, name="normal_power")
RUNS = pd.DataFrame({"compute": [1e18, 1e19, 1e20, 1e21], "loss": [3.0, 2.7, 2.5, 2.35]})
SIZES = pd.DataFrame({"compute": [1e19, 1e20, 1e22]})
TARGET = {"compute": 1e24}
SIGMA, LEVEL_SD, SLOPE_SD, DRAWS = 0.01, 0.004, 0.002, 4000


@pytest.fixture(scope="module")
def linear():
    """A log loss that is linear in its doubts: ``ln level - e x``, both normal."""
    level, slope = np.random.default_rng(7).standard_normal((2, DRAWS))
    own = {"level": 2.5 * np.exp(LEVEL_SD * level), "elasticity": 0.06 + SLOPE_SD * slope}
    return known(NORMAL, RUNS, 1e20, sigma=SIGMA, **own)


def exact(computes):
    x = np.log(np.array(computes) / 1e20)
    return LEVEL_SD**2 + SLOPE_SD**2 * np.outer(x, x)


def test_what_a_run_takes_away_is_that_of_a_regression(linear):
    found = bs.decision.next_run(linear, SIZES, TARGET, budget=1e23)
    signal = exact([*SIZES["compute"], TARGET["compute"]])
    stated = shares(signal, np.full(3, SIGMA**2))
    margin = z(3) * 2 / np.sqrt(DRAWS)  # of a squared correlation, whatever it is
    assert abs(found.candidates["removes"] - stated).max() < margin
    assert found.sd == pytest.approx(np.sqrt(signal[-1, -1]), rel=z() / np.sqrt(2 * DRAWS))


def test_seeing_a_run_is_conditioning():
    signal, noise = exact([1e19, 1e22, 1e24]), np.full(2, SIGMA**2)
    whole = np.linalg.inv(np.linalg.inv(signal[:2, :2] + np.diag([0.0, 1e-12])) + np.eye(2) / 1e-4)
    left = after(after(signal, noise, 0), noise, 1)
    np.testing.assert_allclose(left[:2, :2], whole, rtol=1e-4)
    twice = after(after(signal, noise, 1), noise, 1)
    once = after(signal, noise / 2, 1)
    np.testing.assert_allclose(twice, once, rtol=1e-9, atol=1e-15)


def test_the_budget_is_kept_and_what_helps_most_for_it_is_taken(linear):
    found = bs.decision.next_run(linear, SIZES, TARGET, budget="15 ZFLOP")
    table = found.summary()
    assert table["cost"].sum() <= 15e21
    assert table["removed"].is_monotonic_increasing
    assert table["sd"].is_monotonic_decreasing
    assert table["removed"].iloc[-1] >= found.candidates["removes"].max()
    assert table["spent"].tolist() == table["cost"].cumsum().tolist()


def test_one_run_that_does_more_wins_over_many_that_are_cheap():
    signal, noise = exact([1e20, 1e24, 1e26]), np.full(2, 1e-5)
    chosen, removed = choose(signal, noise, np.array([1.0, 10.0]), 10.0)
    assert chosen == (1,)
    assert removed[0] > 0.5


def test_nothing_that_can_be_paid(linear):
    found = bs.decision.next_run(linear, SIZES, TARGET, budget=1e18)
    assert found.chosen == ()
    assert len(found.summary()) == 0
    assert found.notes == (
        "Nothing can be paid: the cheapest candidate costs 1e+19 FLOP, the budget is 1e+18.",
    )


def test_nothing_that_helps(linear):
    found = bs.decision.next_run(linear, pd.DataFrame({"compute": [1e20]}), TARGET, budget=1e23)
    assert found.chosen == ()
    assert found.notes[0].startswith("Nothing that can be paid helps: the best candidate takes")


def test_a_grid_has_candidates_of_both(fit_grid):
    candidates = pd.DataFrame({"params": [1e8, 3e9], "tokens": ["2B", "60B"]})
    target = {"params": "10B", "tokens": "200B"}
    found = bs.decision.next_run(fit_grid, candidates, target, budget=2e21)
    np.testing.assert_allclose(found.candidates["cost"], [1.2e18, 1.08e21])
    assert found.candidates["removes"].idxmax() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"candidates": SIZES.iloc[:0]}, r"^candidates: expected a DataFrame, a row a run"),
        ({"candidates": [1e20]}, r"^candidates: expected a DataFrame, a row a run"),
        ({"budget": "lots"}, r"^budget: 'lots' isn't an amount of compute"),
        ({"target": {"compute": [1e23, 1e24]}}, r"^target: expected one, got 2\.$"),
        ({"target": {}}, r"^targets: say where to forecast"),
        ({"candidates": pd.DataFrame({"params": [1e9]})}, r"^targets: the table lacks the column"),
    ],
)
def test_bad_input(linear, given, said):
    usual = {"candidates": SIZES, "target": TARGET, "budget": 1e22}
    asked = usual | given
    with pytest.raises(DataError, match=said):
        bs.decision.next_run(linear, asked["candidates"], asked["target"], budget=asked["budget"])


def test_a_fit_that_did_not_converge_says_so():
    fit = known(NORMAL, RUNS, 1e20, FAILED, level=[2.5, 2.6], elasticity=[0.05, 0.06], sigma=0.01)
    noted = bs.decision.next_run(fit, SIZES, TARGET, budget=1e23).notes
    assert noted[0].startswith("NOT CONVERGED")
