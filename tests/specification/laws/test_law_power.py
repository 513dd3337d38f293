import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.specification.laws.power import LAW
from bayes_scaling.specification.laws.power import curve as power
from bayes_scaling.specification.laws.power_floor import curve as power_floor

LEVELS = st.floats(0.01, 100)
ELASTICITIES = st.floats(1e-3, 1)


@given(LEVELS, ELASTICITIES, st.floats(-1e3, 1e3))
def test_without_a_floor_it_is_the_power_law(level, elasticity, x):
    with_floor = power_floor(x, level, elasticity, 0.0)
    assert with_floor == pytest.approx(power(x, level, elasticity), rel=1e-12, abs=1e-12)


@given(LEVELS, ELASTICITIES)
def test_the_power_law_in_its_two_coordinates(level, elasticity):
    seen = {"level": level, "elasticity": elasticity}
    assert LAW.coordinates[0].to_curve(seen) == seen
    assert LAW.coordinates[1].to_curve(LAW.to_natural(seen)) == seen
