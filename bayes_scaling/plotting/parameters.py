"""Posteriors beside their priors, as a table and as a figure."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.inference.fits import Fit, demand_fit, labelled_columns
from bayes_scaling.plotting.marks import LEVELS, tidy, warn_unconverged
from bayes_scaling.plotting.style import BLUE, FAINT, Look, Style

ROW_HEIGHT, WIDTH = 0.62, 5.5
ROOM = 0.06  # of the range, on either side


def compare_with_prior(fit: Fit) -> pd.DataFrame:
    """Tabulate quantiles of each parameter, and of what follows from it, before and after the data.

    Parameters
    ----------
    fit : Fit or Fit
        Of counts, what problems share.

    Returns
    -------
    DataFrame
        A row a parameter (``level``, or ``level[family]``), columns ``q05, q25, median, q75, q95``
        of the posterior, the same with ``prior_`` before them, and ``is_stated``: whether the
        specification has a prior for it, or it follows from others.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> table = compare_with_prior(bs.fit("loss", small, random_seed=1))
    >>> bool(table.loc["level", "q95"] < table.loc["level", "prior_q95"])
    True
    """
    before = fit.prior_draws()
    levels = list(LEVELS.values())
    rows = {}
    for name, values in fit.posterior["posterior"].data_vars.items():
        if str(name) not in before or "problem" in values.dims:
            continue
        prior = np.quantile(before[str(name)], levels)
        for label, column in labelled_columns(str(name), values):
            rows[label] = {
                **dict(zip(LEVELS, np.quantile(column, levels), strict=True)),
                **{f"prior_{key}": value for key, value in zip(LEVELS, prior, strict=True)},
                "is_stated": str(name) in fit.spec.free,
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def plot_parameters(
    fit: Fit, axes: Sequence[Axes] | np.ndarray[Any, Any] | None = None
) -> np.ndarray[Any, Any]:
    """Plot the posterior beside the prior, an Axes a parameter that has one.

    Thin bars are 90 % intervals, thick ones 50 %; grey above is the prior, blue below the
    posterior.

    Parameters
    ----------
    fit : Fit
        Of counts, what problems share.
    axes : sequence of matplotlib Axes, optional
        Where to draw, one a parameter; a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes

    Raises
    ------
    BayesScalingError
        If there is no parameter, or another number of axes.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> axes = bs.plot_parameters(bs.fit("loss", small, random_seed=1))
    >>> axes[0].get_ylabel()
    'level'
    """
    beliefs = compare_with_prior(demand_fit(fit))
    stated = beliefs[beliefs["is_stated"]] if len(beliefs) else beliefs
    if axes is None and len(stated):
        size = (WIDTH, 0.7 + ROW_HEIGHT * len(stated))
        figure = plt.figure(figsize=size, layout="constrained")
        axes = figure.subplots(len(stated), 1, squeeze=False).ravel()
        _draw_legend(figure, Style.of(axes[0]))
    drawn = draw_parameters(stated, () if axes is None else axes)
    if not fit.diagnosis.converged:
        warn_unconverged(drawn[0], Style.of(drawn[0]))
    return drawn


def draw_parameters(
    table: pd.DataFrame, axes: Sequence[Axes] | np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Draw rows of `compare_with_prior`, an Axes each."""
    if table.empty:
        raise BayesScalingError("fit: it has no parameter to plot; all are pinned.")
    found = np.ravel(np.asarray(axes, dtype=object))
    if len(found) != len(table):
        raise BayesScalingError(f"axes: expected {len(table)}, one a row, got {len(found)}.")
    for ax, (label, row) in zip(found, table.iterrows(), strict=True):
        _draw_row(ax, str(label), row)
    return found


def _draw_legend(figure: Figure, style: Style) -> None:
    entries = [
        Line2D([], [], color=colour, lw=style.thick, label=f"{name}, 50 and 90 % interval")
        for name, colour in (("prior", FAINT), ("posterior", BLUE))
    ]
    place: Look = {"loc": "outside lower center", "ncols": 2}
    figure.legend(handles=entries, frameon=False, fontsize=style.small, **place)


def _draw_row(ax: Axes, label: str, row: "pd.Series[Any]") -> None:
    style = Style.of(ax)
    for prefix, height, colour in (("prior_", 1.0, FAINT), ("", 0.0, BLUE)):
        for low, high, width in (("q05", "q95", style.thin), ("q25", "q75", style.thick)):
            bar: Look = {"color": colour, "lw": width}
            ax.hlines(height, row[prefix + low], row[prefix + high], **bar)
        tick: Look = {"marker": "|", "ms": 2.2 * style.thick, "mew": style.line, "ls": "none"}
        ax.plot(row[f"{prefix}median"], height, color=colour, **tick)
    low, high = min(row["q05"], row["prior_q05"]), max(row["q95"], row["prior_q95"])
    ax.set(xlim=(low - ROOM * (high - low), high + ROOM * (high - low)), ylim=(-0.8, 1.8))
    name: Look = {"rotation": 0, "ha": "right", "va": "center", "parse_math": False}
    ax.set_ylabel(label, fontsize=style.text, **name)
    ax.set_yticks([])
    tidy(ax, style)
    ax.spines["left"].set_visible(False)
