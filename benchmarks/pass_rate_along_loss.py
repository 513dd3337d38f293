"""Pythia's pass rates on MATH along the loss: known, and forecast from the same four runs.

    python benchmarks/pass_rate_along_loss.py --data ../shared/data

Fits 70M, 160M, 410M and 1B (128 problems, 10,000 samples each) along compute and along the loss,
with the floor of the link at 0, 0.3, 0.5 and 0.7 of the smallest fitted loss, and forecasts 2.8B,
6.9B and 12B: along compute, along the loss that these showed, and along the loss that the model
`loss` forecasts from the four runs. The four floors are also mixed with equal weights. Beside them
stand what people do: least squares in buckets along compute, and persistence, the largest fitted
run's own rates. All sizes saw the same tokens, so that the loss slows down in compute, and pass
rates with it. Writes ``results/pass_rate_along_loss.csv``.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pass_rate_math import FITTED, JUDGED, least_squares
from pass_rate_scores import COLUMNS, grid, read_counts, score_run

import bayes_scaling as bs
from bayes_scaling.forecasting import Forecast

Array = np.ndarray[Any, Any]
HERE = Path(__file__).parent
FLOORS = (0.0, 0.3, 0.5, 0.7)
SEED, DRAWS, TUNE = 1, 1000, 700


def read_losses(path: Path, counts: pd.DataFrame) -> pd.DataFrame:
    """Read the losses of the runs that were counted, matched by their order in compute."""
    ladder = pd.read_csv(path).query("ladder == 'Pythia/standard' and compute != 3.2e21")
    runs = counts.groupby("run")["compute"].first().sort_values()
    losses = ladder.sort_values("compute")["loss"].to_numpy()
    return pd.DataFrame({"run": runs.index, "compute": runs.to_numpy(), "loss": losses})


def hazards_of(forecast: Forecast) -> Array:
    """Draws of -log p of a new run, shape ``(draws, targets, problems)``."""
    drawn = forecast.draws["run"].values
    return drawn.reshape(-1, *drawn.shape[2:])


def persistence(fitted: pd.DataFrame, judged: pd.DataFrame) -> list[dict[str, Any]]:
    """Forecast that each problem stays at the rate that the largest fitted run has."""
    last = fitted[fitted["compute"] == fitted["compute"].max()].set_index("problem")
    found = []
    for run in JUDGED:
        rows = judged[judged["run"] == run].set_index("problem")
        rate, stays = (own["n_correct"] / own["n_samples"] for own in (rows, last.loc[rows.index]))
        own = {"model": "persistence", "target": run, "mean_p": rate.mean(), "median": stays.mean()}
        error = {"crps_x1000": 1000 * (rate - stays).abs().mean(), "problems": len(rows)}
        found.append({**own, **error})
    return found


def main() -> None:
    """Fit, score, print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "pass_rate_along_loss.csv")
    given = parser.parse_args()
    counts = read_counts(given.data / "pythia_math_pass_counts" / "pass_counts.csv")[COLUMNS]
    runs = read_losses(given.data / "ladders" / "ladders.csv", counts)
    fitted, judged = (counts[counts["run"].isin(names)] for names in (FITTED, JUDGED))
    bucketed = bs.form_buckets(fitted)
    small, large = (runs[runs["run"].isin(names)] for names in (FITTED, JUDGED))
    computes, measured = list(large["compute"]), list(large["loss"])
    rows = [*least_squares(bucketed, judged, add_half=True), *persistence(fitted, judged)]
    settings: dict[str, Any] = {"random_seed": SEED, "draws": DRAWS, "tune": TUNE}

    def add(name: str, fit: bs.Fit, hazards: Array) -> None:
        rng = np.random.default_rng(SEED)
        n, c = (grid(fit, judged, column) for column in ("n_samples", "n_correct"))
        for place, run in enumerate(JUDGED):
            scores = score_run(hazards[:, place], n[place], c[place], rng)
            rows.append({"model": name, "target": run, **scores, "problems": len(c[place])})
        pd.DataFrame(rows).to_csv(given.out, index=False, float_format="%.5g")

    own = bs.fit("pass_rate", bucketed, **settings)
    add("along compute", own, hazards_of(bs.predict(own, compute=computes)))
    losses = bs.predict(bs.fit("loss", small, random_seed=SEED), compute=computes)
    spec = bs.load_model("pass_rate_loss")
    mixed: dict[str, list[Array]] = {"along the measured loss": [], "chained": []}
    for share in FLOORS:
        own = bs.fit(
            spec.with_priors(floor_of_smallest=share),
            bucketed,
            runs=small[["run", "loss"]],
            **settings,
        )
        ways = bs.predict(own, loss=measured), bs.chain(losses, own)
        for name, forecast in zip(mixed, ways, strict=True):
            mixed[name].append(hazards_of(forecast))
            add(f"{name}, f = {share:g}", own, mixed[name][-1])
    for name, parts in mixed.items():
        add(f"{name}, the four f mixed", own, np.concatenate(parts))
    shown = ["model", "target", "mean_p", "median", "q05", "q95", "ratio", "inside"]
    shown += ["crps_x1000", "coverage", "coverage_pit"]
    print(losses.summary().to_string())
    print(pd.DataFrame(rows)[shown].round(4).to_string())


if __name__ == "__main__":
    main()
