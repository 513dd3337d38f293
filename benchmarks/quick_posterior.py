"""Posteriors of short ladders by importance sampling, to compare priors on many of them.

A fit by NUTS takes a second; this takes a twentieth, since it integrates the discrepancy and the
noise out as one normal. Noise is Student-t in the models: here a normal that says as much of its
mean stands for it in the likelihood, and the Student-t itself in what is forecast.
``error_rates.py --refits`` holds both against each other.

Given all else the law's place and slope are nearly normal: they are found by Gauss-Newton and drawn
from a Student-t there. The others (the floor's share, sigma, the amplitude, and what else gives the
law its shape) are drawn from the prior first, then from what the weights of those draws say. All is
weighed exactly, up to the noise.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

import bayes_scaling as bs
from bayes_scaling.evaluation.ladder_fits import (
    WIDENING,
    Ladders,
    normal_moments,
    standpoint,
    transferable,
)
from bayes_scaling.evaluation.scoring import Predictive
from bayes_scaling.evaluation.splitting import find_ladders
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.ladder_numbers import take_numbers
from bayes_scaling.inference.places import along
from bayes_scaling.inference.shares import drawn_below, top_of

Moments = Mapping[str, tuple[float, float]]

DRAWS = 1024
KEPT = 1000
DRAWS_OF_LADDER = 400
FEWEST, MORE = 100, 6  # effective draws below which so many times more are drawn
STEPS = 8
NUDGE = 1e-4
JITTER = 1e-8  # where the law is lost in rounding, and the weight is nothing
WIDE = 1.1
DEGREES = 7.0
SEARCH = 5.0  # degrees of freedom of what the second round draws from
PRIOR_SHARE = 0.2
SCALES = ("floor_share", "sigma", "amplitude")
PLACES = {
    "power_floor": ("level", "elasticity"),
    "broken_power_floor": ("level", "elasticity"),
    "late_start": ("level", "b"),
    "above_chance": ("ceiling_share", "k"),
}
SHAPES = {"broken_power_floor": ("bend", "break_at"), "late_start": ("start",)}
FROM_NORMAL: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "LogNormal": np.exp,
    "LogitNormal": special.expit,
    "Normal": np.asarray,
}


@dataclass(frozen=True, eq=False)
class Ladder:
    """The fitted runs of one ladder as arrays, and the model that is fitted to them."""

    spec: bs.Spec
    x: np.ndarray
    response: np.ndarray  # on the log
    values: np.ndarray  # of the discrepancy's covariance
    vectors: np.ndarray
    reference: float

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters other than place and slope, as they are drawn."""
        return (*SCALES, *SHAPES.get(self.spec.law.name, ()))

    def log_law(self, values: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """Log of the law, shape ``(draws, len(x))``, from parameters where priors are normal."""
        free, pinned = self.spec.free, self.spec.pinned
        stated = {
            name: FROM_NORMAL[free[name].dist](values[name])[:, None]
            if name in free
            else pinned[name]
            for name in self.spec.coordinates.parameters
        }
        if "floor_share" in free:
            stated["floor_share"] = np.clip(stated["floor_share"], 1e-9, 1 - 1e-9)
        return self.spec.law.curve(x[None, :], **stated)


@dataclass(frozen=True, eq=False)
class Weighed:
    """Weighed draws of a posterior: parameters where their priors are normal, and residuals."""

    values: dict[str, np.ndarray]
    weight: np.ndarray
    whitened: np.ndarray  # residuals along the discrepancy's modes, in standard deviations
    variance: np.ndarray  # along these modes

    @property
    def size(self) -> float:
        """Effective number of draws."""
        return float(1 / (self.weight**2).sum())


def read_ladder(spec: bs.Spec, runs: pd.DataFrame, reference: float | None = None) -> Ladder:
    """Turn runs into what is sampled."""
    spec, _ = take_numbers(spec, runs)
    design = make_design(spec, runs, reference)
    (term,) = spec.discrepancy
    values, vectors = np.linalg.eigh(design.covariance(term))
    return Ladder(
        spec,
        design.x[0],
        np.log(design.observed["y"]),
        np.maximum(values, 0.0),
        vectors,
        float(design.references["compute"][0]),
    )


def priors_of(spec: bs.Spec, widened: float = 1.0) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each prior where it is normal."""
    moments = {name: normal_moments(prior) for name, prior in spec.free.items()}
    kept = set(PLACES[spec.law.name][:1])  # what isn't learned of isn't widened
    return {
        name: (mu, sigma if name in kept else widened * sigma)
        for name, (mu, sigma) in moments.items()
    }


def sample(ladder: Ladder, priors: Moments, draws: int = DRAWS, seed: int = 0) -> Weighed:
    """Draw from the posterior, in two rounds."""
    rng = np.random.default_rng(seed)
    means, sds = np.array([priors[name] for name in ladder.names]).T
    size = len(means)
    first = _weigh(ladder, priors, means + sds * rng.standard_normal((draws // 4, size)), 0.0, rng)
    seen = np.stack([first.values[name] for name in ladder.names], axis=1)
    weight = np.minimum(first.weight, 0.2)
    weight = weight / weight.sum()
    centre = weight @ seen
    spread = 1.3 * (seen - centre).T @ ((seen - centre) * weight[:, None])
    root = np.linalg.cholesky(spread + np.diag((0.1 * sds) ** 2))
    tail = np.sqrt(SEARCH / rng.chisquare(SEARCH, draws))
    near = centre + (rng.standard_normal((draws, size)) * tail[:, None]) @ root.T
    far = means + sds * rng.standard_normal((draws, size))
    chosen = np.where((rng.random(draws) < PRIOR_SHARE)[:, None], far, near)
    prior = stats.norm.logpdf(chosen, means, sds).sum(axis=1)
    search = stats.multivariate_t(centre, root @ root.T, SEARCH).logpdf(chosen)
    mixed = np.logaddexp(np.log(PRIOR_SHARE) + prior, np.log(1 - PRIOR_SHARE) + search)
    return _weigh(ladder, priors, chosen, prior - mixed, rng)


def _weigh(
    ladder: Ladder,
    priors: Moments,
    scales: np.ndarray,
    log_weight: np.ndarray | float,
    rng: np.random.Generator,
) -> Weighed:
    """Draw place and slope given the scales, and weigh all."""
    others = dict(zip(ladder.names, scales.T, strict=True))
    sigma, amplitude = np.exp(others["sigma"]), np.exp(others["amplitude"])
    nu = ladder.spec.pinned["nu"]
    noise = (nu + 3) / (nu + 1) * sigma**2
    variance = amplitude[:, None] ** 2 * ladder.values + noise[:, None]
    names = PLACES[ladder.spec.law.name]
    centre, sd = np.array([priors[name] for name in names]).T

    def whitened(point: np.ndarray) -> np.ndarray:
        law = ladder.log_law(dict(zip(names, point.T, strict=True)) | others, ladder.x)
        gap = (ladder.response - law) @ ladder.vectors / np.sqrt(variance)
        return np.nan_to_num(gap, nan=1e6, posinf=1e6, neginf=-1e6)

    def objective(point: np.ndarray, gap: np.ndarray) -> np.ndarray:
        return 0.5 * (gap**2).sum(axis=1) + 0.5 * (((point - centre) / sd) ** 2).sum(axis=1)

    def slopes(point: np.ndarray, gap: np.ndarray) -> np.ndarray:
        nudged = [whitened(point + NUDGE * unit) for unit in np.eye(2)]
        return np.stack([(one - gap) / NUDGE for one in nudged], axis=2)

    point = np.tile(_start(ladder, centre), (len(scales), 1))
    gap, damping = whitened(point), np.full(len(scales), 1e-2)
    value = objective(point, gap)
    for _ in range(STEPS):
        rows = slopes(point, gap)
        precision = np.swapaxes(rows, 1, 2) @ rows + np.diag(1 / sd**2)
        pull = (np.swapaxes(rows, 1, 2) @ gap[:, :, None])[:, :, 0] + (point - centre) / sd**2
        damped = precision + damping[:, None, None] * precision * np.eye(2)
        step = -np.linalg.solve(damped, pull[:, :, None])[:, :, 0]
        tried = point + np.clip(step, [-2, -1], [2, 1])
        after = whitened(tried)
        better = objective(tried, after) <= value
        point, gap = np.where(better[:, None], tried, point), np.where(better[:, None], after, gap)
        value, damping = objective(point, gap), np.where(better, damping / 5, damping * 8)
    rows = slopes(point, gap)
    precision = np.swapaxes(rows, 1, 2) @ rows + np.diag(1 / sd**2)
    jitter = JITTER * np.einsum("dii->d", precision)[:, None, None]
    lower = np.linalg.cholesky(precision + jitter * np.eye(2))
    tail = WIDE * np.sqrt(DEGREES / rng.chisquare(DEGREES, len(scales)))
    standard = rng.standard_normal((len(scales), 2)) * tail[:, None]
    moved = np.linalg.solve(np.swapaxes(lower, 1, 2), standard[:, :, None])[:, :, 0]
    drawn = point + moved
    gap = whitened(drawn)
    stretched = ((standard / WIDE) ** 2).sum(axis=1)
    proposed = np.log(np.einsum("dii->di", lower)).sum(axis=1)
    proposed = proposed - (DEGREES + 2) / 2 * np.log1p(stretched / DEGREES)
    log = -objective(drawn, gap) - 0.5 * np.log(variance).sum(axis=1) - proposed + log_weight
    values = dict(zip(names, drawn.T, strict=True)) | others
    return Weighed(values, special.softmax(log), gap, variance)


def _start(ladder: Ladder, centre: np.ndarray) -> np.ndarray:
    if PLACES[ladder.spec.law.name][0] == "level":
        return np.array([ladder.response.mean(), centre[1]])
    share = np.exp(ladder.response.mean()) / (1 - ladder.spec.pinned["chance"])
    return np.array([special.logit(np.clip(share, 1e-4, 1 - 1e-4)), centre[1]])


def kept_draws(found: Weighed, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw places of draws, as often as their weights say."""
    return rng.choice(len(found.weight), count, p=found.weight)


def sampled_ladders(spec: bs.Spec, table: pd.DataFrame) -> Ladders:
    """Sample each ladder under wide priors, from where whoever forecasts it stands."""
    parameters = transferable(spec)
    draws, sources, names = [], [], []
    for ladder, runs in find_ladders(table).items():
        alone = read_ladder(spec, runs, standpoint(runs["compute"]))
        seed = zlib.crc32(ladder.encode())  # errors that ladders shared would move what is learned
        found = sample(alone, priors_of(alone.spec, WIDENING), seed=seed)
        rows = kept_draws(found, DRAWS_OF_LADDER, np.random.default_rng([seed, 1]))
        draws.append(np.stack([found.values[own][rows] for own in parameters], axis=1))
        names.append(ladder)
        sources.append(str(runs["source"].iloc[0]))
    converged = tuple([True] * len(names))
    return Ladders(spec, tuple(names), tuple(sources), parameters, np.stack(draws), converged)


def forecast(spec: bs.Spec, runs: pd.DataFrame, targets: pd.DataFrame) -> tuple[Predictive, float]:
    """Forecast new runs of a ladder; return the effective number of draws too."""
    ladder = read_ladder(spec, runs)
    seed = zlib.crc32(f"{runs['compute'].tolist()} {runs['loss'].tolist()}".encode())
    found = sample(ladder, priors_of(ladder.spec), seed=seed)
    if found.size < FEWEST:
        found = sample(ladder, priors_of(ladder.spec), MORE * DRAWS, seed)
    rng = np.random.default_rng([seed, 1])
    rows = kept_draws(found, KEPT, rng)
    values = {name: own[rows] for name, own in found.values.items()}
    (term,) = ladder.spec.discrepancy
    compute = targets["compute"].to_numpy(float)
    law = ladder.log_law(values, np.log(compute / ladder.reference))
    design = make_design(ladder.spec, runs)
    aims = along("compute", compute)
    across = design.covariance_between(term, aims, design.places) @ ladder.vectors
    size = np.exp(values["amplitude"])[:, None] ** 2
    scale = np.sqrt(found.variance[rows])
    mean = size * ((found.whitened[rows] / scale) @ across.T)
    there = design.covariance_between(term, aims, aims)
    left = size * np.diag(there) - size**2 * ((1 / scale**2) @ (across**2).T)
    expected = law + mean + np.sqrt(np.maximum(left, 0.0)) * rng.standard_normal(law.shape)
    sigma = np.exp(values["sigma"])[:, None]
    nu = ladder.spec.pinned["nu"]
    run = expected + sigma * rng.standard_t(nu, law.shape)
    top = top_of(ladder.spec)
    _, expected, run = drawn_below(top, (law, expected, run), rng)
    table = pd.DataFrame(
        {
            "family": "ladder",
            "compute": compute,
            "distance": np.log10(compute / runs["compute"].max()),
        }
    )
    made = Predictive(table, run, expected, sigma, np.array(nu), converged=True, top=top)
    return made, found.size
