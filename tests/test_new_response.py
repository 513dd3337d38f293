"""A new response is one record and a line in each table: the toy has two blocks of observations.

A gauge is read twice a run, as itself and as a proxy; both scatter about one latent curve. What
isn't about the second reading is done as with losses. A page needs its words in the templates too.
"""

import importlib
import pkgutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from chance import z

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.evaluation.backtesting import SCORERS
from bayes_scaling.inference.design import make_design
from bayes_scaling.plotting.single_runs import SHOWN
from bayes_scaling.registry.claims import BESIDE
from bayes_scaling.responses import RESPONSES
from bayes_scaling.responses.blocks import Block
from bayes_scaling.responses.response import Response
from bayes_scaling.simulation.ladders import simulate_runs
from bayes_scaling.specification.domains import POSITIVE
from bayes_scaling.specification.laws import LAWS
from bayes_scaling.specification.laws.elementwise import elementwise
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, as_given
from bayes_scaling.specification.spec import parse_spec
from bayes_scaling.specification.vocabulary import VOCABULARIES

EVERY = {"loss", "passes", "score"}
SLOPE, SIGMA, MU, SD = 0.1, 0.05, 1.0, 0.5


def observe(spec, latent, data, noise):
    import pymc as pm

    about = pm.Normal.dist(mu=latent, sigma=noise["sigma"])
    logs = {"log_gauge": elementwise(data["y"]).log(data["y"]), "log_proxy": data["log_proxy"]}
    return tuple(Block(name, about, seen, ("run",)) for name, seen in logs.items())


def read(data, along="compute"):
    found = bs.read_runs(data.rename(columns={"gauge": "loss"}), along=along)
    return found.rename(columns={"loss": "gauge"}).assign(proxy=data["proxy"].to_numpy())


def design_of(spec, table, reference=None):
    def twice(spec, table):
        del spec
        return {
            "y": table["gauge"].to_numpy(float),
            "relative_se": np.zeros(len(table)),
            "log_proxy": np.log(table["proxy"].to_numpy(float)),
        }

    return make_design(spec, table, reference, twice)


def simulate(spec, design, **settings):
    drawn = simulate_runs(spec, design.assign(loss=1.0), **settings).drop(columns="loss")
    rng = np.random.default_rng(settings["random_seed"])
    scatter = np.exp(drawn["true_sigma"] * rng.standard_normal(len(drawn)))
    return drawn.assign(proxy=drawn["true_expected"] * scatter)


GAUGE = Response(
    name="gauge",
    nature="gauges, which are read twice",
    forecast="gauge",
    rows="runs",
    columns=("gauge", "proxy"),
    keys=("family", "run"),
    read=read,
    check=read,
    units=("run",),
    target_accept=0.9,
    observed={"y": "gauge", "log_proxy": "proxy"},
    blocks=observe,
    lacks={"track": "{model} is a toy."},
)
POWER = Law(
    name="powers",
    columns=("compute",),
    equations={"gauge": "G(C) = h (C/C0)^-p"},
    curve=lambda x, height, p: elementwise(x, height, p).log(height) - p * x,
    parameters={
        "height": Parameter("gauge at C0", POSITIVE, is_quoted=True),
        "p": Parameter("exponent", POSITIVE),
    },
    coordinates=(Coordinates(("height", "p"), as_given, response="gauge"),),
    to_natural=lambda values: {"height": values["height"]},
)
TEXT = f"""
title = "A gauge"
response = "gauge"
law = "powers"
noise = "normal"

[priors]
height = {{ dist = "LogNormal", mu = {MU}, sigma = {SD} }}
p = {SLOPE}
sigma = {SIGMA}
"""


def tables():
    """Every table by response, wherever it stands."""
    for info in pkgutil.walk_packages(bs.__path__, "bayes_scaling."):
        if info.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, dict) and {"loss", "score"} <= value.keys() <= EVERY:
                yield value


@pytest.fixture(scope="module")
def spec():
    with pytest.MonkeyPatch.context() as patch:
        for table in {id(table): table for table in tables()}.values():
            patch.setitem(table, "gauge", table["loss"])
        patch.setitem(RESPONSES, "gauge", GAUGE)
        patch.setitem(VOCABULARIES, "gauge", VOCABULARIES["loss"])
        patch.setitem(LAWS, "powers", POWER)
        patch.setitem(BESIDE, "gauge", BESIDE["score"])  # a ladder of gauges has no baselines
        patch.setitem(SHOWN, "gauge", replace(SHOWN["loss"], of_table=lambda own: own["gauge"]))
        patch.setitem(SCORERS, "gauge", SCORERS["loss"])
        for place, own in (
            ("inference.designing.DESIGNERS", design_of),
            ("simulation.simulating.SIMULATORS", simulate),
        ):
            module, name = f"bayes_scaling.{place}".rsplit(".", 1)
            patch.setitem(getattr(importlib.import_module(module), name), "gauge", own)
        yield parse_spec(TEXT, name="toy")


@pytest.fixture(scope="module")
def runs(spec):
    ladder = pd.DataFrame({"compute": np.geomspace(1e18, 1e21, 6)})
    drawn = bs.simulate(spec, ladder, random_seed=5)
    return drawn[["run", "compute", "gauge", "proxy"]]


@pytest.fixture(scope="module")
def fit(spec, runs):
    return bs.fit(spec, runs, random_seed=1, reference=1e20)


def test_both_readings_are_in_the_posterior(fit, runs):
    """Given slope and scatter, the log of the height is normal: so many readings and its prior."""
    x = np.log(runs[["compute"]].to_numpy() / 1e20)
    gaps = np.log(runs[["gauge", "proxy"]].to_numpy()) + SLOPE * x
    precision = 1 / SD**2 + 2 * len(runs) / SIGMA**2
    mean = (MU / SD**2 + gaps.sum() / SIGMA**2) / precision
    drawn = np.log(fit.posterior["posterior"]["height"].to_numpy())
    error = z() / np.sqrt(fit.diagnosis.ess_bulk)
    assert drawn.mean() == pytest.approx(mean, abs=error * precision**-0.5)
    assert drawn.std() == pytest.approx(precision**-0.5, rel=error)


def test_it_is_forecast_saved_and_loaded(fit, tmp_path):
    forecast = bs.predict(fit, compute=1e22)
    assert set(forecast.summary()["quantity"]) == {"loss"}
    fit.save(tmp_path / "fit.nc")
    again = bs.predict(bs.load_fit(tmp_path / "fit.nc"), compute=1e22)
    pd.testing.assert_frame_equal(again.summary(), forecast.summary())
    ledger = tmp_path / "forecasts.jsonl"
    bs.register(forecast, ledger, question="The gauge?", resolves="2027-01-01")
    assert len(bs.score(ledger, {1: 2.0})) == 1


def test_it_is_compared_and_backtested(fit, spec, runs):
    assert len(bs.compare({"toy": fit, "same": fit})) == 2
    past = bs.backtest(spec, runs, random_seed=1)
    assert np.isfinite(past.forecasts["crps"]).all()


def test_what_it_lacks_is_refused():
    with pytest.raises(BayesScalingError, match="toy is a toy"):
        GAUGE.demand("track", "toy")


def test_it_is_calibrated(spec, runs):
    found = bs.calibrate(spec, runs[["compute"]], random_seed=1, simulations=2)
    assert {"height", "target"} <= set(found.ranks.columns)
