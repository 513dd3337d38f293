"""What models expect of a ladder before they see one: prior predictive figures.

    python benchmarks/prior_predictive.py

Draws ladders from the priors of each model of losses on the shelf whose level isn't the user's own,
and writes ``results/prior_predictive.png`` and ``prior_predictive.csv``: quantiles of a new run by
decades from C0. Cross-entropies are relative to the loss at C0, whose prior is wide on purpose.
``rises`` is the share of ladders that end higher than they are two decades below.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

import bayes_scaling as bs
from bayes_scaling.plotting.marks import tidy
from bayes_scaling.plotting.style import BLUE, FAINT, INK, Style

RESULTS = Path(__file__).parent / "results"
C0 = 1e20
DECADES = np.arange(-1.5, 3.51, 0.25)
LADDERS, DRAWN = 2000, 12
LEVELS = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
SHOWN = (
    ("loss", "loss", None),
    ("loss_broken", "loss_broken", None),
    ("loss_late_start", "loss_late_start", None),
    ("loss_error_rate", "loss_error_rate", None),
    ("loss_above_chance", "loss_above_chance, chance 0", None),
    ("loss_above_chance", "loss_above_chance, chance 0.25", 0.25),
)


def drawn(model: str, chance: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Draw ladders: what runs show, and what they show on average, shape ``(ladders, decades)``."""
    spec = bs.load_model(model)
    if chance is not None:
        spec = spec.with_priors(chance=chance)
    design = pd.DataFrame({"compute": C0 * 10**DECADES})
    table = bs.simulate(spec, design, random_seed=1, size=LADDERS, reference=C0)
    shape = (LADDERS, len(DECADES))
    runs, expected = (table[name].to_numpy().reshape(shape) for name in ("loss", "true_expected"))
    if spec.metric == "error_rate":
        return runs, expected
    here = expected[:, [int(np.argmin(np.abs(DECADES)))]]
    return runs / here, expected / here


def quantiles(name: str, runs: np.ndarray, expected: np.ndarray) -> pd.DataFrame:
    """Quantiles of runs by decades from C0, and how often the last two decades rise."""
    values = np.quantile(runs, list(LEVELS.values()), axis=0)
    before = int(np.argmin(np.abs(DECADES - DECADES[-1] + 2)))
    table = pd.DataFrame(
        {"model": name, "decades": DECADES} | dict(zip(LEVELS, values, strict=True))
    )
    return table.assign(rises=float((expected[:, -1] > expected[:, before]).mean()))


def draw(ax: mpl.axes.Axes, table: pd.DataFrame, expected: np.ndarray, *, share: bool) -> None:
    """Draw the bands and a few ladders."""
    style = Style.of(ax)
    for low, high, alpha in (("q05", "q95", 0.15), ("q25", "q75", 0.25)):
        ax.fill_between(DECADES, table[low], table[high], color=BLUE, alpha=alpha, lw=0)
    ax.plot(DECADES, expected[:DRAWN].T, color=FAINT, lw=0.5 * style.line, alpha=0.8)
    ax.plot(DECADES, table["median"], color=INK, lw=style.line)
    ax.set_title(table["model"].iloc[0], fontsize=style.text, loc="left")
    ax.set_xlabel("Decades from C0", fontsize=style.text)
    ax.set_ylabel("Error rate" if share else "Loss over that at C0", fontsize=style.text)
    ax.set_ylim((0, 1) if share else (0.4, 1.8))
    ax.set_xlim(DECADES[0], DECADES[-1])
    tidy(ax, style)


def main() -> None:
    """Draw, write and print."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(9, 5.2), layout="constrained")
    tables = []
    for ax, (model, name, chance) in zip(axes.flat, SHOWN, strict=True):
        runs, expected = drawn(model, chance)
        tables.append(quantiles(name, runs, expected))
        draw(ax, tables[-1], expected, share=bs.load_model(model).metric == "error_rate")
    figure.savefig(RESULTS / "prior_predictive.png", dpi=90)
    table = pd.concat(tables, ignore_index=True)
    table.to_csv(RESULTS / "prior_predictive.csv", index=False, float_format="%.4g")
    print(table[table["decades"].isin([-1.0, 0.0, 1.0, 3.0])].to_string(float_format="%.3f"))


if __name__ == "__main__":
    main()
