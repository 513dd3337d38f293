"""The calibration figure by metric, from the forecasts of ``ladders.py`` and ``error_rates.py``.

    python benchmarks/calibration_figure.py

Above, cross-entropies by ``loss``, below, error rates by ``loss_above_chance``: the coverage of
central intervals, and the ECDF of the PIT minus a uniform's with its 95 % band. The band is that of
independent forecasts; those of one ladder and source err together, so leaving it isn't yet a
rejection. A second band, dashed, is drawn for as many forecasts as their correlation within ladders
leaves. Writes ``results/calibration.png`` and ``pit.csv``, tenths of the PIT by metric and model.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from arviz_stats.ecdf_utils import ecdf_pit
from error_rates import CHANCE, FLOOR
from ladders import HUBER, LAW, PACKAGE, effective_share
from matplotlib import pyplot as plt
from tables import read_sources

import bayes_scaling as bs
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.plotting.style import FAINT

RESULTS = Path(__file__).parent / "results"
CROSS_ENTROPY, ERROR_RATE = "cross-entropy", "error rate"
BAND, SIMULATIONS = 0.95, 5_000


def read_forecasts() -> pd.DataFrame:
    """Read the forecasts of both tables, each metric by the models that were made for it."""
    listed = read_sources().query("judge == 'yes'").set_index("ladder")
    ladders = pd.read_csv(RESULTS / "ladders.csv")
    metric = ladders["ladder"].map(listed["metric"])
    ladders = ladders[(metric != "error rate") & ladders["model"].isin([PACKAGE, LAW, HUBER])]
    errors = pd.read_csv(RESULTS / "error_rates.csv")
    errors = errors[errors["model"].isin([CHANCE, FLOOR, HUBER])]
    both = [ladders.assign(metric=CROSS_ENTROPY), errors.assign(metric=ERROR_RATE)]
    return pd.concat(both, ignore_index=True)


def tabulate(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Shares of truths in each tenth of their forecasts; a tenth each where all is well."""
    edges = np.linspace(0, 1, 11)
    rows = []
    for (metric, model), own in forecasts.groupby(["metric", "model"]):
        shares = np.histogram(own["pit"], edges)[0] / len(own)
        tenths = {f"to_{upper:.1f}": share for upper, share in zip(edges[1:], shares, strict=True)}
        covered = {f"coverage_{p}": own[f"covered_{p}"].astype(float).mean() for p in (50, 90)}
        rows.append({"metric": metric, "model": model, "n": len(own)} | tenths | covered)
    return pd.DataFrame(rows)


def draw(axes: np.ndarray, forecasts: pd.DataFrame, name: str) -> str:
    """Draw one metric, and say where the PIT leaves its bands."""
    judged = forecasts.assign(converged=True)
    bs.plot_calibration(Backtest(name, judged, pd.DataFrame()), axes)
    axes[0].set_title(name, loc="left", fontsize=9)
    pit = np.sort(forecasts["pit"].to_numpy(float))
    worth = round(effective_share(forecasts) * len(pit))
    said = [f"{name}: {len(pit)} forecasts, worth about {worth}"]
    for count, which in ((len(pit), "independent"), (worth, "correlated")):
        some = pit[np.linspace(0, len(pit) - 1, count).astype(int)]
        points, _, low, high = ecdf_pit(some, BAND, SIMULATIONS, rng=np.random.default_rng(0))
        ecdf = np.searchsorted(pit, points, side="right") / len(pit)
        out = np.unique(points[(ecdf < low) | (ecdf > high)].round(2))
        where = f"at PITs {', '.join(f'{one:g}' for one in out)}" if len(out) else "nowhere"
        said.append(f"  leaves the band of {which} forecasts {where}")
        if which == "correlated":
            for bound in (low, high):
                axes[1].step(points, bound - points, where="post", color=FAINT, lw=0.8, ls="--")
    return "\n".join(said)


def main() -> None:
    """Draw, write and print."""
    mpl.use("Agg")
    forecasts = read_forecasts()
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 6.4), layout="constrained")
    for row, metric, model, name in (
        (axes[0], CROSS_ENTROPY, PACKAGE, "Cross-entropies, loss"),
        (axes[1], ERROR_RATE, CHANCE, f"Error rates, {CHANCE}"),
    ):
        own = forecasts[(forecasts["metric"] == metric) & (forecasts["model"] == model)]
        print(draw(row, own, name))
    figure.savefig(RESULTS / "calibration.png", dpi=180)
    table = tabulate(forecasts)
    table.to_csv(RESULTS / "pit.csv", index=False, float_format="%.4g")
    print(table.to_string(float_format="%.3f"))


if __name__ == "__main__":
    main()
