"""Buckets and leakage (E9): formed on all samples, on half of them, or naively on few.

    python benchmarks/pass_rate_buckets.py

On the simulation of `pass_rate_recovery.py`: at 100 samples the default buckets and the split give
the same exponent and the same forecast, within a posterior standard deviation. At 5 samples of the
same counts the easiest bucket looks too easy and the hardest too hard, which the split cures in the
counts. The bias of a bucket's counts is their share of right answers less the true mean pass rate
of its problems, over the fitted runs; that of the forecast, its mean less the truth at the target.
Writes ``results/pass_rate_buckets.csv``.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pass_rate_recovery import CHAINS, TARGET, TUNE, simulate
from pass_rate_scores import fit_once

import bayes_scaling as bs

HERE = Path(__file__).parent
MANY, FEW, DRAWS = 100, 5, 400
WAYS = {"same counts": 6, "split": "split"}


def agree(seed: int) -> Iterator[dict[str, Any]]:
    """Fit both ways at many samples; the gap of the means in sds of the default's posterior."""
    counts, _ = simulate(MANY, seed)
    found = {}
    for way, buckets in WAYS.items():
        bucketed = bs.form_buckets(counts, buckets, random_seed=seed)
        spec = bs.load_model("pass_rate")
        fit = fit_once(spec, bucketed, draws=DRAWS, tune=TUNE, chains=CHAINS)
        k = fit.posterior["posterior"]["k"].mean("problem")
        forecast = bs.predict(fit, compute=TARGET).summary("all")
        rows = forecast.set_index("quantity").loc[["neg_log_pass", "pass_rate"], ["mean", "sd"]]
        rows.loc["k"] = [float(k.mean()), float(k.std())]
        found[way] = rows
    default, split = found.values()
    for quantity in default.index:
        gap = (split["mean"] - default["mean"])[quantity] / default["sd"][quantity]
        yield {"part": "agreement", "n_samples": MANY, "seed": seed} | {
            "quantity": quantity,
            "default": default["mean"][quantity],
            "split": split["mean"][quantity],
            "gap_sd": gap,
        }


def leak(seed: int, fitted: bool) -> Iterator[dict[str, Any]]:
    """Bias of each bucket at few samples: of its counts, and of the forecast where it is fitted."""
    counts, truth = simulate(FEW, seed)
    for way, buckets in WAYS.items():
        bucketed = bs.form_buckets(counts, buckets, random_seed=seed)
        groups = bucketed.groupby("bucket")
        share = groups["n_correct"].sum() / groups["n_samples"].sum()
        own = {"part": "leakage", "n_samples": FEW, "seed": seed, "way": way}
        for bucket, bias in (share - groups["true_pass_rate"].mean()).items():
            yield {**own, "quantity": "counts", "bucket": bucket, "bias": bias}
        if not fitted:
            continue
        spec = bs.load_model("pass_rate")
        fit = fit_once(spec, bucketed, draws=DRAWS, tune=TUNE, chains=CHAINS)
        table = bs.predict(fit, compute=TARGET).summary("bucket").set_index(["quantity", "group"])
        of_problem = bucketed.drop_duplicates("problem").set_index("problem")["bucket"]
        true = np.exp(-truth["hazard"]).groupby(of_problem).mean()
        for bucket, bias in (table.loc["pass_rate", "mean"] - true).items():
            yield {**own, "quantity": "forecast", "bucket": bucket, "bias": bias}


def main() -> None:
    """Print the gaps of the two ways, and the biases by bucket with their standard errors."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agreements", type=int, default=5, help="replicates at 100 samples")
    parser.add_argument("--leaks", type=int, default=200, help="replicates at 5 samples")
    parser.add_argument("--fitted", type=int, default=15, help="how many of these are fitted too")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "pass_rate_buckets.csv")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for seed in range(given.agreements):
        rows += agree(seed)
    for seed in range(given.leaks):
        rows += leak(seed, seed < given.fitted)
    table = pd.DataFrame(rows)
    gaps = table[table["part"] == "agreement"].groupby("quantity")["gap_sd"]
    print(gaps.agg(["mean", lambda gap: gap.abs().max()]).round(3).to_string())
    leaks = table[table["part"] == "leakage"].groupby(["quantity", "way", "bucket"])["bias"]
    summary = leaks.agg(["mean", "sem", "count"]).reset_index()
    print(summary.round(4).to_string())
    kept = table[table["part"] == "agreement"].dropna(axis=1, how="all")
    summary = summary.assign(part="leakage", n_samples=FEW)
    pd.concat([kept, summary]).to_csv(given.out, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
