"""The commands of sealed forecasts: register, verify, score, track, rerun."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    Restrict,
    RunCompute,
    Steps,
)
from bayes_scaling.cli.questions import Question, Reading, Targets
from bayes_scaling.cli.words import saved_fit
from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.registry import Record

DOES_NOT_HOLD = 1
FORECASTS = Path("forecasts.jsonl")

Ledger = Annotated[Path, typer.Argument(help="The ledger, a file of JSON lines.")]
Author = Annotated[
    str | None, typer.Option(help="Who says it; by default the name of the account.")
]
Anchor = Annotated[
    str | None,
    typer.Option(help="git: commit the head file in the repository that holds the ledger."),
]


def register(
    ladder_or_fit: LadderOrFit,
    *,
    question: Annotated[
        list[str],
        typer.Option(
            help="The question in words; one for all, or one each in turn: target by target, of "
            "counts quantity by quantity and group by group."
        ),
    ],
    resolves: Annotated[str, typer.Option(help="What decides it, and when.")],
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
    of: Annotated[
        list[str] | None,
        typer.Option(
            help="Passes: what is sealed: pass_rate (the default), neg_log_pass, pass@K, solved. "
            "Repeatable."
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(help="Passes: a record for all (the default), or each bucket or problem."),
    ] = None,
    ledger: Annotated[Path, typer.Option(help="Where to append it.")] = FORECASTS,
    void_if: Annotated[str | None, typer.Option(help="What would make it void.")] = None,
    assume: Annotated[list[str] | None, typer.Option(help="An assumption. Repeatable.")] = None,
    event: Annotated[
        list[str] | None, typer.Option(help="Such as 'loss < 1.6'. Repeatable.")
    ] = None,
    author: Author = None,
    anchor: Anchor = None,
    no_data: Annotated[
        bool, typer.Option("--no-data", help="Seal the hash of the runs only, not the runs.")
    ] = False,
    family: Annotated[
        list[str] | None,
        typer.Option(help="Family of the targets, or of each in turn, if the fit has several."),
    ] = None,
    restrict: Restrict = None,
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
    """Seal a forecast: append it to a ledger before the outcome is known."""
    from bayes_scaling.cli.outputs import keeping
    from bayes_scaling.cli.registry_printing import print_registered
    from bayes_scaling.cli.running import (
        column_of,
        demand_targets,
        find_fit,
        find_losses,
        predict_at,
    )
    from bayes_scaling.registry.registration import demand_questions
    from bayes_scaling.registry.text_checks import demand_text, demand_texts

    targets = Targets(at or [], at_loss or [], loss)
    targets.demand()
    if targets.given:
        model = model or (None if saved_fit(ladder_or_fit) else "pass_rate_loss")
    demand_targets(at or [], "run", None, column_of(ladder_or_fit, model, along))
    asked = question[0] if len(question) == 1 else question
    said = {"resolves": resolves, "void_if": void_if, "author": author}
    if by is None and len(of or ()) < 2:
        demand_questions(asked, len(targets.at) + len(targets.at_loss))
    demand_texts("assumptions", assume or ())
    for name, text in said.items():
        _ = text is None or demand_text(name, text)
    sealed = of or ([] if saved_fit(ladder_or_fit) else [_main_quantity(model)])
    _demand_registrable(ledger, anchor, event or (), sealed)
    losses = find_losses(targets, seed=seed, draws=draws, allow=allow, far=far)
    question_of = Question(by=by, restrict=restrict)
    fitted = find_fit(
        ladder_or_fit,
        model,
        seed=seed,
        draws=draws,
        family=family,
        reading=Reading(columns, compute, read, run_compute, steps, keep, buckets, hardest, along),
        question=question_of,
        at=at or (),
        allow=allow,
        far=far,
        losses=losses,
    )
    from bayes_scaling.registry import register as seal

    forecast = predict_at(fitted, targets, family, question_of, seed=seed, far=far, losses=losses)
    with keeping(fitted, ladder_or_fit), _noting():
        records = seal(
            forecast,
            ledger,
            question=asked,
            resolves=resolves,
            void_if=void_if,
            assumptions=assume or (),
            events=event or (),
            author=author,
            keep_data=not no_data,
            anchor=anchor,
            of=of,
            by=by or "all",
        )
    print_registered(ledger, records, as_json=json)
    if not fitted.diagnosis.converged:
        raise typer.Exit(NOT_CONVERGED)


def verify(
    ledger: Ledger = FORECASTS,
    *,
    head: Annotated[
        str | None,
        typer.Option(help="A head that was published: '50:3fa9...', or a head file."),
    ] = None,
    json: Json = False,
) -> None:
    """Recompute the chain of a ledger; exit code 1 if it doesn't hold."""
    from dataclasses import asdict

    from bayes_scaling.cli.writing import print_json
    from bayes_scaling.registry import verify as check

    found = check(ledger, head)
    if json:
        print_json(asdict(found) | {"head": str(found.head)})
    else:
        typer.echo(str(found))
    if not found.holds:
        raise typer.Exit(DOES_NOT_HOLD)


def score(
    ledger: Ledger = FORECASTS,
    *,
    outcome: Annotated[
        list[str] | None,
        typer.Option(metavar="RECORD=VALUE", help="Append an outcome first. Repeatable."),
    ] = None,
    void: Annotated[
        str | None, typer.Option(metavar="RECORD=REASON", help="Declare a question void first.")
    ] = None,
    correct: Annotated[
        str | None, typer.Option(metavar="RECORD=VALUE", help="Correct an outcome first.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Of the correction.")] = None,
    note: Annotated[str | None, typer.Option(help="Where the outcomes are from.")] = None,
    author: Author = None,
    anchor: Anchor = None,
    json: Json = False,
) -> None:
    """Append outcomes to a ledger, if there are any, and score its forecasts."""
    import pandas as pd

    from bayes_scaling import registry
    from bayes_scaling.cli.registry_printing import print_scores
    from bayes_scaling.ledger.anchoring import demand_anchor

    if sum(one is not None for one in (outcome, void, correct)) > 1:
        raise BayesScalingError("--outcome, --void, --correct: give one kind at a time.")
    if (correct is None) != (reason is None):
        raise BayesScalingError("--correct and --reason: give both, or none.")
    demand_anchor(anchor, ledger)
    with _noting():
        if outcome:
            outcomes = [_pair("--outcome", text) for text in outcome]
            values = [(record, _number("--outcome", what)) for record, what in outcomes]
            table = pd.DataFrame(values, columns=["record", "value"])
            registry.resolve(ledger, table, author=author, note=note)
        elif void is not None:
            record, why = _pair("--void", void)
            registry.void(ledger, record, reason=why, author=author)
        elif correct is not None:
            record, what = _pair("--correct", correct)
            value = _number("--correct", what)
            registry.correct(ledger, record, value, reason=str(reason), author=author)
    scores = registry.score(ledger)
    if anchor is not None:
        registry.anchor_head(ledger)
    print_scores(ledger, scores, as_json=json)


def track(
    ledger: Ledger,
    runs: Annotated[
        list[str], typer.Argument(help="Losses seen since: tables or logs, as for fit.")
    ],
    *,
    record: Annotated[int, typer.Option(help="Number of the forecast's record.")],
    assume: Annotated[
        str | None,
        typer.Option(
            help="Why losses of a run that isn't finished can be compared with final ones."
        ),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="The runs that were fitted, if they weren't kept.")
    ] = None,
    columns: Columns = None,
    compute: Compute = None,
    read: Read = None,
    json: Json = False,
) -> None:
    """Compare losses seen since with a sealed forecast, and update it beside the seal."""
    from bayes_scaling import registry
    from bayes_scaling.cli.registry_printing import print_tracking
    from bayes_scaling.cli.running import read_ladder

    sealed = _find_record(ledger, record)
    reading = Reading(columns, compute, read)
    seen = read_ladder(runs, reading)
    fitted = None if data is None else read_ladder(data, reading)
    tracking = registry.track(sealed, seen, assumption=assume, data=fitted)
    print_tracking(tracking, as_json=json)
    if not tracking.updated.fit.diagnosis.converged:
        raise typer.Exit(NOT_CONVERGED)


def rerun(
    ledger: Ledger = FORECASTS,
    *,
    record: Annotated[int, typer.Option(help="Number of the forecast's record.")],
    data: Annotated[
        str | None,
        typer.Option(help="The runs or counts that were fitted, if they weren't kept."),
    ] = None,
    losses: Annotated[
        str | None,
        typer.Option(help="Passes: the ladder of the loss that was forecast, if it wasn't kept."),
    ] = None,
    columns: Columns = None,
    compute: Compute = None,
    read: Read = None,
    json: Json = False,
) -> None:
    """Fit a sealed forecast again from its record; exit code 1 if it doesn't come out again."""
    from bayes_scaling import registry
    from bayes_scaling.cli.registry_printing import print_rerun
    from bayes_scaling.cli.running import read_as, read_ladder
    from bayes_scaling.registry.records import demand_forecast
    from bayes_scaling.registry.refitting import sealed_spec

    sealed = _find_record(ledger, record)
    demand_forecast(sealed)
    reading = Reading(columns, compute, read)
    table = None if data is None else read_as(sealed_spec(sealed), data, reading)
    ladder = None if losses is None else read_ladder(losses, Reading())
    again = registry.rerun(sealed, table, losses=ladder)
    print_rerun(again, as_json=json)
    if not again.agrees:
        raise typer.Exit(DOES_NOT_HOLD)


def _find_record(ledger: Path, number: int) -> "Record":
    from bayes_scaling import registry

    known = {one.number: one for one in registry.read_ledger(ledger)}
    if number not in known:
        raise BayesScalingError(f"--record: {ledger} has {len(known)} records, none is {number}.")
    return known[number]


@contextmanager
def _noting() -> Iterator[None]:
    """Write what is warned of to stderr at once, as notes: some are of what is done next."""
    from bayes_scaling.cli.words import note

    def show(message: Warning | str, *_: object, **__: object) -> None:
        note(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


def _main_quantity(model: str | None) -> str:
    """Name what a model's forecasts seal unless told."""
    from bayes_scaling.forecasting.quantities import QUANTITIES
    from bayes_scaling.specification.shelf import load_model

    return QUANTITIES[load_model(model or "loss").response].main


def _demand_registrable(
    ledger: Path, anchor: str | None, events: Sequence[str], of: Sequence[str]
) -> None:
    """Refuse before the fit what would be refused after it."""
    from bayes_scaling.ledger.anchoring import demand_anchor
    from bayes_scaling.ledger.appending import demand_place
    from bayes_scaling.registry.events import parse_event

    for event in events:
        for name in of:
            parse_event(event, name)
    demand_anchor(anchor, ledger)
    with _noting():
        demand_place(ledger)


def _pair(option: str, text: str) -> tuple[int, str]:
    """Read what was typed as RECORD=WHAT."""
    number, equals, what = (part.strip() for part in text.partition("="))
    if not (equals and what and number.isascii() and number.isdecimal()):
        raise BayesScalingError(f"{option}: expected a record's number, =, and what, got {text!r}.")
    return int(number), what


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BayesScalingError(f"{option}: {text!r} isn't a number.") from None
