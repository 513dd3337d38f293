"""A right implementation passes, and a wrong one is caught: tests of the tests."""

import numpy as np
import pandas as pd
import pytest
from chance import count_bounds, is_drawn_from, z

import bayes_scaling as bs
from bayes_scaling.evaluation import backtesting, calibration, loss_calibration

COMPUTE = np.geomspace(1e18, 1e21, 7)
DESIGN = pd.DataFrame({"compute": COMPUTE})
SIMULATIONS = 200
RIGHT = count_bounds(SIMULATIONS, 0.9)  # forecasts inside their 90 % interval
WORLDS = 120
NEAR = 2e21


def calibrated(monkeypatch, spec, fit, target=NEAR):
    """Ranks under a way to fit, with the exact posterior's draws in place of the sampler's.

    The band of the summary holds a right implementation 999 times in 1,000; to be wrong is to be
    outside of it. That a right one is right is left to a test that errs once in 100,000.
    """
    monkeypatch.setattr(loss_calibration, "fit_runs", fit)
    options = {"draws": 100, "chains": 4}
    result = bs.calibrate(
        spec, DESIGN, random_seed=5, simulations=SIMULATIONS, target=target, fit_options=options
    )
    return result.ranks, result.summary(0.999)


def are_even(ranks):
    return all(is_drawn_from(values, "uniform") for _, values in ranks.items())


def in_place(model):
    """Fit by a model, whichever is asked for."""
    return lambda _, runs, **options: model.fit(None, runs, **options)


def noisy(conjugate):
    """So much noise that the prior of the level is felt."""
    return type(conjugate)(conjugate.spec.with_priors(sigma=1.5))


def test_the_exact_posterior_is_calibrated(monkeypatch, conjugate):
    ranks, table = calibrated(monkeypatch, conjugate.spec, conjugate.fit)
    assert are_even(ranks)
    assert (table["inside"] == (table["excess"] <= 0)).all()
    assert table["excess"].max() < 0.05
    assert RIGHT[0] <= SIMULATIONS * table.loc["target", "coverage_90"] <= RIGHT[1]


def test_it_says_how_far_it_is(monkeypatch, conjugate):
    monkeypatch.setattr(loss_calibration, "fit_runs", conjugate.fit)
    said = []
    bs.calibrate(
        conjugate.spec,
        DESIGN,
        random_seed=5,
        simulations=3,
        progress=lambda *counts: said.append(counts),
        fit_options={"draws": 100, "chains": 4},
    )
    assert said == [(1, 3), (2, 3), (3, 3)]


def test_it_says_of_how_many_it_would_be_said_that_prior_and_data_conflict(monkeypatch, conjugate):
    said = iter([(), ("sigma is beyond",), ()])
    monkeypatch.setattr(loss_calibration, "fit_runs", conjugate.fit)
    monkeypatch.setattr(calibration, "conflict_notes", lambda _: next(said))
    options = {"random_seed": 5, "simulations": 3, "fit_options": {"draws": 100, "chains": 4}}
    assert bs.calibrate(conjugate.spec, DESIGN, **options).in_conflict.tolist() == [0, 1, 0]
    flat = type(conjugate)(conjugate.spec.with_priors(elasticity=1e-9, amplitude=0))
    monkeypatch.setattr(loss_calibration, "fit_runs", flat.fit)
    monkeypatch.setattr(calibration, "conflict_notes", lambda _: ())
    found = bs.calibrate(flat.spec, DESIGN, **{**options, "simulations": WORLDS}).in_conflict
    # Without a slope the median of the pairs' is as often above zero as below.
    low, high = count_bounds(WORLDS, 0.5)
    assert low <= found.sum() <= high


@pytest.mark.slow
def test_it_is_where_the_prior_is_felt(monkeypatch, conjugate):
    model = noisy(conjugate)
    assert are_even(calibrated(monkeypatch, model.spec, model.fit)[0])


def test_a_halved_sigma_is_caught(monkeypatch, conjugate):
    wrong = type(conjugate)(conjugate.spec.with_priors(sigma=0.005, amplitude=0.01))
    _, table = calibrated(monkeypatch, conjugate.spec, in_place(wrong))
    assert not table.loc["target", "inside"]
    assert SIMULATIONS * table.loc["target", "coverage_90"] < RIGHT[0]


def test_an_ignored_prior_is_caught(monkeypatch, conjugate):
    """The ranks of a location are even under a flat prior too; those of its log prior aren't."""
    model = noisy(conjugate)

    class Flat(type(conjugate)):
        def level(self, runs, scale=1e-9):
            return super().level(runs, scale)

    wrong = Flat(model.spec)
    _, table = calibrated(monkeypatch, model.spec, wrong.fit)
    assert not table.loc["log_prior", "inside"]
    assert table.loc["log_prior", "mean"] > 0.5 + z() / np.sqrt(12 * SIMULATIONS)


@pytest.mark.slow
def test_draws_that_are_not_of_the_fit_are_caught(monkeypatch, conjugate):
    """A sampler that returns the prior is calibrated in its parameters, but not in all."""

    class Prior(type(conjugate)):
        level = staticmethod(lambda _: (0.9, 0.5))

    ranks, table = calibrated(monkeypatch, conjugate.spec, Prior(conjugate.spec).fit)
    assert is_drawn_from(ranks["level"], "uniform")
    assert not table.loc["log_likelihood", "inside"]


@pytest.fixture(scope="module")
def worlds(conjugate):
    """Ladders drawn from the model, about the C0 that the exact fit uses."""
    drawn = bs.simulate(
        conjugate.spec, DESIGN, random_seed=8, size=WORLDS, reference=conjugate.reference
    )
    return drawn.assign(ladder=drawn["simulation"].astype(str))[["ladder", "compute", "loss"]]


def scores(monkeypatch, spec, fit, worlds):
    monkeypatch.setattr(backtesting, "fit_runs", fit)
    result = bs.backtest(spec, worlds, cutoffs=[1.1 * COMPUTE[3]], random_seed=1)
    inside = result.forecasts.groupby("ladder").tail(1)["covered_90"].sum()  # one of each ladder
    return inside, result.summary().loc["all"]


def test_a_backtest_knows_right_from_wrong(monkeypatch, conjugate, worlds):
    low, high = count_bounds(WORLDS, 0.9)
    inside, right = scores(monkeypatch, conjugate.spec, conjugate.fit, worlds)
    assert low <= inside <= high
    halved = type(conjugate)(conjugate.spec.with_priors(sigma=0.005, amplitude=0.01))
    fewer, wrong = scores(monkeypatch, conjugate.spec, in_place(halved), worlds)
    assert fewer < inside  # of the same worlds: the narrower intervals lie in the wider ones
    assert wrong["log_score"] > right["log_score"]


def test_a_backtest_catches_a_fit_that_saw_its_targets(monkeypatch, conjugate, worlds):
    before, right = scores(monkeypatch, conjugate.spec, conjugate.fit, worlds)
    split = backtesting.split_ladders

    def leak(*arguments):
        splits, skips = split(*arguments)
        whole = [pd.concat([one.fitted, one.targets]) for one in splits]
        seen = zip(splits, whole, strict=True)
        return [type(s)(s.ladder, s.cutoff, runs, s.targets) for s, runs in seen], skips

    monkeypatch.setattr(backtesting, "split_ladders", leak)
    after, leaking = scores(monkeypatch, conjugate.spec, conjugate.fit, worlds)
    assert leaking["crps"] < 0.7 * right["crps"]
    assert after >= before  # of 120, about 119 and 108, give or take 3
