"""The link from a run's loss to the compute that it stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bayes_scaling as bs
from bayes_scaling.errors import SpecError
from bayes_scaling.specification.laws.along_loss import link

COMPUTES = np.array([1e19, 1e20, 1e21, 1e22])
SHARES = st.floats(0.0, 0.95)


@given(SHARES)
def test_fitted_losses_span_what_their_computes_span(share):
    losses = np.array([3.2, 2.7, 2.4, 2.2])
    ends = link(losses, COMPUTES, share)(losses[[0, -1]])
    np.testing.assert_allclose(ends, COMPUTES[[0, -1]], rtol=1e-9)


@given(SHARES, st.floats(0.05, 0.5))
def test_a_loss_that_is_a_power_above_the_floor_stands_for_its_own_compute(share, exponent):
    """With L = E + a C^-b for all runs the link gives C back, and that of any other loss."""
    above = (COMPUTES / COMPUTES[-1]) ** -exponent
    smallest = 1 / (1 - share)  # above[-1] is 1, and E is the share of the smallest loss
    own = link(share * smallest + above, COMPUTES, share)
    further = share * smallest + 100**-exponent
    np.testing.assert_allclose(own(share * smallest + above), COMPUTES, rtol=1e-7)
    assert own(np.array(further)) == pytest.approx(1e24, rel=1e-6)


def test_a_lower_floor_stands_for_less_beyond_the_runs():
    losses = np.array([2.504, 2.186, 1.971, 1.845])
    reached = [link(losses, COMPUTES, share)(np.array(1.6)) for share in (0.0, 0.3, 0.5, 0.7)]
    assert np.all(np.diff(reached) > 0)


def test_the_floor_is_a_number_below_one():
    spec = bs.load_model("pass_rate_loss")
    assert spec.columns == ("loss",)
    with pytest.raises(SpecError, match="floor_of_smallest"):
        spec.with_priors(floor_of_smallest=1.0)
    with pytest.raises(SpecError, match="floor_of_smallest"):
        spec.with_priors(floor_of_smallest={"dist": "Beta", "alpha": 2, "beta": 2})
