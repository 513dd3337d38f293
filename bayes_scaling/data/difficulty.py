r"""How hard problems are, from the counts of several runs, to rank them.

The counts are those of the pass-rate model without exponents and with fixed scales:

.. math:: c_{im} \sim Binomial(n_{im}, e^{-h_{im}}), \quad
          \ln h_{im} = z_i + t_m + \epsilon_{im},

.. math:: z_i \sim Normal(0, 1.5^2), \quad t_m \sim Normal(0, 3^2), \quad
          \epsilon_{im} \sim Normal(0, 0.3^2)

with z the difficulty of a problem and t the weakness of a run, both on the scale of ln(-ln p). The
log density is concave, so its mode is unique, and one more right answer never makes a problem
look harder. The scales are the centres of the priors of the pass-rate model.
"""

import numpy as np

from bayes_scaling.arrays import Array

PROBLEM_SD = 1.5
RUN_SD = 3.0
DEVIATION_SD = 0.3
ITERATIONS = 200
TOLERANCE = 1e-11
LONGEST_STEP = 2.0
LARGEST_H = 700.0  # beyond, exp(h) overflows and p is zero


def score_difficulty(n_samples: Array, n_correct: Array) -> Array:
    """Find the difficulties at the mode of all problems, runs and deviations together.

    Parameters
    ----------
    n_samples, n_correct : ndarray, shape (problems, runs)
        Zero samples where a run did not try a problem.

    Returns
    -------
    ndarray, shape (problems,)
        Difficulties: higher is harder. A problem of few samples lies near 0, the middle, and a
        problem that only large runs tried is judged among those runs.

    Examples
    --------
    >>> score_difficulty(np.full((3, 2), 10.0), np.array([[9, 10], [3, 5], [0, 0.0]])).round(2)
    array([-2.08,  0.13,  1.83])
    """
    return find_mode(n_samples, n_correct)[0]


def find_mode(n_samples: Array, n_correct: Array) -> tuple[Array, Array, Array]:
    """Find difficulties, weaknesses and ln h of the cells at the mode.

    Each step of Newton's method is a least-squares fit of problems and runs to the cells' working
    responses, with the deviations summed out.
    """
    eta = np.log(-np.log((n_correct + 0.5) / (n_samples + 1)))
    difficulty, weakness = np.zeros(eta.shape[0]), np.zeros(eta.shape[1])
    for _ in range(ITERATIONS):
        slope, curvature = _derivatives(n_samples, n_correct, eta)
        difficulty, weakness = _fit_both(slope, curvature, eta)
        centre = difficulty[:, None] + weakness
        pull = curvature * eta + slope + centre / DEVIATION_SD**2
        step = pull / (curvature + DEVIATION_SD**-2) - eta
        eta = eta + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        if np.abs(step).max() < TOLERANCE:
            break
    return difficulty, weakness, eta


def _derivatives(n: Array, c: Array, eta: Array) -> tuple[Array, Array]:
    """Slope and negative curvature in eta of ``c ln p + (n - c) ln(1 - p)``, p = exp(-exp(eta))."""
    h = np.minimum(np.exp(eta), LARGEST_H)
    ratio = h / np.expm1(h)
    slope = -c * h + (n - c) * ratio
    return slope, c * h + (n - c) * ratio * (h + ratio - 1)


def _fit_both(slope: Array, curvature: Array, eta: Array) -> tuple[Array, Array]:
    """Fit problems and runs to working responses; the problems are eliminated first."""
    shrink = 1 + curvature * DEVIATION_SD**2
    weight, pull = curvature / shrink, (curvature * eta + slope) / shrink
    own = weight.sum(axis=1) + PROBLEM_SD**-2
    of_runs = np.diag(weight.sum(axis=0) + RUN_SD**-2) - (weight / own[:, None]).T @ weight
    weakness = np.linalg.solve(of_runs, pull.sum(axis=0) - weight.T @ (pull.sum(axis=1) / own))
    return (pull.sum(axis=1) - weight @ weakness) / own, weakness
