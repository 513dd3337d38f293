"""A ledger as a figure: what was forecast, what came, and whether the intervals can be believed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from bayes_scaling.errors import LedgerError, suggest
from bayes_scaling.forecasting import KIND_WORDS
from bayes_scaling.plotting.backtests import FEWEST, draw_coverage, finish
from bayes_scaling.plotting.style import BLUE, FAINT, INK, VERMILLION, Look, Style
from bayes_scaling.registry.scores import score

WIDTH, ROW, MARGIN, TALLEST = 7.2, 0.3, 1.1, 10.0  # inches
NAMED = 25  # rows with their questions beside them; of more only the numbers
LONGEST = 36  # characters of a question
CROWD = 30  # rows from which marks shrink

PALE = "#C4C4C4"
COLOURS = {"inside": BLUE, "outside": VERMILLION, "open": PALE, "void": PALE}


def plot_ledger(
    ledger: str | Path,
    axes: Sequence[Axes] | None = None,
    *,
    metric: str | None = None,
    unit: str | None = None,
) -> np.ndarray[Any, Any]:
    """Plot the forecasts of a ledger with their outcomes, and their calibration.

    On the left a row a forecast, in the order in which they were resolved, those still open last:
    the equal-tailed 50 and 90 % intervals of the kind that is scored (one new run, for a loss), the
    median as a white tick, and the outcome as a circle. Void ones are crossed out. On the right the
    share of outcomes inside the central interval against its probability, with the 95 % binomial
    band of a calibrated forecaster of as many independent forecasts, from 20 outcomes on.

    Parameters
    ----------
    ledger : str or Path
        It is verified first.
    axes : sequence of two matplotlib Axes, optional
        Where to draw; a new figure by default.
    metric, unit : str, optional
        Which one, where the ledger has forecasts of several, or of one in several units.

    Returns
    -------
    ndarray of matplotlib Axes, shape (2,)

    Raises
    ------
    LedgerError
        If the ledger doesn't hold or has no forecast of the metric and unit, or has several and
        none is named.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> records = bs.register(
    ...     forecast, "drawn.jsonl", question="13B on the Pile?", resolves="The model card."
    ... )
    >>> bs.plot_ledger("drawn.jsonl")[0].get_xlabel()
    'Loss (nats per token) of one new run'
    """
    table = score(ledger)
    if table.empty:
        raise LedgerError(f"{ledger}: has no forecast to plot.")
    for column, wanted in (("metric", metric), ("unit", unit)):
        table = _of_one(ledger, table, column, wanted)
    table = _in_order(table)
    if axes is None:
        height = float(np.clip(ROW * len(table) + MARGIN, 2.8, TALLEST))
        widths = {"width_ratios": (1.7, 1)}
        _, axes = plt.subplots(
            1, 2, figsize=(WIDTH, height), layout="constrained", gridspec_kw=widths
        )
        axes[1].set_box_aspect(1)
        axes[1].set_anchor("N")
    if len(axes) != 2:
        raise LedgerError(f"axes: expected two, got {len(axes)}.")
    style = min(map(Style.of, axes), key=lambda one: one.text)
    _draw_rows(axes[0], table, style)
    _draw_calibration(axes[1], table, style)
    return np.asarray(axes)


def _of_one(
    ledger: str | Path, table: pd.DataFrame, column: str, wanted: str | None
) -> pd.DataFrame:
    """Take the forecasts of one metric or unit; others don't belong on the same axis."""
    known = sorted(table[column].unique())
    if wanted is None and len(known) > 1:
        raise LedgerError(f"{column}: {ledger} has several, say which one; {suggest('', known)}")
    if wanted is not None and wanted not in known:
        raise LedgerError(f"{column}: {ledger} has none of {wanted!r}; {suggest(wanted, known)}")
    return table[table[column] == (known[0] if wanted is None else wanted)]


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort by when the answer came, then by when the forecast was made; say how each fared."""
    inside = table["covered_90"].fillna(value=False).astype(bool)
    fared = table["status"].where(table["status"] != "resolved", inside.map(_side))
    order = table["answer"].astype(float).fillna(np.inf).to_numpy()
    return table.assign(fared=fared).iloc[np.lexsort((table.index, order))]


def _side(inside: bool) -> str:
    return "inside" if inside else "outside"


def _draw_rows(ax: Axes, table: pd.DataFrame, style: Style) -> None:
    small = min(1.0, CROWD / len(table))
    circle = style.hollow(INK)
    circle["ms"] *= small
    for fared, colour in COLOURS.items():
        here = np.flatnonzero(table["fared"] == fared)
        part = table.iloc[here]
        for low, high, width in (("q05", "q95", style.thin), ("q25", "q75", style.thick)):
            ax.hlines(here, part[low], part[high], color=colour, lw=small * width, zorder=2)
        tick: Look = {"marker": "|", "ms": small * style.thick, "mew": 0.6 * style.line}
        ax.plot(part["median"], here, ls="none", color="white", zorder=3, **tick)
        ax.plot(part["value"], here, zorder=4, **circle)
        if fared == "void":
            ax.plot(part["median"], here, zorder=4, **_cross(style))
    metric, unit, kind = (table[name].iloc[0] for name in ("metric", "unit", "kind"))
    finish(ax, style, f"{metric.capitalize()} ({unit}) of {KIND_WORDS[kind]}", "")
    ax.set_ylim(len(table) - 0.4, -0.6)
    _name_rows(ax, table, style)
    _draw_legend(ax, table, style)


def _cross(style: Style) -> Look:
    size = {"ms": style.text / 1.6, "mew": style.line}
    return {"marker": "x", "ls": "none", "color": INK} | size


def _name_rows(ax: Axes, table: pd.DataFrame, style: Style) -> None:
    """Label rows by question; what others wrote is text, and never mathematics."""
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    if len(table) > NAMED:
        ax.set_yticks([])
        ax.set_ylabel(f"{len(table)} forecasts, in order of resolution", fontsize=style.text)
        return
    questions = table["question"].items()
    names = [f"{number}: {_shortened(str(question))}" for number, question in questions]
    ax.set_yticks(np.arange(len(table)), names, parse_math=False)


def _shortened(text: str) -> str:
    r"""Draw a text together into one short line.

    Examples
    --------
    >>> _shortened("What loss will\nthe 13B model reach on the Pile?")
    'What loss will the 13B model reach…'
    """
    words = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}…"


def _draw_legend(ax: Axes, table: pd.DataFrame, style: Style) -> None:
    counts = table["fared"].value_counts()
    thin = Line2D([], [], color=FAINT, lw=style.thin)
    thick = Line2D([], [], color=FAINT, marker="_", ms=0.9 * style.text, mew=style.thick)
    entries: dict[str, Any] = {
        "50 and 90 % interval": (thin, thick),
        "outcome": Line2D([], [], **style.hollow(INK)),
    }
    names = {"inside": "inside 90 %", "outside": "outside", "open": "open", "void": "void"}
    for fared, text in names.items():
        if fared in counts:
            look: Look = {"color": COLOURS[fared], "lw": style.thick}
            look = _cross(style) if fared == "void" else look
            entries[f"{text} ({counts[fared]})"] = Line2D([], [], **look)
    place: Look = {"loc": "lower right", "bbox_to_anchor": (1, 1), "ncols": 3}
    ax.legend(
        list(entries.values()),
        list(entries),
        handler_map={tuple: HandlerTuple(ndivide=1)},
        frameon=False,
        fontsize=style.small,
        columnspacing=1.2,
        **place,
    )


def _draw_calibration(ax: Axes, table: pd.DataFrame, style: Style) -> None:
    pit = table["pit"].dropna().to_numpy(float)
    if len(pit) >= FEWEST:
        draw_coverage(ax, pit)
        return
    finish(ax, style, "Probability of the interval", "Truths inside")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    counted = f"{len(pit)} outcome{'s' * (len(pit) > 1)} so far" if len(pit) else "no outcome yet"
    text = f"{counted};\ncoverage is drawn from {FEWEST} on"
    ax.text(0.5, 0.5, text, ha="center", va="center", color=FAINT, fontsize=style.text)
