import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.specification.laws.power_floor import LAW
from bayes_scaling.specification.laws.power_floor import curve as power_floor

LEVELS = st.floats(0.01, 100)
ELASTICITIES = st.floats(1e-3, 1)
SHARES = st.floats(0, 0.99)
ABC = st.fixed_dictionaries(
    {"a": st.floats(1e-3, 100), "b": st.floats(1e-3, 3), "c": st.floats(0, 100)}
)
SEEN = {"level": LEVELS, "elasticity": ELASTICITIES, "floor_share": SHARES}
CURVES = st.fixed_dictionaries(SEEN)
FLOORED = st.fixed_dictionaries({**SEEN, "floor_share": st.floats(0.01, 0.99)})


def exponent(curve):
    return curve["elasticity"] / (1 - curve["floor_share"])


@given(CURVES)
def test_at_the_reference_the_loss_is_the_level(curve):
    assert np.exp(power_floor(0.0, **curve)) == pytest.approx(curve["level"], rel=1e-12)


@given(CURVES, st.floats(-3, 3))
def test_the_law_is_the_formula_that_people_quote(curve, x):
    quoted = LAW.to_natural(curve)
    loss = quoted["a"] * np.exp(x) ** -quoted["b"] + quoted["c"]
    assert power_floor(x, **curve) == pytest.approx(np.log(loss), rel=1e-9, abs=1e-9)


@given(CURVES, st.floats(-1e3, 1e3), st.floats(0, 1e3))
def test_more_compute_never_hurts(curve, x, step):
    lower, higher = power_floor(x + step, **curve), power_floor(x, **curve)
    assert lower <= higher + 1e-12 * (1 + abs(higher))


@given(FLOORED)
def test_the_loss_ends_at_its_floor(curve):
    far = 60 / exponent(curve)
    floor = curve["level"] * curve["floor_share"]
    assert np.exp(power_floor(far, **curve)) == pytest.approx(floor, rel=1e-12)


@given(FLOORED)
def test_far_below_the_floor_is_unseen(curve):
    rate = exponent(curve)
    x = -60 / rate
    per_decay = power_floor(x, **curve) - power_floor(x + 1 / rate, **curve)
    assert per_decay == pytest.approx(1.0, rel=1e-9)


@given(CURVES)
def test_the_slope_at_the_reference_is_minus_the_elasticity(curve):
    step = 1e-4 / exponent(curve)
    slope = (power_floor(step, **curve) - power_floor(-step, **curve)) / (2 * step)
    assert slope == pytest.approx(-curve["elasticity"], rel=1e-6)


@given(CURVES)
def test_it_is_finite_and_silent_a_thousand_folds_away(curve):
    far = np.array([-1e3, -30.0, 0.0, 30.0, 1e3])
    assert np.isfinite(power_floor(far, **curve)).all()


@given(ABC)
def test_a_b_c_come_back_from_the_coordinates_that_data_see(quoted):
    seen = LAW.coordinates[2].to_curve(quoted)
    assert seen["level"] == pytest.approx(quoted["a"] + quoted["c"])
    assert LAW.to_natural(seen) == pytest.approx(quoted, rel=1e-9, abs=1e-12)


@given(CURVES)
def test_the_coordinates_that_data_see_come_back_from_a_b_c(curve):
    assert LAW.coordinates[2].to_curve(LAW.to_natural(curve)) == pytest.approx(curve, abs=1e-12)


@given(CURVES)
def test_a_pinned_floor_is_a_share_of_the_level(curve):
    pinned = {"level": curve["level"], "elasticity": curve["elasticity"]}
    pinned["c"] = LAW.to_natural(curve)["c"]
    assert LAW.coordinates[1].to_curve(pinned) == pytest.approx(curve, abs=1e-12)


X = np.linspace(-5, 12, 7)


@pytest.mark.parametrize("floor", [0.0, 1.2])
def test_the_gradient_is_right_where_the_floor_is_pinned(floor):
    coordinates = LAW.coordinates[1]
    level, elasticity = pt.dscalar("level"), pt.dscalar("elasticity")
    seen = coordinates.to_curve({"level": level, "elasticity": elasticity, "c": floor})
    total = power_floor(X, **seen).sum()
    gradient = pytensor.function([level, elasticity], pt.grad(total, [level, elasticity]))

    def at(level, elasticity):
        return power_floor(X, level, elasticity, floor / level).sum()

    step = 1e-6
    by_hand = [
        (at(2.5 + step, 0.08) - at(2.5 - step, 0.08)) / (2 * step),
        (at(2.5, 0.08 + step) - at(2.5, 0.08 - step)) / (2 * step),
    ]
    np.testing.assert_allclose(gradient(2.5, 0.08), by_hand, rtol=1e-6)
