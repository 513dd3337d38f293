"""A forecast as a figure: runs, median, intervals, targets and truth."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from bayes_scaling.errors import BayesScalingError, DataError, demand_record
from bayes_scaling.forecasting import Forecast, predict, response_unit
from bayes_scaling.plotting.marks import (
    INTERVALS,
    LEVELS,
    draw_bands,
    draw_bars,
    draw_drop_line,
    interval_entries,
    legend_below,
    on_axis,
    tidy,
    warn_far,
    warn_unconverged,
)
from bayes_scaling.plotting.single_runs import seen_of, shown_of
from bayes_scaling.plotting.style import DASHES, FAINT, Colours, Style, palette
from bayes_scaling.scales import axis_label

SHOWN_AS = "shown as"
FIGURE_SIZE = (5.5, 3.6)
PANEL_COLUMNS, PANEL_SIZE, LEGEND_HEIGHT = 3, (2.4, 2.1), 0.7
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
    demand_record(forecast, Forecast, "forecast", "predict")
    _demand_one_scale(forecast)
    colours = palette(_families(forecast))
    unseen = {} if truth is None else _unseen(forecast, truth, list(colours))
    if ax is None:
        ax = plt.subplots(figsize=FIGURE_SIZE, layout="constrained")[1]
    style = Style.of(ax)
    for family, own in colours.items():
        _draw_family(ax, forecast, family, own, style, unseen, said=len(colours) == 1)
    _label(ax, forecast, style)
    entries = dict(_entries(colours, any(map(len, unseen.values())), style))
    legend_below(ax, entries, style, handler_map=_tuples(entries))
    return ax


def plot_families(
    forecast: Forecast,
    truth: pd.DataFrame | None = None,
    axes: Sequence[Axes] | np.ndarray[Any, Any] | None = None,
) -> np.ndarray[Any, Any]:
    """Plot a forecast of several families side by side, a panel a family on shared axes.

    Each panel is what `plot_forecast` draws of its family alone.

    Parameters
    ----------
    forecast : Forecast
    truth : DataFrame, optional
        As for `plot_forecast`.
    axes : sequence of matplotlib Axes, optional
        Where to draw, one a family that is forecast; a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes, shape (families,)

    Raises
    ------
    BayesScalingError
        If there are too few or too many axes.
    DataError
        If ``truth`` isn't a table of runs.
    """
    demand_record(forecast, Forecast, "forecast", "predict")
    families = _families(forecast)
    unseen = {} if truth is None else _unseen(forecast, truth, families)
    if axes is None:
        axes = make_family_panels(plt.figure(layout="constrained"), forecast)
    panels = np.ravel(np.asarray(axes, dtype=object))
    if len(panels) != len(families):
        raise BayesScalingError(
            f"axes: expected {len(families)}, one a family that is forecast, got {len(panels)}."
        )
    (look,) = palette(families[:1]).values()
    for place, (ax, family) in enumerate(zip(panels, families, strict=True)):
        style = Style.of(ax)
        _draw_family(ax, forecast, family, look, style, unseen, said=False)
        ax.set_title(family, fontsize=style.text, loc="left", parse_math=False)
        _name_axes(ax, forecast, style)
        if place % PANEL_COLUMNS:
            ax.set_ylabel("")
    _doubt(panels[0], forecast, Style.of(panels[0]))
    style = Style.of(panels[0])
    entries = dict(_entries({"": look}, any(map(len, unseen.values())), style))
    panels[0].figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize=style.small,
        handlelength=1.8,
        labelspacing=0.35,
        handler_map=_tuples(entries),
    )
    return panels


def make_family_panels(figure: Figure, forecast: Forecast) -> np.ndarray[Any, Any]:
    """Divide a figure into the panels that `plot_families` draws, and size it for them."""
    count = len(_families(forecast))
    columns = min(count, PANEL_COLUMNS)
    rows = -(-count // columns)
    figure.set_size_inches(columns * PANEL_SIZE[0], rows * PANEL_SIZE[1] + LEGEND_HEIGHT)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for spare in grid[count:]:
        spare.remove()
    for panel in grid[max(count - columns, 0) : count]:
        panel.tick_params(labelbottom=True)
    return np.asarray(grid[:count])


def _families(forecast: Forecast) -> list[str]:
    return list(dict.fromkeys(map(str, forecast.targets[_parted_by(forecast)])))


def _draw_family(
    ax: Axes,
    forecast: Forecast,
    family: str,
    colours: Colours,
    style: Style,
    unseen: Mapping[str, pd.DataFrame],
    *,
    said: bool,
) -> None:
    ax.set_xscale("log")
    _draw_curve(ax, forecast, family, colours, style)
    _draw_targets(ax, forecast, family, colours, style)
    _draw_edges(ax, forecast, family, colours, style, said=said)
    if family in unseen:
        points = unseen[family]["compute"], unseen[family][SHOWN_AS]
        look = style.hollow(colours.truth)
        ax.plot(*points, label=f"measured, {family}", zorder=5, **look)


def _unseen(
    forecast: Forecast, truth: pd.DataFrame, families: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Rows of the truth that weren't fitted, by family."""
    fit, columns = forecast.fit, forecast.fit.spec.columns
    of_table = shown_of(fit).of_table
    checked = fit.response.table(truth, fit.spec)
    runs = on_axis(checked.assign(**{SHOWN_AS: of_table(checked)}), columns)
    keys = [*columns, SHOWN_AS]
    fitted = pd.MultiIndex.from_frame(fit.table.assign(**{SHOWN_AS: of_table(fit.table)})[keys])
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
    ax.plot(design.scale[ours], seen_of(forecast.fit)[ours], **dots)


def _bands(forecast: Forecast, family: str, computes: Sequence[float]) -> pd.DataFrame:
    """Quantiles of one new run along a grid from the smallest compute to the largest."""
    grid = np.geomspace(min(computes), max(computes), GRID_POINTS)
    (column,) = forecast.fit.spec.columns
    table = pd.DataFrame({_parted_by(forecast): family, column: grid})
    draws = predict(forecast.fit, table, far=True).draws
    drawn = shown_of(forecast.fit).along(draws)
    quantiles = np.quantile(drawn, list(LEVELS.values()), axis=(0, 1))
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
    seen = seen_of(forecast.fit)
    ends = [(design.scale[row], seen[row]) for row in (ours[0], ours[-1])]
    below, above = np.log10([ends[0][0] / targets.min(), targets.max() / ends[1][0]])
    room = MIN_SHARE * (below.clip(0) + above.clip(0) + np.log10(ends[1][0] / ends[0][0]))
    if below > 0:
        text = "← extrapolation" if said and below > room else ""
        draw_drop_line(ax, ends[0], text, -1, colours.edge, style)
    if above > 0:
        text = "extrapolation →" if said and above > room else ""
        draw_drop_line(ax, ends[1], text, 1, colours.edge, style)


def _label(ax: Axes, forecast: Forecast, style: Style) -> None:
    _name_axes(ax, forecast, style)
    _doubt(ax, forecast, style)


def _name_axes(ax: Axes, forecast: Forecast, style: Style) -> None:
    fit = forecast.fit
    ax.set_xlabel(axis_label(fit.spec.columns), fontsize=style.text)
    ax.set_ylabel(f"{fit.spec.response.capitalize()} ({response_unit(fit)})", fontsize=style.text)
    tidy(ax, style)


def _doubt(ax: Axes, forecast: Forecast, style: Style) -> None:
    warn_far(ax, forecast.targets, style)
    if not forecast.fit.diagnosis.converged:
        warn_unconverged(ax, style)


def _tuples(entries: dict[str, Any]) -> dict[Any, HandlerTuple]:
    return {entries[INTERVALS]: HandlerTuple(ndivide=None, pad=0)}


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
