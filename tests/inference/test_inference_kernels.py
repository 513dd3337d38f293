"""The compiled code of losses against dense matrices, and its gradient against differences."""

import numpy as np
import pytest
from scipy import stats

from bayes_scaling.inference import factors, regression, weights

BLOCKS, SLOTS, TERMS, RANK, PARAMETERS = 2, 5, 2, 3, 3


def covariances(rng):
    roots = rng.normal(size=(TERMS, BLOCKS, SLOTS, SLOTS))
    return roots @ np.swapaxes(roots, -1, -2)


def some_weights():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(BLOCKS, SLOTS, TERMS * RANK))
    share = rng.uniform(0.3, 1.0, (BLOCKS, SLOTS))
    return [
        rng.normal(size=(BLOCKS, SLOTS)),
        rng.uniform(0.2, 1.0, BLOCKS),
        rng.uniform(0.3, 1.0, (TERMS, BLOCKS)),
        rng.normal(size=(BLOCKS, TERMS * RANK)),
        share,
        root,
        np.einsum("bsj,bs,bsk->bjk", root, share, root),
    ]


def some_regression():
    rng = np.random.default_rng(2)
    return [
        rng.uniform(0.2, 1.0, (BLOCKS, SLOTS)),
        rng.normal(size=(BLOCKS, PARAMETERS)),
        rng.uniform(0.5, 2.0, (BLOCKS, PARAMETERS)),
        rng.normal(size=(BLOCKS, PARAMETERS)),
        rng.normal(size=(BLOCKS, SLOTS, PARAMETERS)),
        rng.normal(size=(BLOCKS, SLOTS, SLOTS)),
    ]


def differences(function, given, which, step=1e-6):
    """Central differences of a function of lists of arrays by one of these."""
    found = np.empty(given[which].shape)
    for place in np.ndindex(found.shape):
        ends = []
        for side in (-1, 1):
            moved = [value.copy() for value in given]
            moved[which][place] += side * step
            ends.append(function(*moved))
        found[place] = (ends[1] - ends[0]) / (2 * step)
    return found


def test_with_normal_noise_the_whitened_weights_are_what_a_dense_normal_leaves():
    """Noise times the weights' prior is the dense density of the residuals times a standard normal.

    So the whitened weights are independent of the residuals, whatever the discrepancy.
    """
    residual, variance, amplitude, zeta, share, root, _ = given = some_weights()
    offset, found, density = weights.weigh(*given)
    noise = np.sqrt(variance[:, None] / share)
    constant = -0.5 * zeta.size * np.log(2 * np.pi)
    total = stats.norm.logpdf(residual, offset, noise).sum() + float(density) + constant
    exact = stats.norm.logpdf(zeta).sum()
    for b in range(BLOCKS):
        scaled = root[b] * np.repeat(amplitude[:, b], RANK)
        np.testing.assert_allclose(offset[b], scaled @ found[b])
        dense = scaled @ scaled.T + np.diag(noise[b] ** 2)
        exact += stats.multivariate_normal(cov=dense).logpdf(residual[b])
    assert total == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("which", range(4))
def test_the_gradient_of_the_weights_is_that_of_differences(which):
    given, rng = some_weights(), np.random.default_rng(6)
    by_offset, by_density = rng.normal(size=(BLOCKS, SLOTS)), np.array(0.7)

    def weighed(*moved):
        offset, _, density = weights.weigh(*moved)
        return (by_offset * offset).sum() + float(by_density * density)

    found = weights.pull_weights_back(*given, by_offset, by_density)[which]
    np.testing.assert_allclose(found, differences(weighed, given, which), rtol=1e-6, atol=1e-6)


def test_a_regression_is_the_conditional_mean_of_a_normal():
    """The last parameter's centre, and each earlier one's with the later at the point."""
    variance, mean, sd, point, slopes, turn = given = some_regression()
    coefficients, constants, diagonal = regression.regress(*given)
    gap = np.random.default_rng(3).normal(size=(BLOCKS, SLOTS))
    for b in range(BLOCKS):
        for k in range(PARAMETERS):
            own = slopes[b][:, : k + 1]
            precision = own.T @ (own / variance[b][:, None]) + np.diag(sd[b, : k + 1] ** -2)
            pull = own.T @ (turn[b] @ gap[b] / variance[b])
            pull += (mean[b] - point[b])[: k + 1] / sd[b, : k + 1] ** 2
            moved = (coefficients[b, k] @ gap[b] + constants[b, k]) / diagonal[b, k]
            assert moved == pytest.approx(np.linalg.solve(precision, pull)[-1], rel=1e-9)
            unexplained = np.linalg.inv(precision)[-1, -1]
            assert diagonal[b, k] ** -2 == pytest.approx(unexplained, rel=1e-9)


@pytest.mark.parametrize("which", range(3))
def test_the_gradient_of_a_regression_is_that_of_differences(which):
    given = some_regression()
    rng = np.random.default_rng(4)
    weights = [rng.normal(size=value.shape) for value in regression.regress(*given)]

    def weighed(*moved):
        found = regression.regress(*moved)
        return sum((own * value).sum() for own, value in zip(weights, found, strict=True))

    found = regression.pull_back(*given, *weights)[which]
    np.testing.assert_allclose(found, differences(weighed, given, which), rtol=1e-6, atol=1e-6)


def test_a_factor_times_its_inverse_is_one():
    matrix = covariances(np.random.default_rng(5))[0, 0] + np.eye(SLOTS)
    lower, inverse = np.tril(matrix), np.full((SLOTS, SLOTS), 0.0)
    factors.factorise(lower, inverse)
    np.testing.assert_allclose(lower @ lower.T, matrix)
    np.testing.assert_allclose(lower @ inverse, np.eye(SLOTS), atol=1e-12)
