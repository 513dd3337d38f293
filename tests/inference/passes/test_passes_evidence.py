"""The density of a problem's counts given what problems share."""

import numpy as np
import pytest
from chance import z
from scipy import special, stats

from bayes_scaling.inference.design import Design, Units
from bayes_scaling.inference.passes.candidates import log_mean_weights, resample
from bayes_scaling.inference.passes.evidence import _nodes, log_evidence
from bayes_scaling.inference.passes.kernel import POWER
from bayes_scaling.inference.passes.recovery import of_population
from bayes_scaling.inference.passes.sampler_data import mean_at, unit_root
from bayes_scaling.inference.passes.sites import make_sites
from bayes_scaling.inference.passes.subset import CANDIDATES
from bayes_scaling.inference.passes.terms import make_terms
from bayes_scaling.inference.places import along

UNITS = (0, 7, 12, 23)


@pytest.fixture(scope="module")
def population(fit_passes):
    return fit_passes.posterior["posterior"].to_dataset().isel(draw=slice(None, None, 40))


def by_brute_force(fit, posterior, row, unit, rng, count=400_000):
    """Average the binomials over log hazards drawn from their normal; and its standard error."""
    terms = make_terms(fit.spec, fit.design)
    scales, shared = of_population(fit.spec, terms, posterior)
    own = {name: float(values[row]) for name, values in scales.items()}
    mean = mean_at(terms, own, shared[row], len(fit.design.units.buckets))[
        fit.design.units.bucket[unit]
    ]
    root = unit_root(terms, own)
    t = mean + rng.standard_normal((count, root.shape[1])) @ root.T
    n, c = fit.design.observed["n_samples"][unit], fit.design.observed["n_correct"][unit]
    log_p = stats.binom.logpmf(c, n, np.exp(-np.exp(t))).sum(axis=1)
    top = special.logsumexp(log_p) - np.log(count)
    return top, np.exp(log_p - top).std() / np.sqrt(count)


def test_it_is_the_average_over_the_population(fit_passes, population):
    rng = np.random.default_rng(1)
    few = population.isel(draw=slice(None, None, 4))
    draws = few.sizes["chain"] * few.sizes["draw"]
    seeds = range(1, 17)
    each = np.stack([log_evidence(fit_passes.spec, fit_passes.design, few, s) for s in seeds])
    assert each.shape == (len(seeds), draws, 24)
    found = special.logsumexp(each, axis=0) - np.log(len(seeds))
    spread = np.exp(each - found).std(axis=0, ddof=1) / np.sqrt(len(seeds))
    gaps, errors = [], []
    for row in range(1, draws, draws // 4):
        for unit in UNITS:
            exact, error = by_brute_force(fit_passes, few, row, unit, rng)
            gaps.append(found[row, unit] - exact)
            errors.append(np.hypot(error, spread[row, unit]))
    margin = z(len(gaps)) * np.array(errors) * 1.5  # an error of 16 values is itself uncertain
    assert np.median(errors) < 0.05
    assert (np.abs(gaps) < margin).all()
    assert abs(np.mean(gaps)) < z() * np.sqrt(np.sum(np.square(errors))) / len(gaps)


def test_other_nodes_say_the_same(fit_passes, population):
    one, two = (log_evidence(fit_passes.spec, fit_passes.design, population, s) for s in (1, 2))
    assert not np.array_equal(one, two)
    assert np.abs(one - two).mean() < 0.05


def test_without_counts_it_is_one(fit_passes, population):
    hidden = np.zeros(fit_passes.design.observed["n_samples"].shape, dtype=bool)
    hidden[5] = True
    found = log_evidence(fit_passes.spec, fit_passes.design.without(hidden), population, 1)
    np.testing.assert_allclose(found[:, 5], 0.0, atol=1e-9)
    assert (np.delete(found, 5, axis=1) < 0).all()


def unsolved(n, runs, mean, spread, problems=2):
    """Problems that nobody solved, and the root of their log hazards, which vary by `spread`."""
    x = np.linspace(-3.0, 3.0, runs)
    root = np.column_stack([np.full(runs, spread), -0.2 * x, 0.1 * np.tri(runs, k=-1)[:, :-1]])
    shape = (problems, runs)
    units = Units(("a", "b"), ("1",), np.zeros(2, dtype=np.int64), np.ones(2, dtype=np.int64))
    design = Design(
        runs=tuple(map(str, range(runs))),
        families=("ladder",),
        places=along("compute", np.exp(x)),
        references={"compute": np.ones(1)},
        observed={"n_samples": np.full(shape, float(n)), "n_correct": np.zeros(shape)},
        units=units,
    )
    return design, root, np.broadcast_to(mean - 0.1 * x, shape).copy()


def weighed_prior(design, root, mean, rng, count=400_000):
    """Log hazards of the first problem drawn from their prior, with the likelihood's logarithm."""
    t = mean[0] + rng.standard_normal((count, root.shape[1])) @ root.T
    return t, (design.observed["n_samples"][0] * np.log1p(-np.exp(-np.exp(t)))).sum(axis=1)


@pytest.mark.parametrize(("n", "mean", "spread"), [(60, 0.5, 1.5), (100, 0.5, 2.5), (1000, 1.5, 2)])
def test_problems_that_nobody_solved_may_be_very_hard(n, mean, spread):
    design, root, means = unsolved(n, 8, mean, spread)
    sites, rng = make_sites(design, POWER), np.random.default_rng(2)
    t, log_p = weighed_prior(design, root, means, rng)
    exact = special.logsumexp(log_p) - np.log(len(log_p))
    found = np.empty(2)
    nodes = _nodes(root.shape[1], 1)
    counts = design.observed["n_correct"], design.observed["n_samples"]
    log_mean_weights(root, means, nodes, sites.y, sites.w, *counts, POWER, found)
    np.testing.assert_allclose(found, exact, atol=0.1)

    drawn = np.empty((1500, 2, root.shape[1]))
    for row in drawn:
        normal = rng.standard_normal((2, CANDIDATES, root.shape[1]))
        resample(
            root, means, normal, rng.uniform(size=2), sites.y, sites.w, *counts, POWER, row,
            np.zeros(2),
        )  # fmt: skip
    last = (means[:, None] + drawn.swapaxes(0, 1) @ root.T)[:, :, -1]
    weight = np.exp(log_p - log_p.max())
    true_mean = np.average(t[:, -1], weights=weight)
    true_sd = np.sqrt(np.average((t[:, -1] - true_mean) ** 2, weights=weight))
    np.testing.assert_allclose(last.mean(axis=1), true_mean, atol=0.15 * true_sd)
    np.testing.assert_allclose(last.std(axis=1), true_sd, rtol=0.1)
