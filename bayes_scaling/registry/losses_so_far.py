"""Losses that came in after a forecast was sealed, checked."""

import pandas as pd

from bayes_scaling.data import check_runs
from bayes_scaling.data.loss_checks import metrics_of
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting import NO_UNIT
from bayes_scaling.registry.records import Record


def check_points(
    record: Record, runs: pd.DataFrame, losses: pd.DataFrame, assumption: str | None
) -> pd.DataFrame:
    """Check points of a run, and that they may stand beside the runs that were fitted.

    Returns
    -------
    DataFrame
        As `check_runs` returns it; ``run`` as given, ``name`` unlike any other run's.

    Raises
    ------
    DataError
        If they are no table of runs, aren't said to be comparable, were fitted already, or are of
        another family, unit or metric.
    """
    if not isinstance(losses, pd.DataFrame):
        raise DataError(
            f"losses_so_far: expected a DataFrame, got {type(losses).__name__}; read_runs reads "
            "one from a file."
        )
    labels = losses["run"].astype(str).tolist() if "run" in losses else ["now"] * len(losses)
    names = [f"{label}, point {place}" for place, label in enumerate(labels, 1)]
    points = check_runs(losses.assign(run=names))
    if assumption is None and not ("finished" in points and points["finished"].all()):
        raise DataError(
            "losses_so_far: nothing says that these losses are final, and a loss in mid-training "
            "is above that of a run that was planned to end there. Mark runs that ended, or "
            "checkpoints that were annealed to the end, with finished = True; or say in "
            "assumption= why they can be compared."
        )
    known = set(zip(runs["compute"], runs["loss"], strict=True))
    for label, point in zip(
        labels, zip(points["compute"], points["loss"], strict=True), strict=True
    ):
        if point in known:
            raise DataError(
                f"losses_so_far: {label!r}, {point[0]:.3g} FLOP, is among the runs that the "
                "forecast was made from; give only what came later."
            )
    _demand_same_kind(record, points)
    return points.assign(run=labels, name=names)


def _demand_same_kind(record: Record, points: pd.DataFrame) -> None:
    """Demand the family, the unit and the metric of the forecast, where they are named."""
    kind = record.content["metric"].get("kind")
    if kind is not None and any(other != kind for other in metrics_of(points)):
        raise DataError(
            f"losses_so_far: they are said to be of metric {metrics_of(points)[0]!r}, the forecast "
            f"is of {kind!r}."
        )
    said = {
        "family": record.content["target"]["family"],
        "loss_unit": record.content["metric"]["unit"],
    }
    for column, wanted in said.items():
        if wanted == NO_UNIT:
            continue
        others = [str(one) for one in points.get(column, pd.Series()).dropna() if one != wanted]
        if others:
            raise DataError(
                f"losses_so_far: column {column!r} says {others[0]!r}, the forecast is of "
                f"{wanted!r}."
            )
