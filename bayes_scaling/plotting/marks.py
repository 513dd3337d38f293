"""What figures of forecasts are made of: bands, bars, the end of the ladder, labels, legends."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from bayes_scaling.forecasting import farthest
from bayes_scaling.plotting.style import DASHES, VERMILLION, Colours, Look, Style

LEVELS = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
OUTER, INNER = 0.16, 0.30
NARROW = 2.9  # inches
LETTER = 0.62  # of the size of text: a letter's width, with what stands between columns
INTERVALS = "50 and 90 % interval of one new run"


def on_axis(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Give a table the column ``compute`` that figures are drawn along, whatever its scale is."""
    return table.assign(compute=np.prod([table[name] for name in columns], axis=0))


def draw_bands(ax: Axes, grid: pd.DataFrame, colours: Colours, style: Style, label: str) -> None:
    """Draw the median and the 50 and 90 % bands of a grid of computes.

    Parameters
    ----------
    ax : matplotlib Axes
    grid : DataFrame
        Columns ``compute`` and those of `LEVELS`.
    colours : Colours
    style : Style
    label : str
        Of the median.
    """
    for low, high, alpha in (("q05", "q95", OUTER), ("q25", "q75", INNER)):
        band: Look = {"color": colours.curve, "alpha": alpha, "lw": 0}
        ax.fill_between(grid["compute"], grid[low], grid[high], **band)
    median: Look = {"color": colours.curve, "lw": style.line, "label": label}
    ax.plot(grid["compute"], grid["median"], **median)


def draw_bars(ax: Axes, table: pd.DataFrame, colours: Colours, style: Style, label: str) -> None:
    """Draw the median and the 50 and 90 % intervals of targets, a row each."""
    for low, high, width in (("q05", "q95", style.thin), ("q25", "q75", style.thick)):
        bar: Look = {"color": colours.curve, "lw": width, "zorder": 3, "label": f"{low} to {high}"}
        ax.vlines(table["compute"], table[low], table[high], **bar)
    tick: Look = {"marker": "_", "ms": style.thick, "mew": 0.6 * style.line}
    tick |= {"ls": "none", "color": "white", "zorder": 3.5, "label": label}
    ax.plot(table["compute"], table["median"], **tick)


def draw_counts(ax: Axes, table: pd.DataFrame, style: Style, look: Look, label: str) -> None:
    """Draw what counts say by themselves, a row a run: dots with bars, or arrows up from a bound.

    Parameters
    ----------
    ax : matplotlib Axes
    table : DataFrame
        As `estimate_hazards` returns it.
    style : Style
    look : dict
        Of the dots; bars and arrows have their colour.
    label : str
        Of the dots; that of the arrows ends in ``, at least``.
    """
    colour = look.get("mec", look.get("color"))
    known, bound = table[~table["is_bound"]], table[table["is_bound"]]
    bar: Look = {"color": colour, "lw": 0.6 * style.line, "zorder": 3.8, "label": "counts, 90 %"}
    ax.vlines(known["compute"], known["low"], known["high"], **bar)
    ax.plot(known["compute"], known["value"], **look | {"zorder": 4, "label": label})
    arrow = style.at_least | {"color": colour, "zorder": 4, "label": f"{label}, at least"}
    ax.plot(bound["compute"], bound["low"], **arrow)


def label_decades(axis: Axis) -> None:
    """Give a logarithmic axis ticks with plain numbers, more of them where it spans little."""
    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    subs = (1.0,) if decades > 2.5 else (1.0, 3.0) if decades > 1.5 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=subs) if decades > 0.5 else MaxNLocator(3))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def draw_drop_line(
    ax: Axes, point: tuple[float, float], text: str, side: int, colour: str, style: Style
) -> None:
    """Draw a line from a run down to the axis, with a text at its foot on one side."""
    foot = ("data", "axes fraction")
    line: Look = {"arrowstyle": "-", "color": colour, "lw": 0.6 * style.line, "ls": DASHES}
    line |= {"shrinkA": 0, "shrinkB": 0}
    ax.annotate("", point, (point[0], 0.0), textcoords=foot, arrowprops=line, zorder=0.5)
    ax.annotate(
        text,
        (point[0], 0.0),
        (4 * side, 4),
        xycoords=foot,
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        color=colour,
        fontsize=style.small,
    )


def legend_below(
    ax: Axes, entries: Mapping[str, Any], style: Style, *, columns: int = 2, **settings: Any
) -> None:
    """Put a legend under the name of the horizontal axis, where no data are.

    A layout that is constrained makes room for it. Narrow axes have one column, and so have those
    that long labels don't fit into side by side.
    """
    wide = ax.bbox.width / ax.figure.dpi
    rows = -(-len(entries) // columns)
    longest = sum(
        max(map(len, list(entries)[at : at + rows])) for at in range(0, len(entries), rows)
    )
    columns = columns if wide > max(NARROW, longest * LETTER * style.small / 72) else 1
    ax.legend(
        list(entries.values()),
        list(entries),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        borderaxespad=4.2,
        ncols=min(columns, len(entries)),
        frameon=False,
        fontsize=style.small,
        handlelength=1.8,
        labelspacing=0.35,
        columnspacing=1.4,
        **settings,
    )


def bucket_title(label: str, count: int) -> str:
    """Name a bucket and say how many problems are in it.

    Examples
    --------
    >>> bucket_title("1", 23), bucket_title("hardest", 1)
    ('Bucket 1: 23 problems', 'Hardest: 1 problem')
    """
    name = f"Bucket {label}" if label[:1].isdigit() else label.capitalize()
    return f"{name}: {count} problem{'s' if count > 1 else ''}"


def tidy(ax: Axes, style: Style) -> None:
    """Set the sizes of ticks and spines, and leave out the spines that carry no scale."""
    ax.tick_params(labelsize=style.small, width=0.6, which="both")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_linewidth(0.6)


def warn_unconverged(ax: Axes, style: Style) -> None:
    """Say above the axes that the fit did not converge, before the title that is there."""
    _warn(ax, "The fit did not converge", style)


def warn_far(ax: Axes, targets: pd.DataFrame, style: Style) -> None:
    """Say above the axes that a target is far, if one is, before the title that is there."""
    if distance := farthest(targets):
        _warn(ax, f"Far: {distance:.1f} decades beyond the fitted runs", style)


def _warn(ax: Axes, text: str, style: Style) -> None:
    warning: Look = {"fontsize": style.text, "color": VERMILLION, "loc": "left"}
    ax.set_title(f"{text}\n{ax.get_title(loc='left')}".strip(), **warning)


def interval_entries(look: Colours, style: Style) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a legend for the median, the bands and the bars."""
    yield "Median", Line2D([], [], color=look.curve, lw=style.line)
    both = 1 - (1 - OUTER) * (1 - INNER)
    yield INTERVALS, tuple(Patch(color=look.curve, alpha=alpha, lw=0) for alpha in (both, OUTER))
    bar: Look = {"color": look.curve, "marker": "|", "ls": "none"}
    thin = Line2D([], [], ms=1.3 * style.text, mew=style.thin, **bar)
    yield "Targets, same intervals", (thin, Line2D([], [], ms=5, mew=style.thick, **bar))
