"""Decisions as figures: what to run, what it takes, what is worth it."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from bayes_scaling.arrays import Array
from bayes_scaling.decision import (
    Allocation,
    Choice,
    Crossing,
    FloorValue,
    Gain,
    Passage,
    isoflop_minima,
    optimal_allocation,
)
from bayes_scaling.decision.draws import LEVELS, curve_points, expected_along, quantiles_of
from bayes_scaling.errors import demand_record
from bayes_scaling.forecasting import response_unit
from bayes_scaling.inference.fits import Fit
from bayes_scaling.plotting.marks import (
    draw_bands,
    draw_bars,
    label_decades,
    tidy,
    warn_unconverged,
)
from bayes_scaling.plotting.single_runs import seen_of
from bayes_scaling.plotting.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    VERMILLION,
    Colours,
    Look,
    Style,
    palette,
)
from bayes_scaling.scales import axis_label, compute_text, unit_after

FIGURE_SIZE = (5.5, 3.6)
GRID_POINTS = 40
PALE = "#D0D0D0"
LINEAR = 0.5  # decades, below which an axis of ratios has even ticks
SHOWN = 0.005  # a probability that is worth a word
NARROW = 4.0  # inches, below which a legend has one column
LONG = 50  # characters of a legend that has a line for itself
PINNED = 15.0  # e-folds of a gain that a figure shows at most


def plot_allocation(best: Allocation, ax: Axes | None = None) -> Axes:
    """Plot the best number of parameters along compute, beside the runs and their own minima.

    Bands and bars are 50 and 90 % intervals of the optimum. Where runs of one compute have several
    sizes, diamonds are the minima of parabolas through them, which need no law.

    Parameters
    ----------
    best : Allocation
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs = pd.DataFrame([(n, n * r) for n in (1e7, 1e8, 1e9) for r in (5, 20, 80)])
    >>> runs.columns = ["params", "tokens"]
    >>> runs["loss"] = 1.8 + 480 / runs["params"] ** 0.35 + 2100 / runs["tokens"] ** 0.37
    >>> fit = bs.fit("loss_params_tokens", runs, random_seed=1)
    >>> plot_allocation(bs.decision.optimal_allocation(fit, 1e21)).get_yscale()
    'log'
    """
    demand_record(best, Allocation, "best", "optimal_allocation")
    ax, style = _axes(ax, best.fit)
    fit, own = best.fit, best.fit.design.family == best.family
    params, tokens = (fit.design.places.covariates[name][own] for name in fit.spec.columns)
    spent = best.flop * params * tokens
    whole = np.concatenate([spent, best.compute])
    grid = np.geomspace(whole.min(), whole.max(), GRID_POINTS)
    family = fit.families[best.family]
    along = optimal_allocation(fit, grid, family=family, flop=best.flop)
    look = palette([family])[family]
    draw_bands(ax, _table(grid, along.draws["params"]), look, style, "optimum")
    ax.plot(spent, params, label="runs", zorder=2.5, **style.dot | {"color": FAINT, "alpha": 0.6})
    minima = isoflop_minima(fit.table[own])
    if len(minima):
        diamond = style.hollow(VERMILLION) | {"marker": "D", "ms": style.text / 1.8}
        counted = best.flop * minima["params"] * minima["tokens"]
        ax.plot(counted, minima["params"], label="minima", zorder=4, **diamond)
    draw_bars(ax, _table(best.compute, best.draws["params"]), look, style, "asked")
    ax.set_xscale("log")
    ax.set_yscale("log")
    _label(ax, axis_label(["compute"]), "Parameters", style)
    entries = {
        "Median optimum": Line2D([], [], color=look.curve, lw=style.line),
        "Fitted runs": Line2D([], [], color=FAINT, **style.dot),
    }
    if len(minima):
        entries["Minima of parabolas, no law"] = Line2D([], [], **diamond)
    _legend(ax, entries, style)
    return ax


def plot_passage(needed: Passage, ax: Axes | None = None) -> Axes:
    """Plot the expected curve, and the intervals of where it reaches each goal.

    Parameters
    ----------
    needed : Passage
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> needed = bs.decision.compute_for(bs.fit("loss", small, random_seed=1), loss=1.7)
    >>> plot_passage(needed).get_xscale()
    'log'
    """
    demand_record(needed, Passage, "needed", "compute_for")
    ax, style = _axes(ax, needed.fit)
    fit, runs = needed.fit, needed.fit.design.of_family(needed.family)
    found = [quantiles_of(drawn) for drawn in needed.draws.T]
    finite = [value for own in found for value in own.values() if np.isfinite(value)]
    end = min(3 * max([*finite, runs.max()]), needed.up_to)
    points = curve_points(fit, runs.min(), end)
    look = Colours(BLUE, INK, FAINT, VERMILLION)
    draw_bands(
        ax, _table(points, expected_along(fit, points, needed.family)), look, style, "median"
    )
    _draw_runs(ax, fit, needed.family, look.dots, style)
    for goal, own, share in zip(needed.goals, found, needed.unreachable, strict=True):
        for low, high, width in (("q05", "q95", style.thin), ("q25", "q75", style.thick)):
            ends = [min(own[low], end), min(own[high], end)]
            ax.hlines(goal, ends[0], ends[1], color=VERMILLION, lw=width, zorder=4)
        if share >= SHOWN:
            at: Look = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
            said = f"{100 * share:.0f} % never"
            look_of: Look = {"fontsize": style.small, "color": VERMILLION, "va": "center"}
            ax.annotate(said, (1.0, goal), (3, 0), **at, **look_of)
    ax.set_xscale("log")
    _label(ax, axis_label([needed.scale]), _response(fit), style)
    bar = Line2D([], [], color=VERMILLION, lw=style.thick)
    entries = {"Median of runs on average": Line2D([], [], color=BLUE, lw=style.line)}
    if not len(fit.design.units):
        entries["Fitted runs"] = Line2D([], [], color=INK, **style.dot)
    _legend(ax, entries | {"Goals: 50 and 90 % of where": bar}, style)
    return ax


def plot_choice(choice: Choice, ax: Axes | None = None) -> Axes:
    """Plot what each candidate would take away of the target's variance.

    Parameters
    ----------
    choice : Choice
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> fit = bs.fit("loss", small, random_seed=1)
    >>> sizes = pd.DataFrame({"compute": [1e19, 1e20, 1e21, 4e21]})
    >>> choice = bs.decision.next_run(fit, sizes, {"compute": 2.3e22}, budget=5e21)
    >>> len(plot_choice(choice).patches)
    4
    """
    demand_record(choice, Choice, "choice", "next_run")
    if ax is None:
        ax = plt.subplots(figsize=FIGURE_SIZE, layout="constrained")[1]
    style, table = Style.of(ax), choice.candidates
    places = np.arange(len(table))
    colours = [
        GREEN if place in choice.chosen else BLUE if paid else PALE
        for place, paid in enumerate(table["affordable"])
    ]
    ax.barh(places, table["removes"], color=colours, height=0.7)
    for place in sorted(set(choice.chosen)):
        times = choice.chosen.count(place)
        text = "chosen" if times == 1 else f"chosen {times} times"
        at: Look = {"va": "center", "fontsize": style.small, "color": GREEN}
        ax.annotate(
            text, (table["removes"].iloc[place], place), (4, 0), textcoords="offset points", **at
        )
    covariates = [str(name) for name in table if name not in {"cost", "affordable", "removes"}]
    said = [
        ", ".join(f"{compute_text(row[name])}{unit_after([name])}" for name in covariates)
        for row in table.to_dict("records")
    ]
    ax.set_yticks(places, said)
    ax.invert_yaxis()
    ax.margins(x=0.18)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    _label(ax, "Share of the variance that a run removes", "", style)
    entries = {
        "Chosen": Line2D([], [], color=GREEN, lw=4),
        "Affordable": Line2D([], [], color=BLUE, lw=4),
    }
    if not table["affordable"].all():
        entries["Beyond the budget"] = Line2D([], [], color=PALE, lw=4)
    _legend(ax, entries, style, above=True)
    return ax


def plot_floor(known: FloorValue, ax: Axes | None = None) -> Axes:
    """Plot the forecast against the number that its floor is pinned at.

    Parameters
    ----------
    known : FloorValue
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> known = bs.decision.value_of_floor(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> plot_floor(known).get_xlabel()
    'Floor (nats per token)'
    """
    demand_record(known, FloorValue, "known", "value_of_floor")
    fit = known.forecast.fit
    ax, style = _axes(ax, fit)
    table, columns = known.summary(), list(fit.spec.columns)
    targets = known.forecast.targets[columns].to_dict("records")
    labels = [
        ", ".join(f"{compute_text(target[name])}{unit_after([name])}" for name in columns)
        for target in targets
    ]
    colours, entries = palette(labels), {}
    for (_, rows), label in zip(table.groupby(columns, sort=False), labels, strict=True):
        pinned, whole = rows[rows["pinned_at"] != "open"], rows[rows["pinned_at"] == "open"].iloc[0]
        look = colours[label]
        grid = pinned.assign(compute=pinned["floor"])
        draw_bands(ax, grid, look, style, label)
        for name, dash in (("median", "-"), ("q05", ":"), ("q95", ":")):
            line: Look = {"color": look.curve, "lw": 0.6 * style.line, "ls": dash, "alpha": 0.7}
            ax.axhline(whole[name], **line)
        entries[f"{label}: the floor is {100 * whole['explained']:.0f} % of the variance"] = Line2D(
            [], [], color=look.curve, lw=style.line
        )
    entries["Floor open: median, 5 and 95 %"] = Line2D([], [], color=FAINT, ls=":", lw=style.line)
    _label(ax, f"Floor ({response_unit(fit)})", _response(fit), style)
    _legend(ax, entries, style, above=True)
    return ax


def plot_gain(gain: Gain, ax: Axes | None = None) -> Axes:
    """Plot the density of each gain over an axis of ratios.

    Parameters
    ----------
    gain : Gain
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> both = {"standard": bs.example("cerebras_gpt"), "muP": bs.example("cerebras_gpt_mup")}
    >>> runs = pd.concat([own.assign(recipe=name) for name, own in both.items()])
    >>> fit = bs.fit("loss_recipe", runs.drop(columns="family"), random_seed=1)
    >>> plot_gain(bs.decision.equivalent_compute(fit)).get_xscale()
    'log'
    """
    demand_record(gain, Gain, "gain", "equivalent_compute")
    from scipy import stats

    ax, style = _axes(ax, gain.fit)
    colours = palette(list(gain.recipes))
    entries: dict[str, Any] = {}
    for recipe, drawn in zip(gain.recipes, gain.draws.T, strict=True):
        look, logs = colours[recipe], np.log(drawn[np.isfinite(drawn) & (drawn > 0)])
        logs = logs[np.abs(logs) < PINNED]
        better = float(np.mean(drawn > 1))
        entries[f"{recipe}: above 1 with probability {better:.2f}"] = Line2D(
            [], [], color=look.curve, lw=style.line
        )
        if len(logs) < 2 or not logs.std():
            continue
        low, high = np.quantile(logs, [0.002, 0.998])
        x = np.linspace(low - 0.1 * (high - low), high + 0.1 * (high - low), 200)
        density = stats.gaussian_kde(logs)(x) * len(logs) / len(drawn)
        ax.plot(np.exp(x), density, color=look.curve, lw=style.line)
        for level, alpha in ((0.05, 0.16), (0.25, 0.3)):
            inside = (x >= np.quantile(logs, level)) & (x <= np.quantile(logs, 1 - level))
            ax.fill_between(np.exp(x), density, where=inside, color=look.curve, alpha=alpha, lw=0)
    ax.axvline(1, color=FAINT, lw=0.6 * style.line, zorder=0.5)
    ax.set_xscale("log")
    ax.set_ylim(bottom=0)
    label_decades(ax.xaxis)
    ax.xaxis.set_minor_locator(NullLocator())
    if np.log10(np.divide(*ax.get_xlim()[::-1])) < LINEAR:
        ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}×"))
    scale = "Compute" if gain.scale == "compute" else gain.scale.capitalize()
    _label(
        ax,
        f"{scale} that {gain.over} needs for the same {gain.fit.spec.response}",
        "Posterior density",
        style,
    )
    ax.set_yticks([])
    _legend(ax, entries, style, above=True)
    return ax


def plot_crossing(race: Crossing, ax: Axes | None = None) -> Axes:
    """Plot two expected curves, and the interval of where they cross.

    Parameters
    ----------
    race : Crossing
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs, other = bs.example("cerebras_gpt"), bs.example("cerebras_gpt_mup")
    >>> fits = [bs.fit("loss", own, random_seed=1) for own in (runs, other)]
    >>> plot_crossing(bs.decision.crossing(*fits)).get_xlabel()
    'Training compute (FLOP)'
    """
    demand_record(race, Crossing, "race", "crossing")
    ax, style = _axes(ax, race.fit_a)
    if race.fit_a.diagnosis.converged and not race.fit_b.diagnosis.converged:
        warn_unconverged(ax, style)
    fits = (race.fit_a, race.fit_b)
    ladders = [fit.design.of_family(own) for fit, own in zip(fits, race.families, strict=True)]
    end = max(race.at.max(), *(own.max() for own in ladders))
    names = [fit.families[own] for fit, own in zip(fits, race.families, strict=True)]
    names = names if names[0] != names[1] else ["first", "second"]
    entries: dict[str, Any] = {}
    for fit, own, runs, name, colour in zip(
        fits, race.families, ladders, names, (BLUE, ORANGE), strict=True
    ):
        points = curve_points(fit, runs.min(), end)
        draw_bands(
            ax, _table(points, expected_along(fit, points, own)), Colours.plain(colour), style, name
        )
        _draw_runs(ax, fit, own, colour, style)
        entries[name] = Line2D([], [], color=colour, lw=style.line)
    where = race.where()
    if np.isfinite(where["q05"]) and race.never < 0.95:
        ends = np.clip([where["q05"], where["q95"]], None, ax.get_xlim()[1])
        foot: Look = {"transform": ax.get_xaxis_transform(), "color": INK, "clip_on": True}
        ax.hlines(0.03, *ends, lw=style.thin, **foot)
        entries[f"They cross: 90 % ({100 * race.never:.0f} % never)"] = Line2D(
            [], [], color=INK, lw=style.thin
        )
    ax.set_xscale("log")
    _label(ax, axis_label([race.scale]), _response(race.fit_a), style)
    _legend(ax, entries, style)
    return ax


def _axes(ax: Axes | None, fit: Fit) -> tuple[Axes, Style]:
    """Return axes to draw on and their style, with a warning where draws can't be trusted."""
    if ax is None:
        ax = plt.subplots(figsize=FIGURE_SIZE, layout="constrained")[1]
    style = Style.of(ax)
    if not fit.diagnosis.converged:
        warn_unconverged(ax, style)
    return ax, style


def _table(scales: Array, draws: Array) -> pd.DataFrame:
    """Quantiles of draws, shape ``(draws, scales)``, a row a scale."""
    found = np.quantile(draws, list(LEVELS.values()), axis=0)
    return pd.DataFrame({"compute": scales, **dict(zip(LEVELS, found, strict=True))})


def _draw_runs(ax: Axes, fit: Fit, family: int, colour: str, style: Style) -> None:
    """Draw the fitted runs of a family, where a run has one response."""
    if not len(fit.design.units):
        own = fit.design.family == family
        dots = style.dot | {"color": colour, "zorder": 3.5}
        ax.plot(fit.design.scale[own], seen_of(fit)[own], **dots)


def _response(fit: Fit) -> str:
    """Name the response with its unit, for an axis."""
    if len(fit.design.units):
        return "Mean pass rate"
    return f"{fit.spec.response.capitalize()} ({response_unit(fit)})"


def _label(ax: Axes, x: str, y: str, style: Style) -> None:
    ax.set_xlabel(x, fontsize=style.text)
    ax.set_ylabel(y, fontsize=style.text)
    tidy(ax, style)


def _legend(ax: Axes, entries: dict[str, Any], style: Style, *, above: bool = False) -> None:
    place: Look = {"loc": "best"}
    if above:
        wide = ax.bbox.width / ax.figure.dpi > NARROW and sum(map(len, entries)) < LONG
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 3 if wide else 1}
    ax.legend(
        list(entries.values()),
        list(entries),
        frameon=False,
        fontsize=style.small,
        handlelength=1.8,
        borderaxespad=0.2,
        **place,
    )
