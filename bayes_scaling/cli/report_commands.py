"""The command that writes a report."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bayes_scaling.cli.commands import NOT_CONVERGED
from bayes_scaling.cli.options import (
    Allow,
    Along,
    AnySeed,
    Buckets,
    Columns,
    Compute,
    Draws,
    Far,
    Hardest,
    Json,
    Keep,
    LadderOrFit,
    Model,
    Read,
    RunCompute,
    Steps,
)
from bayes_scaling.cli.questions import Reading
from bayes_scaling.cli.words import saved_fit


def report(
    ladder_or_fit: LadderOrFit,
    *,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMPUTE",
            help="Compute of a target: FLOP, or text such as '40 PF-days'; or an amount of the "
            "column of --along. Repeatable; without it the fit alone is described.",
        ),
    ] = None,
    family: Annotated[
        list[str] | None,
        typer.Option(help="Family of the targets, or of each in turn, if the fit has several."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write it.")] = Path("report.html"),
    ledger: Annotated[
        Path | None, typer.Option(help="The ledger that this forecast is sealed in.")
    ] = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    along: Along = None,
    compute: Compute = None,
    run_compute: RunCompute = None,
    read: Read = None,
    steps: Steps = None,
    keep: Keep = None,
    buckets: Buckets = None,
    hardest: Hardest = None,
    allow: Allow = None,
    far: Far = False,
    json: Json = False,
) -> None:
    """Write a forecast, with what it rests on, as one HTML file."""
    from bayes_scaling.cli.outputs import demand_report_path, keeping
    from bayes_scaling.cli.running import column_of, demand_targets, find_fit, fit_table, read_table
    from bayes_scaling.cli.writing import print_json

    demand_targets(at or [], "run", None, column_of(ladder_or_fit, model, along))
    demand_report_path("--out", out)
    if ledger is not None:
        from bayes_scaling.registry import read_ledger

        read_ledger(ledger)
    reading = Reading(columns, compute, read, run_compute, steps, keep, buckets, hardest, along)
    if at or saved_fit(ladder_or_fit) is not None:
        settings: dict[str, Any] = {"family": family, "seed": seed, "draws": draws, "far": far}
        settings |= {"reading": reading, "at": at or (), "allow": allow}
        fitted = find_fit(ladder_or_fit, model, **settings)
    else:  # nothing is forecast, so nothing has to be forecastable
        chosen = 1 if seed is None else seed
        table = read_table(ladder_or_fit, model, reading, seed=chosen)
        fitted = fit_table(table, model, seed=chosen, draws=draws, allow=allow, along=along)
    from bayes_scaling.reporting import report as write

    with keeping(fitted, ladder_or_fit):
        forecast = _forecast(fitted, at, family, seed, far=far)
        path = write(fitted, forecast, registered=ledger, path=out)
    if json:
        print_json({"report": path, "converged": fitted.diagnosis.converged})
    else:
        typer.echo(f"The report is in {path}.")
    if not fitted.diagnosis.converged:
        raise typer.Exit(NOT_CONVERGED)


def _forecast(fitted: Any, at: Any, family: Any, seed: int | None, *, far: bool) -> Any:
    if not at:
        return None
    from bayes_scaling.cli.questions import Question, Targets
    from bayes_scaling.cli.running import predict_at

    return predict_at(fitted, Targets(at), family, Question(), seed=seed, far=far)
