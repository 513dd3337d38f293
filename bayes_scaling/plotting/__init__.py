"""Figures: functions of the records, an Axes in and out."""

from bayes_scaling.plotting.backtests import plot_backtest, plot_calibration
from bayes_scaling.plotting.forecasts import plot_forecast

__all__ = ["plot_backtest", "plot_calibration", "plot_forecast"]
