"""From what was typed to fits and forecasts; what can be refused is refused before the fit."""

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_scaling.cli.counts import READ as READ_PASSES
from bayes_scaling.cli.counts import demand_forecastable, read_counts
from bayes_scaling.cli.outputs import demand_figure_path
from bayes_scaling.cli.questions import Question, Reading, Targets, demand_question, refuse
from bayes_scaling.cli.words import as_source, note, read_pairs, saved_fit
from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.specification.spec import scale_column

if TYPE_CHECKING:
    import pandas as pd

    from bayes_scaling.arrays import Array
    from bayes_scaling.data import Remark
    from bayes_scaling.forecasting import Forecast
    from bayes_scaling.inference.fits import Fit
    from bayes_scaling.inference.nuts import Progress
    from bayes_scaling.responses import ByResponse
    from bayes_scaling.specification.spec import Spec


BEFORE = "compiling the model, a minute or two the first time on a machine"
READ_LOSSES = ("loss_unit", "metric")


def read_ladder(
    ladder: str | Sequence[str], reading: Reading, *, along: str | None = None
) -> "pd.DataFrame":
    """Read runs; what the reader warns of goes to stderr."""
    from bayes_scaling.data import read_runs

    ways = read_pairs("--read", reading.read) or {}
    for way in ways:
        if way not in READ_LOSSES:
            raise BayesScalingError(
                f"--read: {way!r} is not known of losses; {suggest(way, READ_LOSSES)}"
            )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        runs = read_runs(
            as_source(ladder),
            columns=read_pairs("--columns", reading.columns),
            compute=read_pairs("--compute", reading.compute),
            steps=read_pairs("--steps", reading.steps),
            keep=reading.keep or "all",
            metric=ways.get("metric"),
            loss_unit=ways.get("loss_unit"),
            along=along,
        )
    for warning in caught:
        note(str(warning.message))
    return runs


def read_table(
    ladder: str | Sequence[str],
    model: str | None,
    reading: Reading,
    *,
    seed: int = 1,
) -> "pd.DataFrame":
    """Read what a model is fitted to: runs, or counts, in buckets if that was asked for."""
    return read_as(_spec_of(model, reading.along), ladder, reading, seed=seed)


def read_as(
    spec: "Spec", ladder: str | Sequence[str], reading: Reading, *, seed: int = 1
) -> "pd.DataFrame":
    """Read the table of a specification's response."""
    return WAYS[spec.response].read(spec, ladder, reading, seed=seed)


def _read_losses(
    spec: "Spec", ladder: str | Sequence[str], reading: Reading, **_: int
) -> "pd.DataFrame":
    from bayes_scaling.responses import LOSSES

    ways = {*READ_PASSES} - {*READ_LOSSES}
    of_passes = [text for text in reading.read or () if text.partition("=")[0] in ways]
    refuse(
        reading.of_counts | {"--read": of_passes},
        f"{spec.name} is a model of {LOSSES.nature}",
    )
    return read_ladder(ladder, reading, along=spec.columns[0])


def _read_scores(
    spec: "Spec", ladder: str | Sequence[str], reading: Reading, **_: int
) -> "pd.DataFrame":
    from bayes_scaling.data import read_scores
    from bayes_scaling.responses import SCORES

    refuse(
        {**reading.of_losses, **reading.of_counts, "--read": reading.read},
        f"{spec.name} is a model of {SCORES.nature}",
    )
    return read_scores(
        as_source(ladder),
        columns=read_pairs("--columns", reading.columns),
        compute=read_pairs("--compute", reading.compute),
        along=spec.columns[0],
    )


def _read_counts(
    spec: "Spec", ladder: str | Sequence[str], reading: Reading, *, seed: int
) -> "pd.DataFrame":
    refuse(reading.of_losses, f"{spec.name} is a model of passes")
    return read_counts(ladder, reading, seed=seed, along=spec.columns[0])


def fit_ladder(runs: "pd.DataFrame", model: str | None, **settings: Any) -> "Fit":
    """Fit a model of losses, as `fit_table` does; other models are refused."""
    demand_losses(model)
    return fit_table(runs, model, **settings)


def fit_table(
    table: "pd.DataFrame",
    model: str | None,
    *,
    seed: int,
    draws: int | None = None,
    allow: Sequence[str] | None = None,
    along: str | None = None,
) -> "Fit":
    """Fit with a progress bar, if stderr is a terminal; remarks on the data go to stderr."""
    from bayes_scaling.inference.fitting import fit
    from bayes_scaling.inference.suitability import check

    demand_meaning(check(table, model or "loss", along=along), allow)
    with progress_bar() as progress:
        return fit(
            model or "loss",
            table,
            random_seed=seed,
            draws=1000 if draws is None else draws,
            allow=allow or (),
            along=along,
            progress=progress,
        )


def demand_meaning(
    remarks: "Sequence[Remark]", allow: Sequence[str] | None = None, *, command: str = ""
) -> None:
    """Write remarks to stderr, and refuse what would mean nothing.

    A command that can't allow it names one that can.
    """
    from bayes_scaling.data import REFUSALS, first_refusal

    for topic in allow or ():
        if topic not in REFUSALS:
            raise BayesScalingError(f"--allow: {topic!r} is not known; {suggest(topic, REFUSALS)}")
    refused = first_refusal(remarks, allow or ())
    for remark in remarks:
        if remark is not refused:
            note(str(remark))
    if refused:
        option = f"{command} --allow {refused.topic}".lstrip()
        raise BayesScalingError(f"{refused} If it is meant, {option} fits it all the same.")


def find_fit(
    ladder: str | Sequence[str],
    model: str | None,
    *,
    seed: int | None,
    draws: int | None,
    family: Sequence[str] | None,
    reading: Reading | None = None,
    question: Question | None = None,
    at: Sequence[str] = (),
    allow: Sequence[str] | None = None,
    far: bool = False,
    losses: "Losses | None" = None,
) -> "Fit":
    """Load a saved fit, or read runs or counts and fit them, to answer a question."""
    reading, question = reading or Reading(), question or Question()
    saved = saved_fit(ladder)
    if saved is None:
        spec = _spec_of(model, reading.along)
        demand_question(question, spec, family)
        chosen = 1 if seed is None else seed
        table = read_table(ladder, model, reading, seed=chosen)
        if losses is not None:
            table = _along_losses(spec, table, losses)
        WAYS[spec.response].demand(table, question, spec, family)
        _demand_near(table, at, scale_column(spec), far=far)
        along = reading.along
        return fit_table(table, model, seed=chosen, draws=draws, allow=allow, along=along)
    given = {"--model": model, "--draws": draws, "--allow": allow}
    refuse({**given, **reading.given}, f"{saved} is fitted already")
    from bayes_scaling.inference.fitting import load_fit

    fitted = load_fit(saved)
    demand_question(question, fitted.spec, family)
    _amounts(at, scale_column(fitted.spec))
    return fitted


def _along_losses(spec: "Spec", table: "pd.DataFrame", losses: "Losses") -> "pd.DataFrame":
    """Give counts the losses of their runs, where they have none of their own."""
    from bayes_scaling.data import attach_losses

    if spec.law.link is None:
        raise BayesScalingError(
            f"--loss: {spec.name} goes along {' and '.join(spec.columns)}; --model pass_rate_loss "
            "goes along a loss."
        )
    (column,) = spec.columns
    return table if column in table else attach_losses(table, losses.table, column)


@dataclass(frozen=True)
class Losses:
    """The ladder of losses that counts go along, and its fit where the loss is forecast too."""

    table: "pd.DataFrame"
    fit: "Fit | None" = None


def find_losses(targets: Targets, **settings: Any) -> "Losses | None":
    """Read the ladder of losses that counts go along; where these are forecast, fit it."""
    if targets.loss is None:
        return None
    saved = saved_fit(str(targets.loss))
    if targets.at or saved:
        given = settings | {"draws": None, "allow": None} if saved else settings
        fitted = find_loss_fit(str(targets.loss), None, family=None, at=targets.at, **given)
        return Losses(fitted.table, fitted)
    return Losses(read_ladder(str(targets.loss), Reading()))


def find_loss_fit(ladder: str | Sequence[str], model: str | None, **settings: Any) -> "Fit":
    """Find a fit of a model of losses, as `find_fit` does; other models are refused."""
    if saved_fit(ladder) is None:
        demand_losses(model)
    fitted = find_fit(ladder, model, **settings)
    demand_losses(fitted.spec)
    return fitted


def predict_at(
    fitted: "Fit",
    targets: Targets,
    family: Sequence[str] | None,
    question: Question,
    *,
    seed: int | None,
    far: bool,
    losses: "Losses | None" = None,
) -> "Forecast":
    """Forecast what a question asks of a fit."""
    from bayes_scaling.forecasting import chain, predict

    one = family[0] if family and len(family) == 1 else family
    if targets.at and losses is not None and losses.fit is not None:
        ahead = predict(losses.fit, compute=targets.at, random_seed=seed, far=far)
        return chain(ahead, fitted, restrict=question.restrict, random_seed=seed)
    if targets.at and fitted.design.links:
        raise BayesScalingError(
            f"--at: {fitted.spec.name} goes along a loss; give the ladder of losses with --loss, "
            "or --at-loss."
        )
    at: dict[str, Any] = {"loss": targets.at_loss} if targets.at_loss else dict(targets.sizes)
    if targets.at:
        is_divided = fitted.spec.law.frontier is not None
        at = {"compute" if is_divided else fitted.spec.columns[0]: targets.at}
        at |= {"ratio": targets.ratio} if targets.ratio else {}
    at |= {"recipe": targets.recipe} if targets.recipe else {}
    asked: Any = {**at, "family": one or None, "restrict": question.restrict}
    return predict(fitted, **asked, random_seed=seed, far=far)


def column_of(
    ladder: str | Sequence[str], model: str | None, along: str | None = None
) -> str | None:
    """Name the column that targets are amounts of; None of a saved fit, which knows it."""
    return None if saved_fit(ladder) else scale_column(_spec_of(model, along))


def _spec_of(model: str | None, along: str | None) -> "Spec":
    """Load a model, by default loss, along the column that was asked for."""
    from bayes_scaling.specification.shelf import load_model

    spec = load_model(model or "loss")
    return spec if along is None else spec.along(along)


def demand_targets(
    at: Sequence[str], kind: str, figure: Path | None, column: str | None = "compute"
) -> None:
    """Refuse targets, a kind or a path that would be refused after the fit."""
    from bayes_scaling.inference.predictive import KINDS

    if column is not None:
        _amounts(at, column)
    if kind not in KINDS:
        raise BayesScalingError(f"--kind: {kind!r} is not known; {suggest(kind, KINDS)}")
    if figure is not None:
        demand_figure_path(figure)


def _amounts(at: Sequence[str], column: str) -> "Array":
    """Read what was typed as targets; raises BayesScalingError."""
    import numpy as np

    from bayes_scaling.data import amount_of

    try:
        return np.array([amount_of(column, value) for value in at], dtype=float)
    except BayesScalingError as error:
        raise BayesScalingError(f"--at: {error}") from None


def demand_same(models: Sequence[str], verb: str) -> None:
    """Demand models of one response."""
    from bayes_scaling.responses import RESPONSES
    from bayes_scaling.specification.shelf import load_model

    first, *others = map(load_model, models)
    for spec in others:
        if not RESPONSES[first.response].has_model(spec):
            raise BayesScalingError(
                f"--model: {first.name} is a model of {first.response} and {spec.name} one of "
                f"{spec.response}; {verb} models of the same."
            )


def demand_losses(model: "str | Spec | None") -> None:
    """Refuse a model that isn't of losses."""
    from bayes_scaling.responses import LOSSES
    from bayes_scaling.specification.shelf import load_model

    spec = load_model(model or "loss")
    if not LOSSES.has_model(spec):
        raise BayesScalingError(
            f"--model: {spec.name} is a model of {spec.response}; this command takes models of "
            "losses."
        )


def _demand_ladders(
    runs: "pd.DataFrame", _: Question, spec: "Spec", family: Sequence[str] | None
) -> None:
    from bayes_scaling.forecasting import family_index
    from bayes_scaling.inference.designing import design_of

    design = design_of(spec, runs)
    labels: Sequence[str | None] = family or [None]
    for label in labels:
        family_index(design.families, label)


def _demand_counts(
    passes: "pd.DataFrame", question: Question, spec: "Spec", _: Sequence[str] | None
) -> None:
    demand_forecastable(passes, question, scale_column(spec))


@dataclass(frozen=True)
class Ways:
    """How the table of a response is read, and what it has to be before it is fitted."""

    read: "Callable[..., pd.DataFrame]"
    demand: Callable[..., None]


WAYS: "ByResponse[Ways]" = {
    "loss": Ways(_read_losses, _demand_ladders),
    "score": Ways(_read_scores, _demand_ladders),
    "passes": Ways(_read_counts, _demand_counts),
}


def _demand_near(table: "pd.DataFrame", at: Sequence[str], column: str, *, far: bool) -> None:
    """Refuse what lies too far from every family; `predict` refuses what does from its own."""
    from bayes_scaling.data import demand_one_unit
    from bayes_scaling.forecasting import demand_near

    amounts, scale = _amounts(at, column), table[column].to_numpy(float)
    if column == "compute":
        demand_one_unit(scale, amounts)
    if not far:
        demand_near(amounts, float(scale.min()), float(scale.max()), (column,))


@contextmanager
def progress_bar(before: str = BEFORE, during: str = "sampling") -> "Iterator[Progress | None]":
    """Show a bar on stderr, if that is a terminal, and give what reports to it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    text, times = TextColumn("{task.description}"), (TimeElapsedColumn(), TimeRemainingColumn())
    columns = SpinnerColumn(), text, BarColumn(), *times
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(before, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, description=during, completed=done, total=total)

        yield report
