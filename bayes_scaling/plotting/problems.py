"""Problems of a bucket one by one: counts, laws, and which problems leave theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.special import digamma, xlogy

from bayes_scaling.arrays import Index
from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.forecasting import Forecast
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import PROBLEM, unit_column
from bayes_scaling.inference.passes.predictive import discrepancies_at, hazard, law_at
from bayes_scaling.inference.places import along
from bayes_scaling.plotting.count_estimates import estimate_hazards
from bayes_scaling.plotting.marks import (
    bucket_title,
    draw_counts,
    label_decades,
    legend_below,
    on_axis,
    tidy,
    warn_far,
    warn_unconverged,
)
from bayes_scaling.plotting.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PINK,
    VERMILLION,
    Look,
    Style,
)
from bayes_scaling.scales import axis_label

SIZE = (5.5, 3.6)
COLOURS = (VERMILLION, BLUE, GREEN, PINK, ORANGE)
CHANCE = 3.0  # deviance residual beyond which it isn't chance
SPREAD = 0.35  # of the gap between two runs
LEADING = 1.5  # of the size of the text
ROOM = 1.6  # beyond the counts, as a factor
GRID_POINTS = 16
MOST = 200  # problems without a name
LONGEST = 24  # characters of a name

Values = np.ndarray[Any, Any]


def plot_problems(
    fit: Fit | Forecast,
    bucket: str | None = None,
    *,
    worst: int = 3,
    ax: Axes | None = None,
) -> Axes:
    r"""Plot -log p against compute for each problem of a bucket, and name those that leave the law.

    Lines are posterior medians of what a problem's own law, alpha (C/C0)^-k, and the discrepancy
    that all problems share make of it, up to the largest target of a forecast. Dots are posterior
    means of -log p from a problem's counts alone, under Jeffreys' prior, with 90 % intervals,
    beside each other for each run; an arrow is the lower end of that interval where a run never
    solved the problem.

    Of more than 200 problems without a name 200 are drawn, evenly spread over their laws at the
    largest run; all others would say no more.

    The problems that are named have the largest distance between counts and line, measured along
    the axis as :math:`|\log \hat h - \log h|`, at a run where chance doesn't explain it: where the
    deviance residual of the count exceeds 3.

    Parameters
    ----------
    fit : Fit or Forecast
    bucket : str, optional
        Which one; needed where there are several.
    worst : int
        At most so many problems are named.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    BayesScalingError
        If there is no such bucket, `worst` is out of range, or the model knows nothing of single
        problems.
    """
    fitted, targets = _taken_apart(fit)
    label, units = _bucket(fitted.design, unit_column(fitted.spec), bucket)
    colour_of = dict(zip(_leavers(fitted, units)[: _demand_worst(worst)], COLOURS, strict=False))
    drawn = _drawn(fitted, units, list(colour_of))
    if ax is None:
        ax = plt.subplots(figsize=SIZE, layout="constrained")[1]
    style, design = Style.of(ax), fitted.design
    ax.set(xscale="log", yscale="log")
    computes = _grid(np.append(design.scale, targets["compute"]))
    lines = _medians(fitted, computes)
    for place, unit in enumerate(drawn):
        colour, is_named = colour_of.get(unit, FAINT), unit in colour_of
        line: Look = {"color": colour, "lw": style.line if is_named else 0.4 * style.line}
        line |= {"zorder": 3 if is_named else 2, "label": design.units.names[unit]}
        ax.plot(computes, lines[:, unit], alpha=1 if is_named else 0.6, **line)
        counts = _beside(estimate_hazards(design, np.array([unit])), place, len(drawn))
        dots = style.dot | {"ms": style.text / (2.4 if is_named else 3.5), "color": colour}
        draw_counts(ax, counts, Style(0.7 * style.text), dots, "counts")
    _limit(ax, design, drawn)
    _label(ax, fitted, bucket_title(label, len(units)), style)
    warn_far(ax, targets, style)
    ends = {
        design.units.names[unit]: (lines[-1, unit], colour) for unit, colour in colour_of.items()
    }
    _name(ax, ends, style)
    _draw_legend(ax, design, drawn, style)
    return ax


def _drawn(fit: Fit, units: Index, named: Sequence[int]) -> Index:
    """Choose the units to draw: the named ones, and others evenly spread over their laws."""
    others = np.setdiff1d(units, named)
    if len(others) > MOST:
        order = np.argsort(_medians(fit, fit.design.scale[-1:])[0, others], kind="stable")
        others = others[order[np.linspace(0, len(others) - 1, MOST).round().astype(int)]]
    return np.sort(np.concatenate([others, np.asarray(named, dtype=others.dtype)]))


def _medians(fit: Fit, computes: Values) -> Values:
    """Median of -log p by a unit's law and the shared discrepancies, ``(computes, units)``."""
    posterior = fit.posterior["posterior"].to_dataset()
    values = {
        str(name): np.asarray(array).reshape(-1, *array.shape[2:])
        for name, array in posterior.data_vars.items()
    }
    terms = (term for term in fit.spec.discrepancy if term.over != PROBLEM)
    shared = replace(fit.spec, discrepancy=tuple(terms))
    medians = []
    for compute in computes:
        places = along(fit.spec.columns[0], [compute])
        rng = np.random.default_rng(fit.random_seed)
        law = law_at(shared, fit.design, values, places)
        bent = law + discrepancies_at(shared, fit.design, values, places, rng)
        medians.append(np.median(hazard(shared, bent[:, 0]), axis=0))
    return np.stack(medians)


def _beside(counts: pd.DataFrame, place: int, of: int) -> pd.DataFrame:
    """Move the counts of a unit aside, so that those of a run stand beside each other."""
    runs = np.unique(counts["compute"])
    gap = np.log(runs[1:] / runs[:-1]).min() if len(runs) > 1 else 1.0
    aside = SPREAD * gap * ((place + 0.5) / of - 0.5)
    return counts.assign(compute=counts["compute"] * np.exp(aside))


def _leavers(fit: Fit, units: Index) -> list[int]:
    """Find the units whose counts leave their line by more than chance, the farthest first."""
    design = fit.design
    n, c = design.observed["n_samples"][units], design.observed["n_correct"][units]
    law = _medians(fit, design.scale).T[units]
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = np.exp(-law), -np.expm1(-law)
        deviance = 2 * (xlogy(c, c / (n * p)) + xlogy(n - c, (n - c) / (n * q)))
        distance = np.abs(np.log((digamma(n + 1) - digamma(c + 0.5)) / law))
    distance = np.where((n > 0) & (deviance > CHANCE**2), distance, 0.0).max(axis=1)
    order = np.argsort(-distance, kind="stable")
    return [int(units[place]) for place in order if distance[place] > 0]


def _bucket(design: Design, column: str, bucket: str | None) -> tuple[str, Index]:
    if column != PROBLEM:
        raise BayesScalingError(
            "fit: its model knows nothing of single problems; plot_pass_rate draws its buckets."
        )
    if bucket is None and len(design.units.buckets) > 1:
        raise BayesScalingError(
            f"bucket: say which one, of {', '.join(design.units.buckets)}; all problems in one "
            "picture can't be told apart."
        )
    label = design.units.buckets[0] if bucket is None else str(bucket)
    if label not in design.units.buckets:
        raise BayesScalingError(
            f"bucket: {bucket!r} is not in the fit; {suggest(label, design.units.buckets)}"
        )
    return label, np.flatnonzero(design.units.bucket == design.units.buckets.index(label))


def _demand_worst(worst: int) -> int:
    if isinstance(worst, bool) or not isinstance(worst, int) or not 0 <= worst <= len(COLOURS):
        raise BayesScalingError(
            f"worst: expected a whole number from 0 to {len(COLOURS)}, got {worst!r}."
        )
    return worst


def _taken_apart(given: Fit | Forecast) -> tuple[Fit, pd.DataFrame]:
    """Return the fit, and the targets of the forecast of it; none where a fit was given."""
    if isinstance(given, Forecast):
        targets = given.targets
        for name, link in given.fit.design.links.items():
            return given.fit, targets.assign(compute=link(targets[name].to_numpy()))
        return given.fit, on_axis(targets, given.fit.spec.columns)
    return given, pd.DataFrame({"compute": [], "distance": []}, dtype=float)


def _grid(computes: Values) -> Values:
    return np.geomspace(computes.min(), computes.max(), GRID_POINTS)


def _limit(ax: Axes, design: Design, units: Index) -> None:
    """Show the counts; a law may leave the picture where there are none."""
    counts = pd.concat([estimate_hazards(design, np.array([unit])) for unit in units])
    shown = counts["value"].where(~counts["is_bound"], counts["low"])
    above = ROOM**2 if counts["is_bound"].any() else ROOM
    ax.set_ylim(shown.min() / ROOM, shown.max() * above)


def _label(ax: Axes, fit: Fit, title: str, style: Style) -> None:
    ax.set_title(title, fontsize=style.text, loc="left", color=INK)
    linked = "".join(f"Compute that the {name} stands for (FLOP)" for name in fit.design.links)
    ax.set_xlabel(linked or axis_label(fit.spec.columns), fontsize=style.text)
    ax.set_ylabel("−log p of a problem", fontsize=style.text)
    label_decades(ax.yaxis)
    tidy(ax, style)
    if not fit.diagnosis.converged:
        warn_unconverged(ax, style)


def _name(ax: Axes, ends: Mapping[str, tuple[float, str]], style: Style) -> None:
    """Write names to the right of the axes, at the ends of their lines or as near as fits."""
    line = LEADING * style.small * ax.figure.dpi / 72 / ax.bbox.height
    at = {
        name: ax.transAxes.inverted().transform(ax.transData.transform((1e20, end)))[1]
        for name, (end, _) in ends.items()
    }
    names = sorted(at, key=lambda name: at[name])
    for name, height in zip(names, _spread([at[name] for name in names], line), strict=True):
        place: Look = {"xycoords": "axes fraction", "va": "center", "fontsize": style.small}
        ax.annotate(_short(name), (1.01, height), color=ends[name][1], **place)


def _spread(heights: Sequence[float], gap: float) -> list[float]:
    """Move sorted heights apart by a gap at least, and inside 0 to 1.

    Examples
    --------
    >>> [round(height, 2) for height in _spread([-0.5, 0.5, 0.52, 3.0], 0.1)]
    [0.0, 0.5, 0.6, 1.0]
    """
    placed: list[float] = []
    for height in heights:
        low = placed[-1] + gap if placed else 0.0
        placed.append(max(min(max(height, 0.0), 1.0), low))
    for place in range(len(placed) - 1, -1, -1):
        high = placed[place + 1] - gap if place + 1 < len(placed) else 1.0
        placed[place] = min(placed[place], high)
    return placed


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _draw_legend(ax: Axes, design: Design, units: Index, style: Style) -> None:
    dots = Line2D([], [], color=FAINT, **style.dot)
    entries = {"Counts of a problem, 90 %": dots}
    tried = design.observed["n_samples"][units] > 0
    if (tried & (design.observed["n_correct"][units] == 0)).any():
        arrow = style.at_least | {"color": FAINT, "ms": 1.3 * style.text}
        entries["At least: never solved"] = Line2D([], [], **arrow)
    line: Look = {"color": FAINT, "lw": 0.6 * style.line}
    entries["Law with shared discrepancy, median"] = Line2D([], [], **line)
    legend_below(ax, entries, style)
