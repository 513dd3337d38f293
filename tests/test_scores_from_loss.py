"""Scores along a loss that is known, and along one that is forecast."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.inference.designing import design_of

LOSSES = {"S": 2.61, "M": 2.35, "L": 2.18, "XL": 2.05}


@pytest.fixture(scope="module")
def scores():
    table = pd.DataFrame({"run": list(LOSSES), "compute": [2.6e18, 1.3e19, 6.1e19, 2.8e20]})
    table["loss"] = table["run"].map(LOSSES)
    return table.assign(n_correct=[90, 120, 160, 200], n_items=300, chance=0.25, task="arc")


def test_the_design_measures_losses_by_compute(scores):
    spec = bs.load_model("score_from_loss")
    design = design_of(spec, bs.read_scores(scores))
    link = design.links["loss"]
    assert link.floor == pytest.approx(0.5 * 2.05)
    assert design.scale[[0, -1]] == pytest.approx([2.6e18, 2.8e20])
    np.testing.assert_allclose(design.places.measured["loss"], list(LOSSES.values()))


def test_losses_may_come_from_the_runs(scores):
    runs = scores[["run", "loss"]]
    joined = bs.read_scores(scores.drop(columns="loss"))
    with pytest.raises(DataError, match="loss: score_from_loss forecasts along loss"):
        bs.fit("score_from_loss", joined, random_seed=1)
    with pytest.raises(DataError, match="run 'XL' has no loss"):
        bs.fit("score_from_loss", joined, runs=runs.iloc[:3], random_seed=1)


def test_runs_of_one_loss_have_no_scale(scores):
    with pytest.raises(DataError, match="all losses of .* are 2, whatever the compute"):
        bs.fit("score_from_loss", scores.assign(loss=2.0), random_seed=1)


@pytest.mark.slow
def test_a_loss_without_doubt_is_one_that_is_known(scores, fit_cerebras):
    fit = bs.fit("score_from_loss", scores, random_seed=1)
    losses = bs.predict(fit_cerebras, compute=2.3e22)
    known = bs.predict(fit, loss=1.9)
    sure = replace(losses, draws=losses.draws * 0 + 1.9)
    chained = bs.chain(sure, fit)
    for kind in ("law", "expected"):
        ours, theirs = (own.values(kind=kind) for own in (chained, known))
        np.testing.assert_allclose(ours.mean(), theirs.mean(), atol=0.01)
    np.testing.assert_allclose(chained.values(kind="law"), known.values(kind="law"), rtol=1e-9)
    lower = bs.predict(fit, loss=1.7).summary()["median"][0]
    assert lower > known.summary()["median"][0]
    with pytest.raises(DataError, match="isn't above"):
        bs.predict(fit, loss=1.0)
