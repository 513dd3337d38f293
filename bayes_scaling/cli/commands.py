"""The commands that fit and forecast; heavy imports are inside, so that help comes at once."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bayes_scaling import __version__
from bayes_scaling.cli.options import (
    Above,
    Allow,
    Along,
    AnySeed,
    Below,
    Buckets,
    By,
    Columns,
    Compute,
    Draws,
    Far,
    Figure,
    Hardest,
    Json,
    Keep,
    Ks,
    Ladder,
    LadderOrFit,
    Model,
    Of,
    Read,
    Restrict,
    RunCompute,
    Samples,
    Seed,
    Steps,
)
from bayes_scaling.cli.questions import Question, Reading, Targets
from bayes_scaling.cli.words import (
    answer,
    as_typed,
    demand_amounts,
    forget,
    is_answered,
    saved_fit,
)
from bayes_scaling.errors import BayesScalingError

BAD_INPUT = 2
NOT_CONVERGED = 3
UsageError: Any = typer.BadParameter.__mro__[1]  # click's, or that of the click inside typer


class Commands(TyperGroup):
    """Commands that turn the package's errors into one sentence and exit code 2.

    With --json the sentence is on stdout too, as ``{"error": {"kind": ..., "message": ...}}``,
    unless the command has written its document already.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        forget()
        as_json = "--json" in [*ctx.args, *getattr(ctx, "_protected_args", ())]
        try:
            return super().invoke(ctx)
        except BayesScalingError as error:
            kind, sentence = type(error).__name__, as_typed(str(error))
        except MemoryError:
            kind = MemoryError.__name__
            sentence = "the memory doesn't suffice; ask for fewer --draws, targets or rows."
        except UsageError as error:
            if as_json:
                _answer_error(type(error).__name__, error.format_message())
            raise
        if as_json:
            _answer_error(kind, sentence)
        typer.echo(f"bayes-scaling: {sentence}", err=True)
        raise typer.Exit(BAD_INPUT)


def _answer_error(kind: str, message: str) -> None:
    import json

    if not is_answered():
        answer(json.dumps({"error": {"kind": kind, "message": message}}, indent=1))


app = typer.Typer(
    cls=Commands,
    name="bayes-scaling",
    help="Forecast a big training run from small ones, with honest uncertainty.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    pass


@app.command()
def models(*, json: Json = False) -> None:
    """List the models on the shelf."""
    from bayes_scaling.cli.writing import print_json, table_text
    from bayes_scaling.specification.shelf import list_models

    table = list_models()
    if json:
        print_json(table.to_dict("records"))
    else:
        typer.echo(table_text(table, left=True))


@app.command()
def check(
    ladder: Ladder,
    *,
    model: Model = None,
    columns: Columns = None,
    along: Along = None,
    compute: Compute = None,
    run_compute: RunCompute = None,
    read: Read = None,
    steps: Steps = None,
    keep: Keep = None,
    json: Json = False,
) -> None:
    """Remark on runs or counts, as a careful colleague would."""
    from bayes_scaling.cli.records import remark_records
    from bayes_scaling.cli.running import demand_meaning, read_table
    from bayes_scaling.cli.writing import print_json
    from bayes_scaling.inference.suitability import check as check_data

    reading = Reading(columns, compute, read, run_compute, steps, keep, along=along)
    table = read_table(ladder, model, reading)
    remarks = check_data(table, model or "loss", along=along)
    if json:
        print_json(remark_records(remarks))
    if any(remark.refuses for remark in remarks):
        demand_meaning(remarks, command="fit")
    if not json:
        typer.echo("\n".join(as_typed(str(remark)) for remark in remarks) or "Nothing to remark.")


@app.command()
def fit(
    ladder: Ladder,
    *,
    model: Model = None,
    out: Annotated[Path | None, typer.Option(help="Where to save the fit, ending in .nc.")] = None,
    draws: Draws = None,
    seed: Seed = 1,
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
    json: Json = False,
) -> None:
    """Fit a model to runs or counts and print its parameters."""
    from bayes_scaling.cli.outputs import demand_fit_path
    from bayes_scaling.cli.printing import print_fit
    from bayes_scaling.cli.running import fit_table, read_table

    if out is not None:
        demand_fit_path(out)
    reading = Reading(columns, compute, read, run_compute, steps, keep, buckets, hardest, along)
    table = read_table(ladder, model, reading, seed=seed)
    fitted = fit_table(table, model, seed=seed, draws=draws, allow=allow, along=along)
    if out is not None:
        fitted.save(out)
    print_fit(fitted, as_json=json, saved=out)
    _exit(fitted)


@app.command()
def forecast(
    ladder_or_fit: LadderOrFit,
    *,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMPUTE",
            help="Compute of a target: FLOP, or text such as '40 PF-days'; or an amount of the "
            "column of --along. Repeatable.",
            show_default=False,
        ),
    ] = None,
    at_loss: Annotated[
        list[float] | None,
        typer.Option(help="Passes: the loss of a target, where it is known. Repeatable."),
    ] = None,
    loss: Annotated[
        Path | None,
        typer.Option(help="Passes: the ladder of losses to forecast along, or its saved fit."),
    ] = None,
    params: Annotated[
        list[str] | None,
        typer.Option(help="Parameters of a target, with --tokens, such as 7B. Repeatable."),
    ] = None,
    tokens: Annotated[
        list[str] | None, typer.Option(help="Tokens of a target, such as 1.4T. Repeatable.")
    ] = None,
    ratio: Annotated[
        list[float] | None,
        typer.Option(help="Tokens per parameter that --at is divided at; else the best."),
    ] = None,
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            help="Recipe of the targets, or of each in turn, if the fit compares several."
        ),
    ] = None,
    family: Annotated[
        list[str] | None,
        typer.Option(help="Family of the targets, or of each in turn, if the fit has several."),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(help="run: one new run; expected: the average of such runs; law: the curve."),
    ] = "run",
    above: Above = None,
    below: Below = None,
    of: Of = None,
    by: By = None,
    k: Ks = None,
    samples: Samples = None,
    restrict: Restrict = None,
    figure: Figure = None,
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
    """Forecast larger runs, from runs or counts, or from a saved fit."""
    from bayes_scaling.cli.outputs import draw_figure, keeping
    from bayes_scaling.cli.printing import print_forecast
    from bayes_scaling.cli.running import (
        column_of,
        demand_targets,
        find_fit,
        find_losses,
        predict_at,
    )

    question = Question(kind, by, k, samples, restrict, above, below, of)
    sizes: Any = {"params": params or [], "tokens": tokens or [], "ratio": ratio or []}
    targets = Targets(at or [], at_loss or [], loss, **sizes, recipe=recipe or [])
    targets.demand()
    for name, values in targets.sizes.items():
        demand_amounts(f"--{name}", name, values)
    if targets.given:
        model = model or (None if saved_fit(ladder_or_fit) else "pass_rate_loss")
    demand_targets(at or [], kind, figure, column_of(ladder_or_fit, model, along))
    losses = find_losses(targets, seed=seed, draws=draws, allow=allow, far=far)
    fitted = find_fit(
        ladder_or_fit,
        model,
        seed=seed,
        draws=draws,
        family=family,
        reading=Reading(columns, compute, read, run_compute, steps, keep, buckets, hardest, along),
        question=question,
        at=at or [],
        allow=allow,
        far=far,
        losses=losses,
    )
    with keeping(fitted, ladder_or_fit):
        predicted = predict_at(fitted, targets, family, question, seed=seed, far=far, losses=losses)
        draw_figure(predicted, figure, by=by)
        print_forecast(predicted, question, as_json=json, figure=figure)
    _exit(fitted)


@app.command()
def demo(
    *,
    figure: Annotated[Path, typer.Option(help="Where to draw it.")] = Path("forecast.png"),
    report: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("report.html"),
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Forecast two published models from five smaller ones."""
    from bayes_scaling.cli.outputs import demand_figure_path, demand_report_path, draw_figure
    from bayes_scaling.cli.printing import print_demo
    from bayes_scaling.cli.running import fit_ladder
    from bayes_scaling.data import example

    demand_figure_path(figure)
    demand_report_path("--report", report)
    runs = example("cerebras_gpt")
    held = runs.query("compute > 2e21")
    fitted = fit_ladder(runs.drop(held.index), "loss", seed=seed)
    from bayes_scaling.forecasting import predict
    from bayes_scaling.reporting import report as write

    predicted = predict(fitted, compute=held["compute"].tolist())
    draw_figure(predicted, figure, truth=runs)
    write(fitted, predicted, path=report)
    print_demo(predicted, held, as_json=json, figure=figure, report=report)
    _exit(fitted)


def _exit(fitted: Any) -> None:
    if not fitted.diagnosis.converged:
        raise typer.Exit(NOT_CONVERGED)
