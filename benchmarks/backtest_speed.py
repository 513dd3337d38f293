"""Speed of a backtest: forecasts of 40 simulated ladders, beside recompiling for each.

    python benchmarks/backtest_speed.py

Prints the wall time and the CPU time of 200 forecasts once the model is compiled, with two workers
and with one, and what the naive route takes, which builds and compiles the model for every fit.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from joblib import parallel_config

import bayes_scaling as bs
from bayes_scaling.evaluation.backtesting import SETTINGS, Backtest
from bayes_scaling.inference.compiled.codes import find_code

LADDERS = 40
RUNS = np.geomspace(1e18, 1e22, 8)
CUTOFFS = [RUNS[3] * 1.01, RUNS[5] * 1.01]
HORIZON = 2.0  # decades: five forecasts of a ladder
NAIVE = 5


def ladders(count: int) -> pd.DataFrame:
    """Draw ladders of eight runs over four decades from the model."""
    drawn = bs.simulate("loss", pd.DataFrame({"compute": RUNS}), random_seed=1, size=count)
    return drawn.assign(ladder=drawn["simulation"].astype(str))[["ladder", "compute", "loss"]]


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return the result, the wall time and this process's CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def judge(runs: pd.DataFrame, cutoffs: Sequence[float], jobs: int) -> Backtest:
    """Run the backtest at the settings of every day."""
    return bs.backtest("loss", runs, cutoffs=cutoffs, horizon=HORIZON, random_seed=1, jobs=jobs)


def naive(runs: pd.DataFrame) -> float:
    """Seconds a fit where each compiles its own model."""
    start = time.perf_counter()
    for name in runs["ladder"].unique()[:NAIVE]:
        find_code.cache_clear()
        own = runs[(runs["ladder"] == name) & (runs["compute"] <= CUTOFFS[0])]
        bs.fit("loss", own.drop(columns="ladder"), random_seed=1, **SETTINGS)
    return (time.perf_counter() - start) / NAIVE


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ladders", type=int, default=LADDERS)
    asked = parser.parse_args()
    runs = ladders(asked.ladders)
    first = runs["ladder"].isin(["0", "1"])
    judge(runs[first], CUTOFFS, 1)  # compiles
    result, wall, cpu = timed(lambda: judge(runs, CUTOFFS, 1))
    forecasts, fits = len(result.forecasts), 2 * asked.ladders
    print(
        f"{forecasts} forecasts from {fits} fits, one process: {wall:.1f} s wall, {cpu:.1f} s CPU"
    )
    with parallel_config(backend="loky"):
        judge(runs[first], CUTOFFS, 2)  # each worker compiles
        _, wall_two, _ = timed(lambda: judge(runs, CUTOFFS, 2))
    print(f"two workers: {wall_two:.1f} s wall")
    each = naive(runs)
    print(f"compiled anew for each fit: {each:.1f} s a fit, {each * fits:.0f} s in all")
    print(f"{each * fits / min(wall, wall_two):.0f} times faster, retries included")


if __name__ == "__main__":
    main()
