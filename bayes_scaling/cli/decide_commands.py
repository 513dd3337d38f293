"""The commands that answer what to run: decide allocate, compute-for, gain, crossing and others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayes_scaling.cli.commands import NOT_CONVERGED
from bayes_scaling.cli.options import (
    Allow,
    AnySeed,
    Columns,
    Compute,
    Draws,
    Far,
    Json,
    LadderOrFit,
    Model,
)
from bayes_scaling.cli.questions import Reading
from bayes_scaling.cli.words import demand_amounts
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    import pandas as pd

    from bayes_scaling.inference.fits import Fit

decide = typer.Typer(
    help="Answer what to run, from the posterior of a fit.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

OF_ALLOCATION = "loss_params_tokens"
OF_RECIPES = "loss_recipe"

At = Annotated[
    list[str],
    typer.Option(
        metavar="COMPUTE",
        help="Compute: FLOP, or text such as '40 PF-days'. Repeatable.",
        show_default=False,
    ),
]
Family = Annotated[str | None, typer.Option(help="The family, if the fit has several.")]
UpTo = Annotated[
    float | None,
    typer.Option(help="How far to look, FLOP; by default 10,000 times the largest run."),
]


@decide.command()
def allocate(
    ladder_or_fit: LadderOrFit,
    *,
    at: At,
    size: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PARAMS",
            help="Print what this size costs above the best one, such as 7B. Repeatable.",
        ),
    ] = None,
    flop: Annotated[float, typer.Option(help="FLOP for each parameter and token.")] = 6.0,
    family: Family = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    allow: Allow = None,
    json: Json = False,
) -> None:
    """Divide compute between parameters and tokens, with how sure that is."""
    from bayes_scaling.decision import optimal_allocation
    from bayes_scaling.decision.draws import amounts_of

    demand_amounts("--at", "compute", at)
    if size:
        demand_amounts("--size", "params", size)
    own: Any = {"draws": draws, "seed": seed, "reading": Reading(columns, compute)}
    own["family"] = family
    fitted = find_or_fit(ladder_or_fit, model or OF_ALLOCATION, given=model, allow=allow, **own)
    best = optimal_allocation(fitted, at, family=family, flop=flop)
    tables = {"allocation": best.summary()}
    if size:
        tables["sizes"] = best.regret(amounts_of("params", size))
    print_answer(tables, best.notes, [fitted], as_json=json)


@decide.command()
def compute_for(
    ladder_or_fit: LadderOrFit,
    *,
    loss: Annotated[list[float] | None, typer.Option(help="The loss to reach. Repeatable.")] = None,
    pass_rate: Annotated[
        list[float] | None,
        typer.Option(help="The pass rate to reach, of a model of passes. Repeatable."),
    ] = None,
    score: Annotated[
        list[float] | None,
        typer.Option(help="The score to reach, of a model of scores. Repeatable."),
    ] = None,
    up_to: UpTo = None,
    family: Family = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    allow: Allow = None,
    json: Json = False,
) -> None:
    """Say how much compute it takes to reach a loss, a pass rate or a score."""
    from bayes_scaling.decision import compute_for as find

    if not (loss or pass_rate or score):
        raise BayesScalingError(
            "--loss: give one, or --pass-rate of a model of passes, or --score of one of scores."
        )
    own: Any = {"draws": draws, "seed": seed, "reading": Reading(columns, compute)}
    own["family"] = family
    fitted = find_or_fit(ladder_or_fit, model, given=model, allow=allow, **own)
    goals: Any = {"loss": loss or None, "pass_rate": pass_rate or None, "score": score or None}
    found = find(fitted, **goals, family=family, up_to=up_to)
    print_answer({found.scale: found.summary()}, found.notes, [fitted], as_json=json)


@decide.command()
def crossing(
    ladder_or_fit: Annotated[
        str,
        typer.Argument(help="The first recipe's runs, or its saved fit.", show_default=False),
    ],
    other: Annotated[str, typer.Argument(help="The other recipe's.", show_default=False)],
    *,
    at: At,
    up_to: UpTo = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    allow: Allow = None,
    json: Json = False,
) -> None:
    """Say which of two recipes is better at a compute, and where their curves cross."""
    from bayes_scaling.decision import crossing as find

    demand_amounts("--at", "compute", at)
    own: Any = {"draws": draws, "seed": seed, "reading": Reading(columns, compute)}
    both = [
        find_or_fit(path, model, given=model, allow=allow, **own) for path in (ladder_or_fit, other)
    ]
    found = find(both[0], both[1], compute=at, up_to=up_to)
    where = found.where().to_frame().T.reset_index(names="crossing")
    print_answer({"better": found.summary(), "where": where}, found.notes, both, as_json=json)


@decide.command()
def gain(
    ladder_or_fit: LadderOrFit,
    *,
    recipe: Annotated[
        list[str] | None,
        typer.Option(help="The recipe to judge; by default all but one. Repeatable."),
    ] = None,
    over: Annotated[
        str | None,
        typer.Option(help="What they are compared with; by default the recipe of the first row."),
    ] = None,
    above: Annotated[
        list[float] | None,
        typer.Option(help="Print the probability of a gain above this, such as 2. Repeatable."),
    ] = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    allow: Allow = None,
    json: Json = False,
) -> None:
    """Say by how much a recipe multiplies compute, from runs with a column recipe."""
    from bayes_scaling.decision import equivalent_compute

    for ratio in above or ():
        if not 0 < ratio < float("inf"):
            raise BayesScalingError(f"--above: expected a positive ratio, such as 2, got {ratio}.")
    own: Any = {"draws": draws, "seed": seed, "reading": Reading(columns, compute)}
    fitted = find_or_fit(ladder_or_fit, model or OF_RECIPES, given=model, allow=allow, **own)
    found = equivalent_compute(fitted, recipe=recipe or None, over=over)
    table = found.summary()
    for ratio in above or ():
        table[f"above {ratio:g}"] = found.probability(ratio).to_numpy()
    print_answer({"gain": table}, found.notes, [fitted], as_json=json)


@decide.command()
def next_run(
    ladder_or_fit: LadderOrFit,
    *,
    candidate: Annotated[
        list[str],
        typer.Option(
            metavar="COLUMN=AMOUNT[,...]",
            help="A run that may be trained, such as compute=1e21 or params=1B,tokens=20B; with "
            "cost=FLOP where that isn't compute or 6 x params x tokens. Repeatable.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            metavar="COLUMN=AMOUNT[,...]",
            help="The run whose forecast matters, such as compute=1e24.",
            show_default=False,
        ),
    ],
    budget: Annotated[str, typer.Option(help="FLOP for all runs together.", show_default=False)],
    family: Family = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    allow: Allow = None,
    json: Json = False,
) -> None:
    """Choose the affordable runs that make the forecast of a target surest."""
    import pandas as pd

    from bayes_scaling.decision import next_run as find

    demand_amounts("--budget", "compute", [budget])
    asked = read_run("--target", target)
    table = pd.DataFrame([read_run("--candidate", one) for one in candidate])
    own: Any = {"draws": draws, "seed": seed, "reading": Reading(columns, compute)}
    own["family"] = family
    fitted = find_or_fit(ladder_or_fit, model, given=model, allow=allow, **own)
    found = find(fitted, table, asked, budget=budget, family=family)
    tables = {"candidates": found.candidates, "chosen": found.summary()}
    print_answer(tables, found.notes, [fitted], as_json=json)


@decide.command()
def floor(
    ladder_or_fit: LadderOrFit,
    *,
    at: At,
    family: Family = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    allow: Allow = None,
    far: Far = False,
    json: Json = False,
) -> None:
    """Say how the forecast moves with its floor, and how much of it hangs on that."""
    from bayes_scaling.decision import value_of_floor

    demand_amounts("--at", "compute", at)
    own: Any = {"draws": draws, "seed": seed, "reading": Reading(columns, compute)}
    own["family"] = family
    fitted = find_or_fit(ladder_or_fit, model, given=model, allow=allow, **own)
    found = value_of_floor(fitted, compute=at, family=family, random_seed=seed, far=far)
    print_answer({"floor": found.summary()}, found.notes, [fitted], as_json=json)


def transfer(
    sweep_or_fit: Annotated[
        str,
        typer.Argument(
            help="A table of runs with width, learning_rate and loss, or a saved fit.",
            show_default=False,
        ),
    ],
    *,
    width: Annotated[str, typer.Option(help="The width that matters.", show_default=False)],
    tokens: Annotated[
        str | None, typer.Option(help="Its tokens, of a model that has them, such as 20B.")
    ] = None,
    batch_tokens: Annotated[
        str | None, typer.Option(help="Its tokens a batch, of a model that has them.")
    ] = None,
    rate: Annotated[
        list[float] | None,
        typer.Option(help="Print what this learning rate costs there. Repeatable."),
    ] = None,
    family: Family = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    json: Json = False,
) -> None:
    """Say how the best learning rate drifts with width, and what carrying it over costs."""
    from bayes_scaling.decision import transfer as find

    given = {"width": width, "tokens": tokens, "batch_tokens": batch_tokens}
    target = {name: value for name, value in given.items() if value is not None}
    for name, value in target.items():
        demand_amounts(f"--{name.replace('_', '-')}", "params", [value])
    by_tokens = tokens is not None or batch_tokens is not None
    usual = "optimum_drift_tokens" if by_tokens else "optimum_drift"
    fitted = fit_sweep(sweep_or_fit, model, usual, draws=draws, seed=seed, columns=columns)
    found = find(fitted, family=family, **target)
    tables = {"transfer": found.summary(), "carried": found.by_setting()}
    if rate:
        tables["rates"] = found.regret(rate)
    chances = {"drift below 0.1": found.transfers, "before the data": found.transfers_before}
    tables["chance"] = _one_row(chances)
    print_answer(tables, found.notes, [fitted], as_json=json)


def _one_row(row: dict[str, float]) -> "pd.DataFrame":
    """Make a table of one row."""
    import pandas as pd

    return pd.DataFrame([row])


def fit_sweep(
    path: str | Sequence[str],
    model: str | None,
    usual: str,
    *,
    draws: int | None,
    seed: int | None,
    columns: Sequence[str] | None,
) -> "Fit":
    """Load a fit, or read a sweep and fit it."""
    from bayes_scaling.cli.questions import refuse
    from bayes_scaling.cli.words import as_source, read_pairs, saved_fit
    from bayes_scaling.data import read_sweep
    from bayes_scaling.inference.fitting import fit, load_fit
    from bayes_scaling.specification.shelf import load_model

    if saved := saved_fit(path):
        given = {"--model": model, "--draws": draws, "--columns": columns}
        refuse(given, f"{saved} is fitted already")
        return load_fit(saved)
    spec = load_model(model or usual)
    if spec.law.swept is None:
        raise BayesScalingError(
            f"--model: {spec.name} is of no sweep of the learning rate; give optimum_drift, "
            "optimum_drift_tokens, or a copy of one."
        )
    pairs = read_pairs("--columns", columns)
    table = read_sweep(as_source(path), spec.columns, columns=pairs)
    settings: Any = {} if draws is None else {"draws": draws}
    return fit(spec, table, random_seed=1 if seed is None else seed, **settings)


def is_swept(path: str | Sequence[str], model: str | None) -> bool:
    """Say whether a model, or that of a saved fit, is of sweeps."""
    from bayes_scaling.cli.words import saved_fit
    from bayes_scaling.inference.fitting import load_fit
    from bayes_scaling.specification.shelf import load_model

    if saved := saved_fit(path):
        return load_fit(saved).spec.law.swept is not None
    return model is not None and load_model(model).law.swept is not None


def find_or_fit(
    path: str | Sequence[str],
    model: str | None,
    *,
    given: str | None,
    family: str | None = None,
    **settings: Any,
) -> "Fit":
    """Load a fit, or make one; of a saved one no model may be named."""
    from bayes_scaling.cli.running import find_fit
    from bayes_scaling.cli.words import saved_fit

    settings["family"] = [family] if family else None
    return find_fit(path, given if saved_fit(path) else model, **settings)


def read_run(option: str, text: str) -> dict[str, float]:
    """Read what was typed of one run."""
    from bayes_scaling.cli.words import read_pairs
    from bayes_scaling.data import amount_of

    pairs = read_pairs(option, text.split(",")) or {}
    for name, value in pairs.items():
        demand_amounts(option, "compute" if name == "cost" else name, [value])
    return {
        name: amount_of("compute" if name == "cost" else name, value)
        for name, value in pairs.items()
    }


def print_answer(
    tables: "dict[str, pd.DataFrame]", notes: Sequence[str], fits: "list[Fit]", *, as_json: bool
) -> None:
    """Print tables to stdout and notes to stderr; exit with 3 where a fit didn't converge."""
    from bayes_scaling.cli.writing import print_json, print_notes, say_unconverged, table_text

    print_notes(notes)
    converged = all(fit.diagnosis.converged for fit in fits)
    if as_json:
        rows = {name: table.to_dict("records") for name, table in tables.items()}
        print_json({"converged": converged, "notes": list(notes), **rows})
    else:
        typer.echo("\n\n".join(table_text(_short(table)) for table in tables.values()))
        for fit in fits:
            say_unconverged(fit)
    if not converged:
        raise typer.Exit(NOT_CONVERGED)


def _short(table: "pd.DataFrame") -> "pd.DataFrame":
    """Write numbers in four digits, and nothing where there is none."""

    def text(value: object) -> object:
        return value if isinstance(value, str) else "" if value != value else f"{value:.4g}"

    return table.map(text)
