"""Fits, remarks and probabilities as records, for JSON, and the words that name them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_scaling.cli.questions import Question
from bayes_scaling.cli.words import as_typed

if TYPE_CHECKING:
    from bayes_scaling.data import Remark
    from bayes_scaling.inference.fits import Fit
    from bayes_scaling.inference.passes.fits import PassFit


def compute_text(compute: float) -> str:
    """Write an amount of compute in three digits.

    Examples
    --------
    >>> compute_text(2.3e22)
    '2.3e22'
    """
    return f"{compute:.3g}".replace("e+", "e")


def remark_records(remarks: Iterable["Remark"]) -> list[dict[str, Any]]:
    """Turn remarks into records."""
    return [asdict(remark) | {"message": as_typed(remark.message)} for remark in remarks]


def fit_record(fit: "Fit | PassFit", notes: Sequence[str]) -> dict[str, Any]:
    """Turn a fit into a record: what was fitted, and whether it can be trusted."""
    from bayes_scaling.data import check_table
    from bayes_scaling.inference.fits import Fit

    table = fit.runs if isinstance(fit, Fit) else fit.passes
    verdict = {"converged": fit.diagnosis.converged, "problems": fit.diagnosis.problems}
    return {
        "model": fit.spec.name,
        **_fitted(fit),
        "random_seed": fit.random_seed,
        "diagnosis": verdict | asdict(fit.diagnosis),
        "notes": notes,
        "remarks": remark_records(check_table(table)),
        "versions": dict(fit.versions),
        "data_hash": fit.data_hash,
    }


def _fitted(fit: "Fit | PassFit") -> dict[str, Any]:
    from bayes_scaling.forecasting import response_metric, response_unit
    from bayes_scaling.inference.fits import Fit

    if isinstance(fit, Fit):
        reference = dict(zip(fit.families, fit.reference, strict=True))
        return {
            "runs": len(fit.runs),
            "families": fit.families,
            "unit": response_unit(fit),
            "metric": response_metric(fit),
            "reference": reference,
        }
    design = fit.design
    sizes = np.bincount(design.bucket, design.sizes, len(design.buckets)).astype(int)
    return {
        "runs": len(design.runs),
        "problems": int(design.sizes.sum()),
        "buckets": dict(zip(design.buckets, sizes.tolist(), strict=True)),
        "reference": design.reference,
    }


def fit_title(fit: "Fit | PassFit") -> str:
    """Name a model and what it was fitted to."""
    from bayes_scaling.inference.fits import Fit

    if isinstance(fit, Fit):
        named = [family for family in fit.families if "family" in fit.runs]
        shown = ", ".join(named[:4]) + (", ..." if len(named) > 4 else "")
        fitted = f"{len(fit.runs)} runs" + (f" of {shown}" if shown else "")
    else:
        fitted = f"{len(fit.design.runs)} runs of {fit.design.sizes.sum()} problems"
    low, high = fit.design.compute.min(), fit.design.compute.max()
    span = f"{compute_text(low)} to {compute_text(high)} FLOP"
    return f"Model {fit.spec.name}, fitted to {fitted}, {span}"


def chance_record(
    chance: "pd.Series[float] | None", question: Question, of: str
) -> dict[str, Any] | None:
    """Turn the probability that was asked for into a record; None if none was."""
    if chance is None:
        return None
    rows = [
        {"compute": compute, "probability": value}
        for compute, value in zip(chance.index, chance, strict=True)
    ]
    return {"of": of, "above": question.above, "below": question.below, "targets": rows}
