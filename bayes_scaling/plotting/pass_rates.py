"""A forecast of pass rates as small multiples, a panel a bucket."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from bayes_scaling.arrays import Index
from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.forecasting import Forecast, chained_again, predict
from bayes_scaling.inference.fits import Fit
from bayes_scaling.plotting.count_estimates import estimate_hazards, unseen_counts
from bayes_scaling.plotting.marks import (
    LEVELS,
    bucket_title,
    draw_bands,
    draw_bars,
    draw_counts,
    draw_drop_line,
    interval_entries,
    label_decades,
    legend_below,
    tidy,
    warn_far,
    warn_unconverged,
)
from bayes_scaling.plotting.style import (
    BLUE,
    DASHES,
    FAINT,
    INK,
    VERMILLION,
    Colours,
    Look,
    Style,
)
from bayes_scaling.scales import axis_label

BY = ("all", "bucket")
ONE_SIZE, PANEL_SIZE, LEGEND_HEIGHT = (5.5, 3.6), (2.4, 1.9), 0.7
MOST_COLUMNS = 4
GRID_POINTS = 32
MOST_DRAWS = 1000
BELOW = 0.06  # of the decades shown, to the left of the smallest run
COLOURS = Colours(BLUE, INK, FAINT, VERMILLION)
HAZARD = "Mean of −log p"
COUNTS = "Counts of fitted runs, 90 %"


@dataclass(frozen=True)
class Group:
    """The units of one panel, and what it is called."""

    label: str
    title: str
    units: Index


def plot_pass_rate(
    forecast: Forecast,
    *,
    truth: pd.DataFrame | None = None,
    by: str = "bucket",
    axes: Axes | Sequence[Axes] | np.ndarray[Any, Any] | None = None,
) -> np.ndarray[Any, Any]:
    """Plot mean -log p against compute, or the loss, for each bucket: counts, forecast, truth.

    The quantity is that of the GPT-4 report's second figure. Bands and bars are equal-tailed
    intervals of kind ``run``: what one new run will show. Both axes are logarithmic, so that a
    power law is a straight line; a mean of several is convex. Along a known loss its axis is
    linear, and falls to the right.

    Dots are estimates from the counts alone, without the model: the mean over the bucket's problems
    of the posterior mean of -log p under Jeffreys' prior for each problem by itself, with its 90 %
    interval. Where a run has problems that it never solved, the counts bound the mean from below
    only; the lower end of that interval is then drawn, with an arrow.

    Parameters
    ----------
    forecast : Forecast
    truth : DataFrame, optional
        Counts, as `read_passes` returns them. Runs that were not fitted are drawn as hollow
        markers, over the problems that were.
    by : {"bucket", "all"}
        A panel for each bucket, or one for the whole benchmark.
    axes : matplotlib Axes or sequence of them, optional
        Where to draw, one for each panel; a new figure by default, whose panels share their axes.
        The legend stands below the panels, or below the first if the figure holds other things.

    Returns
    -------
    ndarray of matplotlib Axes, shape (panels,)

    Raises
    ------
    BayesScalingError
        If `by` is not known, or the axes are too few or too many.
    DataError
        If ``truth`` isn't a table of counts, or has none of the fitted problems.

    References
    ----------
    OpenAI (2023), "GPT-4 Technical Report", arXiv 2303.08774, section 3.2.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> ladder = pd.DataFrame({"compute": [1e20, 4e20, 2e21, 8e21]})
    >>> counts = bs.simulate("pass_rate", ladder, random_seed=1, problems=24, n_samples=50)
    >>> fit = bs.fit("pass_rate", counts, random_seed=1)
    >>> axes = bs.plot_pass_rate(bs.predict(fit, compute=1e23))
    >>> len(axes), axes[0].get_yscale()
    (6, 'log')
    >>> axes[0].figure.savefig("pass_rate.pdf")
    """
    groups = list(_groups(forecast, by))
    unseen = None if truth is None else unseen_counts(forecast.fit, truth)
    if axes is None:
        figure = plt.figure(figsize=ONE_SIZE, layout="constrained")
        axes = make_panels(figure, forecast, by)
    panels = _demand_panels(axes, len(groups))
    along = _axis(forecast)
    lines = _bands(forecast, by, along)
    targets = _quantiles(forecast, by, along)
    for ax, group in zip(panels, groups, strict=True):
        style = Style.of(ax)
        ax.set(xscale="linear" if along in forecast.fit.design.links else "log", yscale="log")
        draw_bands(ax, lines[lines["group"] == group.label], COLOURS, style, "median")
        draw_bars(ax, targets[targets["group"] == group.label], COLOURS, style, "targets")
        counts = estimate_hazards(forecast.fit.design, group.units, along)
        draw_counts(ax, counts, style, style.dot | {"color": COLOURS.dots}, "fitted runs")
        if unseen is not None:
            names = [forecast.fit.design.units.names[unit] for unit in group.units]
            there = np.flatnonzero(np.isin(unseen.units.names, names))
            measured = estimate_hazards(unseen, there, along)
            draw_counts(ax, measured, style, style.hollow(COLOURS.truth), "measured")
        _draw_edge(ax, forecast, counts, style, said=len(groups) == 1)
        _label(ax, group, panels, along, style)
    warn_far(panels[0], forecast.targets, Style.of(panels[0]))
    if not forecast.fit.diagnosis.converged:
        warn_unconverged(panels[0], Style.of(panels[0]))
    has: dict[str, bool] = {"has_truth": unseen is not None, "several": len(panels) > 1}
    _draw_legend(panels, dict(_entries(forecast, **has, style=Style.of(panels[0]))))
    return panels


def make_panels(figure: Figure, forecast: Forecast, by: str = "bucket") -> np.ndarray[Any, Any]:
    """Divide a figure into the panels that `plot_pass_rate` draws, and size it for them.

    Returns
    -------
    ndarray of matplotlib Axes, shape (panels,)
    """
    count = len(list(_groups(forecast, by)))
    columns = count if count <= 3 else min(MOST_COLUMNS, -(-count // 2))
    rows = -(-count // columns)
    if count > 1:
        wide, high = PANEL_SIZE
        figure.set_size_inches(max(columns, 2) * wide, rows * high + LEGEND_HEIGHT)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for spare in grid[count:]:
        spare.remove()
    for panel in grid[count - columns : count]:
        panel.tick_params(labelbottom=True)
    return np.asarray(grid[:count])


def _groups(forecast: Forecast, by: str) -> Iterator[Group]:
    design = forecast.fit.design
    if by == "all":
        chosen = np.flatnonzero(forecast.chosen)
        count = int(design.units.sizes[chosen].sum())
        whole = len(chosen) == len(design.units)
        title = f"All {count} problems" if whole else f"{count} problems that every run solved"
        yield Group("all", title, chosen)
    elif by == "bucket":
        for place, label in enumerate(design.units.buckets):
            units = np.flatnonzero((design.units.bucket == place) & forecast.chosen)
            if len(units):
                yield Group(label, bucket_title(label, int(design.units.sizes[units].sum())), units)
    else:
        raise BayesScalingError(f"by: {by!r} is not known; {suggest(str(by), BY)}")


def _demand_panels(axes: Any, count: int) -> np.ndarray[Any, Any]:
    panels = np.ravel(np.asarray(axes, dtype=object))
    if len(panels) != count:
        raise BayesScalingError(
            f"axes: there {'is one panel' if count == 1 else f'are {count} panels'} to draw, got "
            f"{len(panels)} axes."
        )
    return panels


def _axis(forecast: Forecast) -> str:
    """Name what the panels go along: compute where it is known, else the model's covariate."""
    return "compute" if forecast.losses else forecast.fit.spec.columns[0]


def _bands(forecast: Forecast, by: str, along: str) -> pd.DataFrame:
    """Quantiles of one new run along a grid, by group.

    Each point of the grid is predicted with the same seed. Its law is what it is, and the bands are
    spared the jitter of fresh effects at every point, and the memory of joint draws of every
    problem along the grid.
    """
    fit = _thinned(forecast)
    tables = []
    for value in _grid(forecast, along):
        tables.append(_quantiles(_again(replace(forecast, fit=fit), along, value), by, along))
    return pd.concat(tables, ignore_index=True)


def _again(forecast: Forecast, along: str, value: float) -> Forecast:
    """Forecast the same at another place; along a loss that is forecast, that one first."""
    if forecast.losses is None:
        at: dict[str, Any] = {along: value, "random_seed": forecast.random_seed, "far": True}
        return replace(predict(forecast.fit, **at), chosen=forecast.chosen)
    family = forecast.losses.targets["family"].iloc[0]
    named = {"family": family} if "family" in forecast.losses.fit.table else {}
    losses = predict(forecast.losses.fit, compute=value, far=True, **named)
    return chained_again(forecast, losses)


def _quantiles(forecast: Forecast, by: str, along: str) -> pd.DataFrame:
    table = forecast.quantile(list(LEVELS.values()), "neg_log_pass", by=by)
    return table.rename(columns={"q50": "median"}).assign(compute=table[along])


def _grid(forecast: Forecast, along: str) -> np.ndarray[Any, Any]:
    computes = [*forecast.fit.design.places.shown[along], *forecast.targets[along]]
    if along in forecast.fit.design.links:
        low, high = min(computes), max(computes)
        return np.linspace(low, high + BELOW * (high - low), GRID_POINTS)
    low, high = np.log10(min(computes)), np.log10(max(computes))
    return np.logspace(low - BELOW * (high - low), high, GRID_POINTS)


def _thinned(forecast: Forecast) -> Fit:
    """Return the fit with no more draws than the edge of a band can show."""
    fit = forecast.fit
    posterior = fit.posterior["posterior"].to_dataset()
    step = -(-posterior.sizes["chain"] * posterior.sizes["draw"] // MOST_DRAWS)
    fewer = posterior.isel(draw=slice(None, None, step))
    return replace(fit, posterior=xr.DataTree.from_dict({"posterior": fewer}))


def _draw_edge(
    ax: Axes, forecast: Forecast, counts: pd.DataFrame, style: Style, *, said: bool
) -> None:
    """Mark where the fitted ladder ends, if a target lies beyond."""
    along = _axis(forecast)
    falls = along in forecast.fit.design.links
    last = counts.iloc[int(counts["compute"].argmin() if falls else counts["compute"].argmax())]
    if forecast.targets["distance"].max() > 0:
        foot = last["compute"], last["low"]
        draw_drop_line(ax, foot, "extrapolation →" if said else "", 1, COLOURS.edge, style)


def _label(ax: Axes, group: Group, panels: np.ndarray[Any, Any], along: str, style: Style) -> None:
    ax.set_title(group.title, fontsize=style.text, loc="left", color=INK)
    column, row = _place(ax)
    under = [other for other in panels if _place(other)[0] == column and _place(other)[1] > row]
    ax.set_xlabel("" if under else axis_label([along]), fontsize=style.text)
    if ax.get_xscale() == "linear" and not ax.xaxis_inverted():
        ax.invert_xaxis()  # panels share it
    ax.set_ylabel("" if column else HAZARD, fontsize=style.text)
    label_decades(ax.yaxis)
    if len(panels) > 1:
        ax.minorticks_off()  # hundreds of them take most of the time that a figure takes
    tidy(ax, style)


def _place(ax: Axes) -> tuple[int, int]:
    """Column and row in a grid of panels; the first where there is none."""
    spec = ax.get_subplotspec()
    return (0, 0) if spec is None else (spec.colspan.start, spec.rowspan.start)


def _entries(
    forecast: Forecast, *, has_truth: bool, several: bool, style: Style
) -> Iterator[tuple[str, Any]]:
    dots = style.dot | {"color": COLOURS.dots}
    bar: Look = {"color": COLOURS.dots, "marker": "|", "ls": "none", "ms": 1.5 * style.text}
    both = Line2D([], [], mew=0.6 * style.line, **bar), Line2D([], [], **dots)
    yield COUNTS, both
    design = forecast.fit.design
    if ((design.observed["n_correct"] == 0) & (design.observed["n_samples"] > 0))[
        forecast.chosen
    ].any():
        arrow = style.at_least | {"color": COLOURS.dots, "ms": 1.3 * style.text}
        yield "At least: problems unsolved", Line2D([], [], **arrow)
    yield from interval_entries(COLOURS, style)
    if has_truth:
        yield "Measured, not fitted", Line2D([], [], **style.hollow(COLOURS.truth))
    if several and forecast.targets["distance"].max() > 0:
        edge: Look = {"color": COLOURS.edge, "lw": 0.6 * style.line, "ls": DASHES}
        yield "Extrapolation begins", Line2D([], [], **edge)


def _draw_legend(panels: np.ndarray[Any, Any], entries: dict[str, Any]) -> None:
    style, figure = Style.of(panels[0]), panels[0].figure
    below = len(panels) > 1 and len(figure.axes) == len(panels)
    tuples: dict[Any, Any] = {
        entries[COUNTS]: HandlerTuple(ndivide=1),
        tuple: HandlerTuple(ndivide=None, pad=0),
    }
    if not below:
        legend_below(panels[0], entries, style, handler_map=tuples)
        return
    figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=4 if _width(panels) > 3 else 3,
        handler_map=tuples,
        frameon=False,
        fontsize=style.small,
        handlelength=1.8,
        labelspacing=0.35,
        borderaxespad=0.2,
    )


def _width(panels: np.ndarray[Any, Any]) -> int:
    return 1 + max(_place(ax)[0] for ax in panels)
