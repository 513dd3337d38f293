"""Margins of tests on draws: a right implementation leaves them once in 100,000 runs or rarer."""

import numpy as np
from scipy import stats

RARE = 1e-5


def z(count=1):
    """Standard errors that the largest of so many estimates exceeds rarely, if they are normal."""
    return float(stats.norm.isf(RARE / 2 / count))


def is_drawn_from(draws, cdf):
    """Whether independent draws may be of a distribution, by Kolmogorov and Smirnov."""
    return stats.kstest(np.ravel(draws), cdf).pvalue > RARE


def count_bounds(size, chance):
    """Bounds of how often an event of known chance happens in so many independent trials."""
    return stats.binom.ppf(RARE / 2, size, chance), stats.binom.isf(RARE / 2, size, chance)


def of_mean(draws, axis=0, count=1):
    """Margin of the mean of independent draws, by their own standard deviation."""
    draws = np.asarray(draws)
    return z(count) * draws.std(axis=axis) / np.sqrt(draws.shape[axis])


def of_sd(size, count=1):
    """Relative margin of the standard deviation of so many normal draws."""
    return z(count) / np.sqrt(2 * size)


def of_covariance(covariance, size):
    """Margins of the covariances of so many normal draws."""
    variance = np.diag(covariance)
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / size)
    return z(covariance.size) * error


def of_quantile(q, sd, size, count=1):
    """Margin of a quantile of so many normal draws."""
    return z(count) * sd * np.sqrt(q * (1 - q) / size) / stats.norm.pdf(stats.norm.ppf(q))
