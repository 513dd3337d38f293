"""Counts of published ladders, and the scores of forecasts of counts.

What the benchmarks of pass rates share.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import gammaln, logsumexp, xlogy

import bayes_scaling as bs
from bayes_scaling.inference.diagnosis import diagnose
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.sampling import sample_passes
from bayes_scaling.specification.spec import Spec

Array = np.ndarray[Any, Any]
COLUMNS = ["run", "compute", "problem", "n_samples", "n_correct"]
SEED, ACCEPT = 1, 0.9
LEVELS = (0.05, 0.5, 0.95)


def read_counts(path: Path) -> pd.DataFrame:
    """Read a table of counts of a published family, with the columns of `read_passes` first."""
    table = pd.read_csv(path).rename(
        columns={"model": "run", "flops": "compute", "problem_id": "problem"}
    )
    table["problem"] = table["problem"].astype(str)
    return table[[*COLUMNS, *table.columns.difference(COLUMNS)]]


def fit_once(spec: Spec, bucketed: pd.DataFrame, *, draws: int, tune: int, chains: int = 4) -> Fit:
    """Fit without the second, careful try: many fits need the scores, not every last digit."""
    design = make_pass_design(spec, bucketed)
    settings: dict[str, Any] = {"random_seed": SEED, "draws": draws, "tune": tune, "chains": chains}
    found = sample_passes(spec, design, **settings, target_accept=ACCEPT)
    verdict = diagnose(
        found.reported,
        found.sample_stats,
        gradient_evaluations=found.gradient_evaluations,
        target_accept=ACCEPT,
    )
    tree = xr.DataTree.from_dict({"posterior": found.posterior})
    return Fit(spec, bucketed, tree, verdict, design, SEED, {})


def hazards_at(fit: Fit, targets: pd.DataFrame) -> Array:
    """Draws of -log p at the runs of a table, shape ``(draws, runs, problems)``."""
    computes = targets.groupby("run")["compute"].first().sort_values()
    drawn = bs.predict(fit, compute=list(computes)).draws["run"].values
    return np.asarray(drawn.reshape(-1, *drawn.shape[2:]))


def grid(fit: Fit, targets: pd.DataFrame, column: str) -> Array:
    """Arrange a column as an array, runs by increasing compute and problems as in the fit."""
    order = targets.groupby("run")["compute"].first().sort_values().index
    wide = targets.pivot_table(index="run", columns="problem", values=column)
    return np.asarray(wide.loc[order, list(fit.design.units.names)])


def crps(draws: Array, truth: Array) -> Array:
    """Continuous ranked probability score of draws along the first axis."""
    ordered = np.sort(draws, axis=0)
    count = len(ordered)
    rank = (2 * np.arange(1, count + 1) - count - 1).reshape(-1, *[1] * truth.ndim)
    spread = (rank * ordered).sum(axis=0) / count**2
    return np.asarray(np.abs(draws - truth).mean(axis=0) - spread)


def log_score(hazards: Array, n: Array, c: Array) -> Array:
    """Log predictive probability of each count, the binomial's mean over the draws."""
    constant = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1)
    with np.errstate(divide="ignore"):
        terms = -c * hazards + xlogy(n - c, -np.expm1(-hazards))
    return np.asarray(constant + logsumexp(terms, axis=0) - np.log(len(hazards)))


def score_run(hazards: Array, n: Array, c: Array, rng: np.random.Generator) -> dict[str, float]:
    """Score the forecast of one run: of its counts problem by problem, and of its mean pass rate.

    Parameters
    ----------
    hazards : ndarray, shape (draws, problems)
        -log p of each problem.
    n, c : ndarray, shape (problems,)
        Samples and successes.

    Returns
    -------
    dict
        ``coverage``: share of problems whose count lies within the 5 % and 95 % quantiles of the
        predictive counts, both included; ``coverage_pit``: the same by randomised probability
        integral transforms, so that a point mass doesn't help; ``expected_coverage`` and its
        interval: what the first is if the model is right, since problems share the luck of a run;
        ``crps``: mean, of c/n; ``log``: mean log score of a count; of the mean of c/n over problems
        the median, the interval, its ratio, the truth, whether it is inside, the transform and the
        CRPS; of the problems solved at least once the truth, the median and the interval.
    """
    counts = rng.binomial(n.astype(int), np.exp(-hazards))
    low, high = np.quantile(counts, [LEVELS[0], LEVELS[2]], axis=0)
    below, at = (counts < c).mean(axis=0), (counts == c).mean(axis=0)
    pit = below + rng.uniform(size=len(c)) * at
    shares = ((counts >= low) & (counts <= high)).mean(axis=1)
    expected = np.quantile(shares, LEVELS)
    rates, rate = (counts / n).mean(axis=1), float((c / n).mean())
    quantiles = np.quantile(rates, LEVELS)
    solved = np.quantile((counts > 0).sum(axis=1), LEVELS)
    return {
        "coverage": float(((c >= low) & (c <= high)).mean()),
        "coverage_pit": float(((pit >= LEVELS[0]) & (pit <= LEVELS[2])).mean()),
        "expected_coverage": float(shares.mean()),
        "expected_q05": expected[0],
        "expected_q95": expected[2],
        "crps_x1000": 1000 * float(crps(counts / n, c / n).mean()),
        "log": float(log_score(hazards, n, c).mean()),
        "mean_p": rate,
        "q05": quantiles[0],
        "median": quantiles[1],
        "q95": quantiles[2],
        "ratio": quantiles[2] / quantiles[0] if quantiles[0] > 0 else np.inf,
        "inside": float(quantiles[0] <= rate <= quantiles[2]),
        "pit": float((rates < rate).mean()),
        "crps_mean_x1000": 1000 * float(crps(rates, np.asarray(rate))),
        "solved": float((c > 0).sum()),
        "solved_q05": solved[0],
        "solved_median": solved[1],
        "solved_q95": solved[2],
    }
