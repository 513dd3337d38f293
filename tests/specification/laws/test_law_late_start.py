"""The law of ladders that start on a plateau."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.specification.laws.late_start import LAW, curve
from bayes_scaling.specification.laws.power_floor import curve as power_floor

CURVES = st.fixed_dictionaries(
    {
        "level": st.floats(0.1, 10),
        "b": st.floats(0.01, 2),
        "floor_share": st.floats(0, 0.9),
        "start": st.floats(1e-3, 0.999),
    }
)
X = st.floats(-15, 15)


@given(CURVES, X)
def test_it_is_the_equation_of_what_is_quoted(given_curve, x):
    quoted = LAW.to_natural(given_curve)
    grown = np.exp(x) + given_curve["start"]
    stated = quoted["a"] * grown ** -quoted["b"] + quoted["c"]
    assert curve(x, **given_curve) == pytest.approx(np.log(stated), rel=1e-9, abs=1e-9)


@given(CURVES, X)
def test_without_a_start_it_is_the_power_law_with_a_floor(given_curve, x):
    own = given_curve | {"start": 0.0}
    elasticity = own["b"] * (1 - own["floor_share"])
    plain = power_floor(x, own["level"], elasticity, own["floor_share"])
    assert curve(x, **own) == pytest.approx(plain, rel=1e-9, abs=1e-9)


@given(CURVES)
def test_it_is_flat_far_below_the_start_and_has_the_exponent_far_above(given_curve):
    below = [curve(x, **given_curve) for x in (-60.0, -50.0)]
    assert below[0] == pytest.approx(below[1], abs=1e-9)
    own = given_curve | {"floor_share": 0.0}
    above = [curve(x, **own) for x in (30.0, 31.0)]
    assert above[0] - above[1] == pytest.approx(own["b"], rel=1e-9)


@given(CURVES)
def test_its_slope_at_the_reference(given_curve):
    step = 1e-5
    slope = (curve(-step, **given_curve) - curve(step, **given_curve)) / (2 * step)
    share = 1 - given_curve["floor_share"]
    assert slope == pytest.approx(given_curve["b"] * share / (1 + given_curve["start"]), rel=1e-6)
