"""Figures: functions of the records, an Axes in and out."""

from bayes_scaling.plotting.backtests import plot_backtest, plot_calibration
from bayes_scaling.plotting.decisions import (
    plot_allocation,
    plot_choice,
    plot_crossing,
    plot_floor,
    plot_gain,
    plot_passage,
)
from bayes_scaling.plotting.forecasts import plot_families, plot_forecast
from bayes_scaling.plotting.ledgers import plot_ledger
from bayes_scaling.plotting.parameters import plot_parameters
from bayes_scaling.plotting.pass_rates import make_panels, plot_pass_rate
from bayes_scaling.plotting.problems import plot_problems
from bayes_scaling.plotting.replicates import plot_replicates
from bayes_scaling.plotting.residuals import plot_residuals
from bayes_scaling.plotting.skills import plot_emergence, plot_shape

__all__ = [
    "make_panels",
    "plot_allocation",
    "plot_backtest",
    "plot_calibration",
    "plot_choice",
    "plot_crossing",
    "plot_emergence",
    "plot_families",
    "plot_floor",
    "plot_forecast",
    "plot_gain",
    "plot_ledger",
    "plot_parameters",
    "plot_pass_rate",
    "plot_passage",
    "plot_problems",
    "plot_replicates",
    "plot_residuals",
    "plot_shape",
]
