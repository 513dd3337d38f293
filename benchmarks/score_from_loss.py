"""From loss to accuracy: along the measured loss, along one that is forecast, and directly.

    python benchmarks/score_from_loss.py --data DIR

Three sources whose runs have losses and accuracies: Cerebras-GPT (seven tasks), Pythia (nine) and
Open LM on RedPajama (46). The smaller runs are fitted, the larger foretold by `score_from_loss`
given their measured loss; by the same chained with the forecast of `loss` from the smaller runs; by
the power law of what is above chance in compute (`score_emergence` without an extra exponent); and
by the plug-in of two least squares, a line of the score's log odds in the loss at the loss of a
power law with a floor. Writes `results/score_from_loss.csv`.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, special
from score_shapes import SEED, gadre, pythia_evals, score

import bayes_scaling as bs

RESULTS = Path(__file__).parent / "results"
ITEMS = {
    "hellaswag": (10042, 0.25),
    "piqa": (1838, 0.5),
    "winogrande": (1267, 0.5),
    "lambada": (5153, 0.0),
    "arc_easy": (2376, 0.25),
    "arc_challenge": (1172, 0.25),
    "openbookqa": (500, 0.25),
}


def cerebras_tables(folder):
    """Take Cerebras-GPT, zero-shot: 6.7B and 13B are foretold."""
    table = pd.read_csv(folder / "cerebras_gpt_tables" / "downstream.csv")
    kept = table[(table["family"] == "Cerebras-GPT") & (table["n_shots"] == 0)]
    own = pd.DataFrame(
        {
            "run": kept["model"],
            "task": kept["task"],
            "compute": kept["flops"],
            "score": kept["accuracy"],
            "n_items": kept["task"].map(lambda task: ITEMS[task][0]),
            "chance": kept["task"].map(lambda task: ITEMS[task][1]),
        }
    )
    return own[own["compute"] < 2e21], own[own["compute"] > 2e21]


def cerebras_losses(folder):
    """Read the Pile losses of Cerebras-GPT."""
    table = pd.read_csv(folder / "cerebras_gpt_tables" / "loss.csv")
    return table.set_index("model")["pile_test_loss"]


def pythia_losses(folder):
    """Read the Pile losses of Pythia, by compute in order."""
    table = pd.read_csv(folder / "ladders" / "ladders.csv")
    ladder = table.query("ladder == 'Pythia/standard'").sort_values("compute")
    runs = pd.concat(pythia_evals(folder)).drop_duplicates("run").sort_values("compute")
    near = [np.abs(np.log(ladder["compute"] / own)).argmin() for own in runs["compute"]]
    return pd.Series(ladder["loss"].to_numpy()[near], index=runs["run"])


def gadre_losses(folder):
    """Read the losses on held-out shards of the training set."""
    table = pd.read_csv(folder / "gadre_overtraining" / "loss.csv")
    return table.query("validation_set == 'training'").set_index("run")["loss"]


SOURCES = {
    cerebras_tables: cerebras_losses,
    pythia_evals: pythia_losses,
    gadre: gadre_losses,
}


def plug_in(small, large):
    """Foretell by two least squares: no doubt of the loss, and none of the line."""
    found = []
    runs = small.drop_duplicates("run")
    for row in large.to_dict("records"):
        own = small[small["family"] == row["family"]]
        share = (own["n_correct"] / own["n_items"]).clip(0.005, 0.995)
        slope, start = np.polyfit(own["loss"], special.logit(share), 1)
        odds = start + slope * _power(runs, row["compute"])
        found.append(np.full(2000, special.expit(odds)))
    return np.column_stack(found)


def _power(runs, at):
    x, y = np.log(runs["compute"].to_numpy(float) / at), runs["loss"].to_numpy(float)

    def gap(free):
        return np.exp(free[0]) * np.exp(-np.exp(free[1]) * x) + np.exp(free[2]) - y

    best = optimize.least_squares(gap, [0.0, np.log(0.1), np.log(0.5 * y.min())]).x
    return np.exp(best[0]) + np.exp(best[2])


def judge(small, large):
    """Foretell the larger runs in every way; return draws by the way's name, and what converged."""
    along = bs.fit("score_from_loss", small, random_seed=SEED)
    direct = bs.load_model("score_emergence").with_priors(extra_k=0.0, place=0.0, width=1.0)
    power = bs.fit(direct, small, random_seed=SEED)
    ladder = small.drop_duplicates("run")[["run", "compute", "loss"]]
    losses = bs.fit("loss", ladder, random_seed=SEED)
    runs = large.drop_duplicates("run").reset_index(drop=True)
    ahead = bs.predict(losses, compute=list(runs["compute"]))
    chained = {
        task: bs.chain(ahead, along, family=task).values() for task in large["family"].unique()
    }
    column = [
        chained[row["family"]][:, runs.index[runs["run"] == row["run"]][0]]
        for row in large.to_dict("records")
    ]
    drawn = {
        "measured loss": bs.predict(along, large[["family", "loss"]]).values(),
        "chained": np.column_stack(column),
        "direct": bs.predict(power, large[["family", "compute"]], far=True).values(),
        "plug-in": plug_in(small, large),
    }
    converged = {fit.spec.name: fit.diagnosis.converged for fit in (along, power, losses)}
    return drawn, converged


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    tables = []
    for source, losses in SOURCES.items():
        own = losses(folder)
        small, large = (
            bs.read_scores(part.assign(loss=part["run"].map(own))) for part in source(folder)
        )
        drawn, converged = judge(small, large)
        print(source.__name__, converged, flush=True)
        truth = (large["n_correct"] / large["n_items"]).to_numpy()
        for way, draws in drawn.items():
            rows = score(draws, truth).assign(source=source.__name__, task=large["family"], way=way)
            tables.append(rows)
    targets = pd.concat(tables, ignore_index=True)
    targets["error"] = (targets["median"] - targets["truth"]).abs()
    means = {"n": ("crps", "size"), "crps": ("crps", "mean"), "error": ("error", "mean")}
    means |= {"c50": ("covered_50", "mean"), "c90": ("covered_90", "mean")}
    table = targets.groupby(["source", "way"], sort=False).agg(**means).round(4).reset_index()
    table.to_csv(RESULTS / "score_from_loss.csv", index=False)
    print(table.to_string())


if __name__ == "__main__":
    main()
