"""Results as text for people and as JSON for machines, both on stdout."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import typer

from bayes_scaling.cli.running import note

if TYPE_CHECKING:
    from bayes_scaling.data import Remark
    from bayes_scaling.forecasting import Forecast
    from bayes_scaling.inference.fits import Fit

KIND_OF = {
    "run": "one new run",
    "expected": "the average of runs at that scale",
    "law": "the law alone",
}
DISTANCE = "Distance: decades of compute beyond the last fitted run."


def print_json(content: Any) -> None:
    """Write JSON to stdout; NaN becomes null."""
    typer.echo(json.dumps(_plain(content), indent=1, allow_nan=False))


def table_text(table: pd.DataFrame, *, left: bool = False) -> str:
    """Lay out a table of texts, aligned on the right or on the left.

    Examples
    --------
    >>> print(table_text(pd.DataFrame({"model": ["loss", "loss_abc"], "law": ["a", "b"]})))
       model  law
        loss    a
    loss_abc    b
    """
    rows = [list(map(str, table.columns)), *table.astype(str).to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    align = "<" if left else ">"
    lines = (
        "  ".join(f"{cell:{align}{width}}" for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def compute_text(compute: float) -> str:
    """Write an amount of compute in three digits.

    Examples
    --------
    >>> compute_text(2.3e22)
    '2.3e22'
    """
    return f"{compute:.3g}".replace("e+", "e")


def remark_records(remarks: Iterable["Remark"]) -> list[dict[str, str]]:
    """Turn remarks into records."""
    return [{"topic": remark.topic, "message": remark.message} for remark in remarks]


def print_fit(fit: "Fit", *, as_json: bool, saved: Path | None) -> None:
    """Print the parameters of a fit and its diagnosis."""
    from bayes_scaling.forecasting import floor_notes

    notes = list(floor_notes(fit, range(len(fit.families))))
    summary = fit.summary()
    _notes(notes, [f"The fit is saved in {saved}."] if saved else [])
    if as_json:
        rows = summary.reset_index(names="parameter").to_dict("records")
        return print_json(_record(fit, notes) | {"parameters": rows, "saved": saved})
    numbers = summary.select_dtypes("number").map(_four_digits)
    table = pd.concat([numbers, summary[["prior"]].fillna("")], axis=1)
    reference = ", ".join(compute_text(value) for value in fit.reference)
    typer.echo(f"{_title(fit)}; C0 = {reference} FLOP\n")
    typer.echo(table_text(table.reset_index(names="parameter")))
    return typer.echo(f"\n{fit.diagnosis}")


def print_forecast(forecast: "Forecast", kind: str, *, as_json: bool, figure: Path | None) -> None:
    """Print the targets of a forecast with their intervals."""
    drawn = [f"The figure is in {figure}."] if figure else []
    _notes(forecast.notes, drawn)
    summary = forecast.summary(kind=kind)
    if as_json:
        record = _record(forecast.fit, forecast.notes) | {"kind": kind, "figure": figure}
        return print_json(record | {"targets": summary.to_dict("records")})
    table = _interval_table(summary, several=len(forecast.fit.families) > 1)
    typer.echo(f"{_title(forecast.fit)}\n{_kind_line(forecast, kind)}\n")
    typer.echo(f"{table_text(table)}\n\n{DISTANCE}")
    return _say_unconverged(forecast.fit)


def print_demo(forecast: "Forecast", held: pd.DataFrame, *, as_json: bool, figure: Path) -> None:
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
        record = _record(forecast.fit, forecast.notes) | {"kind": "run", "figure": figure}
        return print_json(record | {"targets": judged.to_dict("records")})
    table = _interval_table(summary, several=False)
    table.insert(0, "model", [name.rpartition("-")[2] for name in held["run"]])
    table["width"] = [f"{value:.{_decimals(summary)}f}" for value in judged["width"]]
    table["published"] = [f"{value:.3f}" for value in truth]
    table["inside"] = [
        "50 and 90 %" if inner else "90 %" if outer else "neither"
        for inner, outer in zip(judged["in_50"], judged["in_90"], strict=True)
    ]
    typer.echo(f"{_title(forecast.fit)}\n{_kind_line(forecast, 'run')}\n\n{table_text(table)}\n")
    typer.echo(f"{DISTANCE} Width: of the 90 % interval.")
    typer.echo("\n".join([*forecast.notes, f"The figure is in {figure}."]))
    return None


def _record(fit: "Fit", notes: Sequence[str]) -> dict[str, Any]:
    from bayes_scaling.data import check

    verdict = {"converged": fit.diagnosis.converged, "problems": fit.diagnosis.problems}
    return {
        "model": fit.spec.name,
        "runs": len(fit.runs),
        "families": fit.families,
        "reference": dict(zip(fit.families, fit.reference, strict=True)),
        "random_seed": fit.random_seed,
        "diagnosis": verdict | asdict(fit.diagnosis),
        "notes": notes,
        "remarks": remark_records(check(fit.runs)),
        "versions": dict(fit.versions),
        "data_hash": fit.data_hash,
    }


def _title(fit: "Fit") -> str:
    named = [family for family in fit.families if "family" in fit.runs]
    shown = ", ".join(named[:4]) + (", ..." if len(named) > 4 else "")
    low, high = fit.design.compute.min(), fit.design.compute.max()
    of = f" of {shown}" if shown else ""
    span = f"{compute_text(low)} to {compute_text(high)} FLOP"
    return f"Model {fit.spec.name}, fitted to {len(fit.runs)} runs{of}, {span}"


def _kind_line(forecast: "Forecast", kind: str) -> str:
    from bayes_scaling.forecasting import response_unit

    name = forecast.fit.spec.response.capitalize()
    return f"{name} in {response_unit(forecast.fit)}; intervals of {KIND_OF[kind]} (kind {kind})"


def _interval_table(summary: pd.DataFrame, *, several: bool) -> pd.DataFrame:
    digits = f".{_decimals(summary)}f"
    columns: dict[str, Sequence[str]] = {"family": list(summary["family"])} if several else {}
    columns |= {
        "target (FLOP)": [compute_text(value) for value in summary["compute"]],
        "distance": [f"{value:.2f}" for value in summary["distance"]],
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


def _notes(*lists: Iterable[str]) -> None:
    for texts in lists:
        for text in texts:
            note(text)


def _say_unconverged(fit: "Fit") -> None:
    if not fit.diagnosis.converged:
        typer.echo(str(fit.diagnosis))


def _plain(value: Any) -> Any:
    """Turn paths, tuples and numpy's scalars into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
