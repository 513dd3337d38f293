"""A backtest as a figure: whether the intervals can be believed, and how far the errors reach."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from arviz_stats.ecdf_utils import ecdf_pit
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter
from scipy import stats

from bayes_scaling.errors import BayesScalingError, demand_record
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.plotting.marks import legend_below, tidy
from bayes_scaling.plotting.style import BLUE, DASHES, FAINT, INK, VERMILLION, Look, Style

ONE_SIZE, TWO_SIZE = (5.5, 3.6), (7.2, 3.3)
NOMINAL = np.append(np.arange(10, 100, 10), 95) / 100
BAND = 0.95
BAND_SIMULATIONS = 20_000
BAND_ALPHA = 0.16
APART = 0.005  # of the width
FEWEST = 20  # forecasts; of fewer the bands are so wide that they hold any forecaster


def plot_calibration(
    backtest: Backtest, axes: Sequence[Axes] | None = None
) -> np.ndarray[Any, Any]:
    """Plot whether intervals cover what they say, and where they fail.

    On the left, the share of truths inside the central interval against its probability, from 10 to
    95 %, with the 95 % binomial band of a calibrated forecaster. On the right, the ECDF of the PIT
    (the share of draws below the truth) minus that of a uniform, with its simultaneous 95 % band:
    above zero on the left and below it on the right, intervals are too narrow. Both bands are those
    of independent forecasts; forecasts of one ladder aren't, so they are on the narrow side. Of
    fewer than 20 forecasts the figure says that they are too few.

    Parameters
    ----------
    backtest : Backtest
    axes : sequence of two matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes, shape (2,)

    Raises
    ------
    BayesScalingError
        If there is no forecast, or one without a score.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs = bs.example("cerebras_gpt")
    >>> result = bs.backtest(None, runs, baseline="last_value", random_seed=1)
    >>> axes = bs.plot_calibration(result)
    >>> axes.shape
    (2,)
    """
    pit = _scored(backtest, "pit")
    if axes is None:
        axes = plt.subplots(1, 2, figsize=TWO_SIZE, layout="constrained")[1]
    if len(axes) != 2:
        raise BayesScalingError(f"axes: expected two, got {len(axes)}.")
    draw_coverage(axes[0], pit)
    _draw_pit(axes[1], pit)
    _title(axes[0], backtest)
    if len(pit) < FEWEST:
        few: Look = {"fontsize": Style.of(axes[1]).text, "color": VERMILLION, "loc": "left"}
        axes[1].set_title("Too few forecasts to judge", **few)
    return np.asarray(axes)


def plot_backtest(backtest: Backtest, ax: Axes | None = None) -> Axes:
    """Plot the error of each forecast against its distance beyond the last fitted run.

    Dots are medians, bars 90 % intervals, both as a percentage above or below the loss that was
    measured, or of counts in percentage points of the share of right samples. An interval that
    holds it crosses the line at zero. Forecasts at one distance stand side by side.

    Parameters
    ----------
    backtest : Backtest
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    BayesScalingError
        If there is no forecast, or one without a score.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs = bs.example("cerebras_gpt")
    >>> result = bs.backtest(None, runs, baseline="power_law", random_seed=1)
    >>> bs.plot_backtest(result).get_xlabel()
    'Decades beyond the last fitted run'
    """
    demand_record(backtest, Backtest, "backtest", "backtest")
    _scored(backtest, "median")
    if ax is None:
        ax = plt.subplots(figsize=ONE_SIZE, layout="constrained")[1]
    style, table = Style.of(ax), backtest.forecasts
    table = table.assign(at=_side_by_side(table["distance"]))
    wide = float(np.clip(8 / np.sqrt(len(table)), 0.45, 1.0))
    ax.axhline(0, color=FAINT, lw=0.6 * style.line, zorder=1)
    for covered, colour, label in _kinds():
        rows = table[table["covered_90"] == covered]
        ends = (rows[k] for k in ("q05", "median", "q95"))
        truth = rows["truth"]
        low, mid, high = (one / truth - 1 if backtest.on_log else one - truth for one in ends)
        bar: Look = {"color": colour, "lw": wide * style.thin, "alpha": 0.2 + 0.6 * wide}
        ax.vlines(rows["at"], low, high, zorder=2 + (not covered), **bar)
        dot = style.dot | {"ms": wide * style.text / 1.9, "color": colour, "label": label}
        ax.plot(rows["at"], mid, zorder=4 + (not covered), **dot)
    named, symbol = "Forecast above or below the truth", " %"
    if not backtest.on_log:
        named, symbol = "Forecast less truth, % points", ""
    finish(ax, style, "Decades beyond the last fitted run", named)
    ax.set_xlim(left=0)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=symbol))
    _legend_of_bars(ax, table["covered_90"].to_numpy(bool), style)
    _title(ax, backtest)
    return ax


def _side_by_side(distance: pd.Series) -> pd.Series:
    """Move what would lie on top of each other a little apart."""
    step = APART * float(distance.max())
    ties = distance.groupby((distance / step).round())
    rank = ties.cumcount() - (ties.transform("size") - 1) / 2
    return distance.add(rank * step / 2)


def _scored(backtest: Backtest, column: str) -> np.ndarray[Any, Any]:
    """Take a column that has to be whole to be drawn."""
    table = backtest.forecasts
    if table.empty:
        raise BayesScalingError(
            f"there is no forecast to plot: {len(backtest.skipped)} cutoffs were skipped, and "
            "backtest.skipped says why."
        )
    missing = table["crps"].isna() | table[column].isna()
    if missing.any():
        row = table[missing].iloc[0]
        raise BayesScalingError(
            f"{int(missing.sum())} forecasts have no score, the first that of {row['ladder']} at "
            f"{row['compute']:.3g} FLOP; plot the rest only if you can say why they have none."
        )
    return table[column].to_numpy(float)


def draw_coverage(ax: Axes, pit: np.ndarray[Any, Any]) -> None:
    """Draw the coverage of central intervals against their probability."""
    style, size = Style.of(ax), len(pit)
    grid = np.linspace(0.005, 0.995, 199)
    low, high = stats.binom.interval(BAND, size, grid)
    band: Look = {"color": BLUE, "alpha": BAND_ALPHA, "lw": 0}
    ax.fill_between(grid, low / size, high / size, label="95 % band", **band)
    ax.plot([0, 1], [0, 1], color=FAINT, lw=0.6 * style.line, ls=DASHES)
    covered = [np.mean(np.abs(2 * pit - 1) <= share) for share in NOMINAL]
    line: Look = style.dot | {"ls": "-", "lw": style.line, "color": INK}
    ax.plot(NOMINAL, covered, label=f"{size} forecast{'s' * (size > 1)}", **line)
    finish(ax, style, "Probability of the interval", "Truths inside")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    handles, names = ax.get_legend_handles_labels()
    legend_below(ax, dict(zip(names, handles, strict=True)), style)


def _draw_pit(ax: Axes, pit: np.ndarray[Any, Any]) -> None:
    style = Style.of(ax)
    rng = np.random.default_rng(0)
    points, ecdf, low, high = ecdf_pit(pit, BAND, BAND_SIMULATIONS, rng=rng)
    band: Look = {"color": BLUE, "alpha": BAND_ALPHA, "lw": 0, "step": "post"}
    ax.fill_between(points, low - points, high - points, label="95 % band", **band)
    ax.axhline(0, color=FAINT, lw=0.6 * style.line, ls=DASHES)
    ax.step(points, ecdf - points, where="post", color=INK, lw=style.line, label="PIT")
    finish(ax, style, "PIT", "ECDF minus uniform")
    ax.set_xlim(0, 1)


def _kinds() -> tuple[tuple[bool, str, str], ...]:
    return (
        (True, BLUE, "truth inside the 90 % interval"),
        (False, VERMILLION, "truth outside"),
    )


def _legend_of_bars(ax: Axes, covered: np.ndarray[Any, Any], style: Style) -> None:
    entries = {
        f"{label} ({np.sum(covered == kind)})": Line2D([], [], color=colour, **style.dot)
        for kind, colour, label in _kinds()
    }
    legend_below(ax, entries, style)


def finish(ax: Axes, style: Style, x: str, y: str) -> None:
    """Name the axes and draw the frame lightly."""
    ax.set_xlabel(x, fontsize=style.text)
    ax.set_ylabel(y, fontsize=style.text)
    tidy(ax, style)


def _title(ax: Axes, backtest: Backtest) -> None:
    failed = int((~backtest.forecasts["converged"].astype(bool)).sum())
    if failed:
        warning: Look = {"fontsize": Style.of(ax).text, "color": VERMILLION, "loc": "left"}
        ax.set_title(f"{failed} forecasts rest on fits that did not converge", **warning)
