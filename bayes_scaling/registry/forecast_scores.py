"""The scores of one forecast: what was sealed, held against its outcome."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import scoringrules

from bayes_scaling.arrays import Array
from bayes_scaling.evaluation.scoring import Predictive
from bayes_scaling.registry.draws_and_data import read_side_file, unpack_arrays
from bayes_scaling.registry.events import stored_event
from bayes_scaling.registry.records import Record

INTERVALS = {"covered_50": (0.25, 0.75), "covered_80": (0.1, 0.9), "covered_90": (0.05, 0.95)}
SCORES = ("crps", "log_score", "pit", "wis", *INTERVALS, "brier")
SCALES: dict[str, Callable[[Any], Array]] = {"log": np.log, "linear": np.asarray}


def scores_of(record: Record, value: float) -> dict[str, Any]:
    """Score a sealed forecast by its outcome; `score` says what the scores are."""
    content = record.content
    to_scale = SCALES[content["metric"]["scale"]]
    levels = np.array(content["levels"])
    quantiles = np.array(content["quantiles"][content["scored"]])
    seen, sealed = float(to_scale(value)), to_scale(quantiles)
    wis = weighted_interval_score(seen, sealed, levels)
    at = dict(zip(content["levels"], quantiles, strict=True))
    scores: dict[str, Any] = {
        **_draw_scores(record, seen, to_scale),
        "wis": wis,
        **{name: bool(at[low] <= value <= at[high]) for name, (low, high) in INTERVALS.items()},
        "brier": _brier(content["events"], value),
    }
    for name, baseline in content["baselines"].items():
        if "quantiles" in baseline:
            theirs = to_scale(np.array(baseline["quantiles"]))
            scores[f"wis_{name}"] = weighted_interval_score(seen, theirs, levels)
            scores[f"skill_{name}"] = 1 - wis / scores[f"wis_{name}"]
    return scores


def no_scores(record: Record) -> dict[str, Any]:
    """Leave the scores of a forecast empty whose outcome isn't known."""
    sealed = record.content["baselines"]
    names = [*SCORES, *(f"{kind}_{name}" for name in sealed for kind in ("wis", "skill"))]
    return {name: None if name in INTERVALS else np.nan for name in names}


def weighted_interval_score(value: float, quantiles: Array, levels: Array) -> float:
    """Weighted interval score of quantiles at levels that are symmetric about one half.

    It is twice their mean quantile score. The function of that name in scoringrules 0.11 takes the
    median itself for the outcome's distance from it, unless its backend is numba.

    Examples
    --------
    >>> weighted_interval_score(3.0, np.array([1.0, 2.0, 3.0]), np.array([0.25, 0.5, 0.75]))
    0.6666666666666666
    """
    return float(scoringrules.crps_quantile(value, quantiles, levels, backend="numpy"))


def _draw_scores(record: Record, seen: float, to_scale: Callable[[Any], Array]) -> dict[str, float]:
    """Score the draws, and the density that they come from."""
    arrays = unpack_arrays(read_side_file(record, "draws"))
    draws = to_scale(arrays[f"draws.{record.content['scored']}"].ravel().astype(float))
    lower = np.sum(draws < seen) + 0.5 * np.sum(draws == seen)
    return {
        "crps": float(scoringrules.crps_ensemble(seen, draws, backend="numpy")),
        "log_score": _log_score(arrays, draws, seen),
        "pit": float((lower + 0.5) / (len(draws) + 1)),
    }


def _log_score(arrays: Mapping[str, Array], draws: Array, seen: float) -> float:
    parts = [arrays.get(f"density.{name}") for name in ("location", "scale", "nu")]
    if any(part is None for part in parts):
        return np.nan
    location, scale, nu = (np.asarray(part, dtype=float).reshape(-1, 1) for part in parts)
    top = float(arrays.get("density.top", np.inf))
    density = Predictive(pd.DataFrame(), draws[:, None], location, scale, nu, top=top)
    return -float(density.log_density(np.array([seen]))[0])


def _brier(events: list[Mapping[str, Any]], value: float) -> float:
    """Average the Brier score over events."""
    if not events:
        return np.nan
    happened = [float(stored_event(event).happened(value)) for event in events]
    said = [event["probability"] for event in events]
    return float(
        np.mean(scoringrules.brier_score(np.array(happened), np.array(said), backend="numpy"))
    )
