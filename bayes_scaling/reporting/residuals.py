"""Trust in a fit of pass rates: its buckets, and the problems that fit worst."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import xlogy

from bayes_scaling.forecasting import Forecast
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import PROBLEM, unit_column
from bayes_scaling.inference.passes.predictive import discrepancies_at, hazard, law_at
from bayes_scaling.plotting.pass_rates import make_panels, plot_pass_rate
from bayes_scaling.plotting.problems import MOST, plot_problems
from bayes_scaling.reporting.passes import COUNTS, INTERVALS, inside_the_ladder
from bayes_scaling.reporting.pictures import draw_picture
from bayes_scaling.reporting.tables import (
    column,
    fixed,
    flop,
    make_table,
    percent,
    span,
    three_digits,
)
from bayes_scaling.reporting.trust import Section

WORST = 10
CHANCE = 3.0  # deviance residual


def examine_counts(fit: Fit, forecast: Forecast | None) -> Iterator[Section]:
    """Show each bucket against its counts, and the problems that leave their law."""
    shown = forecast or inside_the_ladder(fit)
    if shown is not None and len(fit.design.units.buckets) > 1:
        yield _buckets(shown)
    if unit_column(fit.spec) == PROBLEM:
        yield _problems(fit)


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
    design = fit.design
    n, c = design.observed["n_samples"], design.observed["n_correct"]
    medians = _medians(fit)
    p, q = np.exp(-medians), -np.expm1(-medians)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = xlogy(c, c / (n * p)), xlogy(n - c, (n - c) / (n * q))
    deviance = 2 * sum(np.nan_to_num(part, posinf=np.inf) for part in parts)  # 0 log 0 is 0
    size = np.sqrt(np.where(n > 0, np.maximum(deviance, 0.0), 0.0))
    at, rows = size.argmax(axis=1), np.arange(len(design.units))
    table = pd.DataFrame(
        {
            "problem": design.units.names,
            "bucket": [design.units.buckets[own] for own in design.units.bucket],
            "run": [design.runs[place] for place in at],
            "n_correct": c[rows, at],
            "n_samples": n[rows, at],
            "expected": (n * p)[rows, at],
            "residual": (size * np.sign(c - n * p))[rows, at],
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


def _buckets(shown: Forecast) -> Section:
    summary = shown.summary(by="bucket")
    rates = summary[summary["quantity"] == "pass_rate"]
    count = rates["group"].nunique()
    which = "" if shown.chosen.all() else " that every fitted run solved"

    def plot(figure: Figure) -> None:
        plot_pass_rate(shown, axes=make_panels(figure, shown))

    return Section(
        "Bucket by bucket",
        "A straight line is a power law of one problem; a mean of several bends.",
        (
            draw_picture(
                "buckets",
                f"Mean of -log p against training compute in {count} panels, one a bucket: counts "
                "of the fitted runs, the median and its intervals; the table has the pass rates.",
                f"Mean of −log p over the problems of each bucket{which}. {INTERVALS} {COUNTS}",
                plot,
            ),
        ),
        (
            make_table(
                "Mean pass rate of each bucket (kind run)",
                rates,
                column("Bucket", str, "group"),
                column("Target, FLOP", flop, "compute"),
                column("Median", percent, "median"),
                column("50 % interval", span(percent), "q25", "q75"),
                column("90 % interval", span(percent), "q05", "q95"),
            ),
        ),
    )


def _problems(fit: Fit) -> Section:
    table = worst_residuals(fit)
    bucket = str(table["bucket"].iloc[0])
    most = f" At most {MOST} are drawn beside those." if len(table) > MOST else ""
    beyond = int((table["residual"].abs() > CHANCE).sum())
    return Section(
        "Problems that fit worst",
        f"Of {len(table)} problems, {beyond} {'has' if beyond == 1 else 'have'} a count that "
        f"leaves the problem's own law by more than chance: by a deviance residual above "
        f"{CHANCE:g}. How widely problems do so is what the model's discrepancy of a problem is "
        "for.",
        (
            draw_picture(
                "problems",
                f"-log p of problems of bucket {bucket} against training compute, with those "
                "named that leave their law farthest.",
                f"Problems of bucket {bucket}, which holds the worst. Lines are posterior medians "
                "of each problem's law, bent by what all problems share; dots are what the counts "
                f"say by themselves, with 90 % intervals.{most}",
                lambda figure: plot_problems(fit, bucket, ax=figure.subplots()),
            ),
        ),
        (
            make_table(
                "The worst count of each problem, the worst problems first",
                table.head(WORST),
                column("Problem", str, "problem"),
                column("Bucket", str, "bucket"),
                column("Run", str, "run"),
                column("Passed", fixed(0), "n_correct"),
                column("Samples", fixed(0), "n_samples"),
                column("Law expects", three_digits, "expected"),
                column("Residual", fixed(1), "residual"),
            ),
        ),
    )
