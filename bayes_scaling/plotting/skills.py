"""Figures of scores: whether they turn, and when they are above chance."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayes_scaling.decision.emergences import ABOVE, SURE, Emergence
from bayes_scaling.decision.shapes import KINDS, Shape
from bayes_scaling.errors import demand_record
from bayes_scaling.forecasting import predict
from bayes_scaling.inference.fits import Fit
from bayes_scaling.plotting.marks import (
    LEVELS,
    draw_bands,
    legend_below,
    tidy,
    warn_unconverged,
)
from bayes_scaling.plotting.single_runs import seen_of
from bayes_scaling.plotting.style import DASHES, FAINT, INK, Look, Style, palette
from bayes_scaling.scales import axis_label, compute_text

FIGURE_SIZE = (5.5, 3.8)
SHOWN = 60  # draws of a curve
COLOURS = ("#009E73", "#D55E00", "#8A8A8A", "#0072B2", "#56B4E9")


def plot_shape(shape: Shape, ax: Axes | None = None) -> Axes:
    """Plot draws of a score's curve, each in the colour of its shape, with their probabilities.

    Parameters
    ----------
    shape : Shape
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
    """
    demand_record(shape, Shape, "shape", "shape")
    ax = _new(ax)
    style = Style.of(ax)
    step = max(1, len(shape.curves) // SHOWN)
    for curve, kind in zip(shape.curves[::step], shape.kinds[::step], strict=True):
        ax.plot(shape.points, curve, color=COLOURS[int(kind)], lw=0.5 * style.line, alpha=0.35)
    for number, name in enumerate(KINDS):
        chance = shape.probability(name)
        if chance >= 0.005:
            before = float((shape.prior_kinds == number).mean())
            text = f"{name}: {chance:.2f} (prior {before:.2f})"
            ax.plot([], [], color=COLOURS[number], lw=style.thick / 2, label=text)
    _draw_runs(ax, shape.fit, shape.family, style)
    ax.axvline(shape.last, color=FAINT, lw=0.6 * style.line, ls=DASHES, zorder=0.5)
    _finish(ax, shape.fit, shape.family, style)
    return ax


def plot_emergence(found: Emergence, ax: Axes | None = None) -> Axes:
    """Plot the score along the scale, and from where it is above chance with probability 0.9.

    Parameters
    ----------
    found : Emergence
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes
    """
    demand_record(found, Emergence, "found", "emergence")
    ax = _new(ax)
    style, fit = Style.of(ax), found.fit
    own = fit.design.of_family(fit.families.index(found.family))
    end = min(max(10 * own.max(), 1.5 * found.reached), found.points[-1])
    points = np.geomspace(own.min(), end if np.isfinite(end) else found.points[-1], 40)
    (column,) = fit.spec.columns
    table = {"family": found.family, column: points}
    ahead = pd.DataFrame(table)
    drawn = predict(fit, ahead, far=True).draws["expected"]
    quantiles = np.quantile(drawn, list(LEVELS.values()), axis=(0, 1))
    grid = ahead.assign(compute=points, **dict(zip(LEVELS, quantiles, strict=True)))
    colours = palette([found.family])[found.family]
    draw_bands(ax, grid, colours, style, "expected score, 50 and 90 %")
    _draw_runs(ax, fit, found.family, style)
    if np.isfinite(found.reached):
        text = f"P(score > chance + {ABOVE:g}) = {SURE:g} at {compute_text(found.reached)}"
        ax.axvline(found.reached, color=INK, lw=0.6 * style.line, ls=DASHES, label=text)
    said = "not identified yet"
    if found.identified:
        said = f"{found.accelerated:.2f} (prior {found.accelerated_before:.2f})"
    ax.plot([], [], ls="none", label=f"P(accelerates): {said}")
    _finish(ax, fit, found.family, style)
    return ax


def _new(ax: Axes | None) -> Axes:
    return plt.subplots(figsize=FIGURE_SIZE, layout="constrained")[1] if ax is None else ax


def _draw_runs(ax: Axes, fit: Fit, family: str, style: Style) -> None:
    """Draw the fitted scores with two standard errors of their items, and the chance level."""
    mine = fit.design.family == fit.families.index(family)
    scale, seen = fit.design.scale[mine], seen_of(fit)[mine]
    error = 2 * np.sqrt(seen * (1 - seen) / fit.design.observed["n_items"][mine])
    bar: Look = {"color": INK, "lw": 0.6 * style.line, "zorder": 3}
    ax.vlines(scale, np.maximum(seen - error, 0), np.minimum(seen + error, 1), **bar)
    ax.plot(scale, seen, color=INK, zorder=4, label="fitted runs, ± 2 standard errors", **style.dot)
    chance = float(np.median(fit.design.observed["chance"][mine]))
    ax.axhline(chance, color=FAINT, lw=0.6 * style.line, zorder=0.5, label=f"chance, {chance:g}")


def _finish(ax: Axes, fit: Fit, family: str, style: Style) -> None:
    ax.set_xscale("log")
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel(axis_label(fit.spec.columns), fontsize=style.text)
    ax.set_ylabel(f"Score of {family} (share of items)", fontsize=style.text)
    tidy(ax, style)
    handles, labels = ax.get_legend_handles_labels()
    legend_below(ax, dict(zip(labels, handles, strict=True)), style, columns=2)
    if not fit.diagnosis.converged:
        warn_unconverged(ax, style)
