"""Ledgers as text for people and as JSON for machines, both on stdout."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import typer

from bayes_scaling.cli.records import chance_text
from bayes_scaling.cli.words import note
from bayes_scaling.cli.writing import print_json, table_text
from bayes_scaling.scales import compute_text

if TYPE_CHECKING:
    from bayes_scaling.registry import Record, Rerun, Tracking

INTERVAL = ("q05", "median", "q95")


def print_registered(ledger: Path, records: "Sequence[Record]", *, as_json: bool) -> None:
    """Print what was sealed, and the head to publish."""
    from bayes_scaling.registry import head_of

    head = str(head_of(ledger))
    if as_json:
        sealed = [dict(record.content) | {"hash": record.hash} for record in records]
        return print_json({"ledger": ledger, "head": head, "records": sealed})
    for record in records:
        content, kind = record.content, record.content["scored"]
        low, middle, high = (record.quantiles[kind][level] for level in (0.05, 0.5, 0.95))
        at = compute_text(content["target"]["compute"])
        name = content["metric"]["name"]
        typer.echo(
            f"Record {record.number}: {name} at {at} FLOP {middle:.4g}, 90 % interval {low:.4g} to "
            f"{high:.4g} (kind {kind})"
        )
        for event in content["events"]:
            typer.echo(f"  P({event['text']}) = {chance_text(event['probability'])}")
    note(f"sealed in {ledger}; publish the head, so that others can see that it stayed so.")
    return typer.echo(f"Head {head}")


def print_scores(ledger: Path, scores: pd.DataFrame, *, as_json: bool) -> None:
    """Print the scores of each forecast and their averages."""
    from bayes_scaling.registry import head_of, summarise_scores

    summary, head = summarise_scores(scores), str(head_of(ledger))
    if as_json:
        rows = scores.astype(object).where(scores.notna(), None).reset_index()
        summaries = summary.reset_index().to_dict("records")
        forecasts = rows.to_dict("records")
        return print_json({"head": head, "summary": summaries, "forecasts": forecasts})
    if scores.empty:
        return typer.echo(f"{ledger} has no forecast yet. Head {head}")
    shown = pd.DataFrame(
        {
            "record": scores.index,
            "status": scores["status"],
            "metric": scores["metric"],
            "median": scores["median"].map(_short),
            "90 % interval": [
                f"{_short(low)} to {_short(high)}"
                for low, high in zip(scores["q05"], scores["q95"], strict=True)
            ],
            "outcome": scores["value"].map(_short),
            **{name: scores[name].map(_short) for name in ("crps", "log_score", "wis", "brier")},
        }
    )
    typer.echo(table_text(shown))
    names = {name: name.replace("_", " ") for name in summary.columns}
    averages = summary.rename(columns=names).map(_short).T.reset_index(names="")
    return typer.echo(f"\n{table_text(averages)}\n\nSmaller scores are better. Head {head}")


def print_tracking(tracking: "Tracking", *, as_json: bool) -> None:
    """Print what was seen beside its forecast, and the update."""
    for text in tracking.notes:
        note(text)
    if as_json:
        change = tracking.change.reset_index(names="forecast").to_dict("records")
        return print_json(
            {
                "record": tracking.record.number,
                "probability": tracking.probability,
                "seen": tracking.seen.to_dict("records"),
                "change": change,
                "notes": tracking.notes,
            }
        )
    shown = tracking.seen.assign(compute=tracking.seen["compute"].map(compute_text))
    numbers = shown.select_dtypes("number").columns
    typer.echo(table_text(shown.assign(**{name: shown[name].map(_short) for name in numbers})))
    return typer.echo(f"\n{tracking}")


def print_rerun(again: "Rerun", *, as_json: bool) -> None:
    """Print whether a sealed forecast came out again."""
    if as_json:
        said: dict[str, Any] = {"record": again.record.number, "agrees": again.agrees}
        said |= {"identical": again.identical, "message": str(again)}
        return print_json(said | {"quantiles": again.quantiles.to_dict("records")})
    return typer.echo(str(again))


def _short(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.4g}"
