"""A forecast as a figure: runs, median, intervals, targets and truth."""

from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from bayes_scaling.errors import DataError
from bayes_scaling.forecasting import Forecast, predict, response_unit
from bayes_scaling.plotting.marks import (
    INTERVALS,
    LEVELS,
    draw_bands,
    draw_bars,
    draw_drop_line,
    interval_entries,
    on_axis,
    tidy,
    warn_far,
    warn_unconverged,
)
from bayes_scaling.plotting.style import DASHES, FAINT, Colours, Look, Style, palette
from bayes_scaling.scales import axis_label

FIGURE_SIZE = (5.5, 3.6)
GRID_POINTS = 40
MIN_SHARE = 0.2  # of the width, for a text that isn't longer than what it says


def plot_forecast(
    forecast: Forecast, truth: pd.DataFrame | None = None, ax: Axes | None = None
) -> Axes:
    """Plot the fitted runs, the forecast with its intervals, and the truth.

    Bands and bars are equal-tailed intervals of kind ``run``: what one new run will show.

    Parameters
    ----------
    forecast : Forecast
    truth : DataFrame, optional
        Runs, as `read_runs` returns them. Those that were not fitted are drawn as hollow markers,
        of the families that are forecast.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    DataError
        If ``truth`` isn't a table of runs, or the model forecasts along several scales.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs = bs.example("cerebras_gpt")
    >>> fit = bs.fit("loss", runs.query("compute < 2e21"), random_seed=1)
    >>> ax = bs.plot_forecast(bs.predict(fit, compute=2.3e22), truth=runs)
    >>> ax.get_xscale()
    'log'
    >>> ax.figure.savefig("forecast.pdf")
    """
    _demand_one_scale(forecast)
    colours = palette(list(dict.fromkeys(forecast.targets[_parted_by(forecast)])))
    unseen = {} if truth is None else _unseen(forecast, truth, list(colours))
    if ax is None:
        ax = plt.subplots(figsize=FIGURE_SIZE, layout="constrained")[1]
    style = Style.of(ax)
    ax.set_xscale("log")
    for family, own in colours.items():
        _draw_curve(ax, forecast, family, own, style)
        _draw_targets(ax, forecast, family, own, style)
        _draw_edges(ax, forecast, family, own, style, said=len(colours) == 1)
        if family in unseen:
            points = unseen[family]["compute"], unseen[family][forecast.fit.spec.response]
            look = style.hollow(own.truth)
            ax.plot(*points, label=f"measured, {family}", zorder=5, **look)
    _label(ax, forecast, style)
    _draw_legend(ax, colours, any(map(len, unseen.values())), style)
    return ax


def _unseen(
    forecast: Forecast, truth: pd.DataFrame, families: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Rows of the truth that weren't fitted, by family."""
    fit, columns = forecast.fit, forecast.fit.spec.columns
    runs = on_axis(fit.response.table(truth, columns[0]), columns)
    keys = [*columns, fit.spec.response]
    fitted = pd.MultiIndex.from_frame(fit.table[keys])
    runs = runs[~pd.MultiIndex.from_frame(runs[keys]).isin(fitted)]
    by = _parted_by(forecast)
    if by not in runs or by not in fit.table:
        return {families[0]: runs}
    return {family: runs[runs[by] == family] for family in families}


def _demand_one_scale(forecast: Forecast) -> None:
    spec = forecast.fit.spec
    if len(spec.columns) > 1:
        raise DataError(
            f"forecast: {spec.name} forecasts along {' and '.join(spec.columns)}, and the figure "
            "has one axis for them. plot_allocation draws the best of both along compute."
        )


def _parted_by(forecast: Forecast) -> str:
    """Name what has a curve each: recipes where the model compares them, else families."""
    return next(iter(forecast.fit.design.labels), "family")


def _rows(forecast: Forecast, family: str) -> Any:
    """Index the fitted runs of a family, or recipe, in order of compute."""
    design, by = forecast.fit.design, _parted_by(forecast)
    labels = design.labels.get(by, design.families)
    ours = np.flatnonzero(design.places.group(by) == labels.index(family))
    return ours[np.argsort(design.scale[ours], kind="stable")]


def _targets_of(forecast: Forecast, family: str) -> "pd.Series[float]":
    """Return where the targets of a family lie on the axis."""
    table = on_axis(forecast.targets, forecast.fit.spec.columns)
    return table.loc[table[_parted_by(forecast)] == family, "compute"]


def _draw_curve(ax: Axes, forecast: Forecast, family: str, colours: Colours, style: Style) -> None:
    design, ours = forecast.fit.design, _rows(forecast, family)
    targets = _targets_of(forecast, family)
    grid = _bands(forecast, family, [*design.scale[ours], *targets])
    draw_bands(ax, grid, colours, style, f"median, {family}")
    dots = style.dot | {"color": colours.dots, "zorder": 4, "label": f"fitted runs, {family}"}
    ax.plot(design.scale[ours], design.observed["y"][ours], **dots)


def _bands(forecast: Forecast, family: str, computes: Sequence[float]) -> pd.DataFrame:
    """Quantiles of one new run along a grid from the smallest compute to the largest."""
    grid = np.geomspace(min(computes), max(computes), GRID_POINTS)
    (column,) = forecast.fit.spec.columns
    table = pd.DataFrame({_parted_by(forecast): family, column: grid})
    draws = predict(forecast.fit, table, far=True).draws
    # A run's noise has the same law at every compute. One draw of it for the whole grid leaves the
    # quantiles what they are, and spares the bands the jitter of a fresh draw at every point.
    noise = (draws["run"] / draws["expected"]).isel(target=0)
    quantiles = np.quantile(draws["expected"] * noise, list(LEVELS.values()), axis=(0, 1))
    return table.assign(compute=grid, **dict(zip(LEVELS, quantiles, strict=True)))


def _draw_targets(
    ax: Axes, forecast: Forecast, family: str, colours: Colours, style: Style
) -> None:
    table = on_axis(forecast.summary(), forecast.fit.spec.columns)
    own = table[_parted_by(forecast)] == family
    draw_bars(ax, table[own], colours, style, f"targets, {family}")


def _draw_edges(
    ax: Axes, forecast: Forecast, family: str, colours: Colours, style: Style, *, said: bool
) -> None:
    """Mark where the fitted ladder ends, on each side that has a target beyond."""
    design, ours = forecast.fit.design, _rows(forecast, family)
    targets = _targets_of(forecast, family)
    ends = [(design.scale[row], design.observed["y"][row]) for row in (ours[0], ours[-1])]
    below, above = np.log10([ends[0][0] / targets.min(), targets.max() / ends[1][0]])
    room = MIN_SHARE * (below.clip(0) + above.clip(0) + np.log10(ends[1][0] / ends[0][0]))
    if below > 0:
        text = "← extrapolation" if said and below > room else ""
        draw_drop_line(ax, ends[0], text, -1, colours.edge, style)
    if above > 0:
        text = "extrapolation →" if said and above > room else ""
        draw_drop_line(ax, ends[1], text, 1, colours.edge, style)


def _label(ax: Axes, forecast: Forecast, style: Style) -> None:
    fit = forecast.fit
    ax.set_xlabel(axis_label(fit.spec.columns), fontsize=style.text)
    ax.set_ylabel(f"{fit.spec.response.capitalize()} ({response_unit(fit)})", fontsize=style.text)
    tidy(ax, style)
    warn_far(ax, forecast.targets, style)
    if not fit.diagnosis.converged:
        warn_unconverged(ax, style)


def _draw_legend(ax: Axes, colours: dict[str, Colours], has_truth: bool, style: Style) -> None:
    entries = dict(_entries(colours, has_truth, style))
    place: Look = {"loc": "best", "borderaxespad": 0.0}
    if len(colours) > 1:
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "borderaxespad": 4.2}
        place |= {"ncols": 2}
    ax.legend(
        list(entries.values()),
        list(entries),
        handler_map={entries[INTERVALS]: HandlerTuple(ndivide=None, pad=0)},
        frameon=False,
        fontsize=style.small,
        handlelength=1.8,
        labelspacing=0.35,
        **place,
    )


def _entries(
    colours: dict[str, Colours], has_truth: bool, style: Style
) -> Iterator[tuple[str, Any]]:
    look = next(iter(colours.values()))
    if len(colours) > 1:
        look = Colours.plain(FAINT)
        for family, own in colours.items():
            yield family, Line2D([], [], color=own.curve, lw=style.thick)
    yield "Fitted runs", Line2D([], [], color=look.dots, **style.dot)
    yield from interval_entries(look, style)
    if has_truth:
        yield "Measured, not fitted", Line2D([], [], **style.hollow(look.truth))
    if len(colours) > 1:
        yield "Extrapolation begins", Line2D([], [], color=FAINT, lw=0.6 * style.line, ls=DASHES)
