"""Real tasks that rise, fall, turn or stay: fit the smaller models, foretell the largest.

    python benchmarks/score_shapes.py --data DIR

Four sources, all their tasks with counts, the list fixed before any fit. Each model of the shelf is
fitted to all tasks of a source at once; a mixture of the models, with weights that the other
sources chose, is judged beside them, and so are the last value, a line of the score in log compute
and a logistic curve. Writes `results/score_shapes.csv` (a row a source and forecaster) and
`results/score_shapes_targets.csv` (a row a target and forecaster). What is finished is kept in
``--save``; delete it when a model or a prior has changed.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import scoringrules
from scipy import optimize, special

import bayes_scaling as bs
from bayes_scaling.inference.designing import design_of
from bayes_scaling.inference.score_predictive import densities_at

RESULTS = Path(__file__).parent / "results"
MODELS = ("score_flat", "score_monotone", "score_break", "score_u_shape")
MIXTURE = "mixture"
TOKENS = 3e11  # of every GPT-2, GPT-3 and OPT model, near enough: the ladder is in parameters
BIG_BENCH = {  # items and chance level, from the tasks' own pages
    "codelinedescription": (60, 0.25),
    "humanorganssenses": (42, 0.25),
    "implicatures": (492, 0.5),
    "phraserelatedness": (100, 0.25),
    "swahilienglishproverbs": (153, 0.25),
    "whatisthetao": (36, 0.5),
}
PYTHIA = {
    "arc_challenge": 0.25,
    "arc_easy": 0.25,
    "lambada_openai": 0.0,
    "logiqa": 0.25,
    "piqa": 0.5,
    "sciq": 0.25,
    "winogrande": 0.5,
    "wsc": 0.5,
    "mmlu_mean": 0.25,
    "crows_pairs_english": 0.5,
}
SEED, DRAWS = 1, 4000


def inverse_pipeline(folder):
    """Take GPT-2, GPT-3 and OPT sizes on the tasks of a pilot: the largest of each is foretold."""
    table = pd.read_csv(folder / "inverse_pipeline" / "by_model.csv").dropna(subset="n_correct")
    own = pd.DataFrame(
        {
            "run": table["model"],
            "family": table["family"],
            "task": table["task"],
            "compute": 6 * table["params"] * TOKENS,
            "n_correct": table["n_correct"].astype(int),
            "n_items": table["n_problems"],
            "chance": 0.5,
        }
    )
    sizes = own.groupby(["family", "task"])["run"].transform("nunique")
    own = own[sizes >= 4]
    last = own.groupby(["family", "task"])["compute"].transform("max")
    return own[own["compute"] < last], own[own["compute"] == last]


def opt_trajectories(folder):
    """Take OPT's last checkpoints on six tasks of BIG-bench: 30B and 175B are foretold."""
    table = pd.read_csv(folder / "opt_trajectories" / "bigbench.csv")
    last = table.sort_values("step").groupby(["model", "task"], as_index=False).tail(1)
    items = last["task"].map(lambda task: BIG_BENCH[task][0])
    own = pd.DataFrame(
        {
            "run": last["model"],
            "task": last["task"],
            "compute": last["flops"],
            "n_correct": (last["accuracy"] * items).round().astype(int),
            "n_items": items,
            "chance": last["task"].map(lambda task: BIG_BENCH[task][1]),
        }
    )
    return own[own["compute"] < 3e22], own[own["compute"] > 3e22]


def pythia_evals(folder):
    """Take Pythia's last checkpoints, zero-shot: 6.9B and 12B are foretold."""
    table = pd.read_csv(folder / "pythia_evals" / "evals.csv")
    kept = table["metric"].isin(["acc", "pct_stereotype"]) & (table["n_shots"] == 0)
    kept &= (table["family"] == "pythia") & (table["step"] == table["step"].max())
    last = table[kept & table["task"].isin(PYTHIA) & (table["stderr"] > 0)]
    own = pd.DataFrame(
        {
            "run": last["model"],
            "task": last["task"],
            "compute": last["flops"],
            "score": last["value"],
            "score_se": last["stderr"],
            "chance": last["task"].map(PYTHIA),
        }
    )
    return own[last["params"] < 4e9], own[last["params"] > 4e9]


def gadre(folder):
    """Take Open LM on RedPajama at 20 tokens a parameter: 1B and 7B are foretold, on 46 tasks."""
    table = pd.read_csv(folder / "gadre_overtraining" / "downstream.csv")
    last = table[(table["dataset"] == "rpj") & (table["chinchilla_multiple"].round(1) == 1.0)]
    own = pd.DataFrame(
        {
            "run": last["run"],
            "task": last["task"],
            "compute": last["flops"],
            "n_correct": (last["accuracy"] * last["n_problems"]).round().astype(int),
            "n_items": last["n_problems"],
            "chance": last["random_baseline"],
        }
    )
    return own[last["params"] < 1e9], own[last["params"] > 1e9]


SOURCES = (inverse_pipeline, opt_trajectories, pythia_evals, gadre)


def judge_models(small, large, model, save):
    """Fit one model to all tasks of a source, and draw what the larger models show."""
    if save.exists():
        with np.load(save) as kept:
            return kept["values"], kept["log_scores"], bool(kept["converged"])
    fit = bs.fit(model, small, random_seed=SEED)
    targets = bs.predict(fit, large[["family", "compute"]], far=True)
    whole = pd.concat([small, large], ignore_index=True)
    design = design_of(fit.spec, whole, dict(fit.reference))
    rows = np.arange(len(small), len(whole))
    rng = np.random.default_rng([SEED, 2])
    densities = np.column_stack(
        [densities_at(fit, design, rows[[at]], rng) for at in range(len(rows))]
    )
    log_scores = special.logsumexp(densities, axis=0) - np.log(len(densities))
    values = np.random.default_rng([SEED, 3]).permutation(targets.values())[:DRAWS]
    found = {"values": values, "log_scores": log_scores, "converged": fit.diagnosis.converged}
    np.savez(save, **found)
    return tuple(found.values())


def baselines(small, large):
    """Foretell by the last value, a line and a logistic curve of log compute, with counts' luck."""
    rng = np.random.default_rng(SEED)
    found = {name: [] for name in ("last value", "line", "logistic")}
    for row in large.to_dict("records"):
        own = small[small["family"] == row["family"]].sort_values("compute")
        x = np.log(own["compute"].to_numpy(float))
        y = (own["n_correct"] / own["n_items"]).to_numpy(float)
        at = np.log(row["compute"])
        luck = rng.normal(size=4000)
        for name, draws in (
            ("last value", np.full(4000, y[-1]) + luck * np.std(np.diff(y))),
            ("line", _line(x, y, at, rng, lambda v: v, lambda v: v)),
            (
                "logistic",
                _line(x, np.clip(y, 0.005, 0.995), at, rng, special.logit, special.expit),
            ),
        ):
            rates = np.clip(draws, 0, 1)
            found[name].append(rng.binomial(row["n_items"], rates) / row["n_items"])
    return {name: np.column_stack(drawn) for name, drawn in found.items()}


def _line(x, y, at, rng, to, back):
    """Draw from the posterior predictive of least squares, with a Student-t for few points."""
    z = to(y)
    design = np.column_stack([np.ones_like(x), x - x.mean()])
    weights, *_ = np.linalg.lstsq(design, z, rcond=None)
    rest = z - design @ weights
    free = max(len(x) - 2, 1)
    sd = np.sqrt((rest**2).sum() / free)
    spread = sd * np.sqrt(1 + 1 / len(x) + (at - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    return back(weights @ [1, at - x.mean()] + spread * rng.standard_t(free, 4000))


def score(draws, truth):
    """Score draws against what was seen; a share of items, so in steps."""
    low, q25, q75, high = np.quantile(draws, [0.05, 0.25, 0.75, 0.95], axis=0)
    return pd.DataFrame(
        {
            "truth": truth,
            "median": np.median(draws, axis=0),
            "q05": low,
            "q95": high,
            "crps": scoringrules.crps_ensemble(truth, draws.T, backend="numpy"),
            "covered_50": (q25 <= truth) & (truth <= q75),
            "covered_90": (low <= truth) & (truth <= high),
        }
    )


def best_weights(log_scores):
    """Weights of models that maximise the mean log score of their mixture."""
    table = np.concatenate(log_scores, axis=0)

    def loss(free):
        weights = special.softmax(free)
        return -special.logsumexp(table, b=weights, axis=1).mean()

    return special.softmax(optimize.minimize(loss, np.zeros(table.shape[1])).x)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--save", type=Path, default=Path(".ladders"))
    given = parser.parse_args()
    folder = given.data
    given.save.mkdir(parents=True, exist_ok=True)
    drawn, scores, truths, tables = {}, {}, {}, []
    for source in SOURCES:
        small, large = (bs.read_scores(part) for part in both(source(folder)))
        name = source.__name__
        truths[name] = large
        drawn[name], scores[name] = {}, []
        for model in MODELS:
            values, log_scores, converged = judge_models(
                small, large, model, given.save / f"shapes-{name}-{model}.npz"
            )
            print(f"{name}, {model}: converged {converged}", flush=True)
            drawn[name][model] = values
            scores[name].append(log_scores)
        drawn[name] |= baselines(small, large)
    rng = np.random.default_rng(SEED)
    for name, own in drawn.items():
        others = [np.column_stack(scores[other]) for other in drawn if other != name]
        weights = best_weights(others)
        print(name, dict(zip(MODELS, weights.round(2), strict=True)), flush=True)
        pick = rng.choice(len(MODELS), size=len(own[MODELS[0]]), p=weights)
        stacked = np.stack([own[model] for model in MODELS])
        own[MIXTURE] = stacked[pick, np.arange(stacked.shape[1])]
        large = truths[name]
        truth = (large["n_correct"] / large["n_items"]).to_numpy()
        for forecaster, draws in own.items():
            rows = score(draws, truth).assign(
                source=name, task=large["family"], run=large["run"], forecaster=forecaster
            )
            tables.append(rows)
    targets = pd.concat(tables, ignore_index=True)
    targets.round(5).to_csv(RESULTS / "score_shapes_targets.csv", index=False)
    by_source = _averages(targets, ["source", "forecaster"])
    whole = _averages(targets, ["forecaster"]).assign(source="all")
    summary = pd.concat([by_source, whole])[["source", "forecaster", "n", "crps", "c50", "c90"]]
    summary.to_csv(RESULTS / "score_shapes.csv", index=False)
    print(summary.to_string())


def both(parts):
    """Check both parts as one table, so that ladders have one name in both."""
    whole = bs.read_scores(pd.concat(parts, ignore_index=True))
    count = len(parts[0])
    return whole.iloc[:count].reset_index(drop=True), whole.iloc[count:].reset_index(drop=True)


def _averages(targets, by):
    grouped = targets.groupby(by, sort=False)
    return (
        grouped.agg(
            n=("crps", "size"),
            crps=("crps", "mean"),
            c50=("covered_50", "mean"),
            c90=("covered_90", "mean"),
        )
        .round(4)
        .reset_index()
    )


if __name__ == "__main__":
    main()
