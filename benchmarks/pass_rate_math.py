"""Pythia's pass rates on MATH: four small runs forecast three larger ones (E10).

    python benchmarks/pass_rate_math.py --data ../shared/data

Fits 70M, 160M, 410M and 1B (128 problems, 10,000 samples each), forecasts 2.8B, 6.9B and 12B, and
scores counts problem by problem and the mean pass rate, with and without the shared discrepancy,
beside a logistic curve and beside what people do: least squares of log(-mean log p) on log C in
each bucket, with zeros dropped or half a success added. The scales of the discrepancies were
chosen on other data by `pass_rate_discrepancy.py`. Writes ``results/pass_rate_math.csv``.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pass_rate_scores import COLUMNS, grid, hazards_at, read_counts, score_run

import bayes_scaling as bs
from bayes_scaling.inference.fits import Fit

Array = np.ndarray[Any, Any]
HERE = Path(__file__).parent
FITTED = ("pythia-70m", "pythia-160m", "pythia-410m", "pythia-1b")
JUDGED = ("pythia-2.8b", "pythia-6.9b", "pythia-12b")
SEED, DRAWS, TUNE = 1, 1000, 700
NOTHING = np.array([0.0, np.inf])


def score_fit(name: str, fit: Fit, judged: pd.DataFrame) -> list[dict[str, Any]]:
    """Score the forecasts of one fit, a row a target."""
    hazards, rng = hazards_at(fit, judged), np.random.default_rng(SEED)
    n, c = (grid(fit, judged, column) for column in ("n_samples", "n_correct"))
    rows = []
    for place, run in enumerate(JUDGED):
        scores = score_run(hazards[:, place], n[place], c[place], rng)
        rows.append({"model": name, "target": run, **scores, "problems": len(c[place])})
    said = {"converged": fit.diagnosis.converged, "ess_bulk": fit.diagnosis.ess_bulk}
    return [{**row, **said} for row in rows]


def restricted(fit: Fit, judged: pd.DataFrame) -> list[dict[str, Any]]:
    """Score the mean pass rate of the problems that the report's restriction would keep."""
    computes = judged.groupby("run")["compute"].first().sort_values()
    forecast = bs.predict(fit, compute=list(computes), restrict="solved_by_all")
    rates = forecast.quantile([0.05, 0.5, 0.95], of="pass_rate")
    n, c = (grid(fit, judged, column) for column in ("n_samples", "n_correct"))
    rows = []
    for place, run in enumerate(JUDGED):
        q = rates.iloc[place]
        kept = (c[place] / n[place])[forecast.chosen]
        row = {"model": "restricted to problems that all fitted runs solved", "target": run}
        row |= {"problems": int(forecast.chosen.sum()), "mean_p": float(kept.mean())}
        row |= {"q05": q["q05"], "median": q["q50"], "q95": q["q95"], "ratio": q["q95"] / q["q05"]}
        rows.append({**row, "inside": float(q["q05"] <= kept.mean() <= q["q95"])})
    return rows


def least_squares(fitted: pd.DataFrame, judged: pd.DataFrame, *, add_half: bool) -> list[Any]:
    """Draw a line through log(-mean log p) against log C in each bucket.

    Zeros are dropped, or half a success is added to all counts. A bucket that is left without two
    runs to draw a line through is forecast to pass nothing.
    """
    half = 0.5 if add_half else 0.0
    counts = fitted if add_half else fitted[fitted["n_correct"] > 0]
    rate = (counts["n_correct"] + half) / (counts["n_samples"] + 2 * half)
    points = counts.assign(hazard=-np.log(rate)).groupby(["bucket", "compute"])["hazard"].mean()
    lines = {}
    for bucket, rows in points.groupby("bucket"):
        if len(rows) > 1:
            x = np.log(rows.index.get_level_values("compute").to_numpy(float))
            lines[bucket] = np.polyfit(x, np.log(rows.to_numpy()), 1)
    of_problem = fitted.drop_duplicates("problem").set_index("problem")["bucket"]
    found = []
    for run in JUDGED:
        rows = judged[judged["run"] == run]
        slopes = np.array([lines.get(of_problem[problem], NOTHING) for problem in rows["problem"]])
        hazard = np.exp(slopes[:, 0] * np.log(rows["compute"]) + slopes[:, 1])
        rate = (rows["n_correct"] / rows["n_samples"]).to_numpy()
        forecast = np.exp(-hazard.to_numpy())
        name = f"least squares in buckets, {'half added' if add_half else 'zeros dropped'}"
        error = 1000 * float(np.abs(forecast - rate).mean())
        own = {"model": name, "target": run, "crps_x1000": error, "problems": len(rows)}
        found.append({**own, "mean_p": float(rate.mean()), "median": float(forecast.mean())})
    return found


def main() -> None:
    """Fit, score, print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "pass_rate_math.csv")
    given = parser.parse_args()
    counts = read_counts(given.data / "pythia_math_pass_counts" / "pass_counts.csv")[COLUMNS]
    fitted, judged = (counts[counts["run"].isin(names)] for names in (FITTED, JUDGED))
    bucketed = bs.form_buckets(fitted)
    full = bs.load_model("pass_rate")
    specs = {
        "pass_rate": full,
        "without g": full.with_priors(amplitude=0),
        "pass_rate_logistic": bs.load_model("pass_rate_logistic"),
    }
    rows: list[dict[str, Any]] = []
    for add_half in (True, False):
        rows += least_squares(bucketed, judged, add_half=add_half)
    for name, spec in specs.items():
        fit = bs.fit(spec, bucketed, random_seed=SEED, draws=DRAWS, tune=TUNE)
        rows += score_fit(name, fit, judged)
        if name == "pass_rate":
            rows += restricted(fit, judged)
            print(fit.summary().round(3).to_string())
        pd.DataFrame(rows).to_csv(given.out, index=False, float_format="%.5g")
    print(pd.DataFrame(rows).round(4).to_string())


if __name__ == "__main__":
    main()
