"""The compiled density: its derivatives, its limits, and that sites don't change the posterior."""

import numpy as np
import pytest
from scipy import stats

from bayes_scaling.inference.passes.kernel import LOGISTIC, POWER, count_density, evaluate_units

LINKS = [POWER, LOGISTIC]
NAMES = ("root", "mean", "zeta")


def a_problem(rank, problems=3, runs=4, seed=1):
    """Arguments of the density, one cell untried; the first and third problem are one group."""
    rng = np.random.default_rng(seed)
    n = rng.integers(5, 40, (problems, runs)).astype(float)
    n[1, 2] = 0.0
    c = np.floor(n * rng.uniform(size=n.shape))
    c[0], c[2, 0] = 0.0, n[2, 0]
    group = np.array([0, 1, 0])
    w = rng.gamma(2.0, 1.0, (2, runs))
    w[1, 2] = 0.0
    return {
        "root": rng.normal(size=(runs, rank)),
        "mean": rng.normal(size=(problems, runs)),
        "zeta": rng.normal(size=(problems, rank)),
        "y": np.where(n > 0, rng.normal(size=n.shape), 0.0),
        "w": w,
        "group": group,
        "c": c,
        "n": n,
    }


def pass_rate(t, link):
    return 1 / (1 + np.exp(t)) if link == LOGISTIC else np.exp(-np.exp(t))


def by_hand(given, link):
    """Density in zeta, from dense matrices and SciPy's binomial."""
    total, each = 0.0, {**given, "w": given["w"][given["group"]]}
    for mean, zeta, y, w, c, n in zip(
        *(each[name] for name in ("mean", "zeta", "y", "w", "c", "n")), strict=True
    ):
        root = given["root"]
        precision = np.eye(root.shape[1]) + root.T @ np.diag(w) @ root
        lower = np.linalg.cholesky(precision)
        weights = np.linalg.solve(precision, root.T @ (w * (y - mean)))
        weights += np.linalg.solve(lower.T, zeta)
        p = pass_rate(mean + root @ weights, link)
        seen = n > 0
        total += stats.binom(n[seen], p[seen]).logpmf(c[seen]).sum()
        total -= stats.binom(n[seen], c[seen] / n[seen]).logpmf(c[seen]).sum()
        total += -0.5 * weights @ weights - 0.5 * np.linalg.slogdet(precision)[1]
    return total


def constant(given):
    """What the kernel leaves out: it doesn't depend on the parameters."""
    n, c = given["n"], given["c"]
    share = np.divide(c, n, out=np.zeros_like(c), where=n > 0)
    entropy = stats.binom(1, share).entropy()
    return float((n * np.where((share > 0) & (share < 1), entropy, 0.0)).sum())


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("rank", [1, 3])
def test_the_density_is_that_of_dense_matrices(rank, link):
    given = a_problem(rank)
    density = float(evaluate_units(**given, link=link)[0])
    assert density + constant(given) == pytest.approx(by_hand(given, link), rel=1e-10)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("rank", [1, 3])
def test_the_gradient_is_that_of_finite_differences(rank, link):
    given = a_problem(rank)
    gradients = evaluate_units(**given, link=link)[1:]
    step = 1e-5
    for name, gradient in zip(NAMES, gradients, strict=True):
        for place in np.ndindex(given[name].shape):
            ends = []
            for side in (-1, 1):
                moved = given[name].copy()
                moved[place] += side * step
                ends.append(float(evaluate_units(**{**given, name: moved}, link=link)[0]))
            slope = (ends[1] - ends[0]) / (2 * step)
            assert gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("link", LINKS)
def test_sites_are_coordinates_and_change_no_posterior(link):
    """At the same weights, two choices of sites differ by the change of variables alone."""
    given = a_problem(3)
    weights = np.random.default_rng(2).normal(size=given["zeta"].shape)
    found = []
    for factor, shift in ((1.0, 0.0), (7.0, 1.5), (0.0, 0.0)):
        w, y = factor * given["w"], given["y"] + shift
        zeta, volume = np.empty_like(weights), 0.0
        for i, own in enumerate(weights):
            root, own_w = given["root"], w[given["group"][i]]
            precision = np.eye(3) + root.T @ np.diag(own_w) @ root
            lower = np.linalg.cholesky(precision)
            centre = np.linalg.solve(precision, root.T @ (own_w * (y[i] - given["mean"][i])))
            zeta[i] = lower.T @ (own - centre)
            volume += np.log(np.diag(lower)).sum()
        moved = {**given, "w": w, "y": y, "zeta": zeta}
        found.append(float(evaluate_units(**moved, link=link)[0]) + volume)
    np.testing.assert_allclose(found, found[0], rtol=1e-10)


def test_an_untried_cell_says_nothing():
    given = a_problem(2)
    before = evaluate_units(**given, link=POWER)
    moved = given["mean"].copy()
    moved[1, 2] += 3.0
    after = evaluate_units(**{**given, "mean": moved}, link=POWER)
    assert float(before[0]) == float(after[0])
    assert before[2][1, 2] == 0.0


@pytest.mark.parametrize("t", [-3.0, -0.5, 0.0, 1.2])
def test_one_count_is_binomial(t):
    for link in LINKS:
        p = pass_rate(t, link)
        expected = 3 * np.log(p) + 7 * np.log1p(-p)
        assert count_density(t, 3.0, 10.0, link)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("t", [-5000.0, -800.0, -50.0, 29.9, 30.1, 50.0, 5000.0])
def test_far_hazards_stay_finite(t):
    for link in LINKS:
        for c in (0.0, 4.0, 10.0):
            value, slope = count_density(t, c, 10.0, link)
            assert np.isfinite(value)
            assert np.isfinite(slope)


def test_the_tails_are_those_of_the_limits():
    value, slope = count_density(-40.0, 9.0, 10.0, POWER)
    assert value == pytest.approx(-40.0, rel=1e-12)  # one failure of probability exp(t)
    assert slope == pytest.approx(1.0, rel=1e-12)
    assert count_density(20.0, 0.0, 10.0, POWER) == (0.0, 0.0)  # no pass is sure
    assert count_density(-40.0, 10.0, 10.0, LOGISTIC)[0] == pytest.approx(0.0, abs=1e-15)
