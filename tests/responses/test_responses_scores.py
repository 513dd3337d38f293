"""Scores: the probability of a right answer, and its counts."""

import numpy as np
import pymc as pm
import pytensor
import pytest
from interpreting import INTERPRETED
from scipy import integrate, special, stats

from bayes_scaling.responses.scores import (
    SCALES,
    concentration,
    log_beta_binomial,
    log_gamma,
    score_of,
)
from bayes_scaling.specification.laws.law import LOG_HAZARD, LOG_ODDS

LATENT = np.linspace(-12, 6, 50)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("chance", "lapse"), [(0.25, 0.0), (0.5, 0.05), (0.0, 0.0)])
def test_a_score_is_a_probability_between_its_limits(scale, chance, lapse):
    score = score_of(scale, LATENT, chance, lapse)
    assert np.all((score >= 0) & (score <= 1 - lapse))
    way = np.diff(score) * (-1 if scale == LOG_HAZARD else 1)
    assert np.all(way >= 0)


def test_the_curve_at_its_neutral_value_is_a_guess():
    assert score_of(LOG_ODDS, 0.0, 0.25, 0.1) == pytest.approx(0.25)
    assert score_of(LOG_HAZARD, 30.0, 0.25, 0.1) == pytest.approx(0.25, abs=1e-9)


def test_the_curve_far_up_is_all_but_the_lapse():
    assert score_of(LOG_ODDS, 40.0, 0.25, 0.1) == pytest.approx(0.9)
    assert score_of(LOG_HAZARD, -25.0, 0.25, 0.1) == pytest.approx(0.9)


def test_what_is_above_chance_is_the_exponential_of_the_hazard():
    """GPT-4's law, on what is above chance."""
    score = score_of(LOG_HAZARD, np.log(0.7), 0.25, 0.0)
    assert -np.log((score - 0.25) / 0.75) == pytest.approx(0.7)


def test_log_gamma_is_scipys():
    z = np.geomspace(1e-3, 1e8, 4000)
    exact = special.gammaln(z)
    np.testing.assert_allclose(log_gamma(z), exact, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
def test_the_density_is_that_of_a_beta_binomial_but_for_a_constant(sigma):
    counts, score = np.arange(41.0), 0.3
    total = concentration(score, sigma)
    alpha, beta = score * total, (1 - score) * total
    ours = log_beta_binomial(counts, 40.0, alpha, beta)
    theirs = stats.betabinom(40, alpha, beta).logpmf(counts)
    coefficient = special.gammaln(41) - special.gammaln(counts + 1) - special.gammaln(41 - counts)
    np.testing.assert_allclose(ours + coefficient, theirs, atol=1e-8)


def test_the_density_of_the_graph_is_pymcs():
    """What the sampler moves on differs from PyMC's own by the binomial coefficient only."""
    counts, n = np.array([3, 7, 9]), np.array([10, 10, 12])
    dist = pm.BetaBinomial.dist(n=n, alpha=2.5, beta=4.0)
    theirs = pytensor.function([], pm.logp(dist, counts), mode=INTERPRETED)()
    gap = theirs - log_beta_binomial(counts, n, 2.5, 4.0)
    np.testing.assert_allclose(gap, np.log(special.comb(n, counts)), atol=1e-8)


def test_equal_runs_differ_by_sigma_in_their_log_odds():
    """To first order in sigma, whatever the score."""
    for score in (0.1, 0.5, 0.9):
        total = concentration(score, 0.05)
        dist = stats.beta(score * total, (1 - score) * total)
        points = np.linspace(*dist.ppf([1e-9, 1 - 1e-9]), 20001)
        odds, weight = special.logit(points), dist.pdf(points)
        mean = integrate.trapezoid(odds * weight, points)
        variance = integrate.trapezoid((odds - mean) ** 2 * weight, points)
        assert np.sqrt(variance) == pytest.approx(0.05, rel=0.02)
