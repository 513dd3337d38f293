import numpy as np
import pytest
from chance import RARE, is_drawn_from
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import DataError


def test_it_draws_what_a_simulation_draws(fit_cerebras):
    tree = fit_cerebras.prior_predictive(draws=4000)
    logs = np.log(tree["prior_predictive"]["loss"].values[0])
    reference = dict(fit_cerebras.reference)
    design = fit_cerebras.table[["run", "family", "compute"]]
    drawn = bs.simulate("loss", design, random_seed=2, size=4000, reference=reference)
    other = np.log(drawn["loss"].to_numpy()).reshape(4000, 5)
    for mine, theirs in zip(logs.T, other.T, strict=True):
        assert stats.ks_2samp(mine, theirs).pvalue > RARE
    assert list(tree["prior_predictive"]["run"].values) == list(fit_cerebras.design.runs)


def test_the_prior_is_the_stated_one(fit_cerebras):
    prior = fit_cerebras.prior_predictive(draws=4000)["prior"]
    elasticity = fit_cerebras.spec.free["elasticity"].arguments
    known = stats.norm(elasticity["mu"], elasticity["sigma"])
    assert is_drawn_from(np.log(prior["elasticity"].values[0]), known.cdf)
    np.testing.assert_allclose(prior["a"] + prior["c"], prior["level"])


def test_it_knows_what_was_measured_and_only_that(fit_cerebras):
    tree = fit_cerebras.prior_predictive(draws=10)
    np.testing.assert_allclose(tree["observed_data"]["loss"], fit_cerebras.design.observed["y"])
    again = fit_cerebras.prior_predictive(draws=10)
    assert tree["prior_predictive"].equals(again["prior_predictive"])
    with pytest.raises(DataError, match="draws: expected a positive integer, got 0"):
        fit_cerebras.prior_predictive(draws=0)
