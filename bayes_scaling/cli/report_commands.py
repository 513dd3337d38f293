"""The command that writes a report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayes_scaling.cli.commands import NOT_CONVERGED
from bayes_scaling.cli.decide_commands import fit_sweep, is_swept, read_run
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
from bayes_scaling.cli.questions import Reading, refuse
from bayes_scaling.cli.words import saved_fit
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.inference.fits import Fit

DRIFT = "optimum_drift"


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
    setting: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN=AMOUNT[,...]",
            help="Of a sweep of the learning rate: where the best rate is wanted, such as "
            "width=8192; by default at twice the largest setting.",
        ),
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

    asked = None if setting is None else read_run("--setting", setting)
    if asked is not None or is_swept(ladder_or_fit, model):
        refuse(
            {"--at": at, "--family": family, "--ledger": ledger, "--along": along, "--read": read},
            "a sweep has no forecast; --setting says where the best rate is wanted",
        )
        own: Any = {"draws": draws, "seed": seed, "columns": columns}
        _report_sweep(ladder_or_fit, model, asked, out, own, as_json=json)
        return
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
    _say(path, fitted, as_json=json)


def _say(path: Path, fitted: "Fit", *, as_json: bool) -> None:
    """Say where the report is; exit with 3 where the fit didn't converge."""
    from bayes_scaling.cli.writing import print_json

    if as_json:
        print_json({"report": path, "converged": fitted.diagnosis.converged})
    else:
        typer.echo(f"The report is in {path}.")
    if not fitted.diagnosis.converged:
        raise typer.Exit(NOT_CONVERGED)


def _report_sweep(
    path: list[str],
    model: str | None,
    setting: dict[str, float] | None,
    out: Path,
    own: Any,
    *,
    as_json: bool,
) -> None:
    """Write the report of a sweep, which is of where its best rate goes."""
    from bayes_scaling.cli.outputs import demand_report_path
    from bayes_scaling.decision import transfer
    from bayes_scaling.reporting import report as write

    demand_report_path("--out", out)
    usual = "optimum_drift_tokens" if {"tokens", "batch_tokens"} & {*(setting or ())} else DRIFT
    fitted = fit_sweep(path, model, usual, **own)
    if setting is not None and fitted.spec.law.swept is None:
        raise BayesScalingError(f"--setting: {fitted.spec.name} is of no sweep; leave it out.")
    target: Any = setting
    decisions = () if setting is None else transfer(fitted, **target)
    _say(write(fitted, decisions=decisions, path=out), fitted, as_json=as_json)


def _forecast(fitted: Any, at: Any, family: Any, seed: int | None, *, far: bool) -> Any:
    if not at:
        return None
    from bayes_scaling.cli.questions import Question, Targets
    from bayes_scaling.cli.running import predict_at

    return predict_at(fitted, Targets(at), family, Question(), seed=seed, far=far)
