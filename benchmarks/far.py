"""Beyond 2.5 decades: every forecast that the published ladders allow from four runs or more.

    python benchmarks/far.py --data ../shared/data

Each ladder is fitted at every cutoff of four runs or more that leaves a run over 2.5 decades
beyond: cross-entropies by ``loss`` and error rates by the two models that are made for them, with
priors learned without the source; regression losses, for which no model is made, by ``loss`` as it
stands. Writes ``results/far.csv``, a row a forecast, and ``far_summary.csv``: by metric, model and
distance, with the number of sources and ladders. Forecasts of one ladder, and ladders of one
source, err together; below five sources nothing is claimed.

Posteriors are those of ``quick_posterior.py``.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from cross_entropy import read_judged
from error_rate_tables import derive, read_list
from error_rates import CHANCE, FLOOR, read_learned
from ladders import specs_without
from quick_posterior import forecast
from scores import RESULTS, scored, write_forecasts

import bayes_scaling as bs
from bayes_scaling.evaluation.splitting import FEWEST_RUNS, Split, find_ladders, split_ladders

FAR = 2.5
EDGES = [FAR, 3.5, 4.5, np.inf]
CROSS_ENTROPY, ERROR_RATE, REGRESSION = "cross-entropy", "error rate", "regression loss"
LOSS = "loss"


def read_regressions(data: Path) -> pd.DataFrame:
    """Read the ladders of regression losses, along what their study scales."""
    table = pd.read_csv(data / "ladders_2026" / "ladders.csv").query("metric == 'regression_loss'")
    names = {"compute": "compute", "params": "params", "examples": "tokens"}
    along = [row[names[row["scaled"]]] for _, row in table.iterrows()]
    return table.assign(compute=along)[["ladder", "source", "compute", "loss"]]


def far_splits(table: pd.DataFrame) -> Iterator[Split]:
    """Split every ladder at every run from the fourth that leaves targets far beyond it."""
    for name, runs in find_ladders(table).items():
        cutoffs = runs["compute"].iloc[FEWEST_RUNS - 1 :].unique().tolist()
        for split in split_ladders({name: runs}, cutoffs, None)[0]:
            reach = np.log10(split.targets["compute"] / split.cutoff)
            if (reach > FAR).any():
                yield Split(name, split.cutoff, split.fitted, split.targets[reach > FAR])


def judged(data: Path) -> Iterator[tuple[str, pd.DataFrame, Mapping[str, Mapping[str, bs.Spec]]]]:
    """Yield the ladders of each metric, and its models by source."""
    entropies, errors, regressions = read_judged(data), derive(data), read_regressions(data)
    own = specs_without()
    shelf = bs.load_model(LOSS)
    yield (
        CROSS_ENTROPY,
        entropies,
        {LOSS: {one: own.get(one, shelf) for one in _sources(entropies)}},
    )
    listed = read_list().query("judge == 'yes'")["ladder"]
    errors = errors[errors["ladder"].isin(listed)]
    known = read_learned(errors)
    yield ERROR_RATE, errors, {name: known[name] for name in (CHANCE, FLOOR)}
    yield REGRESSION, regressions, {LOSS: dict.fromkeys(_sources(regressions), shelf)}


def _sources(table: pd.DataFrame) -> list[str]:
    return sorted(table["source"].unique())


def summarise(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Average by metric, model and distance, in all and over sources."""
    rows = forecasts.assign(
        from_four=(forecasts["fitted"] == FEWEST_RUNS).astype(float),
        covered_90=forecasts["covered_90"].astype(float),
        too_high=(forecasts["truth"] < forecasts["q05"]).astype(float),
        too_low=(forecasts["truth"] > forecasts["q95"]).astype(float),
        crps_x100=100 * forecasts["crps"],
        error_percent=100 * np.log(forecasts["median"] / forecasts["truth"]),
    )
    parts = []
    bins = pd.cut(rows["distance"], EDGES).astype(str)
    for group in (bins, pd.Series("all", rows.index)):
        by = ["metric", "model", group.rename("decades")]
        grouped = rows.groupby(by)
        table = grouped.agg(
            sources=("source", "nunique"),
            ladders=("ladder", "nunique"),
            forecasts=("truth", "size"),
            from_four_runs=("from_four", "sum"),
            coverage_90=("covered_90", "mean"),
            too_high=("too_high", "mean"),
            too_low=("too_low", "mean"),
            pit_mean=("pit", "mean"),
            crps_x100=("crps_x100", "mean"),
            median_error_percent=("error_percent", "median"),
        )
        by_source = rows.groupby([*by, "source"])["covered_90"].mean()
        table["coverage_90_mean_over_sources"] = by_source.groupby(level=[0, 1, 2]).mean()
        parts.append(table.reset_index())
    return pd.concat(parts).sort_values(["metric", "model", "decades"], kind="stable")


def main() -> None:
    """Judge, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    asked = parser.parse_args()
    rows = []
    for metric, table, models in judged(asked.data):
        for split in far_splits(table):
            source = str(split.fitted["source"].iloc[0])
            for name, by_source in models.items():
                made, _ = forecast(by_source[source], split.fitted, split.targets)
                rows.append(scored(split, name, made).assign(metric=metric))
        print(metric, len(rows), flush=True)
    forecasts = pd.concat(rows, ignore_index=True)
    write_forecasts(forecasts, RESULTS / "far.csv", ["metric", "fitted"])
    summary = summarise(forecasts)
    summary.to_csv(RESULTS / "far_summary.csv", index=False, float_format="%.4g")
    print(summary.to_string(float_format="%.3f"))


if __name__ == "__main__":
    main()
