"""How far counts lie from what the law makes of their problem."""

from dataclasses import replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import xlogy

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.inference.fits import Fit, demand_fit
from bayes_scaling.inference.passes.design import PROBLEM, unit_column
from bayes_scaling.inference.passes.predictive import discrepancies_at, hazard, law_at
from bayes_scaling.plotting.marks import tidy, warn_unconverged
from bayes_scaling.plotting.style import BLUE, DASHES, FAINT, VERMILLION, Look, Style
from bayes_scaling.scales import axis_label

FIGURE_SIZE = (5.5, 3.4)
CHANCE = 3.0  # deviance residual
APART = 0.6  # of the gap between two runs


def plot_residuals(fit: Fit, ax: Axes | None = None) -> Axes:
    """Plot the deviance residual of every count, a column of dots a run.

    Dots stand beside each other by bucket, the easiest left. Between the dashed lines, at 3 either
    way, lies what chance explains; the red dots beyond are counts that leave their problem's own
    law.

    Parameters
    ----------
    fit : Fit
        Of counts, by a model that has a law for each problem.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    BayesScalingError
        If it isn't such a fit.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> ladder = pd.DataFrame({"compute": [1e20, 4e20, 2e21, 8e21]})
    >>> counts = bs.simulate("pass_rate", ladder, random_seed=1, problems=24, n_samples=50)
    >>> bs.plot_residuals(bs.fit("pass_rate", counts, random_seed=1)).get_ylabel()
    'Deviance residual'
    """
    residuals = residuals_of(fit)
    if ax is None:
        ax = plt.subplots(figsize=FIGURE_SIZE, layout="constrained")[1]
    style, design = Style.of(ax), fit.design
    order = np.argsort(design.units.bucket, kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.linspace(-0.5, 0.5, len(order)) if len(order) > 1 else 0.0
    for level in (-CHANCE, CHANCE):
        ax.axhline(level, color=FAINT, lw=0.6 * style.line, ls=DASHES, zorder=1)
    ax.axhline(0, color=FAINT, lw=0.6 * style.line, zorder=1)
    runs = np.argsort(design.scale, kind="stable")
    for place, run in enumerate(runs):
        own, tried = residuals[:, run], design.observed["n_samples"][:, run] > 0
        beyond = np.abs(own) > CHANCE
        for some, colour in ((tried & ~beyond, BLUE), (tried & beyond, VERMILLION)):
            dot: Look = style.dot | {"ms": style.text / 3, "color": colour, "alpha": 0.75}
            ax.plot(place + APART * rank[some], own[some], zorder=2, **dot)
    ax.set_xticks(range(len(runs)), [f"{design.scale[run]:.2g}" for run in runs])
    along = axis_label(fit.spec.columns)
    ax.set_xlabel(f"Run, by its {along[:1].lower()}{along[1:]}", fontsize=style.text)
    ax.set_ylabel("Deviance residual", fontsize=style.text)
    tidy(ax, style)
    if not fit.diagnosis.converged:
        warn_unconverged(ax, style)
    return ax


def residuals_of(fit: Fit) -> np.ndarray[Any, Any]:
    """Return the deviance residual of every count, shape ``(units, runs)``; 0 where none is."""
    if not len(demand_fit(fit).design.units) or unit_column(fit.spec) != PROBLEM:
        raise BayesScalingError(
            f"fit: {fit.spec.name} has no law for each problem; plot_residuals draws a fit that "
            "has, such as one of pass_rate."
        )
    n, c = _counts(fit)
    medians = _medians(fit)
    p, q = np.exp(-medians), -np.expm1(-medians)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = xlogy(c, c / (n * p)), xlogy(n - c, (n - c) / (n * q))
    deviance = 2 * sum(np.nan_to_num(part, posinf=np.inf) for part in parts)  # 0 log 0 is 0
    size = np.sqrt(np.where(n > 0, np.maximum(deviance, 0.0), 0.0))
    return np.asarray(size * np.sign(c - n * p))


def _counts(fit: Fit) -> tuple[Any, Any]:
    return fit.design.observed["n_samples"], fit.design.observed["n_correct"]


def worst_residuals(fit: Fit) -> pd.DataFrame:
    r"""Tabulate counts by how far they lie from what the law makes of their problem.

    The deviance residual, with p the posterior median by the problem's own law and the
    discrepancies that all problems share, is
    :math:`\pm\sqrt{2 (c \log(c / n p) + (n - c) \log((n - c) / n (1 - p)))}`.
    Beyond 3 either way it isn't chance.

    Returns
    -------
    DataFrame
        A row a problem, at the run where it is worst, the worst first. Columns ``problem, bucket,
        run, n_correct, n_samples, expected, residual``.
    """
    design, (n, c), residuals = fit.design, _counts(fit), residuals_of(fit)
    at, rows = np.abs(residuals).argmax(axis=1), np.arange(len(design.units))
    expected = n * np.exp(-_medians(fit))
    table = pd.DataFrame(
        {
            "problem": design.units.names,
            "bucket": [design.units.buckets[own] for own in design.units.bucket],
            "run": [design.runs[place] for place in at],
            "n_correct": c[rows, at],
            "n_samples": n[rows, at],
            "expected": expected[rows, at],
            "residual": residuals[rows, at],
        }
    )
    return table.sort_values("residual", key=np.abs, ascending=False, kind="stable")


def _medians(fit: Fit) -> np.ndarray[Any, Any]:
    """Median of -log p by law and shared discrepancies at the runs, shape ``(units, runs)``."""
    values = {
        str(name): np.asarray(array).reshape(-1, *array.shape[2:])
        for name, array in fit.posterior["posterior"].data_vars.items()
    }
    terms = tuple(term for term in fit.spec.discrepancy if term.over != PROBLEM)
    shared, rng = replace(fit.spec, discrepancy=terms), np.random.default_rng(fit.random_seed)
    found = []
    for run in range(len(fit.design.runs)):
        places = fit.design.places.at([run])
        lines = law_at(shared, fit.design, values, places)
        lines = lines + discrepancies_at(shared, fit.design, values, places, rng)
        found.append(np.median(hazard(shared, lines[:, 0]), axis=0))
    return np.stack(found, axis=1)
