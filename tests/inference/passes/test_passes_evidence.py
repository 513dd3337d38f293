"""The density of a problem's counts given what problems share."""

import numpy as np
import pytest
from scipy import special, stats

from bayes_scaling.inference.passes.evidence import log_evidence
from bayes_scaling.inference.passes.graph import mean_at, unit_root
from bayes_scaling.inference.passes.recovery import of_population
from bayes_scaling.inference.passes.terms import make_terms

UNITS = (0, 7, 12, 23)


@pytest.fixture(scope="module")
def population(fit_passes):
    return fit_passes.posterior["posterior"].to_dataset().isel(draw=slice(None, None, 40))


def by_brute_force(fit, posterior, row, unit, rng, count=400_000):
    """Average the binomials over log hazards drawn from their normal; and its standard error."""
    terms = make_terms(fit.spec, fit.design)
    scales, shared = of_population(fit.spec, terms, posterior)
    own = {name: float(values[row]) for name, values in scales.items()}
    mean = mean_at(terms, own, shared[row], len(fit.design.buckets))[fit.design.bucket[unit]]
    root = unit_root(terms, own)
    t = mean + rng.standard_normal((count, root.shape[1])) @ root.T
    n, c = fit.design.n_samples[unit], fit.design.n_correct[unit]
    log_p = stats.binom.logpmf(c, n, np.exp(-np.exp(t))).sum(axis=1)
    top = special.logsumexp(log_p) - np.log(count)
    return top, np.exp(log_p - top).std() / np.sqrt(count)


def test_it_is_the_average_over_the_population(fit_passes, population):
    rng = np.random.default_rng(1)
    found = log_evidence(fit_passes.spec, fit_passes.design, population, 1)
    assert found.shape == (population.sizes["chain"] * population.sizes["draw"], 24)
    for row in (1, len(found) // 2):
        for unit in UNITS:
            exact, error = by_brute_force(fit_passes, population, row, unit, rng)
            assert error < 0.1
            assert found[row, unit] == pytest.approx(exact, abs=0.08 + 4 * error)


def test_other_nodes_say_the_same(fit_passes, population):
    one, two = (log_evidence(fit_passes.spec, fit_passes.design, population, s) for s in (1, 2))
    assert not np.array_equal(one, two)
    assert np.abs(one - two).mean() < 0.05


def test_without_counts_it_is_one(fit_passes, population):
    hidden = np.zeros(fit_passes.design.n_samples.shape, dtype=bool)
    hidden[5] = True
    found = log_evidence(fit_passes.spec, fit_passes.design.without(hidden), population, 1)
    np.testing.assert_allclose(found[:, 5], 0.0, atol=1e-9)
    assert (np.delete(found, 5, axis=1) < 0).all()
