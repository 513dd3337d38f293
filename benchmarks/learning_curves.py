"""Learning curves with the official split of Alabdulmohsin et al. (2022): extrapolation (E7).

    python benchmarks/learning_curves.py --data ../shared/data [--table lang] [--jobs 2]

Each curve is fitted on its training rows, with examples seen in place of compute and the wide
priors of ``learning_curve.toml``, and its other rows are forecast. Prints, and writes to
``results/learning_curves_summary.csv``, by domain and over all curves of a table: the mean over
curves of the root mean squared error of the log of the median forecast (RMSLE), of the log density
of the loss (larger is better), of CRPS and of coverage. ``results/learning_curves.csv`` has a row a
curve. Of the vision table here every fourth row is kept, so its figures are indicative.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

import bayes_scaling as bs
from bayes_scaling.evaluation.scoring import predictive_of, score_targets
from bayes_scaling.specification.spec import read_spec

HERE = Path(__file__).parent
SEED = 1
CURVE = ["domain", "task", "model"]


def read_curves(data: Path, table: str) -> pd.DataFrame:
    """Read a table; the columns are those of runs."""
    rows = pd.read_csv(data / "revisiting_learning_curves" / f"{table}.csv")
    return rows.rename(columns={"seen_examples": "compute"}).assign(table=table)


def judge(place: dict[str, str], curve: pd.DataFrame) -> dict[str, Any]:
    """Fit the training rows of a curve and score its other rows."""
    training = curve["is_training_row"] == 1
    fitted, judged = (curve.loc[which, ["compute", "loss"]] for which in (training, ~training))
    fit = bs.fit(read_spec(HERE / "learning_curve.toml"), fitted, random_seed=SEED)
    predictive = predictive_of(bs.predict(fit, compute=judged["compute"].to_numpy(float)))
    truth = judged["loss"].to_numpy(float)
    scores = score_targets(predictive, truth)
    error = np.log(scores["median"] / scores["truth"])
    return place | {
        "fitted": len(fitted),
        "judged": len(judged),
        "decades": float(np.log10(judged["compute"].max() / fitted["compute"].max())),
        "rmsle": float(np.sqrt((error**2).mean())),
        "log_density": float((-scores["log_score"] - np.log(truth)).mean()),
        "crps_x100": 100 * float(scores["crps"].mean()),
        "coverage_50": float(scores["covered_50"].mean()),
        "coverage_90": float(scores["covered_90"].mean()),
        "converged": fit.diagnosis.converged,
    }


def summarise(results: pd.DataFrame) -> pd.DataFrame:
    """Average over the curves of each domain, and of each table."""
    columns = ["rmsle", "log_density", "crps_x100", "coverage_50", "coverage_90", "converged"]
    parts = {
        "domain": results.groupby(["table", "domain"]),
        "all": results.assign(domain="all").groupby(["table", "domain"]),
    }
    tables = [
        part[columns]
        .mean(skipna=False)
        .assign(curves=part.size(), rmsle_median=part["rmsle"].median(skipna=False))
        for part in parts.values()
    ]
    return pd.concat(tables).sort_index()


def main() -> None:
    """Judge every curve; print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--table", choices=["lang", "vision"], action="append")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    curves = [
        ({"table": table, **dict(zip(CURVE, map(str, names), strict=True))}, curve)
        for table in given.table or ["lang", "vision"]
        for names, curve in read_curves(given.data, table).groupby(CURVE, sort=False)
    ]
    curves.sort(key=lambda pair: int(pair[1]["is_training_row"].sum()))
    work = Parallel(n_jobs=given.jobs, return_as="generator")
    rows = []
    for row in work(delayed(judge)(place, curve) for place, curve in curves):
        rows.append(row)
        print(f"\r{len(rows)} of {len(curves)} curves", end="", file=sys.stderr)
    results = pd.DataFrame(rows)
    summary = summarise(results)
    print(summary.round(4).to_string())
    for name, table in {"": results.set_index("table"), "_summary": summary}.items():
        table.to_csv(HERE / "results" / f"learning_curves{name}.csv", float_format="%.4g")


if __name__ == "__main__":
    main()
