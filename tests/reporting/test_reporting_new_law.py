"""A new law is one record: with it in the table all else follows, to the page."""

import numpy as np
import pandas as pd
import pytest
from report_reader import Reader

import bayes_scaling as bs
from bayes_scaling.errors import DataError, SpecError
from bayes_scaling.evaluation.ladder_fits import transferable
from bayes_scaling.specification.domains import POSITIVE
from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.laws.elementwise import elementwise, softplus
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, as_given
from bayes_scaling.specification.spec import parse_spec


def late(x, height, rate):
    return elementwise(x, height, rate).log(height) - rate * softplus(x)


LATE = Law(
    name="late",
    columns=("compute",),
    equations={"loss": "L(C) = h (1 + C/C0)^-r, E = r/2"},
    curve=late,
    parameters={
        "height": Parameter("loss of <tiny> runs", POSITIVE, is_regressed=True, has_unit=True),
        "rate": Parameter("exponent of vast runs", POSITIVE, is_regressed=True, is_slope=True),
        "elasticity_here": Parameter("slope halfway", POSITIVE, is_quoted=True),
    },
    coordinates=(Coordinates(("height", "rate"), as_given),),
    to_natural=lambda values: {"elasticity_here": values["rate"] / 2},
)
TEXT = """
title = "Nothing happens before C0"
response = "loss"
law = "late"
noise = "normal"

[priors]
height = { dist = "LogNormal", mu = 1.0, sigma = 1.0 }
rate = { dist = "LogNormal", mu = -2.0, sigma = 1.0 }
sigma = { dist = "LogNormal", mu = -4.5, sigma = 0.5 }
"""
TRUE = {"height": 4.0, "rate": 0.1}


def ladder(count=10):
    compute, rng = np.geomspace(1e18, 1e21, count), np.random.default_rng(1)
    loss = np.exp(late(np.log(compute / 1e20), **TRUE) + 0.01 * rng.standard_normal(count))
    return pd.DataFrame({"run": [f"r{i}" for i in range(count)], "compute": compute, "loss": loss})


def test_a_law_defined_in_one_place_is_fitted_forecast_and_reported(monkeypatch, tmp_path, undrawn):
    monkeypatch.setitem(LAWS, "late", LATE)
    spec = parse_spec(TEXT, name="my_model")
    fit = bs.fit(spec, ladder(), random_seed=1, reference=1e20, draws=300, tune=300, chains=2)
    drawn = fit.posterior["posterior"]
    for name, truth in TRUE.items():
        assert float(drawn[name].mean()) == pytest.approx(truth, abs=7 * float(drawn[name].std()))
    np.testing.assert_allclose(drawn["elasticity_here"], drawn["rate"] / 2)
    assert "elasticity_here" in fit.summary().index

    forecast = bs.predict(fit, compute=1e22)
    law = np.exp(late(np.log(100.0), drawn["height"], drawn["rate"]))
    np.testing.assert_allclose(forecast.draws["law"].isel(target=0), law)

    page = Reader(bs.report(fit, forecast, path=tmp_path / "page.html").read_text("utf-8"))
    assert "L(C) = h (1 + C/C0)−r, E = r/2" in page.text
    for gloss in ("loss of <tiny> runs", "exponent of vast runs", "slope halfway"):
        assert gloss in page.text
    assert "What the floor rests on" not in page.text


def test_what_the_record_says_of_parameters_is_known_elsewhere(monkeypatch):
    monkeypatch.setitem(LAWS, "late", LATE)
    spec = parse_spec(TEXT, name="my_model")
    assert transferable(spec) == ("rate", "sigma")
    with pytest.raises(DataError, match="my_model needs at least 3 distinct computes"):
        bs.fit(spec, ladder(1), random_seed=1)
    with pytest.raises(SpecError, match="the law late needs height, rate"):
        parse_spec(TEXT.replace("rate =", "slope ="), name="my_model")
