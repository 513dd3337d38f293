r"""Log density of held-out runs given the others: what leave-one-out compares.

Runs of a ladder share the discrepancy g, so given the parameters alone they are dependent. A run
that is left out is foretold from the parameters *and* the other runs, so the density that counts is
the conditional one. Write r for the log responses less the law, K for the covariance of g at the
runs, and :math:`\sigma^2 / \lambda_i` for the variance of the noise of run i, where
:math:`\lambda_i` is the gamma variable that makes normal noise Student-t. With
:math:`Q = (K + \mathrm{diag}(\sigma^2 / \lambda))^{-1}`, the held-out runs H given the others are

.. math:: r_H \mid r_{-H}, \theta, \lambda \sim
          \mathrm{Normal}\bigl(r_H - Q_{HH}^{-1} (Q r)_H,\; Q_{HH}^{-1}\bigr).

For one run this holds a :math:`\lambda_i` that the run itself informed. It is integrated out:
:math:`v_i = 1 / Q_{ii} - \sigma^2 / \lambda_i` is the variance of g there given the other runs,
which doesn't know of :math:`\lambda_i`, and

.. math:: p(r_i \mid r_{-i}, \theta, \lambda_{-i}) = \int
          \mathrm{Normal}\bigl(r_i; m_i, v_i + \sigma^2 / \lambda\bigr)\,
          \mathrm{Gamma}(\lambda; \nu / 2, \nu / 2)\, d\lambda,

a Student-t smeared by what isn't known of g, by the trapezoidal rule along ln lambda. Without a
discrepancy runs are independent given the parameters, and it is the density of the noise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.discrepancies import active_terms
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.places import Places
from bayes_scaling.inference.predictive import PRECISION, flat_posterior, law_at, of_family
from bayes_scaling.inference.score_predictive import densities_at

LOG_PRECISIONS = np.linspace(-30.0, 4.0, 341)
CHUNK = 4_000_000


@dataclass(frozen=True, eq=False)
class Residuals:
    """What the draws of a fit leave of all runs, fitted or not.

    Attributes
    ----------
    gap : ndarray, shape (draws, runs)
        Log response less the law.
    variance : ndarray, shape (draws, runs)
        Of the noise where the precision is 1.
    precision : ndarray, shape (draws, runs), or None
        Drawn with the parameters for fitted runs and from its prior for others; None where noise is
        normal or there is no discrepancy.
    nu : ndarray, shape (draws, runs), or None
        Degrees of freedom; None for normal noise.
    terms : tuple of (ndarray of shape (draws, runs), ndarray of shape (runs, runs))
        Amplitude and unit covariance of each discrepancy.
    """

    gap: Array
    variance: Array
    precision: Array | None
    nu: Array | None
    terms: tuple[tuple[Array, Array], ...]

    def part(self, draws: slice) -> "Residuals":
        """Take some of the draws."""
        return Residuals(
            self.gap[draws],
            self.variance[draws],
            None if self.precision is None else self.precision[draws],
            None if self.nu is None else self.nu[draws],
            tuple((amplitude[draws], unit) for amplitude, unit in self.terms),
        )


def log_densities(
    fit: Fit, whole: Design, kept: Index, units: Sequence[Index], rng: np.random.Generator
) -> Array:
    """Log density of each unit of runs given all other runs, a draw at a time.

    Parameters
    ----------
    fit : Fit
        Of the kept runs.
    whole : Design
        Of all runs.
    kept : ndarray of int
        Which of them were fitted, in their order.
    units : sequence of ndarray of int
        Runs that are left out together.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (draws, units)
    """
    residuals = _residuals(fit, whole, kept, rng)
    if not residuals.terms:
        each = _noise_density(residuals)
        if (limit := whole.observed.get("limit")) is not None:
            scaled = (np.log(limit) - np.log(whole.observed["y"]) + residuals.gap) / np.sqrt(
                residuals.variance
            )
            degrees = np.inf if residuals.nu is None else residuals.nu
            above = stats.t.logsf(scaled, degrees)
            each = np.where(whole.observed["y"] >= limit, above, each)
        return np.column_stack([each[:, unit].sum(axis=1) for unit in units])
    count, runs = residuals.gap.shape
    size = max(1, CHUNK // runs**2)
    parts = [residuals.part(slice(at, at + size)) for at in range(0, count, size)]
    return np.concatenate([_conditional_density(part, units) for part in parts])


def unit_densities(
    fit: Fit, whole: Design, units: Sequence[Index], rng: np.random.Generator
) -> Array:
    """Log density of units of scores given the parameters and what is known of the discrepancy."""
    each = [densities_at(fit, whole, unit, rng).sum(axis=1) for unit in units]
    return np.column_stack(each)


def _of_scores(
    fit: Fit,
    whole: Design,
    kept: Index,  # noqa: ARG001 - which runs were fitted, the weights know
    units: Sequence[Index],
    rng: np.random.Generator,
) -> Array:
    return unit_densities(fit, whole, units, rng)


# Of rows of runs; those of counts are by problem (`inference/passes/evidence.py`).
DENSITIES: Mapping[str, Callable[..., Array]] = {"loss": log_densities, "score": _of_scores}


def _residuals(fit: Fit, whole: Design, kept: Index, rng: np.random.Generator) -> Residuals:
    spec, design = fit.spec, fit.design
    values, _ = flat_posterior(fit)
    family = np.array([fit.families.index(whole.families[index]) for index in whole.family])
    places = Places(family, whole.places.covariates)
    law = law_at(spec, design, values, places)
    shape = law.shape
    variance = of_family(values["sigma"], family) ** 2 + whole.observed["relative_se"] ** 2
    nu = np.broadcast_to(of_family(values["nu"], family), shape) if "nu" in values else None
    precision = None
    if nu is not None and PRECISION in values:
        precision = rng.gamma(nu / 2) / (nu / 2)
        precision[:, kept] = values[PRECISION]
    terms = []
    for term in active_terms(spec):
        unit = design.covariance_between(term, places, places)
        terms.append((np.broadcast_to(of_family(values[term.name], family), shape), unit))
    gap = np.log(whole.observed["y"]) - law
    return Residuals(gap, np.broadcast_to(variance, shape), precision, nu, tuple(terms))


def _noise_density(residuals: Residuals) -> Array:
    scale = np.sqrt(residuals.variance)
    standard = stats.norm if residuals.nu is None else stats.t(residuals.nu)
    return np.asarray(standard.logpdf(residuals.gap / scale) - np.log(scale))


def _conditional_density(residuals: Residuals, units: Sequence[Index]) -> Array:
    runs = residuals.gap.shape[1]
    noise = residuals.variance
    if residuals.precision is not None:
        noise = noise / residuals.precision
    total: Array = noise[:, :, None] * np.eye(runs)
    for amplitude, shape in residuals.terms:
        total = total + amplitude[:, :, None] * amplitude[:, None, :] * shape
    inverse = np.linalg.inv(total)
    pulled = np.einsum("sij,sj->si", inverse, residuals.gap)
    densities = np.empty((len(noise), len(units)))
    for place, unit in enumerate(units):
        block = np.linalg.inv(inverse[:, unit[:, None], unit])
        gap = np.einsum("sij,sj->si", block, pulled[:, unit])
        if len(unit) == 1 and residuals.nu is not None:
            own = int(unit[0])
            spread = np.maximum(block[:, 0, 0] - noise[:, own], 0.0)
            densities[:, place] = smeared_student(
                gap[:, 0], spread, residuals.variance[:, own], residuals.nu[:, own]
            )
        else:
            densities[:, place] = _normal_density(gap, block)
    return densities


def smeared_student(gap: Array, spread: Array, variance: Array, nu: Array) -> Array:
    """Log density at `gap` of a normal plus a Student-t variable, both about 0.

    Parameters
    ----------
    gap : ndarray
    spread : ndarray
        Variance of the normal.
    variance : ndarray
        Squared scale of the Student-t.
    nu : ndarray
        Its degrees of freedom.

    Examples
    --------
    >>> one = np.ones(1)
    >>> exact = stats.t(5.0).logpdf(0.3)
    >>> bool(np.isclose(smeared_student(0.3 * one, 0 * one, one, 5 * one), exact)[0])
    True
    """
    gap, spread, variance = gap[:, None], spread[:, None], variance[:, None]
    half = nu[:, None] / 2
    total = spread + variance * np.exp(-LOG_PRECISIONS)
    normal = -0.5 * (np.log(2 * np.pi * total) + gap**2 / total)
    gamma = half * (np.log(half) + LOG_PRECISIONS - np.exp(LOG_PRECISIONS)) - special.gammaln(half)
    step = LOG_PRECISIONS[1] - LOG_PRECISIONS[0]
    return np.asarray(special.logsumexp(normal + gamma, axis=1) + np.log(step))


def _normal_density(gap: Array, covariances: Array) -> Array:
    root = np.linalg.cholesky((covariances + np.swapaxes(covariances, 1, 2)) / 2)
    white = np.linalg.solve(root, gap[:, :, None])[:, :, 0]
    determinant = np.log(np.einsum("sii->si", root)).sum(axis=1)
    constant = 0.5 * gap.shape[1] * np.log(2 * np.pi)
    return np.asarray(-0.5 * (white**2).sum(axis=1) - determinant - constant)
