"""Gaussian sites that stand for the counts when the sampler's coordinates are chosen."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, xlogy

from bayes_scaling.arrays import Array, Index
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.passes.kernel import LOGISTIC

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(31)
SPREAD = 1.5  # of log hazards about their run's mean, at least
STEPS = 60
LEAST = 1e-6
GROUPS = 48


@dataclass(frozen=True)
class Sites:
    """A normal for each count; any sites give the right posterior, good ones a fast sampler.

    Attributes
    ----------
    y : ndarray, shape (units, runs)
    w : ndarray, shape (units, runs)
        Precisions; 0 where there is no count.
    """

    y: Array
    w: Array


def make_sites(design: Design, link: int) -> Sites:
    """Match moments of the likelihood of each count times a wide normal about its run's mean.

    A count of zero says only that the hazard is high: its likelihood has no mode, so a site from
    moments serves where one from curvature doesn't.
    """
    n, c = design.observed["n_samples"], design.observed["n_correct"]
    seen = n > 0
    rough = log_hazard((c + 0.5) / (n + 1.0), link)
    tried = np.maximum(seen.sum(axis=0), 1)
    centre = np.where(seen, rough, 0.0).sum(axis=0)[None, :] / tried
    variance = max(SPREAD**2, float(np.var((rough - centre)[seen])))
    mean, tilted = _tilted(n, c, np.broadcast_to(centre, n.shape), variance, link)
    w = np.where(seen, np.maximum(1 / tilted - 1 / variance, LEAST), 0.0)
    y = (mean / tilted - centre / variance) / np.where(w > 0, w, 1.0)
    return Sites(np.where(seen, y, 0.0), w)


@dataclass(frozen=True)
class GroupedSites:
    """Sites whose precisions are those of a group, so that the group shares one factor.

    Attributes
    ----------
    y : ndarray, shape (units, runs)
    w : ndarray, shape (groups, runs)
    group : ndarray of int, shape (units,)
    """

    y: Array
    w: Array
    group: Index


def group_sites(sites: Sites) -> GroupedSites:
    """Let units of alike precisions share them; up to 48 units, each keeps its own.

    Alike is what differs by a small factor in precision, the prior's included, at each run:
    complete linkage bounds the largest such factor within a group.
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # slow to import

    units = len(sites.w)
    if units <= GROUPS:
        return GroupedSites(sites.y, sites.w, np.arange(units))
    prior = 1 / SPREAD**2
    alike = np.log(sites.w + prior)
    label = fcluster(linkage(alike, "complete", "chebyshev"), GROUPS, "maxclust") - 1
    w = np.zeros((GROUPS, sites.w.shape[1]))
    for own in range(label.max() + 1):
        w[own] = np.exp(alike[label == own].mean(axis=0)) - prior
    return GroupedSites(sites.y, np.maximum(w, 0.0), label.astype(int))


def log_hazard(p: Array, link: int) -> Array:
    """Return the linear predictor at a pass rate: log(-log p), or minus its logit."""
    return np.log1p(-p) - np.log(p) if link == LOGISTIC else np.log(-np.log(p))


def _tilted(n: Array, c: Array, centre: Array, variance: float, link: int) -> tuple[Array, Array]:
    """Mean and variance of each tilted density, by quadrature about its mode."""
    mode = np.array(centre)
    for _ in range(STEPS):
        slope, curvature = _derivatives(mode, n, c, link)
        step = (slope - (mode - centre) / variance) / (curvature + 1 / variance)
        mode = mode + np.clip(step, -1.0, 1.0)
    _, curvature = _derivatives(mode, n, c, link)
    scale = 1.3 / np.sqrt(curvature + 1 / variance)
    at = mode[..., None] + scale[..., None] * NODES
    log_density = (
        _log_likelihood(at, n[..., None], c[..., None], link)
        - 0.5 * (at - centre[..., None]) ** 2 / variance
        + 0.5 * NODES**2
    )
    weights = WEIGHTS * np.exp(log_density - log_density.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    mean = (weights * at).sum(axis=-1)
    return mean, (weights * (at - mean[..., None]) ** 2).sum(axis=-1)


def _log_likelihood(t: Array, n: Array, c: Array, link: int) -> Array:
    if link == LOGISTIC:
        return -c * np.logaddexp(0.0, t) - (n - c) * np.logaddexp(0.0, -t)
    h = np.exp(np.minimum(t, 30.0))
    return -c * h + xlogy(n - c, -np.expm1(-h))


def _derivatives(t: Array, n: Array, c: Array, link: int) -> tuple[Array, Array]:
    """Slope and expected curvature (taken positive) of the log likelihood."""
    if link == LOGISTIC:
        share = expit(t)
        return (n - c) * (1 - share) - c * share, n * share * (1 - share)
    h = np.exp(np.clip(t, -25.0, 6.0))
    odds = 1 / np.expm1(h)
    return h * ((n - c) * odds - c), n * h**2 * odds
