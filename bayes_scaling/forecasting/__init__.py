"""Posterior predictive distributions at target computes; forecasts are frozen records."""

from bayes_scaling.forecasting.chaining import chain, chained_again
from bayes_scaling.forecasting.distance import (
    FAR,
    demand_near,
    distance_record,
    farthest,
    record_at,
)
from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.forecasting.notes import (
    NO_UNIT,
    floor_notes,
    floor_ratio,
    in_unit,
    response_metric,
    response_unit,
)
from bayes_scaling.forecasting.predicting import predict
from bayes_scaling.forecasting.summaries import ALL, KIND_WORDS, quantile_name
from bayes_scaling.forecasting.targets import family_index

__all__ = [
    "ALL",
    "FAR",
    "KIND_WORDS",
    "NO_UNIT",
    "Forecast",
    "chain",
    "chained_again",
    "demand_near",
    "distance_record",
    "family_index",
    "farthest",
    "floor_notes",
    "floor_ratio",
    "in_unit",
    "predict",
    "quantile_name",
    "record_at",
    "response_metric",
    "response_unit",
]
