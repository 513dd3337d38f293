"""Whether a forecast has two humps."""

import numpy as np
import pytest
from scipy import stats

from bayes_scaling.forecasting.modes import hump_notes, humps_of


def beta(a, b, share=1.0):
    """Quantiles of a beta distribution, so that no luck is in them."""
    count = int(2000 * share)
    return stats.beta(a, b).ppf((np.arange(count) + 0.5) / count)


@pytest.mark.parametrize("shape", [(2, 2), (1, 1), (30, 70), (0.8, 3)])
def test_one_hump_is_one(shape):
    assert len(humps_of(beta(*shape))) == 1


def test_two_humps_are_told_with_their_shares():
    both = np.concatenate([beta(20, 80, 0.7), beta(85, 15, 0.3)])
    (low, at_low), (high, at_high) = humps_of(both)
    assert (low, high) == pytest.approx((0.7, 0.3), abs=0.01)
    assert (at_low, at_high) == pytest.approx((0.2, 0.85), abs=0.03)


def test_a_hump_of_few_draws_isn_t_told():
    assert len(humps_of(np.concatenate([beta(20, 80, 0.95), beta(85, 15, 0.05)]))) == 1


def test_draws_that_are_all_alike_have_one():
    assert humps_of(np.full(100, 0.3)) == [(1.0, 0.3)]


def test_the_note_names_the_target():
    both = np.concatenate([beta(20, 80, 0.7), beta(85, 15, 0.3)])
    one = beta(20, 80)
    draws = np.column_stack([np.resize(one, 2000), np.resize(both, 2000)])
    (note,) = hump_notes(draws, ["1e22 FLOP", "1e25 FLOP"])
    assert note.startswith("The forecast at 1e25 FLOP has 2 humps: 70 % about 0.2")
