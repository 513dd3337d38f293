"""Recovery from simulated counts (E8): per-bucket bias, coverage, and the mean exponent.

    python benchmarks/pass_rate_recovery.py [--replicates 100] [--amplitudes calm]

The truth is fixed: problems of log alpha ~ Normal(0.5, 1), exponents about 0.26 among the easiest
sixth falling to 0.18 among the hardest, a run effect, both discrepancies. Their amplitudes are
``typical``, g's the median of its prior and the walks' as found on Pythia's checkpoints, or
``calm``, which the prior holds for unlikely, so that coverage is too high. Buckets are formed from
the counts, as a user would: by `form_buckets` above 20 samples a problem, by its split at 20.
Six runs over 2.5 decades are fitted, one more a decade above is forecast. The log bias of a bucket
is the mean over replicates of log(median forecast / truth), of -E log p and of E p. Writes
``results/pass_rate_recovery.csv``, a row a replicate and bucket.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pass_rate_scores import fit_once

import bayes_scaling as bs
from bayes_scaling.data import default_buckets

Array = np.ndarray[Any, Any]
HERE = Path(__file__).parent
RUNS = np.geomspace(1e19, 10**21.5, 6)
TARGET = 10**22.5
PROBLEMS, BUCKETS, SAMPLES = 60, 6, (20, 100)
DRAWS, TUNE, CHAINS = 250, 250, 2
LOG_ALPHA, EXPONENTS, K_SD = (0.5, 1.0), np.linspace(0.26, 0.18, BUCKETS), 0.04
RUN_SD = 0.06
AMPLITUDES = {"typical": (0.17, 0.15), "calm": (0.05, 0.1)}  # of g and of each problem's walk


def simulate(
    n_samples: int,
    seed: int,
    problems: int = PROBLEMS,
    runs: int = len(RUNS),
    amplitudes: str = "typical",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw counts at the fitted runs, and what is true of each problem: k, and p at the target."""
    rng = np.random.default_rng([seed, n_samples])
    fitted = np.geomspace(RUNS[0], RUNS[-1], runs)
    compute = np.append(fitted, TARGET)
    x, decades = np.log(compute / np.exp(np.log(fitted).mean())), np.log10(compute / fitted[0])
    log_alpha = np.sort(rng.normal(*LOG_ALPHA, problems))
    k = EXPONENTS[np.arange(problems) * BUCKETS // problems] + rng.normal(0, K_SD, problems)
    of_all, of_each = AMPLITUDES[amplitudes]
    shared = of_all * integrated_walk(decades, rng) + RUN_SD * rng.standard_normal(len(x))
    own = of_each * walk(decades, problems, rng)
    hazard = np.exp(log_alpha[:, None] - k[:, None] * x + shared + own)
    names = np.array([f"problem {i:05d}" for i in rng.permutation(problems)])
    rates = np.exp(-hazard[:, :-1])
    counts = rng.binomial(n_samples, rates)
    table = pd.DataFrame(
        {
            "run": np.tile([f"run {m}" for m in range(runs)], problems),
            "compute": np.tile(fitted, problems),
            "problem": np.repeat(names, runs),
            "n_samples": n_samples,
            "n_correct": counts.ravel(),
            "true_pass_rate": rates.ravel(),
        }
    )
    truth = pd.DataFrame({"problem": names, "k": k, "hazard": hazard[:, -1]})
    return table, truth.set_index("problem")


def walk(decades: Array, count: int, rng: np.random.Generator) -> Array:
    """Brownian motion from the smallest run, a row a problem."""
    steps = np.sqrt(np.diff(decades, prepend=0.0))
    return np.asarray((steps * rng.standard_normal((count, len(steps)))).cumsum(axis=1))


def integrated_walk(decades: Array, rng: np.random.Generator) -> Array:
    """Integrated Brownian motion from the smallest run."""
    near, far = np.minimum.outer(decades, decades), np.maximum.outer(decades, decades)
    covariance = near**2 * (3 * far - near) / 6
    return np.asarray(rng.multivariate_normal(np.zeros(len(decades)), covariance, method="svd"))


def recover(n_samples: int, seed: int, amplitudes: str) -> Iterator[dict[str, Any]]:
    """Fit one replicate and compare its forecast with the truth, bucket by bucket."""
    counts, truth = simulate(n_samples, seed, amplitudes=amplitudes)
    bucketed = bs.form_buckets(counts, default_buckets(counts), random_seed=seed)
    spec = bs.load_model("pass_rate")
    fit = fit_once(spec, bucketed, draws=DRAWS, tune=TUNE, chains=CHAINS)
    k = fit.posterior["posterior"]["k"].mean("problem")
    of_problem = bucketed.drop_duplicates("problem").set_index("problem")["bucket"]
    hazard = truth["hazard"].groupby(of_problem)
    rate = np.exp(-truth["hazard"]).groupby(of_problem)
    true = {"neg_log_pass": hazard.mean(), "pass_rate": rate.mean()}
    table = bs.predict(fit, compute=TARGET).summary("bucket", prob=0.9)
    for row in table[table["quantity"].isin(list(true))].itertuples():
        yield {
            "amplitudes": amplitudes,
            "n_samples": n_samples,
            "replicate": seed,
            "bucket": row.group,
            "quantity": row.quantity,
            "truth": true[row.quantity][row.group],
            "median": row.median,
            "q05": row.q05,
            "q95": row.q95,
            "true_k": truth["k"].mean(),
            "k": float(k.mean()),
            "rhat": fit.diagnosis.rhat,
            "ess_bulk": fit.diagnosis.ess_bulk,
        }


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Log bias and coverage by samples, quantity and bucket, and of all buckets together."""
    scored = table.assign(
        log_bias=np.log(table["median"] / table["truth"]),
        coverage=table["truth"].between(table["q05"], table["q95"]),
    )
    keys = ["amplitudes", "n_samples", "quantity"]
    by_bucket = scored.groupby([*keys, "bucket"])[["log_bias", "coverage"]].mean()
    total = scored.assign(bucket="all").groupby([*keys, "bucket"])[["log_bias", "coverage"]].mean()
    return pd.concat([by_bucket, total]).sort_index()


def main() -> None:
    """Run all replicates; print bias and coverage by bucket, and the mean exponent."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="seed of the first replicate")
    parser.add_argument("--amplitudes", choices=list(AMPLITUDES), default="typical")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "pass_rate_recovery.csv")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for seed in range(given.first, given.first + given.replicates):
        for n_samples in SAMPLES:
            rows += recover(n_samples, seed, given.amplitudes)
        pd.DataFrame(rows).to_csv(given.out, index=False, float_format="%.5g")
    table = pd.DataFrame(rows)
    print(summarise(table).round(3).to_string())
    means = table.groupby(["amplitudes", "n_samples"])[["k", "true_k"]].mean()
    print(means.assign(relative=means["k"] / means["true_k"] - 1).round(4).to_string())


if __name__ == "__main__":
    main()
