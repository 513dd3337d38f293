"""The section on the data: the table that was fitted, and what a careful colleague would say."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from bayes_scaling.data import check_table
from bayes_scaling.decision.transfers import one_sided
from bayes_scaling.inference.fits import Fit
from bayes_scaling.reporting.tables import (
    SHOWN,
    Table,
    column,
    flop,
    four_digits,
    make_table,
    percent,
    three_digits,
)
from bayes_scaling.responses import ByResponse
from bayes_scaling.specification.spec import scale_column


@dataclass(frozen=True)
class Measurements:
    """What was measured.

    Attributes
    ----------
    runs : int
    table : Table
    remarks : tuple of str
        Of `bayes_scaling.check`.
    """

    runs: int
    table: Table
    remarks: tuple[str, ...]


def show_measurements(fit: Fit) -> Measurements:
    """Show what a fit has read."""
    return SHOWN_AS[fit.response.name](fit)


def _runs(fit: Fit) -> Measurements:
    """Show the largest runs."""
    if fit.spec.law.swept:
        return _swept(fit)
    response = fit.spec.response
    runs = fit.table if len(fit.families) > 1 else fit.table.drop(columns="family", errors="ignore")
    order = runs[list(fit.spec.columns)].prod(axis=1)
    largest = order.nlargest(SHOWN).index
    own = [name for name in fit.spec.columns if name not in {"compute", "params", "tokens"}]
    table = make_table(
        f"The {len(runs)} runs that were fitted"
        + (f"; the {SHOWN} largest are shown" if len(runs) > SHOWN else ""),
        runs.loc[order[largest].sort_values(kind="stable").index],
        column("Run", str, "run"),
        column("Family", str, "family"),
        *(column(name.capitalize(), str, name) for name in fit.design.labels),
        *(column(name.capitalize(), three_digits, name) for name in own),
        column("Compute, FLOP", flop, "compute"),
        column("Parameters", three_digits, "params"),
        column("Tokens", three_digits, "tokens"),
        column(response.capitalize(), four_digits, response),
        column("Standard error", three_digits, f"{response}_se"),
    )
    remarks = check_table(fit.table, scale_column(fit.spec))
    return Measurements(len(runs), table, tuple(map(str, remarks)))


def _swept(fit: Fit) -> Measurements:
    """Show the runs of a sweep, setting by setting."""
    runs, swept = fit.table, str(fit.spec.law.swept)
    names = [name for name in fit.spec.columns if name != swept]
    limit = runs["limit"].to_numpy(float)
    over = runs["diverged"].to_numpy(bool) | (runs["loss"].to_numpy(float) >= limit)
    shown = runs.assign(
        seen=[
            f"> {four_digits(most)}" if above else four_digits(loss)
            for above, most, loss in zip(over, limit, runs["loss"], strict=True)
        ]
    )
    ordered = shown.sort_values([*names, swept], kind="stable")
    table = make_table(
        f"The {len(runs)} runs of {runs.groupby(names).ngroups} settings that were fitted",
        ordered,
        column("Run", str, "run"),
        *(column(name.replace("_", " ").capitalize(), three_digits, name) for name in names),
        column(swept.replace("_", " ").capitalize(), three_digits, swept),
        column("Loss", str, "seen"),
    )
    remarks = [
        f"{over.sum()} of {len(runs)} runs diverged, or have more than twice the least loss of "
        "their setting: of those only that they lie above it was fitted."
    ]
    for end in ("lowest", "highest"):
        if found := [label for label, at in one_sided(fit) if at == end]:
            remarks.append(
                f"One-sided: the least loss is at the {end} {swept.replace('_', ' ')} of "
                f"{' x '.join(names)} {', '.join(found)}."
            )
    return Measurements(len(runs), table, tuple(remarks))


def _counts(fit: Fit) -> Measurements:
    """Show counts run by run: problems are too many to list."""
    passes = fit.table
    solved = passes.assign(
        share=passes["n_correct"] / passes["n_samples"], solved=passes["n_correct"] > 0
    )
    by_run = solved.groupby("run", sort=False).agg(
        compute=("compute", "first"),
        problems=("problem", "nunique"),
        samples=("n_samples", "median"),
        share=("share", "mean"),
        solved=("solved", "sum"),
    )
    ordered: pd.DataFrame = by_run.sort_values("compute", kind="stable").reset_index()
    table = make_table(
        f"The {len(ordered)} runs that were fitted",
        ordered,
        column("Run", str, "run"),
        column("Compute, FLOP", flop, "compute"),
        column("Problems", str, "problems"),
        column("Samples each (median)", four_digits, "samples"),
        column("Mean pass rate", percent, "share"),
        column("Solved at least once", str, "solved"),
    )
    remarks = check_table(passes, scale_column(fit.spec))
    return Measurements(len(ordered), table, tuple(map(str, remarks)))


def _scores(fit: Fit) -> Measurements:
    """Show the largest runs of all tasks."""
    table = fit.table.assign(score=fit.table["n_correct"] / fit.table["n_items"])
    order = table[list(fit.spec.columns)].prod(axis=1)
    largest = order.nlargest(SHOWN).index
    shown = make_table(
        f"The {len(table)} scores that were fitted"
        + (f"; those of the {SHOWN} largest runs are shown" if len(table) > SHOWN else ""),
        table.loc[order[largest].sort_values(kind="stable").index],
        column("Run", str, "run"),
        column("Task", str, "family"),
        *(column(name.capitalize(), str, name) for name in fit.design.labels),
        column("Compute, FLOP", flop, "compute"),
        column("Parameters", three_digits, "params"),
        column("Score", percent, "score"),
        column("Items", str, "n_items"),
        column("Chance", percent, "chance"),
    )
    remarks = check_table(fit.table, scale_column(fit.spec))
    return Measurements(len(table), shown, tuple(map(str, remarks)))


SHOWN_AS: ByResponse[Callable[..., Measurements]] = {
    "loss": _runs,
    "passes": _counts,
    "score": _scores,
}
