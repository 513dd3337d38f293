"""Whether a model was made for what the losses are, and how its law fared on published ladders."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from bayes_scaling.data import Remark, check_table
from bayes_scaling.data.checking import ladders_of
from bayes_scaling.data.grid_remarks import remark_on_grid
from bayes_scaling.data.loss_checks import metrics_of
from bayes_scaling.data.sweep_remarks import remark_on_sweep
from bayes_scaling.data.sweeps import read_sweep
from bayes_scaling.data.tables import check_runs
from bayes_scaling.inference.design import Design
from bayes_scaling.metrics import METRICS
from bayes_scaling.scales import scale_of
from bayes_scaling.specification.shelf import load_model, recommend_model
from bayes_scaling.specification.spec import Spec, scale_column

NO_BETTER = {  # benchmarks/cross_entropy.py, with the same priors for what both laws have
    "broken_power_floor": (
        "on published cross-entropies, 514 forecasts of 18 sources, neither a law with a break nor "
        "its stack with {simpler} forecast better than {simpler}, which is simpler."
    )
}


def remark_on_scale(stated: Spec, spec: Spec) -> Iterator[str]:
    """Say that priors which were made for one scale serve another."""
    if stated.columns != spec.columns:
        was, now = scale_of(stated.columns), scale_of(spec.columns)
        yield (
            f"The priors of {spec.name} were made for {was.words}, and serve {now.words} here. "
            f'Exponents and floors may differ: write along = "{spec.columns[0]}" and priors of '
            "your own into a copy of the model."
        )


def check(
    data: pd.DataFrame, model: str | Path | Spec = "loss", *, along: str | None = None
) -> tuple[Remark, ...]:
    """Say what a careful colleague would say before fitting.

    Each family is a ladder of its own, and so is each benchmark of pass counts. A remark is no
    error: the fit goes ahead, but for those that have ``refuses``, whose forecast would mean
    nothing.

    Parameters
    ----------
    data : DataFrame
        A table of runs, as `check_runs` takes it, or of pass counts, as `check_passes` does.
    model : str, Path or Spec
        What it is to be fitted with. Where losses are said to be another metric than its priors
        were made for, the model on the shelf that is made for them is named.
    along : str, optional
        The column that runs are ordered along instead of compute, as for `fit`; by default the
        model's.

    Returns
    -------
    tuple of Remark
        By ladder, then by topic. First the checks on quantities, which docs/checks.md lists. Of
        runs then: 'few scales', 'short span', 'gap', 'collinear', 'one axis', 'pseudo-replicates',
        'configurations', 'mixed compute', 'mixed loss units', 'unfinished', 'rises' (where 'rising'
        isn't said). Of pass counts the same up to 'mixed compute', without
        'configurations', then 'unbalanced', 'few samples',
        'same counts' (buckets that were formed on the counts that are fitted), 'never solved',
        'always solved', 'falls'. Last 'metric' and 'law', of all ladders. Of a sweep 'one-sided'.

    Raises
    ------
    DataError
        If the table is not fit for use (see `check_runs` and `check_passes`).
    SpecError
        If the model can't be read.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"compute": [1e18, 3e18], "loss": [0.6, 0.7], "metric": "error_rate"})
    >>> for remark in check(table):
    ...     print(remark.topic)
    few scales
    short span
    rises
    metric
    """
    spec = load_model(model)
    spec = spec if along is None else spec.along(along)
    if spec.law.swept is not None:
        sweep = read_sweep(data, spec.columns)
        return tuple(remark_on_sweep(sweep, spec.columns, spec.law.swept))
    found = unanswered(spec, check_table(data, scale_column(spec), by=spec.groups))
    topics = {remark.topic for remark in found}
    more = (remark for remark in remark_on_design(spec, data) if remark.topic not in topics)
    return (*found, *more, *remark_on_metric(spec, data), *remark_on_law(spec))


def remark_on_design(spec: Spec, table: pd.DataFrame) -> Iterator[Remark]:
    """Remark on runs that tell a law of parameters and tokens too little of either."""
    if {"params", "tokens"} <= set(spec.columns) & set(table.columns):
        for name, ladder in ladders_of(check_runs(table), spec.groups):
            yield from remark_on_grid(name, ladder)


def compared_notes(design: Design) -> Iterator[str]:
    """Say what groups of runs, such as recipes, are compared with."""
    for column, (first, *others) in design.labels.items():
        yield f"{column}: {', '.join(others)} compared with {first}, the {column} of the first row."


def unanswered(spec: Spec, remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Leave out the question whether losses are error rates, where a model is made for these."""
    answered = {"rate"} if spec.metric == "error_rate" else set()
    return tuple(remark for remark in remarks if remark.topic not in answered)


def remark_on_metric(spec: Spec, runs: pd.DataFrame) -> Iterator[Remark]:
    """Remark on losses that are said to be another metric than a model's priors were made for."""
    for metric in metrics_of(runs) if spec.metric is not None and "loss" in runs else ():
        if metric == spec.metric:
            continue
        made = recommend_model(metric, knows_chance="chance" in runs)
        yield Remark(
            "metric",
            f"the losses are {METRICS[metric]}, and {spec.name}'s priors are those of "
            f"{METRICS[str(spec.metric)]}" + (f"; {made} is made for them." if made else "."),
        )


def remark_on_law(spec: Spec) -> Iterator[Remark]:
    """Remark on a law of cross-entropies that forecast published ladders no better than another."""
    simpler = recommend_model("cross_entropy")
    if spec.metric == "cross_entropy" and spec.law.name in NO_BETTER:
        yield Remark("law", NO_BETTER[spec.law.name].format(simpler=simpler))
