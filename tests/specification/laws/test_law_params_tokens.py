"""The law of parameters and tokens, and where it is least for its compute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from bayes_scaling.specification.laws.params_tokens import LAW, curve, frontier
from bayes_scaling.specification.laws.power_floor import curve as power_floor

CURVES = st.fixed_dictionaries(
    {
        "level": st.floats(0.1, 10),
        "floor_share": st.floats(0, 0.95),
        "params_share": st.floats(0.02, 0.98),
        "alpha": st.floats(0.05, 1.5),
        "beta": st.floats(0.05, 1.5),
    }
)
X = st.floats(-12, 12)


@given(CURVES, X, X)
def test_it_is_the_equation_of_what_is_quoted(given_curve, n, d):
    own = LAW.to_natural(given_curve)
    stated = own["E"] + own["A"] * np.exp(-own["alpha"] * n) + own["B"] * np.exp(-own["beta"] * d)
    assert curve(n, d, **given_curve) == pytest.approx(np.log(stated), rel=1e-9, abs=1e-9)
    assert own["E"] + own["A"] + own["B"] == pytest.approx(given_curve["level"])


@given(CURVES, X)
def test_with_unlimited_tokens_it_is_a_power_law_of_parameters(given_curve, n):
    own = LAW.to_natural(given_curve)
    level = own["E"] + own["A"]
    elasticity = own["alpha"] * own["A"] / level
    alone = power_floor(n, level, elasticity, own["E"] / level)
    assert curve(n, 5e4, **given_curve) == pytest.approx(alone, rel=1e-9, abs=1e-9)


@given(CURVES, X)
def test_both_parts_fall_alike_on_the_frontier(given_curve, budget):
    own = LAW.to_natural(given_curve)
    n, d = frontier(given_curve, budget)
    assert n + d == pytest.approx(budget, abs=1e-9)
    of_params = own["alpha"] * own["A"] * np.exp(-own["alpha"] * n)
    of_tokens = own["beta"] * own["B"] * np.exp(-own["beta"] * d)
    assert of_params == pytest.approx(of_tokens, rel=1e-8)


def test_no_other_choice_is_better():
    own = {"level": 2.7, "floor_share": 0.6, "params_share": 0.4, "alpha": 0.35, "beta": 0.37}
    budget = np.log(300.0)
    found = optimize.minimize_scalar(lambda n: curve(n, budget - n, **own), tol=1e-12)
    assert frontier(own, budget)[0] == pytest.approx(found.x, abs=1e-5)
    many = np.linspace(-20, 20, 401)
    n, d = frontier(own, budget)
    assert curve(n, d, **own) <= curve(many, budget - many, **own).min()
