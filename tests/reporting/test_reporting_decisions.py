"""The part of a report on what follows: each decision, and what fits say without being asked."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from report_reader import Reader

import bayes_scaling as bs
from bayes_scaling.data import check_sweep
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fits import Fit
from bayes_scaling.reporting.tables import chance

SURE = Diagnosis(1.0, 1e4, 1e4, "level", 0, 4000, 1.0, 50_000, 0.95)
WIDTHS = (128, 256, 512)


def read(fit, forecast=None, **more):
    """Write a report, and read it as a parser does."""
    return Reader(bs.report(fit, forecast, **more).read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def sweep():
    """A fit of three widths whose draws are given: the optimum falls by half an octave each."""
    runs = pd.DataFrame([(w, 2.0**t) for w in WIDTHS for t in range(-10, -3)])
    runs.columns = ["width", "learning_rate"]
    drift = -0.5 * np.log2(runs["width"] / 256)
    away = np.log2(runs["learning_rate"]) + 7 - drift
    runs["loss"] = np.exp(1 - 0.05 * np.log(runs["width"]) + 0.02 * away**2)
    runs.loc[runs.index[6], "loss"] = np.inf
    spec = bs.load_model("optimum_drift")
    table = check_sweep(runs, spec.columns)
    design = make_design(spec, table, {"width": 256.0, "learning_rate": 2.0**-7})
    rng = np.random.default_rng(1)

    def near(value, *shape):
        return value + 0.01 * rng.standard_normal((1, 200, *shape))

    drawn = {
        "level": near(2.0),
        "elasticity": near(0.05),
        "optimum": near(0.0),
        "drift": near(-0.5),
    }
    drawn |= {"asymmetry": near(0.0), "sigma": np.exp(near(-4.0))}
    one = ("chain", "draw")
    posterior = {name: (one, own) for name, own in drawn.items()}
    for name, value in (("lift", 0.0), ("shift", 0.0), ("curvature", 0.02)):
        own = near(0.0, len(WIDTHS)) * 0.1 + value
        posterior[name] = ((*one, "setting"), own)
    for name in ("lift_sigma", "shift_sigma", "curvature_sigma"):
        posterior[name] = (one, np.exp(near(-3.0)))
    posterior["curvature_mu"] = (one, near(-3.9))
    tree = xr.DataTree.from_dict(
        {"posterior": xr.Dataset(posterior, {"setting": design.settings.labels})}
    )
    return Fit(spec, table, tree, SURE, design, 1, {})


@pytest.mark.usefixtures("undrawn")
def test_scores_are_said_in_shares_of_items_with_their_shape(fit_falling):
    forecast = bs.predict(fit_falling, compute=3.1e23)
    page = read(fit_falling, forecast)
    assert page.faults == []
    assert "of the 315 items of hindsight right with probability 90 %" in page.text
    assert "A guess is right 50 % of the time" in page.text
    shape = bs.shape(fit_falling, up_to=3.1e23)
    said = chance(shape.probability("falls")).replace("\N{NO-BREAK SPACE}", " ")
    before = chance(shape.summary().loc["falls", "prior"]).replace("\N{NO-BREAK SPACE}", " ")
    assert f"falls throughout with probability {said}; before the data that was {before}" in (
        page.text
    )
    assert "turns beyond them" in page.text
    assert "will reach a" not in page.text


@pytest.mark.usefixtures("undrawn")
def test_a_fit_of_scores_alone_says_its_largest_run(fit_falling):
    page = read(fit_falling)
    assert "it forecasts no larger run" in page.text
    assert "Does it rise, fall or turn" in page.text


@pytest.mark.usefixtures("undrawn")
def test_a_grid_says_how_to_divide_compute(fit_grid):
    page = read(fit_grid, bs.predict(fit_grid, compute=1e22))
    best = bs.decision.optimal_allocation(fit_grid, 1e22).summary().set_index("quantity")
    low = f"{best.loc['params', 'q05']:.3g}".replace("e+", "e")
    assert f"1e22 FLOP are best spent on {low} to" in page.text
    assert "parameters and" in page.text[: page.text.index("What follows from it")]
    assert "The references are parameters" in page.text


def test_every_answer_has_its_part_and_its_picture(fit_cerebras):
    decision, sizes = bs.decision, pd.DataFrame({"compute": [1e20, 1e21, 4e21]})
    forecast = bs.predict(fit_cerebras, compute=2.3e22)
    goals = decision.compute_for(fit_cerebras, loss=[1.6, 1.2])
    given = [
        goals,
        decision.next_run(fit_cerebras, sizes, {"compute": 2.3e22}, budget=5e21),
        decision.value_of_floor(fit_cerebras, compute=2.3e22),
        decision.crossing(fit_cerebras, fit_cerebras, compute=2.3e22),
    ]
    page = read(fit_cerebras, forecast, decisions=given)
    assert page.faults == []
    heads = [text for tag, text in page.texts if tag == "h3"]
    for words in (
        "How much it takes to reach a loss",
        "Which run to train next",
        "What the floor is worth",
        "Which of two recipes is better",
    ):
        assert words in heads
    assert "What follows from it" in page.text
    ids = [own["id"] for own in page.all("title") if "id" in own]
    assert len(ids) == len(set(ids)) >= 7
    middle = f"{goals.summary()['median'][0]:.3g}".replace("e+", "e")
    assert f"With probability 50 % runs reach a loss of 1.6 on average before {middle}" in page.text


@pytest.mark.usefixtures("undrawn")
def test_a_fit_that_has_nothing_to_decide_says_nothing_of_it(fit_cerebras):
    page = read(fit_cerebras, bs.predict(fit_cerebras, compute=2.3e22))
    assert "What follows" not in page.text


@pytest.mark.usefixtures("undrawn")
def test_a_sweep_says_where_its_best_rate_goes(sweep):
    page = read(sweep)
    assert page.faults == []
    assert "At width 1,024 the best learning rate lies between" in page.text
    assert "moves by \N{MINUS SIGN}0.5" in page.text
    assert "1 of 21 runs diverged" in page.text
    found = bs.transfer(sweep, width=2048)
    more = read(sweep, decisions=found)
    assert "At width 2,048 the best learning rate lies between" in more.text
    assert "What follows" not in more.text


def test_what_is_no_answer_of_this_fit_is_refused(fit_cerebras, fit_grid):
    with pytest.raises(BayesScalingError, match=r"decisions: expected what the functions of"):
        bs.report(fit_cerebras, decisions=["buy more"])
    other = bs.decision.optimal_allocation(fit_grid, 1e22)
    with pytest.raises(BayesScalingError, match="decisions: Allocation was made from another fit"):
        bs.report(fit_cerebras, decisions=other)
