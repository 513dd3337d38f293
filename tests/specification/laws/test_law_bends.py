"""The laws that bend on log-log paper: one smooth break, and a ceiling beside the floor."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interpreting import INTERPRETED

from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.laws.broken_power_floor import curve as broken_power_floor
from bayes_scaling.specification.laws.power_floor import curve as power_floor
from bayes_scaling.specification.laws.saturating import curve as saturating

DECADE = np.log(10)
FLOORED = {
    "level": st.floats(0.1, 10),
    "elasticity": st.floats(0.01, 0.5),
    "floor_share": st.floats(0, 0.9),
}
BROKEN = st.fixed_dictionaries(
    FLOORED
    | {"bend": st.floats(-2, 2), "break_at": st.floats(-3, 3), "break_width": st.floats(0.05, 2)}
)
SATURATING = st.fixed_dictionaries(
    FLOORED | {"ceiling_share": st.floats(0.02, 0.95), "gamma": st.floats(0.05, 10)}
)
X = st.floats(-15, 15)
BENT = [(broken_power_floor, BROKEN), (saturating, SATURATING)]


def plain(curve):
    return {name: curve[name] for name in FLOORED}


@pytest.mark.parametrize(("law", "curves"), BENT)
def test_level_and_slope_at_the_reference(law, curves):
    @given(curves)
    def check(curve):
        assert law(0.0, **curve) == pytest.approx(np.log(curve["level"]), abs=1e-9)
        step = 1e-4
        slope = (law(step, **curve) - law(-step, **curve)) / (2 * step)
        assert slope == pytest.approx(-curve["elasticity"], rel=1e-4)

    check()


@pytest.mark.parametrize(("law", "curves"), BENT)
def test_more_compute_never_hurts_and_the_floor_holds(law, curves):
    @given(curves, X, st.floats(0, 20))
    def check(curve, x, step):
        here, there = law(x, **curve), law(x + step, **curve)
        assert there <= here + 1e-9
        assert np.exp(there) >= curve["level"] * curve["floor_share"] * (1 - 1e-9)

    check()


@pytest.mark.parametrize(("law", "curves"), BENT)
def test_it_is_finite_and_silent_a_thousand_folds_away(law, curves):
    @given(curves)
    def check(curve):
        far = np.array([-1e3, -30.0, 0.0, 30.0, 1e3])
        assert np.isfinite(law(far, **{**curve, "floor_share": 0.3})).all()

    check()


@given(BROKEN, X)
def test_without_a_bend_it_is_the_power_law(curve, x):
    straight = broken_power_floor(x, **{**curve, "bend": 0.0})
    assert straight == pytest.approx(power_floor(x, **plain(curve)), rel=1e-9, abs=1e-9)


@given(BROKEN, X)
def test_it_is_the_broken_law_that_people_quote(curve, x):
    said = LAWS["broken_power_floor"].to_natural(curve)
    width = curve["break_width"] * DECADE
    passed = (x - curve["break_at"] * DECADE) / width
    change = -(said["b_after"] - said["b"]) * width * np.logaddexp(0, passed)
    loss = said["c"] + said["a"] * np.exp(-said["b"] * x + change)
    assert broken_power_floor(x, **curve) == pytest.approx(np.log(loss), rel=1e-7, abs=1e-7)
    assert said["b_after"] / said["b"] == pytest.approx(np.exp(curve["bend"]))


@given(BROKEN)
def test_the_exponents_are_reached_far_from_the_break(curve):
    said = LAWS["broken_power_floor"].to_natural(curve)
    floorless = {**curve, "floor_share": 0.0}
    said = LAWS["broken_power_floor"].to_natural(floorless)
    for sign, exponent in ((-1, said["b"]), (1, said["b_after"])):
        x = DECADE * (curve["break_at"] + sign * 30 * curve["break_width"])
        slope = broken_power_floor(x + 0.5, **floorless) - broken_power_floor(x - 0.5, **floorless)
        assert -slope == pytest.approx(exponent, rel=1e-6)


@given(SATURATING, X)
def test_the_implicit_law_holds(curve, x):
    """On the log scale, where it is well conditioned."""
    said = LAWS["saturating"].to_natural(curve)
    loss = np.exp(saturating(x, **curve))
    above, below = loss - said["c"], said["ceiling"] - loss
    if min(above, below) < 1e-3 * curve["level"]:
        return
    left = np.log(above) - curve["gamma"] * np.log(below)
    assert left == pytest.approx(np.log(said["a"]) - said["b"] * x, rel=1e-6, abs=1e-5)


@given(SATURATING)
def test_it_leaves_a_ceiling_and_ends_at_a_floor(curve):
    floored = {**curve, "floor_share": 0.2}
    said = LAWS["saturating"].to_natural(floored)
    far = 200 * max(curve["gamma"], 1.0) / said["b"]
    assert np.exp(saturating(-far, **floored)) == pytest.approx(said["ceiling"], rel=1e-9)
    assert np.exp(saturating(far, **floored)) == pytest.approx(said["c"], rel=1e-9)


@given(SATURATING, X)
def test_at_gamma_one_it_is_logistic(curve, x):
    said = LAWS["saturating"].to_natural(curve | {"gamma": 1.0})
    odds = said["a"] * np.exp(-said["b"] * x)
    loss = said["c"] + (said["ceiling"] - said["c"]) * odds / (1 + odds)
    assert saturating(x, **curve | {"gamma": 1.0}) == pytest.approx(np.log(loss), abs=1e-9)


@given(SATURATING, st.floats(0, 15))
def test_towards_gamma_zero_it_is_the_power_law_below_the_ceiling(curve, x):
    found = saturating(x, **curve | {"gamma": 1e-9})
    assert found == pytest.approx(power_floor(x, **plain(curve)), rel=1e-6, abs=1e-6)


POINTS = {
    "broken_power_floor": [2.4, 0.08, 0.5, 0.6, 0.4, 0.3],
    "saturating": [2.4, 0.08, 0.5, 0.3, 0.4],
}


@pytest.mark.parametrize(("name", "point"), POINTS.items(), ids=POINTS)
def test_the_gradient_is_that_of_the_function(name, point):
    curve, x = LAWS[name].curve, np.array([-4.0, 0.3, 5.0])
    inputs = [pt.dscalar() for _ in point]
    rows = [pt.grad(curve(x, *inputs)[index], inputs) for index in range(len(x))]
    outputs = [entry for row in rows for entry in row]
    found = pytensor.function(inputs, outputs, mode=INTERPRETED)(*point)
    steps = 1e-6 * np.eye(len(point))
    by_hand = np.array(
        [(curve(x, *(point + step)) - curve(x, *(point - step))) / 2e-6 for step in steps]
    )
    np.testing.assert_allclose(np.reshape(found, (len(x), -1)), by_hand.T, rtol=1e-5, atol=1e-8)
