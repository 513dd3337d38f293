"""Scores: a row a run and task, with how many items were answered right of how many."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bayes_scaling.data import check_scores, read_scores
from bayes_scaling.responses.blocks import Block
from bayes_scaling.responses.response import Response
from bayes_scaling.specification.laws.elementwise import elementwise, sigmoid
from bayes_scaling.specification.laws.law import LOG_HAZARD, LOG_ODDS
from bayes_scaling.specification.spec import Spec

FREE = 0.01  # what a guess is right of answers that are free, as a place to start from
MOST = 30.0  # of log odds and of log h, on either side
SHIFT = 7  # from where Stirling's series has ten digits
HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
NLL = "beta_binomial_and_nll"


def score_of(scale: str, latent: Any, chance: Any, lapse: Any) -> Any:
    r"""Probability of a right answer from the latent curve.

    With g the chance of a guess and l the share of items that nobody gets right (wrong keys),

    .. math:: p = g + (1 - g - l) e^{-\exp(\eta)}
              \quad\text{or}\quad
              p = (1 - l)\, \sigma\bigl(\eta + \operatorname{logit} \tfrac{g}{1 - l}\bigr),

    where the curve is the log of a hazard, or log odds against a guess. A guess of free answers
    counts as right once in a hundred in the latter.

    Parameters
    ----------
    scale : {LOG_HAZARD, LOG_ODDS}
    latent, chance, lapse : float, array or variable

    Examples
    --------
    >>> [round(float(score_of(LOG_ODDS, eta, 0.25, 0.0)), 3) for eta in (0.0, np.log(3))]
    [0.25, 0.5]
    >>> round(float(score_of(LOG_HAZARD, np.log(np.log(3)), 0.25, 0.0)), 3)
    0.5
    """
    return SCALES[scale](latent, chance, lapse)


def _of_hazard(latent: Any, chance: Any, lapse: Any) -> Any:
    maths = elementwise(latent, chance, lapse)
    hazard = maths.exp(maths.clip(latent, -MOST, np.log(MOST)))
    return chance + (1 - chance - lapse) * maths.exp(-hazard)


def _of_odds(latent: Any, chance: Any, lapse: Any) -> Any:
    maths = elementwise(latent, chance, lapse)
    guess = maths.maximum(chance, FREE) / (1 - lapse)
    base = maths.log(guess) - maths.log1p(-guess)
    return (1 - lapse) * sigmoid(maths.clip(latent + base, -MOST, MOST))


SCALES: Mapping[str, Callable[..., Any]] = {LOG_HAZARD: _of_hazard, LOG_ODDS: _of_odds}


def concentration(score: Any, sigma: Any) -> Any:
    """Sum of the beta distribution's counts, with a standard deviation sigma of the log odds.

    To first order: ``1 / (sigma^2 p (1 - p))``.
    """
    return 1 / (sigma**2 * score * (1 - score))


def log_beta_binomial(correct: Any, items: Any, alpha: Any, beta: Any) -> Any:
    r"""Log probability of counts, beta-binomial, but for the binomial coefficient.

    .. math:: \ln\frac{B(c + \alpha, n - c + \beta)}{B(\alpha, \beta)}

    Examples
    --------
    >>> round(float(np.exp(log_beta_binomial(1.0, 1.0, 3.0, 1.0))), 9)
    0.75
    """
    total = alpha + beta
    above = (
        log_gamma(correct + alpha) + log_gamma(items - correct + beta) - log_gamma(items + total)
    )
    return above - log_gamma(alpha) - log_gamma(beta) + log_gamma(total)


def log_gamma(value: Any) -> Any:
    r"""Log of the gamma function of positive numbers, of elementary functions only.

    Stirling's series at ``z + 7``, to 1e-10: kept code can't call SciPy's.

    .. math:: \ln\Gamma(z) = (y - \tfrac12)\ln y - y + \tfrac12\ln 2\pi + \frac1{12 y}
              - \frac1{360 y^3} + \frac1{1260 y^5} - \frac1{1680 y^7}
              - \sum_{i=0}^{6} \ln(z + i), \quad y = z + 7.

    Examples
    --------
    >>> from math import lgamma
    >>> max(abs(float(log_gamma(z)) - lgamma(z)) for z in (0.01, 0.5, 3.0, 1e3)) < 1e-10
    True
    """
    maths = elementwise(value)
    y = value + SHIFT
    below = maths.log(value)
    for step in range(1, SHIFT):
        below = below + maths.log(value + step)
    square = y**-2
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / y
    return (y - 0.5) * maths.log(y) - y + HALF_LOG_2PI + series - below


def observe_scores(
    spec: Spec, latent: Any, data: Mapping[str, Any], noise: Mapping[str, Any]
) -> tuple[Block, ...]:
    """Return the counts of right answers, and the negative log-likelihoods where a model has them.

    Counts are beta-binomial: equal runs differ by sigma in their log odds. The mean negative
    log-likelihood of the reference answers has the log ``eta + offset``, up to `nll_sd`.
    """
    import pymc as pm

    score = score_of(spec.coordinates.scale, latent, data["chance"], noise["lapse"])
    total = concentration(score, noise["sigma"])
    n, c = (data[name].astype("int64") for name in ("n_items", "n_correct"))
    dist = pm.BetaBinomial.dist(n=n, alpha=score * total, beta=(1 - score) * total)
    counts = log_beta_binomial(c, n, score * total, (1 - score) * total)
    blocks = [Block("n_correct", dist, c, ("run",), counts)]
    if spec.noise_name == NLL:
        about = pm.Normal.dist(mu=latent + noise["offset"], sigma=noise["nll_sd"])
        blocks.append(Block("log_nll", about, data["log_nll"], ("run",)))
    return tuple(blocks)


SCORES = Response(
    name="score",
    nature="scores, a count a run and task",
    forecast="score",
    rows="runs",
    columns=("n_correct", "n_items"),
    keys=("family", "run"),
    read=read_scores,
    check=check_scores,
    units=("run",),
    target_accept=0.95,
    observed={"n_correct": "n_correct", "log_nll": "log_nll"},
    blocks=observe_scores,
    options=frozenset({"runs"}),
    lacks={
        "backtest": (
            "model: {model} is a model of scores, whose tasks have chance levels and numbers of "
            "items of their own, so that errors can't be averaged over them. compare foretells "
            "later runs task by task."
        ),
    },
)
