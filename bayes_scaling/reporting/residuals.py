"""Trust in a fit of pass rates: its buckets, and the problems that fit worst."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from bayes_scaling.forecasting import Forecast
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import PROBLEM, unit_column
from bayes_scaling.plotting.pass_rates import make_panels, plot_pass_rate
from bayes_scaling.plotting.problems import MOST, plot_problems
from bayes_scaling.plotting.residuals import CHANCE, worst_residuals
from bayes_scaling.reporting.parts import Section
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

WORST = 10


def examine_counts(fit: Fit, forecast: Forecast | None) -> Iterator[Section]:
    """Show each bucket against its counts, and the problems that leave their law."""
    shown = forecast or inside_the_ladder(fit)
    if shown is not None and len(fit.design.units.buckets) > 1:
        yield _buckets(shown)
    if unit_column(fit.spec) == PROBLEM:
        yield _problems(fit)


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
                "Mean pass rate of each bucket, of one new run",
                rates,
                column("Bucket", str, "group"),
                column("Target, FLOP", flop, "compute"),
                column("Median", percent, "median"),
                column("90 % interval", span(percent), "q05", "q95"),
                column("50 % interval", span(percent), "q25", "q75"),
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
