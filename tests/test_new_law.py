"""A new law is one record: with it in the table all verbs follow, to the page and the ledger.

The toy is of two covariates with a discrepancy over both, and a recipe shifts one of them.
"""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.specification.domains import POSITIVE
from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.laws.elementwise import elementwise
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, as_given
from bayes_scaling.specification.spec import parse_spec


def product(x, y, height, p, q):
    return elementwise(x, y, height, p, q).log(height) - p * x - q * y


PRODUCT = Law(
    name="product",
    columns=("params", "tokens"),
    equations={"loss": "L(N, D) = h (N/N0)^-p (D/D0)^-q"},
    curve=product,
    parameters={
        "height": Parameter("loss at N0 and D0", POSITIVE, is_regressed=True, has_unit=True),
        "p": Parameter("exponent of params", POSITIVE, is_regressed=True, is_slope=True),
        "q": Parameter("exponent of tokens", POSITIVE, is_regressed=True, is_slope=True),
        "both": Parameter("exponents together", POSITIVE, is_quoted=True),
    },
    coordinates=(Coordinates(("height", "p", "q"), as_given),),
    to_natural=lambda values: {"both": values["p"] + values["q"]},
)
TEXT = """
title = "A product of powers, and recipes that multiply tokens"
response = "loss"
law = "product"
noise = "normal"

[priors]
height = { dist = "LogNormal", mu = 1.0, sigma = 0.5 }
p = { dist = "LogNormal", mu = -2.5, sigma = 0.5 }
q = { dist = "LogNormal", mu = -2.5, sigma = 0.5 }
sigma = { dist = "LogNormal", mu = -5.0, sigma = 0.5 }
shift_tokens = { dist = "Normal", mu = 0.0, sigma = 1.0, over = "recipe" }

[[discrepancy]]
kernel = "rbf"
along = ["params", "tokens"]
length = 3.0
amplitude = { dist = "LogNormal", mu = -5.5, sigma = 0.5 }
"""
pytestmark = pytest.mark.slow  # its model is compiled: a law from elsewhere is never kept

QUICK = {"draws": 200, "tune": 300, "chains": 2}
PARAMS, TOKENS = np.meshgrid([1e7, 4e7, 1.6e8, 6e8], [1e9, 5e9, 2e10, 1e11])
GRID = pd.DataFrame({"params": PARAMS.ravel(), "tokens": TOKENS.ravel()})
GRID["recipe"] = np.where(np.arange(len(GRID)) % 2 == 1, "better", "plain")


@pytest.fixture(scope="module")
def spec():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LAWS, "product", PRODUCT)
        yield parse_spec(TEXT, name="toy")


@pytest.fixture(scope="module")
def runs(spec):
    world = bs.simulate(spec, GRID, random_seed=3)
    return world[[name for name in world if not name.startswith(("true_", "simulation"))]]


@pytest.fixture(scope="module")
def fit(spec, runs):
    return bs.fit(spec, runs, random_seed=1, **QUICK)


@pytest.fixture(scope="module")
def forecast(fit):
    return bs.predict(fit, params=4e9, tokens=1e12, recipe="better")


def test_it_is_fitted_and_forecast(fit, forecast):
    drawn = fit.posterior["posterior"]
    np.testing.assert_allclose(drawn["both"], drawn["p"] + drawn["q"])
    assert {"height", "p", "q", "both", "shift_tokens[better]"} <= set(fit.summary().index)
    reference = fit.design.references
    shift = drawn["shift_tokens"].sel(recipe="better")
    by_hand = product(
        np.log(4e9 / reference["params"][0]),
        np.log(1e12 / reference["tokens"][0]) + shift,
        **{name: drawn[name] for name in ("height", "p", "q")},
    )
    np.testing.assert_allclose(forecast.draws["law"].isel(target=0), np.exp(by_hand))
    assert list(forecast.summary()["params"].unique()) == [4e9]
    assert "At 4e9 parameters and 1e12 tokens, recipe better: loss" in repr(forecast)


def test_what_is_saved_is_loaded(fit, forecast, tmp_path):
    fit.save(tmp_path / "fit.nc")
    loaded = bs.load_fit(tmp_path / "fit.nc")
    again = bs.predict(loaded, params=4e9, tokens=1e12, recipe="better")
    pd.testing.assert_frame_equal(again.summary(), forecast.summary())


def test_it_is_registered_and_scored(forecast, tmp_path):
    ledger = tmp_path / "forecasts.jsonl"
    bs.register(forecast, ledger, question="Loss of the big run?", resolves="2027-01-01")
    scored = bs.score(ledger, {1: float(forecast.summary()["median"].iloc[0])})
    assert scored["covered_90"].all()
    assert bs.registry.verify(ledger).holds


def test_it_is_reported(fit, forecast, tmp_path):
    page = bs.report(fit, forecast, path=tmp_path / "page.html").read_text("utf-8")
    for gloss in ("exponent of params", "exponents together", "better"):
        assert gloss in page


def test_its_models_are_compared(fit):
    table = bs.compare({"toy": fit, "the same": fit}, fit_options=QUICK)
    assert sorted(table.index) == ["the same", "toy"]


def test_its_forecasts_are_backtested(spec, runs):
    past = bs.backtest(spec, runs, random_seed=1, fit_options=QUICK)
    assert len(past.forecasts)
    assert np.isfinite(past.forecasts["crps"]).all()
    assert not {*past.forecasts["cutoff"]} & {*past.skipped["cutoff"]}
    assert past.skipped["why"].str.contains("toy needs at least 3|has runs of one params").all()


def test_it_is_calibrated(spec):
    found = bs.calibrate(spec, GRID, random_seed=1, simulations=3, fit_options=QUICK)
    assert {"height", "p", "q", "sigma", "amplitude", "target"} <= set(found.ranks.columns)
    assert ((found.ranks >= 0) & (found.ranks <= 1)).all(axis=None)
