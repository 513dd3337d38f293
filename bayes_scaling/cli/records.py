"""Fits, remarks and probabilities as records, for JSON, and the words that name them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_scaling.cli.questions import Question
from bayes_scaling.cli.words import as_typed
from bayes_scaling.responses import ByResponse
from bayes_scaling.scales import compute_text, scale_of
from bayes_scaling.specification.spec import scale_column

if TYPE_CHECKING:
    from bayes_scaling.data import Remark
    from bayes_scaling.inference.fits import Fit


def target_columns(summary: pd.DataFrame) -> dict[str, list[str]]:
    """Write the covariates of targets, each under its unit: 'target (FLOP)'."""
    own = [str(name) for name in summary.columns[1 : list(summary.columns).index("distance")]]
    return {
        f"target ({scale_of([name]).unit})": [compute_text(value) for value in summary[name]]
        for name in own
    }


def chance_text(value: float) -> str:
    """Write a probability in three decimals; draws can't tell it from 0 or 1 beyond that.

    Examples
    --------
    >>> chance_text(0.12345), chance_text(0.99996), chance_text(1e-5), chance_text(1.0)
    ('0.123', '> 0.999', '< 0.001', '> 0.999')
    """
    text = f"{value:.3f}"
    return "> 0.999" if text == "1.000" else "< 0.001" if text == "0.000" else text


def remark_records(remarks: Iterable["Remark"]) -> list[dict[str, Any]]:
    """Turn remarks into records."""
    return [asdict(remark) | {"message": as_typed(remark.message)} for remark in remarks]


def fit_record(fit: "Fit", notes: Sequence[str]) -> dict[str, Any]:
    """Turn a fit into a record: what was fitted, and whether it can be trusted."""
    from bayes_scaling.data import check_table

    verdict = {"converged": fit.diagnosis.converged, "problems": fit.diagnosis.problems}
    return {
        "model": fit.spec.name,
        **DESCRIPTIONS[fit.response.name].record(fit),
        "random_seed": fit.random_seed,
        "diagnosis": verdict | asdict(fit.diagnosis),
        "notes": notes,
        "remarks": remark_records(check_table(fit.table, scale_column(fit.spec))),
        "versions": dict(fit.versions),
        "data_hash": fit.data_hash,
    }


def _record_losses(fit: "Fit") -> dict[str, Any]:
    from bayes_scaling.forecasting import response_metric, response_unit
    from bayes_scaling.registry.claims import references_to_seal

    return {
        "runs": len(fit.table),
        "families": fit.families,
        "unit": response_unit(fit),
        "metric": response_metric(fit),
        "reference": references_to_seal(fit),
    }


def _record_scores(fit: "Fit") -> dict[str, Any]:
    from bayes_scaling.registry.claims import references_to_seal

    return {
        "runs": len(fit.table),
        "families": fit.families,
        "unit": "share of items",
        "reference": references_to_seal(fit),
    }


def _record_counts(fit: "Fit") -> dict[str, Any]:
    design = fit.design
    sizes = np.bincount(design.units.bucket, design.units.sizes, len(design.units.buckets)).astype(
        int
    )
    return {
        "runs": len(design.runs),
        "problems": int(design.units.sizes.sum()),
        "buckets": dict(zip(design.units.buckets, sizes.tolist(), strict=True)),
        "reference": float(fit.reference.iloc[0]),
    }


def fit_title(fit: "Fit") -> str:
    """Name a model and what it was fitted to."""
    from bayes_scaling.inference.describing import name_data

    return f"Model {fit.spec.name}, fitted to {name_data(fit)}"


def fit_notes(fit: "Fit") -> list[str]:
    """Say what the reader of a fit has to know."""
    return [*fit.notes, *DESCRIPTIONS[fit.response.name].notes(fit)]


def _notes_of_floors(fit: "Fit") -> Iterable[str]:
    from bayes_scaling.forecasting import floor_notes

    return floor_notes(fit, range(len(fit.families)))


def _no_notes(_: "Fit") -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Description:
    """What was fitted, as a record, and what its fit says beside its own notes."""

    record: Callable[[Any], dict[str, Any]]
    notes: Callable[[Any], Iterable[str]]


DESCRIPTIONS: ByResponse[Description] = {
    "loss": Description(_record_losses, _notes_of_floors),
    "score": Description(_record_scores, _no_notes),
    "passes": Description(_record_counts, _no_notes),
}


def chance_record(
    chance: "pd.Series[float] | None", question: Question, of: str
) -> dict[str, Any] | None:
    """Turn the probability that was asked for into a record; None if none was."""
    if chance is None:
        return None
    rows = [
        {str(chance.index.name): scale, "probability": value}
        for scale, value in zip(chance.index, chance, strict=True)
    ]
    return {"of": of, "above": question.above, "below": question.below, "targets": rows}
