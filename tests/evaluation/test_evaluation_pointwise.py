import numpy as np
import pytest
from scipy import integrate, stats

from bayes_scaling.evaluation.pointwise import (
    Residuals,
    _conditional_density,
    log_densities,
    smeared_student,
)

ONE = np.ones(1)


@pytest.mark.parametrize("gap", [0.0, 0.7, -30.0, 1e3])
@pytest.mark.parametrize("nu", [1.0, 5.0, 100.0])
def test_without_spread_it_is_student(gap, nu):
    found = smeared_student(gap * ONE, 0 * ONE, 4 * ONE, nu * ONE)
    np.testing.assert_allclose(found, stats.t(nu, scale=2).logpdf(gap), rtol=1e-7)


def test_with_little_noise_it_is_normal():
    found = smeared_student(0.5 * ONE, 4 * ONE, 1e-12 * ONE, 5 * ONE)
    np.testing.assert_allclose(found, stats.norm(scale=2).logpdf(0.5), rtol=1e-9)


def test_it_is_the_convolution():
    def product(z):
        return stats.norm(scale=1.5).pdf(z) * stats.t(5, scale=0.8).pdf(2.2 - z)

    exact, _ = integrate.quad(product, -30, 30, points=[0, 2.2])
    found = smeared_student(2.2 * ONE, 2.25 * ONE, 0.64 * ONE, 5 * ONE)
    np.testing.assert_allclose(np.exp(found), exact, rtol=1e-9)


def residuals(nu=None, runs=5, draws=3):
    rng = np.random.default_rng(2)
    root = rng.standard_normal((runs, 2))
    full = None if nu is None else np.full((draws, runs), nu)
    return Residuals(
        gap=0.1 * rng.standard_normal((draws, runs)),
        variance=rng.uniform(0.001, 0.01, (draws, runs)),
        precision=None if nu is None else rng.gamma(2.5, 0.4, (draws, runs)),
        nu=full,
        terms=((rng.uniform(0.01, 0.1, (draws, runs)), root @ root.T),),
    )


def joint(given, draw, rows):
    amplitude, unit = given.terms[0]
    noise = given.variance[draw] / (1 if given.precision is None else given.precision[draw])
    total = np.outer(amplitude[draw], amplitude[draw]) * unit + np.diag(noise)
    total = total[np.ix_(rows, rows)]
    return stats.multivariate_normal.logpdf(given.gap[draw][rows], np.zeros(len(rows)), total)


@pytest.mark.parametrize(
    ("unit", "nu"), [([2], None), ([0, 3], None), ([0, 3], 5.0), ([1, 2, 4], 5.0)]
)
def test_a_conditional_density_is_a_ratio_of_joint_ones(unit, nu):
    given = residuals(nu)
    rest = np.setdiff1d(np.arange(5), unit)
    found = _conditional_density(given, [np.array(unit)])[:, 0]
    by_hand = [joint(given, draw, np.arange(5)) - joint(given, draw, rest) for draw in range(3)]
    np.testing.assert_allclose(found, by_hand, rtol=1e-9)


def test_the_precision_of_a_run_alone_is_integrated_out():
    given = residuals(5.0)
    found = _conditional_density(given, [np.array([2])])[0, 0]

    def product(log_precision):
        precision = np.exp(log_precision)
        given.precision[0, 2] = precision
        ratio = joint(given, 0, np.arange(5)) - joint(given, 0, np.array([0, 1, 3, 4]))
        prior = stats.gamma(2.5, scale=1 / 2.5).pdf(precision) * precision
        return np.exp(ratio) * prior

    exact, _ = integrate.quad(product, -12, 4, points=[-2, 0], epsabs=1e-12)
    np.testing.assert_allclose(np.exp(found), exact, rtol=1e-6)
    again = _conditional_density(given, [np.array([2])])[0, 0]
    np.testing.assert_allclose(found, again, rtol=1e-9)


def test_without_a_discrepancy_runs_are_independent(conjugate, ladder):
    alone = conjugate.spec.with_priors(amplitude=0)
    fitted = conjugate.fit(alone, ladder)
    units = [np.array([0]), np.array([1, 2])]
    found = log_densities(fitted, fitted.design, np.arange(7), units, np.random.default_rng(1))
    level = fitted.posterior["posterior"]["level"].values.ravel()[:, None]
    law = conjugate.normal(ladder["compute"])[0] - 0.9
    each = stats.norm.logpdf(np.log(ladder["loss"].to_numpy()), np.log(level) + law, 0.01)
    np.testing.assert_allclose(found[:, 0], each[:, 0], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found[:, 1], each[:, 1] + each[:, 2], rtol=1e-9)
