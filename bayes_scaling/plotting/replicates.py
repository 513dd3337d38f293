"""Fitted runs against what the fit says of a second run at the same compute."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.forecasting import predict
from bayes_scaling.inference.fits import Fit, demand_fit
from bayes_scaling.plotting.marks import LEVELS, legend_below, on_axis, tidy, warn_unconverged
from bayes_scaling.plotting.style import BLUE, FAINT, INK, VERMILLION, Look, Style
from bayes_scaling.scales import COMPUTE, axis_label

FIGURE_SIZE = (5.5, 3.0)
APART = 0.012  # of the width


def foretell_fitted(fit: Fit) -> pd.DataFrame:
    """Tabulate each fitted run beside the intervals for a second run at its compute.

    The fit has seen the runs, so many of them outside are a sign of misfit; few outside are no
    proof that forecasts can be believed, for which there is `backtest`.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    DataFrame
        A row a run, in the order of the fit: ``run, family, compute`` (or what else is forecast
        along), ``measured``, the quantiles
        ``q05, q25, median, q75, q95`` of kind ``run``, and ``inside``: whether the 90 % interval
        holds what was measured.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> foretell_fitted(bs.fit("loss", small, random_seed=1))["inside"].tolist()
    [True, True, True, True, True]
    """
    design = fit.design
    groups = {
        name: [labels[own] for own in design.places.group(name)]
        for name, labels in design.labels.items()
    }
    table = pd.DataFrame(
        {
            "run": list(design.runs),
            "family": [fit.families[own] for own in design.family],
            **groups,
            **design.places.covariates,
            "measured": design.observed["y"],
        }
    )
    keys = ["family", *groups, *fit.spec.columns]
    summary = predict(fit, table[keys].drop_duplicates(), far=True).summary()
    found = table.merge(summary[[*keys, *LEVELS]], on=keys, how="left", validate="m:1")
    found = on_axis(found, fit.spec.columns)
    found.attrs["along"] = fit.spec.columns
    return found.assign(inside=found["measured"].between(found["q05"], found["q95"]))


def plot_replicates(fit: Fit, ax: Axes | None = None) -> Axes:
    """Plot how far fitted runs lie from the median for a second run at their compute.

    Bars are its 50 and 90 % intervals, dots what was measured, all as a percentage
    above or below the median. Runs of one compute stand side by side.

    Parameters
    ----------
    fit : Fit
        Of losses.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    BayesScalingError
        If it isn't a fit of losses.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> bs.plot_replicates(bs.fit("loss", small, random_seed=1)).get_xlabel()
    'Training compute (FLOP)'
    """
    if "y" not in demand_fit(fit).design.observed:
        raise BayesScalingError(
            f"fit: {fit.spec.name} is a model of {fit.response.nature}; plot_residuals draws a fit "
            "of counts."
        )
    if ax is None:
        ax = plt.subplots(figsize=FIGURE_SIZE, layout="constrained")[1]
    draw_replicates(foretell_fitted(fit), ax)
    if not fit.diagnosis.converged:
        warn_unconverged(ax, Style.of(ax))
    return ax


def draw_replicates(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the table of `foretell_fitted`."""
    style, at = Style.of(ax), _side_by_side(table["compute"])
    wide = float(np.clip(6 / np.sqrt(len(table)), 0.4, 1.0))
    ax.axhline(0, color=FAINT, lw=0.6 * style.line, zorder=1)
    for low, high, width in (("q05", "q95", style.thin), ("q25", "q75", style.thick)):
        bar: Look = {"color": BLUE, "lw": wide * width, "zorder": 2}
        below, above = (table[name] / table["median"] - 1 for name in (low, high))
        ax.vlines(at, below, above, **bar)
    for inside, colour in ((True, INK), (False, VERMILLION)):
        rows = table["inside"] == inside
        dot = style.dot | {"ms": wide * style.text / 1.8, "color": colour, "zorder": 3}
        ax.plot(at[rows], (table["measured"] / table["median"] - 1)[rows], **dot)
    ax.set_xscale("log")
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    ax.set_xlabel(axis_label(table.attrs.get("along", COMPUTE)), fontsize=style.text)
    ax.set_ylabel("Above or below the median", fontsize=style.text)
    tidy(ax, style)
    _legend(ax, table["inside"].to_numpy(bool), style)
    return ax


def _side_by_side(compute: "pd.Series[float]") -> "pd.Series[float]":
    """Move runs of one compute a little apart."""
    step = APART * float(np.log10(compute.max() / compute.min()))
    ties = compute.groupby(compute)
    rank = ties.cumcount() - (ties.transform("size") - 1) / 2
    return compute * 10 ** (rank * step)


def _legend(ax: Axes, inside: np.ndarray[Any, Any], style: Style) -> None:
    said = ((True, INK, "measured, inside the 90 % interval"), (False, VERMILLION, "outside"))
    entries = {
        f"{label} ({np.sum(inside == kind)})": Line2D([], [], color=colour, **style.dot)
        for kind, colour, label in said
        if np.any(inside == kind)
    }
    legend_below(ax, entries, style)
