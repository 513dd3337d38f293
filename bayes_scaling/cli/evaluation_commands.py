"""The commands that judge models: compare, backtest."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from bayes_scaling.cli.commands import NOT_CONVERGED
from bayes_scaling.cli.options import (
    Allow,
    Buckets,
    Columns,
    Compute,
    Draws,
    Hardest,
    Json,
    Keep,
    Ladder,
    Read,
    RunCompute,
    Seed,
    Steps,
)
from bayes_scaling.cli.questions import Reading
from bayes_scaling.errors import BayesScalingError

Cutoffs = Annotated[
    list[str] | None,
    typer.Option(
        "--cutoff",
        metavar="COMPUTE",
        help="Fit the runs up to here and forecast those above. Repeatable; a few by default.",
    ),
]
Horizon = Annotated[
    float | None,
    typer.Option(help="Forecast only runs at most so many decades beyond the last fitted one."),
]
Jobs = Annotated[int, typer.Option(help="Worker processes.")]


def compare(
    ladder: Ladder,
    *,
    model: Annotated[
        list[str],
        typer.Option(help="Name on the shelf, or path of a TOML file; two or more."),
    ],
    unit: Annotated[
        str | None,
        typer.Option(help="What is left out: run (for losses by default), family, problem."),
    ] = None,
    cutoff: Cutoffs = None,
    horizon: Horizon = None,
    jobs: Jobs = 1,
    draws: Draws = None,
    seed: Seed = 1,
    columns: Columns = None,
    compute: Compute = None,
    run_compute: RunCompute = None,
    read: Read = None,
    steps: Steps = None,
    keep: Keep = None,
    buckets: Buckets = None,
    hardest: Hardest = None,
    allow: Allow = None,
    json: Json = False,
) -> None:
    """Compare models on one table of runs or counts: how they interpolate, and extrapolate."""
    if len(set(model)) < 2:
        raise BayesScalingError("--model: give two or more different ones, as --model A --model B.")
    from bayes_scaling.cli.running import fit_table, read_table
    from bayes_scaling.cli.words import note
    from bayes_scaling.cli.writing import print_json, table_text
    from bayes_scaling.evaluation.comparison import compare as compare_fits
    from bayes_scaling.evaluation.verdicts import DIRECTIONS, judge

    _demand_comparable(model, unit, cutoff, horizon, jobs)
    reading = Reading(columns, compute, read, run_compute, steps, keep, buckets, hardest)
    data = read_table(ladder, model[0], reading, seed=seed)
    settings: Any = {"seed": seed, "draws": draws, "allow": allow}
    fits: Any = {name: fit_table(data, name, **settings) for name in model}
    options = None if draws is None else {"draws": draws}
    table = compare_fits(
        fits, unit, cutoffs=cutoff, horizon=horizon, jobs=jobs, fit_options=options
    )
    if json:
        print_json(table.reset_index().to_dict("records"))
        note(judge(table))
    else:
        shown = short(table).T
        better = [DIRECTIONS.get(str(name), "") for name in shown.index]
        typer.echo(table_text(shown.assign(better=better).reset_index(names="")))
        typer.echo(f"\n{judge(table)}")
    if not table["converged"].all():
        raise typer.Exit(NOT_CONVERGED)


def _demand_comparable(
    model: list[str], unit: str | None, cutoff: list[str] | None, horizon: float | None, jobs: int
) -> None:
    """Refuse before the first fit what would be refused after the last."""
    from bayes_scaling.evaluation.comparison import demand_unit
    from bayes_scaling.evaluation.splitting import check_cutoffs, check_horizon
    from bayes_scaling.evaluation.workers import demand_jobs
    from bayes_scaling.responses import RESPONSES
    from bayes_scaling.specification.shelf import load_model

    specs = [load_model(name) for name in model]
    first = RESPONSES[specs[0].response]
    for spec in specs:
        if not first.has_model(spec):
            raise BayesScalingError(
                f"--model: {specs[0].name} is a model of {specs[0].response} and {spec.name} one "
                f"of {spec.response}; compare models of the same."
            )
        demand_unit(unit, spec)
    check_cutoffs(cutoff)
    check_horizon(horizon)
    demand_jobs(jobs)


def backtest(
    ladder: Ladder,
    *,
    model: Annotated[
        str | None, typer.Option(help="Name on the shelf, or path; by default loss.")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(help="Judge this of losses instead: huber_bootstrap, last_value, power_law."),
    ] = None,
    cutoff: Cutoffs = None,
    horizon: Horizon = None,
    by: Annotated[
        str | None, typer.Option(help="Average by distance, family, source or ladder.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Append what is done to this file, and resume from it.")
    ] = None,
    jobs: Jobs = 1,
    draws: Draws = None,
    seed: Seed = 1,
    columns: Columns = None,
    compute: Compute = None,
    run_compute: RunCompute = None,
    read: Read = None,
    steps: Steps = None,
    keep: Keep = None,
    allow: Allow = None,
    json: Json = False,
) -> None:
    """Fit the small runs of every ladder, forecast its larger ones, and score the forecasts."""
    from bayes_scaling.cli.running import demand_meaning, progress_bar, read_ladder, read_table
    from bayes_scaling.cli.words import note
    from bayes_scaling.cli.writing import print_json, table_text
    from bayes_scaling.data import check_quantities
    from bayes_scaling.evaluation.backtesting import backtest as judge
    from bayes_scaling.inference.suitability import remark_on_metric
    from bayes_scaling.specification.shelf import load_model

    if model is not None and baseline is not None:
        raise BayesScalingError("--baseline: it takes the place of a model; leave --model out.")
    reading = Reading(columns, compute, read, run_compute, steps, keep)
    runs = read_ladder(ladder, reading) if baseline else read_table(ladder, model, reading)
    suits = () if baseline else remark_on_metric(load_model(model or "loss"), runs)
    demand_meaning([*check_quantities(runs), *suits], allow)
    with progress_bar("fitting the first ladder", "forecasting") as progress:
        result = judge(
            None if baseline else model or "loss",
            runs,
            cutoffs=cutoff,
            horizon=horizon,
            random_seed=seed,
            baseline=baseline,
            jobs=jobs,
            save=save,
            progress=progress,
            fit_options=None if draws is None else {"draws": draws},
        )
    for skip in result.skipped.to_dict("records"):
        at = "" if math.isnan(skip["cutoff"]) else f" at {skip['cutoff']:.3g} FLOP"
        note(f"skipped {skip['ladder']}{at}: {skip['why']}.")
    table = result.summary(by)
    if json:
        rows = {"model": result.model, "summary": table.reset_index().to_dict("records")}
        print_json(rows | {"forecasts": result.forecasts.to_dict("records")})
    else:
        shown = short(table).rename_axis(by or "over").reset_index()
        said = f"{result.model}, {SCORED[result.response]}; smaller scores are better"
        typer.echo(f"{said}\n\n{table_text(shown)}")
    if table["not_converged"].any():
        raise typer.Exit(NOT_CONVERGED)


SCORED = {"loss": "log loss", "passes": "share of right samples"}


def short(table: Any) -> Any:
    """Numbers in four digits, as texts."""
    return table.map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))
