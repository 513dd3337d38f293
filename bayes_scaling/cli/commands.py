"""The commands; heavy imports are inside, so that help comes at once."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bayes_scaling import __version__
from bayes_scaling.errors import BayesScalingError

BAD_INPUT = 2
NOT_CONVERGED = 3


class Commands(TyperGroup):
    """Commands that turn the package's errors into one sentence and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BayesScalingError as error:
            typer.echo(f"bayes-scaling: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from None


app = typer.Typer(
    cls=Commands,
    name="bayes-scaling",
    help="Forecast a big training run from small ones, with honest uncertainty.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Ladder = Annotated[
    str,
    typer.Argument(
        help="Table or logs of runs: CSV, parquet, JSON lines, trainer_state.json, or CSV exports "
        "of Weights & Biases or TensorBoard. A glob goes in quotes.",
        show_default=False,
    ),
]
LadderOrFit = Annotated[
    str,
    typer.Argument(
        help="Runs, as for fit; or a fit that was saved, a file ending in .nc.",
        show_default=False,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(help="Name on the shelf, or path of a TOML file; by default loss."),
]
Draws = Annotated[
    int | None, typer.Option(help="Draws kept of each of four chains; by default 1000.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same numbers.")]
AnySeed = Annotated[
    int | None,
    typer.Option(help="The same seed gives the same numbers; by default 1, or the fit's."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(metavar="THEIRS=OURS", help="Name of a column and ours for it. Repeatable."),
]
Compute = Annotated[
    list[str] | None,
    typer.Option(metavar="RUN=FLOP", help="Compute of a run, for logs without it. Repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


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
    from bayes_scaling.cli.printing import print_json, table_text
    from bayes_scaling.specification.shelf import list_models

    table = list_models()
    if json:
        print_json(table.to_dict("records"))
    else:
        typer.echo(table_text(table, left=True))


@app.command()
def check(
    ladder: Ladder, *, columns: Columns = None, compute: Compute = None, json: Json = False
) -> None:
    """Remark on runs, as a careful colleague would."""
    from bayes_scaling.cli.printing import print_json, remark_records
    from bayes_scaling.cli.running import read_ladder
    from bayes_scaling.data import check as check_ladder

    remarks = check_ladder(read_ladder(ladder, columns, compute))
    if json:
        print_json(remark_records(remarks))
    else:
        typer.echo("\n".join(map(str, remarks)) or "Nothing to remark.")


@app.command()
def fit(
    ladder: Ladder,
    *,
    model: Model = None,
    out: Annotated[Path | None, typer.Option(help="Where to save the fit, ending in .nc.")] = None,
    draws: Draws = None,
    seed: Seed = 1,
    columns: Columns = None,
    compute: Compute = None,
    json: Json = False,
) -> None:
    """Fit a model to runs and print its parameters."""
    from bayes_scaling.cli.printing import print_fit
    from bayes_scaling.cli.running import demand_fit_path, fit_ladder, read_ladder

    if out is not None:
        demand_fit_path(out)
    fitted = fit_ladder(read_ladder(ladder, columns, compute), model, seed=seed, draws=draws)
    if out is not None:
        fitted.save(out)
    print_fit(fitted, as_json=json, saved=out)
    _exit(fitted)


@app.command()
def forecast(
    ladder_or_fit: LadderOrFit,
    *,
    at: Annotated[
        list[str],
        typer.Option(
            metavar="COMPUTE",
            help="Compute of a target: FLOP, or text such as '40 PF-days'. Repeatable.",
            show_default=False,
        ),
    ],
    family: Annotated[
        list[str] | None,
        typer.Option(help="Family of the targets, or of each in turn, if the fit has several."),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(help="run: one new run; expected: the average of such runs; law: the curve."),
    ] = "run",
    figure: Annotated[Path | None, typer.Option(help="Where to draw it: .png, .pdf, .svg.")] = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    json: Json = False,
) -> None:
    """Forecast larger runs, from runs or from a saved fit."""
    from bayes_scaling.cli.printing import print_forecast
    from bayes_scaling.cli.running import demand_targets, draw_figure, find_fit

    demand_targets(at, kind, figure)
    fitted = find_fit(
        ladder_or_fit,
        model,
        seed=seed,
        draws=draws,
        columns=columns,
        compute=compute,
        family=family,
    )
    from bayes_scaling.forecasting import predict

    one = family[0] if family and len(family) == 1 else family
    predicted = predict(fitted, compute=at, family=one or None, random_seed=seed)
    draw_figure(predicted, figure)
    print_forecast(predicted, kind, as_json=json, figure=figure)
    _exit(fitted)


@app.command()
def demo(
    *,
    figure: Annotated[Path, typer.Option(help="Where to draw it.")] = Path("forecast.png"),
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Forecast two published models from five smaller ones."""
    from bayes_scaling.cli.printing import print_demo
    from bayes_scaling.cli.running import demand_figure_path, draw_figure, fit_ladder
    from bayes_scaling.data import example

    demand_figure_path(figure)
    runs = example("cerebras_gpt")
    held = runs.query("compute > 2e21")
    fitted = fit_ladder(runs.drop(held.index), "loss", seed=seed)
    from bayes_scaling.forecasting import predict

    predicted = predict(fitted, compute=held["compute"].tolist())
    draw_figure(predicted, figure, truth=runs)
    print_demo(predicted, held, as_json=json, figure=figure)
    _exit(fitted)


def _exit(fitted: Any) -> None:
    if not fitted.diagnosis.converged:
        raise typer.Exit(NOT_CONVERGED)
