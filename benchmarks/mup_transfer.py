"""Whether the best learning rate transfers: real sweeps, simulated ones, and what was measured.

Reads the sweeps of BAYES_SCALING_DATA; writes tables into benchmarks/results. With ``--only mlp``,
``simulated`` or ``steplaw`` one of the three; ``--simulations N`` of each kind.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

import bayes_scaling as bs

RESULTS = Path(__file__).parent / "results"
DATA = Path(os.environ.get("BAYES_SCALING_DATA", "."))
LARGEST = 8192  # of the MLPs
BATCHES = (2**17, 2**18, 2**19, 2**20)  # of the step law's, so that the fit stays small
FITTED_FLOPS = 6e19
SIMULATED = {"muP": 0.0, "standard": -1.0}


def mlp() -> pd.DataFrame:
    """Fit to widths up to half the largest; carry the rate to the largest, where it was run."""
    table = pd.read_csv(DATA / "mup_and_recipes" / "mup_mlp.csv")
    runs = pd.DataFrame(
        {
            "parameterisation": table["parameterisation"],
            "width": table["width"],
            "learning_rate": 2.0 ** table["log2_lr"],
            "loss": table["train_loss"].mask(table["diverged"]),
            "diverged": table["diverged"],
        }
    )
    rows = []
    for name, sweep in runs.groupby("parameterisation"):
        small = sweep[sweep["width"] < LARGEST].drop(columns="parameterisation")
        fit, seconds = timed("optimum_drift", small)
        found = bs.transfer(fit, width=LARGEST)
        summary = found.summary().set_index("quantity")
        there = sweep[(sweep["width"] == LARGEST) & ~sweep["diverged"]]
        rate = found.carried["learning_rate"].iloc[found.largest]
        seen = measured_regret(there, rate)
        drift, cost = summary.loc["drift"], summary.loc["regret_carried"]
        best = there.loc[there["loss"].idxmin(), "learning_rate"]
        rows.append(
            {
                "parameterisation": name,
                "drift": drift["median"],
                "drift_q05": drift["q05"],
                "drift_q95": drift["q95"],
                "transfers": found.transfers,
                "log2_optimum_q05": np.log2(summary.loc["optimum", "q05"]),
                "log2_optimum_q95": np.log2(summary.loc["optimum", "q95"]),
                "log2_optimum_measured": np.log2(best),
                "regret": cost["median"],
                "regret_q05": cost["q05"],
                "regret_q95": cost["q95"],
                "regret_measured": seen,
                "converged": fit.diagnosis.converged,
                "seconds": seconds,
            }
        )
    return pd.DataFrame(rows)


def measured_regret(runs: pd.DataFrame, rate: float) -> float:
    """Nats above the least loss that was measured, on a straight line between rates."""
    ordered = runs.sort_values("learning_rate")
    logs = np.log(ordered["learning_rate"]), np.log(ordered["loss"])
    reached = np.exp(np.interp(np.log(rate), *logs))
    return float(reached - runs["loss"].min())


def steplaw() -> pd.DataFrame:
    """Fit to small settings; say what carrying the nearest optimum costs at those held out."""
    table = pd.read_csv(DATA / "steplaw_lr_bs_sweep" / "dense.csv")
    table = table.rename(columns={"hidden_size": "width"}).assign(loss=table["smooth_loss"])
    table = table[table["batch_tokens"].isin(BATCHES)]
    columns = ["width", "tokens", "batch_tokens", "learning_rate", "loss"]
    is_small = (table["flops"] <= FITTED_FLOPS) & (table["width"] <= 1280)
    fit, seconds = timed("optimum_drift_tokens", table.loc[is_small, columns])
    rows = []
    for (width, tokens, batch), there in table[~is_small].groupby(columns[:3]):
        found = bs.transfer(fit, width=width, tokens=tokens, batch_tokens=batch)
        rate = found.carried["learning_rate"].iloc[found.largest]
        cost = found.regret(rate).iloc[0]
        seen = measured_regret(there, rate)
        rows.append(
            {
                "width": width,
                "tokens": tokens,
                "batch_tokens": batch,
                "carried": rate,
                "optimum": np.median(found.draws["optimum"]),
                "optimum_measured": there.loc[there["loss"].idxmin(), "learning_rate"],
                "regret": cost["median"],
                "regret_q05": cost["q05"],
                "regret_q95": cost["q95"],
                "regret_measured": seen,
                "inside": cost["q05"] <= seen <= cost["q95"],
                "converged": fit.diagnosis.converged,
                "seconds": seconds,
            }
        )
    drawn = {name: found.draws[name] for name in ("drift", "drift_tokens", "drift_batch")}
    drifts = pd.DataFrame(
        {name: np.quantile(own, [0.05, 0.5, 0.95]) for name, own in drawn.items()}
    )
    drifts.insert(0, "quantile", [0.05, 0.5, 0.95])
    drifts.to_csv(RESULTS / "mup_transfer_steplaw_drift.csv", index=False, float_format="%.4g")
    return pd.DataFrame(rows)


def simulated(count: int) -> pd.DataFrame:
    """Simulate sweeps of language models with a known drift, and see whether it is found."""
    rows = []
    for name, drift in SIMULATED.items():
        for number in range(count):
            rng = np.random.default_rng([7, number])
            fit, seconds = timed("optimum_drift", made_up(drift, rng), draws=500, tune=500)
            drawn = bs.transfer(fit, width=8192).draws["drift"]
            low, middle, high = np.quantile(drawn, [0.05, 0.5, 0.95])
            rows.append(
                {
                    "kind": name,
                    "number": number,
                    "drift": drift,
                    "q05": low,
                    "median": middle,
                    "q95": high,
                    "transfers": float(np.mean(np.abs(drawn) < 0.1)),
                    "inside": low <= drift <= high,
                    "converged": fit.diagnosis.converged,
                    "seconds": seconds,
                }
            )
            table = pd.DataFrame(rows)
            table.to_csv(RESULTS / "mup_transfer_simulated.csv", index=False, float_format="%.4g")
    return table


def made_up(drift: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a sweep: a bowl of log loss at each width, whose optimum leaves its line a little."""
    sweep = pd.DataFrame([(w, t) for w in (256, 512, 1024, 2048) for t in np.arange(-13.0, -3.0)])
    sweep.columns = ["width", "octave"]
    doublings = np.log2(sweep["width"] / 256)
    off = dict(zip(sweep["width"].unique(), 0.1 * rng.standard_normal(4), strict=True))
    away = sweep["octave"] - (-7.5 + drift * (doublings - 1.5) + sweep["width"].map(off))
    bowl = 0.5 * rng.lognormal(-3.9, 0.3) * away**2 * np.where(away > 0, 1.4, 1.0)
    noise = 0.003 * rng.standard_t(5, len(sweep))
    loss = np.exp(1.15 - 0.05 * doublings + bowl + noise)
    gone = away > 3.2 + 0.3 * rng.standard_normal(len(sweep))
    return pd.DataFrame(
        {
            "width": sweep["width"],
            "learning_rate": 2.0 ** sweep["octave"],
            "loss": loss.mask(gone),
            "diverged": gone,
        }
    )


def summed(table: pd.DataFrame) -> pd.DataFrame:
    """Coverage of the drift's 90 % interval, beside the band of a binomial."""
    rows = []
    for name, own in table.groupby("kind"):
        band = stats.binom.ppf([0.005, 0.995], len(own), 0.9) / len(own)
        rows.append(
            {
                "kind": name,
                "simulations": len(own),
                "coverage_90": own["inside"].mean(),
                "band_low": band[0],
                "band_high": band[1],
                "median_drift": own["median"].mean(),
                "median_width": (own["q95"] - own["q05"]).median(),
                "transfers": own["transfers"].mean(),
                "transfers_least": own["transfers"].min(),
                "converged": own["converged"].mean(),
                "seconds": own["seconds"].median(),
            }
        )
    return pd.DataFrame(rows)


def timed(model: str, sweep: pd.DataFrame, **settings: int) -> tuple[bs.Fit, float]:
    """Fit and time it, compilation included where the code isn't kept yet."""
    start = time.perf_counter()
    fit = bs.fit(model, sweep, random_seed=1, **settings)
    return fit, time.perf_counter() - start


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["mlp", "steplaw", "simulated"])
    parser.add_argument("--simulations", type=int, default=200)
    asked = parser.parse_args()
    for name, make in {"mlp": mlp, "steplaw": steplaw}.items():
        if asked.only in {None, name}:
            table = make()
            table.to_csv(RESULTS / f"mup_transfer_{name}.csv", index=False, float_format="%.4g")
            print(table.round(4).to_string(index=False))
    if asked.only in {None, "simulated"}:
        table = summed(simulated(asked.simulations))
        table.to_csv(RESULTS / "mup_transfer_coverage.csv", index=False, float_format="%.4g")
        print(table.round(4).to_string(index=False))


if __name__ == "__main__":
    main()
