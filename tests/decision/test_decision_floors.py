"""How much of a forecast hangs on its floor."""

import numpy as np
import pandas as pd
import pytest
from known_fits import known

import bayes_scaling as bs
from bayes_scaling.decision.floors import explained, nearest_share
from bayes_scaling.errors import DataError

LAW = bs.load_model("loss").with_priors(amplitude=0)
RUNS = pd.DataFrame({"compute": [1e18, 1e19, 1e20, 1e21], "loss": [3.0, 2.7, 2.5, 2.35]})
FAR = 1e27


@pytest.fixture(scope="module")
def only_the_floor():
    """All doubt is of the floor; far out the forecast is the floor, but for the noise."""
    share = np.random.default_rng(4).uniform(0.3, 0.7, 4000)
    return known(LAW, RUNS, 1e20, level=2.5, elasticity=0.08, floor_share=share, sigma=0.002)


def test_the_forecast_goes_with_its_floor(only_the_floor):
    table = bs.decision.value_of_floor(only_the_floor, compute=FAR).summary()
    assert table["pinned_at"].tolist() == ["open", "q05", "q25", "q50", "q75", "q95"]
    assert (table["explained"] > 0.98).all()
    pinned = table.iloc[1:]
    assert pinned["median"].is_monotonic_increasing
    removed = 2.5 - pinned["floor"]
    law = pinned["floor"] + removed * 1e7 ** -(0.08 * 2.5 / removed)
    np.testing.assert_allclose(pinned["median"], law, rtol=0.02)
    width = table["q95"] - table["q05"]
    assert (width[1:] < 0.2 * width[0]).all()


def test_inside_the_ladder_the_floor_says_little(only_the_floor):
    table = bs.decision.value_of_floor(only_the_floor, compute=1e20).summary()
    assert table["explained"][0] < 0.1
    assert table["distance"][0] == pytest.approx(-1.0)


def test_real_ladders_depend_on_it_more_the_farther_they_look(fit_cerebras):
    table = bs.decision.value_of_floor(fit_cerebras, compute=[1e22, 1e25]).summary()
    shares = table.groupby("compute")["explained"].first()
    assert shares[1e22] < shares[1e25]
    ends = table[table["pinned_at"].isin(["q05", "q95"])].groupby("compute")["median"]
    assert (ends.last() > ends.first()).all()


def test_explained_is_none_of_what_is_unrelated():
    cause, effect = np.random.default_rng(5).standard_normal((2, 4000))
    assert explained(cause, effect) < 0.02
    assert explained(cause, 2 * cause) > 0.97
    assert explained(cause, np.ones(4000)) == 0.0


def test_a_twentieth_stands_for_each_quantile():
    assert nearest_share(4000, 0.5) == slice(1900, 2100)
    assert nearest_share(4000, 0.01) == slice(0, 200)
    assert nearest_share(4000, 0.999) == slice(3800, 4000)
    assert nearest_share(10, 0.5).stop - nearest_share(10, 0.5).start == 1


def test_a_law_without_an_open_floor_is_refused():
    power = bs.load_model("loss_power").with_priors(amplitude=0)
    fit = known(power, RUNS, 1e20, level=[2.5, 2.5], elasticity=0.06, sigma=0.01)
    with pytest.raises(DataError, match=r"^fit: the law of loss_power has no floor in the unit"):
        bs.decision.value_of_floor(fit, compute=1e22)
    pinned = LAW.with_priors(c=1.3)
    fit = known(pinned, RUNS, 1e20, level=[2.5, 2.5], elasticity=0.06, sigma=0.01)
    with pytest.raises(DataError, match=r"^fit: the floor of loss is pinned already\.$"):
        bs.decision.value_of_floor(fit, compute=1e22)
