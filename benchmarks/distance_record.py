"""How the forecasts of published ladders fared by distance: the table that ships with the package.

    python benchmarks/distance_record.py

Reads ``results/ladders.csv`` and writes ``bayes_scaling/forecasting/record.csv``. Beside it, from
the forecasts of the calibration figure, ``results/record.csv`` has the same by metric and model.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from calibration_figure import read_forecasts

HERE = Path(__file__).parent
RECORD = HERE.parent / "bayes_scaling" / "forecasting" / "record.csv"
EDGES = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, np.inf]
MODEL = "this package"


def tabulate(own: pd.DataFrame) -> pd.DataFrame:
    """Count by bins of distance; those above the last edge are one bin."""
    bins = pd.cut(own["distance"], EDGES)
    table = own.groupby(bins, observed=True).agg(
        sources=("source", "nunique"),
        ladders=("ladder", "nunique"),
        forecasts=("truth", "size"),
        coverage_90=("covered_90", "mean"),
    )
    ends = {"above": [one.left for one in table.index], "upto": [one.right for one in table.index]}
    return pd.DataFrame(ends).join(table.reset_index(drop=True))


def main() -> None:
    """Print and write."""
    forecasts = pd.read_csv(HERE / "results" / "ladders.csv")
    table = tabulate(forecasts[forecasts["model"] == MODEL])
    table.to_csv(RECORD, index=False, float_format="%.4g")
    print(table.to_string(index=False))
    parts = read_forecasts().groupby(["metric", "model"], sort=False)
    tables = [tabulate(own).assign(metric=metric, model=model) for (metric, model), own in parts]
    by_metric = pd.concat(tables)
    ordered = by_metric[["metric", "model", *table.columns]]
    ordered.to_csv(HERE / "results" / "record.csv", index=False, float_format="%.4g")
    print(ordered.to_string(index=False))


if __name__ == "__main__":
    main()
