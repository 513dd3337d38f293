"""Figures of sweeps: the bowl of each width, and where its optimum goes."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from bayes_scaling.arrays import Array
from bayes_scaling.decision.transfers import Transfer
from bayes_scaling.errors import demand_record
from bayes_scaling.plotting.marks import legend_below, tidy, warn_unconverged
from bayes_scaling.plotting.style import DASHES, INK, Look, Style
from bayes_scaling.scales import scale_of

FIGURE_SIZE = (5.5, 4.2)
MOST = 6  # settings
ACROSS = 6  # of them in a row of the legend
POINTS = 81
MAP = "viridis"
ENDS = (0.3, 0.85)  # of the map: seen on light and on dark paper
OUTSIDE = 0.35  # of a decade that a bowl goes on beyond its runs


def plot_transfer(found: Transfer, ax: Axes | None = None) -> Axes:
    """Plot the bowl of each setting with the interval of its optimum, and that of the target.

    Of many settings six are shown, evenly along the widths. The band below is the 50 and 90 %
    interval of the optimum at the target; the dashed line is the rate that is carried over.

    Parameters
    ----------
    found : Transfer
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
    """
    demand_record(found, Transfer, "found", "transfer")
    ax = plt.subplots(figsize=FIGURE_SIZE, layout="constrained")[1] if ax is None else ax
    style, table = Style.of(ax), found.carried
    shown = np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST)).round().astype(int))
    colours = plt.get_cmap(MAP)(np.linspace(*ENDS, len(shown)))
    for number, colour in zip(shown, colours, strict=True):
        _draw_setting(ax, found, int(number), colour, style)
    low, high = (np.quantile(found.draws["optimum"], q) for q in (0.05, 0.95))
    inner = [np.quantile(found.draws["optimum"], q) for q in (0.25, 0.75)]
    band: Look = {"color": INK, "lw": 0, "zorder": 0.4}
    where = ", ".join(f"{name} {value:,.4g}" for name, value in found.target.items())
    label = f"optimum at {where}, 50 and 90 %"
    ax.axvspan(low, high, alpha=0.10, **band)
    ax.axvspan(*inner, alpha=0.16, label=label, **band)
    carried = float(table[found.swept].iloc[found.largest])
    ax.axvline(carried, color=INK, lw=0.7 * style.line, ls=DASHES, label="carried over")
    bar: Look = {"color": INK, "lw": style.thick}
    ax.plot([], [], label="optimum of a sweep, 90 %", **bar)
    ax.plot([], [], color=INK, label="diverged, or above twice the least", **_arrow(style))
    _finish(ax, found, style)
    return ax


def _draw_setting(ax: Axes, found: Transfer, number: int, colour: Any, style: Style) -> None:
    design, row = found.fit.design, found.carried.iloc[number]
    mine = design.family == found.family
    for name in found.target:
        mine = mine & (design.places.covariates[name] == row[name])
    rates = design.places.covariates[found.swept][mine]
    seen, limit = design.observed["y"][mine], design.observed["limit"][mine]
    over = seen >= limit
    grid = np.geomspace(rates.min() * 10**-OUTSIDE, rates.max() * 10**OUTSIDE, POINTS)
    middle = np.exp(np.quantile(found.log_loss(number, grid), [0.05, 0.5, 0.95], axis=0))
    inside = middle[1] <= 1.15 * limit[0]
    label = " x ".join(f"{row[name]:,.4g}" for name in found.target)
    ax.fill_between(
        grid[inside], middle[0][inside], middle[2][inside], color=colour, alpha=0.2, lw=0
    )
    ax.plot(grid[inside], middle[1][inside], color=colour, lw=style.line, label=label)
    ax.plot(rates[~over], seen[~over], color=colour, zorder=4, **style.dot)
    ax.plot(rates[over], limit[over], color=colour, **_arrow(style))
    _draw_optimum(ax, found, number, colour, style)


def _arrow(style: Style) -> Look:
    """Return the look of what is known to lie above, but for its colour."""
    return style.at_least | {"ms": 1.6 * style.text}


def _draw_optimum(ax: Axes, found: Transfer, number: int, colour: Any, style: Style) -> None:
    """Draw the 90 % interval of a setting's optimum below its bowl."""
    drawn: Array = 2.0 ** found.octaves[:, number]
    bottom = float(np.median(np.exp(found.log_loss(number, np.array([np.median(drawn)])))))
    ends = np.quantile(drawn, [0.05, 0.95])
    ax.hlines(0.9 * bottom, *ends, color=colour, lw=style.thick, zorder=3)


def _finish(ax: Axes, found: Transfer, style: Style) -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(found.swept.replace("_", " ").capitalize(), fontsize=style.text)
    ax.set_ylabel("Loss", fontsize=style.text)
    tidy(ax, style)
    low, high = ax.get_ylim()
    if high / low < 10:
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())
    handles, labels = ax.get_legend_handles_labels()
    entries = dict(zip(labels, handles, strict=True))
    settings = {name: own for name, own in entries.items() if name[:1].isdigit()}
    above = ax.legend(
        list(settings.values()),
        list(settings),
        frameon=False,
        fontsize=style.small,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=min(len(settings), ACROSS if len(found.target) == 1 else 2),
        handlelength=1.0,
        columnspacing=1.0,
        title=" x ".join(scale_of([name]).words for name in found.target).capitalize(),
        title_fontsize=style.small,
    )
    legend_below(ax, {k: own for k, own in entries.items() if k not in settings}, style)
    ax.add_artist(above).set_clip_on(False)  # or no layout would see it
    if not found.fit.diagnosis.converged:
        warn_unconverged(ax, style)
