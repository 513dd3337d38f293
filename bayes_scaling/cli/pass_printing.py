"""Forecasts of pass rates as text and as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import typer

from bayes_scaling.cli.questions import Question
from bayes_scaling.cli.records import chance_record, fit_record, fit_title, target_columns
from bayes_scaling.cli.writing import (
    KIND_OF,
    distance_line,
    distance_text,
    print_chance,
    print_json,
    say_unconverged,
    table_text,
)

if TYPE_CHECKING:
    from bayes_scaling.forecasting import Forecast

NEARLY_ONE = 0.9995
MEANS = "neg_log_pass: mean of -log p. pass_rate: mean of p, the share of samples that pass."


def print_pass_forecast(
    forecast: "Forecast", question: Question, *, as_json: bool, figure: Path | None
) -> None:
    """Print the targets of a forecast of pass rates with their intervals."""
    by, of, samples = question.by or "all", question.of or "pass_rate", question.samples
    samples = forecast.n_samples if samples is None else samples
    ks = {} if not question.k else {"k": list(dict.fromkeys(question.k))}
    summary = forecast.summary(by, n_samples=samples, kind=question.kind, **ks)
    chance = None
    if question.above is not None or question.below is not None:
        chance = forecast.probability(
            above=question.above, below=question.below, of=of, n_samples=samples, kind=question.kind
        )
    if as_json:
        record = fit_record(forecast.fit, forecast.notes)
        asked = {"kind": question.kind, "by": by, "n_samples": samples, "figure": figure}
        asked |= {"restrict": question.restrict, "averaged_over": _chosen(forecast)}
        record |= asked | {"probability": chance_record(chance, question, of)}
        return print_json(record | {"targets": summary.to_dict("records")})
    typer.echo(f"{fit_title(forecast.fit)}\n{_headline(forecast, question)}\n")
    typer.echo(table_text(_table(summary, by)))
    line = distance_line(forecast.targets, is_recorded=False)
    typer.echo(f"\n{line}\n{MEANS}\n{_last(by, samples)}")
    print_chance(chance, question, of)
    return say_unconverged(forecast.fit)


def _chosen(forecast: "Forecast") -> int:
    return int(forecast.fit.design.units.sizes[forecast.chosen].sum())


def _headline(forecast: "Forecast", question: Question) -> str:
    over = f"Passes of {_chosen(forecast)} problems"
    return f"{over}; intervals of {KIND_OF[question.kind]} (kind {question.kind})"


def _last(by: str, samples: int) -> str:
    if by == "problem":
        return f"n_correct: passes among {samples} samples."
    return f"solved: problems solved at least once in {samples} samples each."


def _table(summary: pd.DataFrame, by: str) -> pd.DataFrame:
    """Lay out a summary in texts, three digits a number."""
    columns = {} if by == "all" else {by: list(summary["group"])}
    columns |= {
        **target_columns(summary),
        "distance": [distance_text(value) for value in summary["distance"]],
        "quantity": list(summary["quantity"]),
        "median": list(map(quantity_text, summary["median"], summary["quantity"])),
    }
    for name, low, high in (("50 % interval", "q25", "q75"), ("90 % interval", "q05", "q95")):
        lows, highs = (map(quantity_text, summary[q], summary["quantity"]) for q in (low, high))
        columns[name] = [f"{a} to {b}" for a, b in zip(lows, highs, strict=True)]
    return pd.DataFrame(columns)


def quantity_text(value: float, quantity: str) -> str:
    """Write a quantity of a forecast of passes in three digits; no rate is written as 1.

    Examples
    --------
    >>> quantity_text(0.99997, "pass@10"), quantity_text(0.00012345, "pass_rate")
    ('> 0.999', '0.000123')
    >>> quantity_text(1.0, "solved")
    '1'
    """
    is_rate = quantity == "pass_rate" or quantity.startswith("pass@")
    return "> 0.999" if is_rate and value >= NEARLY_ONE else f"{value:.3g}"
