"""The commands that weigh priors and models: sensitivity, stack, calibrate, learn-priors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayes_scaling.cli.commands import NOT_CONVERGED
from bayes_scaling.cli.evaluation_commands import Cutoffs, Horizon, Jobs, short
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
    Ladder,
    LadderOrFit,
    Model,
    Read,
    RunCompute,
    Seed,
    Steps,
)
from bayes_scaling.cli.questions import Reading, refuse
from bayes_scaling.cli.words import lacks
from bayes_scaling.errors import BayesScalingError, OutputError

if TYPE_CHECKING:
    from bayes_scaling.evaluation.backtesting import Backtest

At = Annotated[
    list[str],
    typer.Option(
        metavar="COMPUTE",
        help="Compute of a target: FLOP, or text such as '40 PF-days'. Repeatable.",
        show_default=False,
    ),
]
Family = Annotated[
    list[str] | None,
    typer.Option(help="Family of the targets, or of each in turn, if the fit has several."),
]
Kind = Annotated[
    str,
    typer.Option(help="run: one new run; expected: the average of such runs; law: the curve."),
]


def sensitivity(
    ladder_or_fit: LadderOrFit,
    *,
    at: At,
    family: Family = None,
    kind: Kind = "run",
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
    """Say how far a forecast moves when one prior is made wider or narrower."""
    from bayes_scaling.cli.questions import Question, Targets
    from bayes_scaling.cli.running import column_of, demand_targets, find_fit, predict_at
    from bayes_scaling.cli.writing import print_json, print_notes, say_unconverged, table_text
    from bayes_scaling.evaluation.prior_scaling import sensitivity as tabulate

    demand_targets(at, kind, None, column_of(ladder_or_fit, model, along))
    fitted = find_fit(
        ladder_or_fit,
        model,
        seed=seed,
        draws=draws,
        family=family,
        reading=Reading(columns, compute, read, run_compute, steps, keep, buckets, hardest, along),
        at=at,
        allow=allow,
        far=far,
    )
    predicted: Any = predict_at(fitted, Targets(at), family, Question(kind), seed=seed, far=far)
    table = tabulate(fitted, predicted, kind)
    print_notes(predicted.notes)
    if json:
        print_json({"model": fitted.spec.name, "kind": kind, "priors": table.to_dict("records")})
    else:
        typer.echo(f"{table_text(short(table))}\n\n{MOVES}")
        say_unconverged(fitted)
    if not fitted.diagnosis.converged:
        raise typer.Exit(NOT_CONVERGED)


MOVES = (
    "sensitivity: how far the forecast moves as the prior's width changes; above 0.05 it is worth "
    "a look. wider, narrower: the median, and the width of the 90 % interval over what it is now, "
    "with the prior's standard deviation times and over sqrt 2."
)


def stack(
    ladder: Ladder,
    *,
    model: Annotated[
        list[str], typer.Option(help="Name on the shelf, or path of a TOML file; two or more.")
    ],
    at: At,
    past: Annotated[
        list[str] | None,
        typer.Option(
            help="Other ladders, on which the models are judged; by default the one that is "
            "forecast. Repeatable."
        ),
    ] = None,
    family: Family = None,
    kind: Kind = "run",
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
    """Forecast with a mixture of models, weighted by how well each has foretold at a distance."""
    from bayes_scaling.cli.running import demand_same, demand_targets, fit_table, read_table
    from bayes_scaling.cli.writing import print_json, print_notes, table_text
    from bayes_scaling.evaluation.backtesting import backtest
    from bayes_scaling.evaluation.stacking import stack as mix

    if len(set(model)) < 2:
        raise BayesScalingError("--model: give two or more different ones, as --model A --model B.")
    demand_targets(at, kind, None)
    demand_same(model, "stack")
    reading = Reading(columns, compute, read, run_compute, steps, keep, buckets, hardest)
    runs = read_table(ladder, model[0], reading, seed=seed)
    options = None if draws is None else {"draws": draws}
    alone = lacks(model[0], "backtest")
    if alone:
        given = {"--past": past, "--cutoff": cutoff, "--horizon": horizon}
        refuse(given, f"{model[0]} has no backtests, so weights are learned from the runs")
    others = runs if past is None else read_table(past, model[0], reading, seed=seed)
    fits = {name: fit_table(runs, name, seed=seed, draws=draws, allow=allow) for name in model}

    def judge(name: str) -> "Backtest":
        settings: Any = {"cutoffs": cutoff, "horizon": horizon, "jobs": jobs}
        return backtest(name, others, random_seed=seed, fit_options=options, **settings)

    judged = None if alone else {name: judge(name) for name in fits}
    one = family[0] if family and len(family) == 1 else family
    settings: Any = {"random_seed": seed, "fit_options": options}
    mixed = mix(fits, judged, compute=at, family=one or None, **settings)
    print_notes(mixed.notes)
    summary, weights = mixed.summary(kind=kind), mixed.weights
    if json:
        own = weights.loc[weights.index.repeat(len(summary) // len(weights))]
        pairs = zip(summary.to_dict("records"), own.to_dict("records"), strict=True)
        rows = [{**row, "weights": one} for row, one in pairs]
        print_json({"models": list(fits), "kind": kind, "targets": rows})
    else:
        kinds = ["quantity"] if summary["quantity"].nunique() > 1 else []
        shown = summary[["compute", "distance", *kinds, "median", "q05", "q25", "q75", "q95"]]
        named = weights.rename(columns=lambda name: f"weight of {name}")
        each = named.loc[named.index.repeat(len(shown) // len(named))].reset_index(drop=True)
        typer.echo(table_text(short(shown.join(each))))
    if not all(fitted.diagnosis.converged for fitted in fits.values()):
        raise typer.Exit(NOT_CONVERGED)


def calibrate(
    design: Annotated[
        list[str],
        typer.Argument(
            help="Table of the simulated ladder: compute, and family where the model has it.",
            show_default=False,
        ),
    ],
    *,
    model: Model = None,
    simulations: Annotated[int, typer.Option(help="How many ladders are simulated.")] = 300,
    target: Annotated[
        str | None, typer.Option(help="Compute of the run that is forecast of each.")
    ] = None,
    problems: Annotated[int | None, typer.Option(help="Passes: how many problems.")] = None,
    samples: Annotated[int | None, typer.Option(help="Passes: samples of each problem.")] = None,
    jobs: Jobs = 1,
    draws: Draws = None,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Fit ladders simulated from a model, and say where the truth ranks among the draws."""
    import pandas as pd

    from bayes_scaling.cli.running import progress_bar
    from bayes_scaling.cli.words import as_source
    from bayes_scaling.cli.writing import print_json, table_text
    from bayes_scaling.data import parse_compute
    from bayes_scaling.evaluation.calibration import calibrate as simulate

    table = _design(as_source(design))
    asked = None if target is None else parse_compute(target)
    with progress_bar("fitting the first ladder", "calibrating") as progress:
        found = simulate(
            model or "loss",
            table,
            random_seed=seed,
            simulations=simulations,
            target=asked,
            jobs=jobs,
            problems=problems,
            n_samples=samples,
            progress=progress,
            fit_options=None if draws is None else {"draws": draws},
        )
    summary: pd.DataFrame = found.summary()
    failed, conflict = int((~found.converged).sum()), int(found.in_conflict.sum())
    size = len(found.ranks)
    if json:
        rows = summary.reset_index(names="quantity").to_dict("records")
        counted = {"simulations": size, "not_converged": failed}
        print_json({**counted, "in_conflict": conflict, "quantities": rows})
    else:
        typer.echo(table_text(short(summary.reset_index(names="quantity"))))
        typer.echo(
            f"\n{size} simulations; {failed} did not converge, {conflict} would be said to "
            "contradict their priors. inside: the ranks' ECDF is in its 99.9 % band; "
            "coverage_90: how often the 90 % interval held the truth."
        )
    if failed:
        raise typer.Exit(NOT_CONVERGED)


def learn_priors(
    ladders: Ladder,
    *,
    out: Annotated[Path, typer.Option(help="Where to write the model, ending in .toml.")],
    model: Model = None,
    learn: Annotated[
        list[str] | None,
        typer.Option(
            help="Parameter whose prior is learned; by default those that ladders share. "
            "Repeatable."
        ),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Source of ladders to leave out. Repeatable.")
    ] = None,
    seed: Seed = 1,
    columns: Columns = None,
    compute: Compute = None,
    read: Read = None,
    steps: Steps = None,
    keep: Keep = None,
    json: Json = False,
) -> None:
    """Learn a model's priors from past ladders, and write it as a TOML file."""
    from bayes_scaling.cli.running import progress_bar, read_ladder
    from bayes_scaling.cli.words import note
    from bayes_scaling.cli.writing import print_json
    from bayes_scaling.evaluation.learning import learn_priors as learn_from
    from bayes_scaling.outputs import demand_writable, replacing

    if out.suffix.lower() != ".toml":
        raise OutputError(f"--out: {out} has to end in .toml, by which a model is known.")
    demand_writable(out)
    runs = read_ladder(ladders, Reading(columns, compute, read, steps=steps, keep=keep))
    with progress_bar("fitting the first ladder", "learning") as progress:
        spec = learn_from(
            runs,
            model=model or "loss",
            learn=learn,
            without=without or (),
            random_seed=seed,
            progress=progress,
        )
    with replacing(out) as part:
        part.write_text(spec.text, encoding="utf-8")
    if json:
        print_json({"model": out, "learned": spec.cite[-1], "text": spec.text})
        return
    note(f"The model is in {out}; --model {out} fits it.")
    typer.echo(spec.cite[-1])
    for name in learn or spec.law.learned:
        typer.echo(f"{name}: {spec.free[name]}")


def _design(source: Any) -> Any:
    """Read the computes of a ladder that has no losses yet."""
    import pandas as pd

    from bayes_scaling.data import parse_compute
    from bayes_scaling.data.readers import read_file
    from bayes_scaling.data.sources import find_files

    parts = [read_file(one.path)[1] for one in find_files(source, "design")]
    table = pd.concat(parts, ignore_index=True)
    if "compute" not in table:
        raise BayesScalingError(
            f"design: column 'compute' is missing; the table has: {', '.join(map(str, table))}."
        )
    kept = [name for name in ("family", "compute") if name in table]
    return table[kept].assign(compute=[parse_compute(cell) for cell in table["compute"]])
