"""Learning curves with the official split of Alabdulmohsin et al. (2022): extrapolation (E7).

    python benchmarks/learning_curves.py --data ../shared/data [--table lang] [--jobs 2]

Each curve is fitted on its training rows, with examples seen in place of compute, and its other
rows are forecast, by the models of ``MODELS``: the first of each domain is the one that `check`
recommends for its metric, and counts in the row ``by metric`` of a table; cross-entropies have
the wide priors of ``learning_curve.toml``, since those of ``loss`` are of compute. Priors of error
rates are those learned without these curves (``results/error_rates_learned.csv``).

Prints, and writes to ``results/learning_curves_summary.csv``, by domain and over all curves of a
table: the mean over curves of the root mean squared error of the log of the median forecast
(RMSLE), of the log density of the loss (larger is better), of CRPS, coverage and PIT.
``results/learning_curves.csv`` has a row a curve and model. Of the vision table here every fourth
row is kept, so its figures are indicative. What is finished is kept in ``--save``; delete it when a
model or a prior has changed.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from error_rate_tables import VISION_CHANCE
from joblib import Parallel, delayed

import bayes_scaling as bs
from bayes_scaling.evaluation.scoring import predictive_of, score_targets
from bayes_scaling.specification.spec import read_spec

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SEED = 1
CURVE = ["domain", "task", "model"]
SOURCE = "revisiting"
WIDE, CHANCE, FLOOR = "learning_curve", "loss_above_chance", "loss_error_rate"
MODELS = {  # image errors, with chance known; errors on BIG-bench's tasks; cross-entropies
    "IC": (CHANCE,),
    "BB": (FLOOR, WIDE),
    "LM": (WIDE,),
    "NMT": (WIDE,),
}
AVERAGED = ["rmsle", "log_density", "crps_x100", "coverage_50", "coverage_90"]
AVERAGED += ["too_high", "too_low", "pit_mean", "converged"]


def read_curves(data: Path, table: str) -> pd.DataFrame:
    """Read a table; the columns are those of runs."""
    rows = pd.read_csv(data / "revisiting_learning_curves" / f"{table}.csv")
    rows = rows.rename(columns={"seen_examples": "compute"}).assign(table=table)
    if table == "vision":
        rows["chance"] = rows["task"].str.rpartition("_")[0].map(VISION_CHANCE)
    return rows


def spec_of(name: str) -> bs.Spec:
    """Return a model; of error rates, with the priors learned without these curves."""
    if name == WIDE:
        return read_spec(HERE / "learning_curve.toml")
    learned = pd.read_csv(RESULTS / "error_rates_learned.csv").set_index("parameter")
    own = learned[(learned["model"] == name) & (learned["left_out"] == SOURCE)]
    return bs.load_model(name).with_priors(**own[["dist", "mu", "sigma"]].to_dict("index"))


def judge(place: Mapping[str, str], curve: pd.DataFrame, spec: bs.Spec) -> dict[str, Any]:
    """Fit the training rows of a curve and score its other rows."""
    training = curve["is_training_row"] == 1
    chance = ["chance"] if spec.name == CHANCE else []
    fitted = curve.loc[training, ["compute", "loss", *chance]]
    judged = curve.loc[~training, ["compute", "loss"]]
    fit = bs.fit(spec, fitted, random_seed=SEED)
    made = bs.predict(fit, compute=judged["compute"].to_numpy(float), far=True)
    truth = judged["loss"].to_numpy(float)
    scores = score_targets(predictive_of(made), truth)
    error = np.log(scores["median"] / scores["truth"])
    return {
        **place,
        "spec": spec.name,
        "fitted": len(fitted),
        "judged": len(judged),
        "decades": float(np.log10(judged["compute"].max() / fitted["compute"].max())),
        "rmsle": float(np.sqrt((error**2).mean())),
        "log_density": float((-scores["log_score"] - np.log(truth)).mean()),
        "crps_x100": 100 * float(scores["crps"].mean()),
        "coverage_50": float(scores["covered_50"].mean()),
        "coverage_90": float(scores["covered_90"].mean()),
        "too_high": float((scores["truth"] < scores["q05"]).mean()),
        "too_low": float((scores["truth"] > scores["q95"]).mean()),
        "pit_mean": float(scores["pit"].mean()),
        "converged": fit.diagnosis.converged,
    }


def summarise(results: pd.DataFrame) -> pd.DataFrame:
    """Average over the curves of each domain and model, and of each table by metric."""
    recommended = results[results["spec"] == results["domain"].map(lambda own: MODELS[own][0])]
    parts = (results, recommended.assign(domain="all", spec="by metric"))
    tables = []
    for part in parts:
        grouped = part.groupby(["table", "domain", "spec"])
        averages = grouped[AVERAGED].mean()
        averages.insert(0, "curves", grouped.size())
        tables.append(averages.assign(rmsle_median=grouped["rmsle"].median()))
    return pd.concat(tables).sort_index()


def kept(save: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """Read what was finished before."""
    lines = save.read_text().splitlines() if save.exists() else []
    rows = [json.loads(line) for line in lines]
    return {(row["table"], *(row[name] for name in CURVE), row["spec"]): row for row in rows}


def main() -> None:
    """Judge every curve; print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--table", choices=["lang", "vision"], action="append")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path(".ladders"))
    parser.add_argument("--write-up", action="store_true", help="average what is finished")
    given = parser.parse_args()
    specs = {name: spec_of(name) for name in (WIDE, CHANCE, FLOOR)}
    given.save.mkdir(parents=True, exist_ok=True)
    save = given.save / "learning-curves.jsonl"
    done = kept(save)
    tasks = [
        ({"table": table, **dict(zip(CURVE, map(str, names), strict=True))}, curve, specs[name])
        for table in given.table or ["lang", "vision"]
        for names, curve in read_curves(given.data, table).groupby(CURVE, sort=False)
        for name in MODELS[names[0]]
        if (table, *map(str, names), name) not in done
    ]
    tasks = [] if given.write_up else tasks
    tasks.sort(key=lambda task: int(task[1]["is_training_row"].sum()))
    work = Parallel(n_jobs=given.jobs, return_as="generator")
    rows = list(done.values())
    with save.open("a") as file:
        for row in work(delayed(judge)(*task) for task in tasks):
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(f"\r{len(rows)} of {len(tasks) + len(done)} fits", end="", file=sys.stderr)
    results = pd.DataFrame(rows).sort_values(["table", *CURVE, "spec"], kind="stable")
    summary = summarise(results)
    print(summary.round(4).to_string())
    for name, table in {"": results.set_index("table"), "_summary": summary}.items():
        table.to_csv(RESULTS / f"learning_curves{name}.csv", float_format="%.4g")


if __name__ == "__main__":
    main()
