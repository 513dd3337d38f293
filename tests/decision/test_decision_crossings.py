"""Two recipes: which is better where, and where their curves cross."""

import numpy as np
import pandas as pd
import pytest
from chance import count_bounds
from known_fits import known

import bayes_scaling as bs
from bayes_scaling.decision.crossings import last_change
from bayes_scaling.errors import DataError

POWER = bs.load_model("loss_power").with_priors(amplitude=0)
RUNS = pd.DataFrame({"compute": [1e18, 1e19, 1e20, 1e21], "loss": [3.0, 2.7, 2.5, 2.35]})
OTHER = RUNS.assign(loss=[3.1, 2.8, 2.6, 2.4])


def of(level, elasticity, runs=RUNS, **options):
    return known(POWER, runs, 1e20, level=level, elasticity=elasticity, sigma=0.005, **options)


def test_two_laws_cross_where_they_are_equal():
    steep, flat = of([3.0] * 5, 0.05), of([2.8] * 5, 0.04, OTHER)
    where = 1e20 * np.exp(np.log(3.0 / 2.8) / 0.01)
    found = bs.decision.crossing(steep, flat, [where / 10, where, 10 * where])
    assert found.where()["median"] == pytest.approx(where, rel=1e-6)
    assert (found.never, found.where()["better_after"]) == (0.0, 1.0)
    table = found.summary()
    assert table["better"].iloc[[0, 2]].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(table["median"], 0.01 * np.log([0.1, 1, 10]), atol=1e-9)
    swapped = bs.decision.crossing(flat, steep, where)
    assert swapped.where()["median"] == pytest.approx(where, rel=1e-6)
    assert swapped.where()["better_after"] == 0.0


def test_curves_that_never_cross():
    found = bs.decision.crossing(of([2.5] * 4, 0.05), of([2.8] * 4, 0.05, OTHER))
    assert found.never == 1.0
    assert found.where()["median"] == np.inf
    assert found.summary()["compute"].tolist() == [1e21, 1e22, 1e23]
    assert found.summary()["better"].tolist() == [1.0, 1.0, 1.0]


def test_draws_of_two_fits_are_paired_at_random():
    level = np.random.default_rng(3).normal(2.5, 0.05, 4000)
    one, other = of(level, 0.05), of(level, 0.05, OTHER)
    better = bs.decision.crossing(one, other, 1e21).summary()["better"][0]
    low, high = count_bounds(4000, 0.5)
    assert low <= 4000 * better <= high


def test_the_same_data_are_two_models():
    noted = bs.decision.crossing(of([2.5] * 2, 0.05), of([2.5] * 2, 0.06)).notes
    assert noted == ("Both fits are of the same data: this compares two models, not two recipes.",)


def test_last_change():
    gaps = np.array([[1.0, -1.0, 1.0], [1.0, 1.0, 3.0], [-1.0, -1.0, 3.0]])
    found = last_change(np.array([1.0, 10.0, 100.0]), gaps)
    np.testing.assert_allclose(found, [10**1.5, np.inf, 10**1.25])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tokens": 1e12}, r"^tokens: both models forecast along compute; write compute=\.$"),
        ({"compute": "much"}, r"^compute: 'much' isn't an amount of compute"),
        ({"up_to": 1e20}, r"^up_to: got 1e\+20; look further than the largest run, 1e\+21\.$"),
    ],
)
def test_bad_input(given, said):
    with pytest.raises(DataError, match=said):
        bs.decision.crossing(of([2.5] * 2, 0.05), of([2.5] * 2, 0.06), **given)


def test_fits_that_cannot_be_compared(fit_cerebras):
    bits = OTHER.assign(loss_unit="bits per byte")
    nats = RUNS.assign(loss_unit="nats per token")
    said = r"^fit_b: its losses are in bits per byte and those of fit_a in nats per token"
    with pytest.raises(DataError, match=said):
        bs.decision.crossing(of([2.5] * 2, 0.05, nats), of([2.5] * 2, 0.06, bits))
    along = POWER.text.replace("law = ", 'along = "tokens"\nlaw = ')
    along = along.replace('["compute"]', '["tokens"]')
    spec = bs.specification.spec.parse_spec(along, name="of_tokens").with_priors(amplitude=0)
    tokens = known(
        spec, RUNS.assign(tokens=[1e9, 2e9, 3e9, 4e9]), level=[2.5] * 2, elasticity=0.1, sigma=0.01
    )
    with pytest.raises(DataError, match=r"^fit_b: of_tokens forecasts along tokens and loss_power"):
        bs.decision.crossing(of([2.5] * 2, 0.05), tokens)
