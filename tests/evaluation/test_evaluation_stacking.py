import numpy as np
import pandas as pd
import pytest
from chance import z
from scipy import optimize, special, stats

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.evaluation.stacking import learn_weights

LADDERS, EACH = 40, 5


def judged(name, log_score, **columns):
    """A backtest of many ladders, each forecast at one to five half decades."""
    size = len(log_score)
    place = {
        "ladder": np.arange(size) // EACH,
        "cutoff": 1e20,
        "distance": 0.5 * (1 + np.arange(size) % EACH),
        "truth": 2.0,
    }
    rows = pd.DataFrame(place | {"log_score": log_score} | columns)
    return Backtest(name, rows.assign(compute=1e20 * 10 ** rows["distance"]), pd.DataFrame())


def normal_scores(sds, size=LADDERS * EACH, seed=1):
    """Log scores of normal forecasts whose sd is right, or too wide, by distance."""
    y = np.random.default_rng(seed).standard_normal(size)
    distance = 0.5 * (1 + np.arange(size) % EACH)
    return [-stats.norm.logpdf(y, scale=sd(distance)) for sd in sds]


def test_models_that_score_alike_share_evenly():
    scores = normal_scores([np.ones_like])[0]
    learned = learn_weights({"a": judged("a", scores), "b": judged("b", scores)})
    np.testing.assert_allclose(learned(np.array([0.0, 1.0, 3.0])), 0.5, atol=1e-6)


def test_each_is_trusted_where_it_foretells_well():
    near, far = normal_scores(
        [lambda d: np.where(d < 1.4, 1.0, 5.0), lambda d: np.where(d < 1.4, 5.0, 1.0)]
    )
    learned = learn_weights({"near": judged("near", near), "far": judged("far", far)})
    weights = learned(np.array([0.5, 2.5]))
    assert weights[0, 0] > 0.7
    assert weights[1, 1] > 0.7
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_a_few_ladders_say_little():
    one, two = normal_scores([np.ones_like, lambda d: 3 + 0 * d], size=EACH)
    learned = learn_weights({"one": judged("one", one), "two": judged("two", two)})
    assert learned(np.array([1.0])).max() < 0.8


def test_forecasts_of_one_source_count_as_one():
    one, two = normal_scores([np.ones_like, lambda d: 3 + 0 * d])
    by_ladder = learn_weights({"one": judged("one", one), "two": judged("two", two)})
    same = {"source": "s"}
    of_one = learn_weights({"one": judged("one", one, **same), "two": judged("two", two, **same)})
    at = np.array([1.0])
    assert 0.5 < of_one(at)[0, 0] < by_ladder(at)[0, 0]


def test_the_weights_maximise_what_they_say():
    one, two = normal_scores([np.ones_like, lambda d: 1 + d])
    tests = {"one": judged("one", one), "two": judged("two", two)}
    distance = tests["one"].forecasts["distance"].to_numpy()

    def value(point):
        alpha, beta = point.reshape(2, 2)
        weights = special.softmax(alpha + distance[:, None] * beta, axis=1)
        mixture = np.log(weights[:, 0] * np.exp(-one) + weights[:, 1] * np.exp(-two))
        return 0.5 * np.sum(point**2) - mixture.sum() / EACH

    best = optimize.minimize(value, np.zeros(4), method="Nelder-Mead", options={"maxiter": 4000})
    learned = learn_weights(tests)
    assert value(np.concatenate([learned.alpha, learned.beta])) <= best.fun + 1e-6


def test_the_forecast_is_the_mixture(conjugate, steeper, ladder):
    fits = {"a": conjugate.fit(None, ladder), "b": steeper.fit(None, ladder, draws=800)}
    one, two = normal_scores([np.ones_like, lambda d: 1 + d])
    tests = {"b": judged("b", two), "a": judged("a", one)}
    computes = [2e21, 1e23]
    forecast = bs.stack(fits, tests, compute=computes)
    assert list(forecast.weights) == ["a", "b"]
    assert forecast.weights["a"].is_monotonic_increasing
    parts = {name: bs.predict(fitted, compute=computes) for name, fitted in fits.items()}
    margin = z(4) / np.sqrt(2 * 3200)  # of a share of draws, and of that of those it came from
    for kind in ("law", "run"):
        bound = float(parts["a"].quantile(0.5, kind=kind)["q50"].iloc[1])
        each = [parts[name].probability(below=bound, kind=kind).to_numpy() for name in fits]
        mixed = (forecast.weights.to_numpy() * np.array(each).T).sum(axis=1)
        np.testing.assert_allclose(forecast.probability(below=bound, kind=kind), mixed, atol=margin)
    assert list(forecast.summary().columns) == list(parts["a"].summary().columns)
    again = bs.stack(fits, tests, compute=computes)
    pd.testing.assert_frame_equal(forecast.summary(), again.summary())


def test_refusals(conjugate, steeper, ladder):
    scores = normal_scores([np.ones_like])[0]
    fits = {"a": conjugate.fit(None, ladder), "b": steeper.fit(None, ladder)}
    tests = {"a": judged("a", scores), "b": judged("b", scores)}
    with pytest.raises(DataError, match="they are of a, c, the fits of a, b"):
        bs.stack(fits, {"a": tests["a"], "c": tests["b"]}, compute=1e22)
    other = judged("b", scores[:-EACH])
    with pytest.raises(DataError, match="a and b judged different forecasts; run both on the same"):
        bs.stack(fits, {"a": tests["a"], "b": other}, compute=1e22)
    missing = judged("b", np.where(np.arange(len(scores)) == 3, np.nan, scores))
    with pytest.raises(DataError, match="some log scores are missing"):
        learn_weights({"a": tests["a"], "b": missing})
    empty = Backtest("a", tests["a"].forecasts.iloc[:0], pd.DataFrame())
    with pytest.raises(DataError, match="that of a has no forecast to learn from"):
        learn_weights({"a": empty, "b": empty})
