"""Draws of the response at target computes, given the posterior: law, discrepancy and noise."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from bayes_scaling.inference.blocks import active_terms, by_family
from bayes_scaling.inference.design import Array, Design, Index
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.sampler_data import PRECISION
from bayes_scaling.specification.discrepancy import covariance
from bayes_scaling.specification.spec import Spec

KINDS = ("law", "expected", "run")
CHUNK = 20_000_000
JITTER = 1e-10


def draw_responses(fit: Fit, family: Index, compute: Array, rng: np.random.Generator) -> xr.Dataset:
    """Draw the response at targets from the posterior predictive distribution.

    Given the parameters and each run's precision, the discrepancy at the fitted runs and at the
    targets is jointly normal, so its conditional is exact at any distance on either side.

    Parameters
    ----------
    fit : Fit
    family : ndarray of int, shape (targets,)
    compute : ndarray, shape (targets,)
        FLOP.
    rng : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        Variables ``law, expected, run``, dims ``chain, draw, target``.
    """
    values, chains = flat_posterior(fit)
    log_law = law_at(fit.spec, fit.design, values, family, compute)
    g = discrepancy_at(fit.spec, fit.design, values, family, compute, rng)
    expected = log_law + g
    run = expected + noise_at(fit.spec, values, family, log_law.shape, rng)
    shape = (*chains, len(compute))
    dims = ("chain", "draw", "target")
    kinds = dict(zip(KINDS, (log_law, expected, run), strict=True))
    return xr.Dataset({kind: (dims, np.exp(v).reshape(shape)) for kind, v in kinds.items()})


def flat_posterior(fit: Fit) -> tuple[dict[str, Array], tuple[int, int]]:
    """Return every parameter with draws along one axis, pinned ones included."""
    posterior = fit.posterior["posterior"].to_dataset()
    chains = (posterior.sizes["chain"], posterior.sizes["draw"])
    count = chains[0] * chains[1]
    values = {
        str(name): np.asarray(array).reshape(count, *array.shape[2:])
        for name, array in posterior.data_vars.items()
    }
    values |= {name: np.full(count, value) for name, value in fit.spec.pinned.items()}
    return values, chains


def of_family(value: Array, family: Index) -> Array:
    """Take a parameter's draws for each target, shape ``(draws, targets)``."""
    return value[:, family] if value.ndim == 2 else value[:, None]


def law_at(
    spec: Spec, design: Design, values: Mapping[str, Array], family: Index, compute: Array
) -> Array:
    """Log of the law at targets, shape ``(draws, targets)``."""
    x = np.log(compute / design.reference[family])
    stated = {name: of_family(values[name], family) for name in spec.coordinates.parameters}
    return np.asarray(spec.law.curve(x[None, :], **spec.coordinates.to_curve(stated)))


def noise_at(
    spec: Spec,
    values: Mapping[str, Array],
    family: Index,
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> Array:
    """Run-to-run noise of the log response, shape ``(draws, targets)``."""
    of = {name: of_family(values[name], family) for name in spec.noise.parameters}
    return np.asarray(of["sigma"] * spec.noise.standard(rng, of, shape))


def discrepancy_at(
    spec: Spec,
    design: Design,
    values: Mapping[str, Array],
    family: Index,
    compute: Array,
    rng: np.random.Generator,
) -> Array:
    """Draw the discrepancy at targets given the fitted runs, shape ``(draws, targets)``."""
    count = len(values["sigma"])
    drawn = np.zeros((count, len(compute)))
    if not active_terms(spec):
        return drawn
    residual = np.log(design.response) - law_at(spec, design, values, design.family, design.compute)
    for rows, wanted in _coupled(spec, design, family):
        size = max(1, CHUNK // (len(rows) ** 2 + len(wanted) ** 2))
        for start in range(0, count, size):
            part = slice(start, start + size)
            some = {name: value[part] for name, value in values.items()}
            blocks = _covariances(spec, design, some, rows, family[wanted], compute[wanted])
            noise = _run_variance(design, some, rows)
            drawn[part, wanted] = _conditional(*blocks, noise, residual[part][:, rows], rng)
    return drawn


def _coupled(spec: Spec, design: Design, family: Index) -> Iterator[tuple[Index, Index]]:
    """Yield the runs and targets that share a discrepancy: a family's, or all."""
    if not by_family(spec):
        yield np.arange(len(design.family)), np.arange(len(family))
        return
    for index in np.unique(family):
        yield np.flatnonzero(design.family == index), np.flatnonzero(family == index)


def _covariances(
    spec: Spec,
    design: Design,
    values: Mapping[str, Array],
    rows: Index,
    family: Index,
    compute: Array,
) -> tuple[Array, Array, Array]:
    """Covariance of g among runs, between runs and targets, and among targets, a draw at a time."""
    everyone = np.concatenate([design.family[rows], family])
    where = np.concatenate([design.compute[rows], compute])
    total = np.zeros((len(values["sigma"]), len(where), len(where)))
    for term in active_terms(spec):
        at = np.array(
            [
                design.positions(term, f, np.array([c]))[0]
                for f, c in zip(everyone, where, strict=True)
            ]
        )
        unit = covariance(term, at, at)
        if term.over:
            unit = np.where(everyone[:, None] == everyone, unit, 0.0)
        amplitude = of_family(values[term.name], everyone)
        total += amplitude[:, :, None] * amplitude[:, None, :] * unit
    n = len(rows)
    return total[:, :n, :n], total[:, :n, n:], total[:, n:, n:]


def _run_variance(design: Design, values: Mapping[str, Array], rows: Index) -> Array:
    """Variance of the noise of each fitted run, shape ``(draws, runs)``."""
    variance = of_family(values["sigma"], design.family[rows]) ** 2 + design.relative_se[rows] ** 2
    if PRECISION in values:
        variance = variance / values[PRECISION][:, rows]
    return np.broadcast_to(variance, (len(values["sigma"]), len(rows)))


def _conditional(
    among_runs: Array,
    between: Array,
    among_targets: Array,
    noise: Array,
    residual: Array,
    rng: np.random.Generator,
) -> Array:
    noisy = among_runs + noise[:, :, None] * np.eye(noise.shape[1])
    gain = np.linalg.solve(noisy, between)
    mean = np.einsum("srt,sr->st", gain, residual)
    rest = among_targets - np.einsum("srt,sru->stu", between, gain)
    scale = np.maximum(np.einsum("stt->st", among_targets).max(axis=1), np.finfo(float).tiny)
    jitter = JITTER * scale[:, None, None] * np.eye(rest.shape[1])
    root = _root((rest + np.swapaxes(rest, 1, 2)) / 2 + jitter)
    return np.asarray(mean + np.einsum("stu,su->st", root, rng.standard_normal(mean.shape)))


def _root(matrices: Array) -> Array:
    """Root of each positive semi-definite matrix; rounding may leave eigenvalues below zero."""
    try:
        return np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrices)
        return vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
