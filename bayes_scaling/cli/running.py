"""From what was typed to fits and forecasts; what can be refused is refused before the fit."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bayes_scaling.errors import BayesScalingError, OutputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from bayes_scaling.forecasting import Forecast
    from bayes_scaling.inference.fits import Fit
    from bayes_scaling.inference.sampling import Progress

SAVED = ".nc"


def read_ladder(
    ladder: str, columns: Sequence[str] | None, compute: Sequence[str] | None
) -> "pd.DataFrame":
    """Read runs; what the reader warns of goes to stderr."""
    from bayes_scaling.data import read_runs

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        runs = read_runs(
            ladder, columns=_pairs("--columns", columns), compute=_pairs("--compute", compute)
        )
    for warning in caught:
        note(str(warning.message))
    return runs


def fit_ladder(
    runs: "pd.DataFrame", model: str | None, *, seed: int, draws: int | None = None
) -> "Fit":
    """Fit with a progress bar, if stderr is a terminal; remarks on the runs go to stderr."""
    from bayes_scaling.data import check
    from bayes_scaling.inference.fitting import fit

    for remark in check(runs):
        note(str(remark))
    with _progress_bar() as progress:
        return fit(
            model or "loss",
            runs,
            random_seed=seed,
            draws=1000 if draws is None else draws,
            progress=progress,
        )


def find_fit(
    ladder: str,
    model: str | None,
    *,
    seed: int | None,
    draws: int | None,
    columns: Sequence[str] | None,
    compute: Sequence[str] | None,
    family: Sequence[str] | None,
) -> "Fit":
    """Load a saved fit, or read runs and fit them."""
    if Path(ladder).suffix.lower() != SAVED:
        runs = read_ladder(ladder, columns, compute)
        _demand_families(runs, model, family)
        return fit_ladder(runs, model, seed=1 if seed is None else seed, draws=draws)
    given = {"--model": model, "--draws": draws, "--columns": columns, "--compute": compute}
    for option, value in given.items():
        if value:
            raise BayesScalingError(f"{option}: {ladder} is fitted already; leave it out.")
    from bayes_scaling.inference.fitting import load_fit

    return load_fit(ladder)


def demand_targets(at: Sequence[str], kind: str, figure: Path | None) -> None:
    """Refuse targets, a kind or a path that would be refused after the fit."""
    from bayes_scaling.data import parse_compute
    from bayes_scaling.inference.predictive import KINDS

    for value in at:
        try:
            parse_compute(value)
        except BayesScalingError as error:
            raise BayesScalingError(f"--at: {error}") from None
    if kind not in KINDS:
        raise BayesScalingError(f"--kind: {kind!r} is not known; {suggest(kind, KINDS)}")
    if figure is not None:
        demand_figure_path(figure)


def demand_fit_path(path: Path) -> None:
    """Refuse a path where a fit can't be saved, or wouldn't be known as one."""
    if path.suffix.lower() != SAVED:
        raise OutputError(f"--out: {path} has to end in {SAVED}, by which a saved fit is known.")
    _demand_writable(path)


def demand_figure_path(path: Path) -> None:
    """Refuse a path where a figure can't be written, or of no known format."""
    from matplotlib.backend_bases import FigureCanvasBase

    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if path.suffix.lower().removeprefix(".") not in known:
        raise OutputError(
            f"--figure: {path} has to end in the name of a format ({', '.join(known)})."
        )
    _demand_writable(path)


def draw_figure(
    forecast: "Forecast", path: Path | None, truth: "pd.DataFrame | None" = None
) -> None:
    """Write the figure of a forecast, whole or not at all; no path, no figure."""
    if path is None:
        return
    from matplotlib.figure import Figure

    from bayes_scaling.inference.saving import replacing
    from bayes_scaling.plotting import plot_forecast

    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    plot_forecast(forecast, truth, figure.subplots())
    with replacing(path) as part:
        figure.savefig(part, format=path.suffix.lower().removeprefix("."), dpi=200)


def note(text: str) -> None:
    """Write a line to stderr."""
    typer.echo(f"note: {text}", err=True)


def _demand_families(runs: "pd.DataFrame", model: str | None, family: Sequence[str] | None) -> None:
    from bayes_scaling.forecasting import family_index
    from bayes_scaling.inference.design import make_design
    from bayes_scaling.specification.shelf import load_model

    design = make_design(load_model(model or "loss"), runs)
    labels: Sequence[str | None] = family or [None]
    for label in labels:
        family_index(design.families, label)


def _demand_writable(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"{path}: can't be written: it is a folder.")
    probe = path.with_name(f".{path.name}.probe")
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror}.") from None


def _pairs(option: str, texts: Sequence[str] | None) -> dict[str, str] | None:
    pairs = {}
    for text in texts or ():
        name, equals, value = text.rpartition("=")
        if not (name and equals and value):
            raise BayesScalingError(f"{option}: expected two names joined by =, got {text!r}.")
        pairs[name] = value
    return pairs or None


@contextmanager
def _progress_bar() -> "Iterator[Progress | None]":
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("compiling the model", total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, description="sampling", completed=done, total=total)

        yield report
