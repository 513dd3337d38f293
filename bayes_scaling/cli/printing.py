"""Fits, forecasts and the demo as text and as JSON."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import typer

from bayes_scaling.cli.pass_printing import print_pass_forecast
from bayes_scaling.cli.questions import Question
from bayes_scaling.cli.records import (
    chance_record,
    fit_notes,
    fit_record,
    fit_title,
    target_columns,
)
from bayes_scaling.cli.writing import (
    DISTANCE,
    KIND_OF,
    distance_line,
    distance_text,
    print_chance,
    print_json,
    print_notes,
    say_unconverged,
    table_text,
)
from bayes_scaling.responses import ByResponse
from bayes_scaling.scales import compute_text, unit_after

if TYPE_CHECKING:
    from bayes_scaling.forecasting import Forecast
    from bayes_scaling.inference.fits import Fit


def print_fit(fit: "Fit", *, as_json: bool, saved: Path | None) -> None:
    """Print the parameters of a fit and its diagnosis."""
    notes, summary = fit_notes(fit), fit.summary()
    print_notes(notes, [f"The fit is saved in {saved}."] if saved else [])
    if as_json:
        rows = summary.reset_index(names="parameter").to_dict("records")
        return print_json(fit_record(fit, notes) | {"parameters": rows, "saved": saved})
    numbers = summary.select_dtypes("number").map(_four_digits)
    table = pd.concat([numbers, summary[["prior"]].fillna("")], axis=1)
    reference = ", ".join(compute_text(value) for value in fit.reference)
    typer.echo(f"{fit_title(fit)}; C0 = {reference}{unit_after(fit.spec.columns)}\n")
    typer.echo(table_text(table.reset_index(names="parameter")))
    return typer.echo(f"\n{fit.diagnosis}")


def print_forecast(
    forecast: "Forecast", question: Question, *, as_json: bool, figure: Path | None
) -> None:
    """Print the targets of a forecast with their intervals."""
    drawn = [f"The figure is in {figure}."] if figure else []
    print_notes(forecast.notes, drawn)
    PRINTERS[forecast.fit.response.name](forecast, question, as_json=as_json, figure=figure)


def _print_runs(
    forecast: "Forecast", question: Question, *, as_json: bool, figure: Path | None
) -> None:
    from bayes_scaling.forecasting.notes import is_recorded

    kind, chance, response = question.kind, None, forecast.fit.spec.response
    summary = forecast.summary(kind=kind)
    if question.above is not None or question.below is not None:
        chance = forecast.probability(above=question.above, below=question.below, kind=kind)
    if as_json:
        record = fit_record(forecast.fit, forecast.notes) | {"kind": kind, "figure": figure}
        record["probability"] = chance_record(chance, question, response)
        return print_json(record | {"targets": summary.to_dict("records")})
    table = _interval_table(summary, several=len(forecast.fit.families) > 1)
    typer.echo(f"{fit_title(forecast.fit)}\n{_kind_line(forecast, kind)}\n")
    said = distance_line(summary, is_recorded=is_recorded(forecast.fit))
    typer.echo(f"{table_text(table)}\n\n{said}")
    print_chance(chance, question, response)
    return say_unconverged(forecast.fit)


PRINTERS: ByResponse[Callable[..., None]] = {
    "loss": _print_runs,
    "passes": print_pass_forecast,
    "score": _print_runs,
}


def print_demo(
    forecast: "Forecast", held: pd.DataFrame, *, as_json: bool, figure: Path, report: Path
) -> None:
    """Print a forecast beside what was published."""
    summary, truth = forecast.summary(), held["loss"].to_numpy()
    judged = summary.assign(
        width=summary["q95"] - summary["q05"],
        published=truth,
        in_50=(summary["q25"] <= truth) & (truth <= summary["q75"]),
        in_90=(summary["q05"] <= truth) & (truth <= summary["q95"]),
        run=held["run"].to_numpy(),
    )
    if as_json:
        record = fit_record(forecast.fit, forecast.notes) | {"kind": "run", "figure": figure}
        record |= {"report": report, "targets": judged.to_dict("records")}
        return print_json(record)
    table = _interval_table(summary, several=False)
    table.insert(0, "model", [name.rpartition("-")[2] for name in held["run"]])
    table["width"] = [f"{value:.{_decimals(summary)}f}" for value in judged["width"]]
    table["published"] = [f"{value:.3f}" for value in truth]
    table["inside"] = [
        "50 and 90 %" if inner else "90 %" if outer else "neither"
        for inner, outer in zip(judged["in_50"], judged["in_90"], strict=True)
    ]
    typer.echo(f"{fit_title(forecast.fit)}\n{_kind_line(forecast, 'run')}\n\n{table_text(table)}\n")
    typer.echo(f"{DISTANCE} Width: of the 90 % interval.")
    places = f"The figure is in {figure}.", f"The report is in {report}."
    typer.echo("\n".join([*forecast.notes, *places]))
    return None


def _kind_line(forecast: "Forecast", kind: str) -> str:
    from bayes_scaling.forecasting import in_unit, response_unit

    name = forecast.fit.spec.response.capitalize()
    return (
        f"{name}{in_unit(response_unit(forecast.fit))}; intervals of {KIND_OF[kind]} (kind {kind})"
    )


def _interval_table(summary: pd.DataFrame, *, several: bool) -> pd.DataFrame:
    digits = f".{_decimals(summary)}f"
    columns: dict[str, Sequence[str]] = {"family": list(summary["family"])} if several else {}
    columns |= {
        **target_columns(summary),
        "distance": [distance_text(value) for value in summary["distance"]],
        "median": [f"{value:{digits}}" for value in summary["median"]],
    }
    for name, low, high in (("50 % interval", "q25", "q75"), ("90 % interval", "q05", "q95")):
        pairs = zip(summary[low], summary[high], strict=True)
        columns[name] = [f"{a:{digits}} to {b:{digits}}" for a, b in pairs]
    return pd.DataFrame(columns)


def _decimals(summary: pd.DataFrame) -> int:
    """Count the decimals that show two digits of the narrowest 90 % interval."""
    width = float((summary["q95"] - summary["q05"]).min())
    return min(max(2 - math.floor(math.log10(width)), 2), 6) if width > 0 else 4


def _four_digits(value: float) -> str:
    return "" if math.isnan(value) else compute_text(value) if value > 1e5 else f"{value:.4g}"
