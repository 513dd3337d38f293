"""Figures: functions of the records, an Axes in and out."""

from bayes_scaling.plotting.backtests import plot_backtest, plot_calibration
from bayes_scaling.plotting.forecasts import plot_forecast
from bayes_scaling.plotting.ledgers import plot_ledger
from bayes_scaling.plotting.pass_rates import make_panels, plot_pass_rate
from bayes_scaling.plotting.problems import plot_problems
from bayes_scaling.plotting.skills import plot_emergence, plot_shape
from bayes_scaling.plotting.sweeps import plot_transfer

__all__ = [
    "make_panels",
    "plot_backtest",
    "plot_calibration",
    "plot_emergence",
    "plot_forecast",
    "plot_ledger",
    "plot_pass_rate",
    "plot_problems",
    "plot_shape",
    "plot_transfer",
]
