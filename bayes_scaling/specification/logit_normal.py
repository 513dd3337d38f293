"""The logit-normal distribution for ``scipy.stats``, which lacks it."""

from typing import Any

import numpy as np
from scipy import special, stats


def _standard(x: Any, mu: Any, sigma: Any) -> Any:
    return (special.logit(x) - mu) / sigma


class _LogitNormal(stats.rv_continuous):
    """``special.expit`` of a normal variable with mean mu and standard deviation sigma."""

    def _argcheck(self, *args: Any) -> Any:
        mu, sigma = args
        return np.isfinite(mu) & (sigma > 0)

    def _cdf(self, x: Any, *args: Any) -> Any:
        return special.ndtr(_standard(x, *args))

    def _sf(self, x: Any, *args: Any) -> Any:
        return special.ndtr(-_standard(x, *args))

    def _ppf(self, q: Any, *args: Any) -> Any:
        mu, sigma = args
        return special.expit(mu + sigma * special.ndtri(q))

    def _isf(self, q: Any, *args: Any) -> Any:
        mu, sigma = args
        return special.expit(mu - sigma * special.ndtri(q))

    def _logpdf(self, x: Any, *args: Any) -> Any:
        _, sigma = args
        slope = np.log(sigma) + np.log(x) + np.log1p(-x)
        return stats.norm.logpdf(_standard(x, *args)) - slope

    def _pdf(self, x: Any, *args: Any) -> Any:
        return np.exp(self._logpdf(x, *args))

    def _rvs(self, *args: Any, size: Any = None, random_state: Any = None) -> Any:
        mu, sigma = args
        return special.expit(random_state.normal(mu, sigma, size))


logit_normal = _LogitNormal(a=0.0, b=1.0, name="logit_normal", shapes="mu, sigma")
