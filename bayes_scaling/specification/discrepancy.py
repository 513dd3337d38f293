"""How far real runs leave the law: Gaussian processes along one covariate, or over several.

A kernel's shape is fixed by the specification and only its amplitude is inferred, so the covariance
enters the model as data: g is normal with covariance ``amplitude^2 K``.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.specification.priors import Prior

NEGLIGIBLE = 1e-12


@dataclass(frozen=True)
class Discrepancy:
    """One ``[[discrepancy]]`` table of a specification.

    Attributes
    ----------
    name : str
        Name of the amplitude in the posterior.
    kernel : str
        A name of `KERNELS`.
    along : tuple of str
        The columns that it runs along.
    amplitude : float or Prior
        Its square times the kernel is the covariance of g. In log response, per decade^1.5 for
        ``integrated_brownian`` and per decade^0.5 for ``brownian``.
    over : str or None
        The column of groups that each leave the law in their own way.
    length : float or None
        Correlation length in e-folds, where the kernel needs one.
    """

    name: str
    kernel: str
    along: tuple[str, ...]
    amplitude: float | Prior
    over: str | None = None
    length: float | None = None


def integrated_brownian(s: Array, t: Array, length: float | None = None) -> Array:  # noqa: ARG001
    """Covariance of integrated Brownian motion, whose slope walks at random.

    It is anchored at the smallest run, where value and slope are zero, and runs both ways from it:
    ``m^2 (3 M - m) / 6`` with m, M the smaller and larger distance, and 0 across the anchor.

    Examples
    --------
    >>> float(integrated_brownian(np.array(1.0), np.array(1.0))) == 1 / 3
    True
    """
    near, far = np.minimum(abs(s), abs(t)), np.maximum(abs(s), abs(t))
    return np.where(s * t > 0, near**2 * (3 * far - near) / 6, 0.0)


def brownian(s: Array, t: Array, length: float | None = None) -> Array:  # noqa: ARG001
    """Covariance of Brownian motion from the smallest run: ``min(|s|, |t|)``, 0 across it."""
    return np.where(s * t > 0, np.minimum(abs(s), abs(t)), 0.0)


def rbf(s: Array, t: Array, length: float | None = None) -> Array:
    """Squared-exponential covariance, ``exp(-(s - t)^2 / (2 length^2))``."""
    assert length is not None
    return np.exp(-0.5 * ((s - t) / length) ** 2)


@dataclass(frozen=True)
class Kernel:
    """A covariance function along one covariate, and how those of several make one.

    Attributes
    ----------
    covariance : callable
        Of two positions.
    base : float
        The unit of positions, as a logarithm's base.
    join : callable
        From the covariances along each covariate, on the last axis, to one: their sum, as of a walk
        along each, or their product.
    needs_length : bool
    walks : bool
        Whether it starts at the smallest run, at zero.
    """

    covariance: Callable[..., Array]
    base: float
    join: Callable[..., Array] = np.sum
    needs_length: bool = False
    walks: bool = True


KERNELS: Mapping[str, Kernel] = {
    "integrated_brownian": Kernel(integrated_brownian, 10.0),
    "brownian": Kernel(brownian, 10.0),
    "rbf": Kernel(rbf, math.e, join=np.prod, needs_length=True, walks=False),
}


def positions(term: Discrepancy, covariate: Array, anchor: float | Array) -> Array:
    """Distance from the smallest run, `anchor`: in decades, or e-folds for ``rbf``."""
    return np.asarray(np.log(covariate / anchor) / np.log(KERNELS[term.kernel].base))


def covariance(term: Discrepancy, s: Array, t: Array) -> Array:
    """Covariance matrix, shape ``(len(s), len(t))``, at unit amplitude.

    Parameters
    ----------
    term : Discrepancy
    s, t : ndarray, shape (n, covariates)
        Positions along each covariate; axes before these are of draws.
    """
    kernel = KERNELS[term.kernel]
    apart = kernel.covariance(s[..., :, None, :], t[..., None, :, :], term.length)
    return np.asarray(kernel.join(apart, axis=-1))


def square_root(matrix: Array) -> Array:
    """Find ``R``, with as few columns as it takes, such that ``R @ R.T`` is `matrix`.

    The matrix is positive semi-definite. Directions that hold less than a part in 10^12 of its
    largest variance are left out; of a stack of matrices, they are zero.

    Examples
    --------
    >>> square_root(np.ones((3, 3))).shape
    (3, 1)
    """
    values, vectors = np.linalg.eigh(matrix)
    least = NEGLIGIBLE * np.maximum(values.max(axis=-1, initial=0.0, keepdims=True), 0.0)
    kept = values > least
    if matrix.ndim > 2:
        return vectors * np.sqrt(np.where(kept, values, 0.0))[..., None, :]
    return vectors[:, kept] * np.sqrt(values[kept])
