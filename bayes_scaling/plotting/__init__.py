"""Figures: functions of the records, an Axes in and out."""

from bayes_scaling.plotting.forecasts import plot_forecast

__all__ = ["plot_forecast"]
