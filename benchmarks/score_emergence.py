"""False alarms and power of an exponent that grows.

    python benchmarks/score_emergence.py

Simulated tasks of four choices and 1,000 items, eight models over four decades of compute, the
break in the middle; without a run effect and with one of 0.1 in the log odds. Forty tasks share a
fit, as tasks of one suite do. An alarm is P(extra exponent > 0.05) above 0.9. Writes
`results/score_emergence.csv` and draws `results/score_emergence.png`.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

import bayes_scaling as bs

mpl.use("Agg")
RESULTS = Path(__file__).parent / "results"
EXTRAS = (0.0, 0.1, 0.2, 0.35, 0.5)
EFFECTS = (0.01, 0.1)
TOGETHER = 40
ALARM, LEAST = 0.9, 0.05
COMPUTE = np.geomspace(1e19, 1e23, 8)


def simulate(count: int, extra: float, effect: float, seed: int) -> pd.DataFrame:
    """Draw tasks whose other numbers come from narrow priors, so that all leave chance in sight."""
    model = bs.load_model("score_emergence").with_priors(
        extra_k=extra,
        place=0.0,
        width=0.5,
        lapse=0.02,
        sigma=effect,
        amplitude=0.0,
        k={"dist": "LogNormal", "mu": -1.8, "sigma": 0.4, "over": "family"},
        log_alpha={"dist": "Normal", "mu": 0.7, "sigma": 0.5, "over": "family"},
    )
    design = pd.concat(
        pd.DataFrame({"compute": COMPUTE, "task": f"task {number}"}) for number in range(count)
    ).assign(chance=0.25, n_items=1000)
    table = bs.simulate(model, design, random_seed=seed).drop(columns="simulation")
    return table[[name for name in table if not name.startswith("true_")]]


def judge(table: pd.DataFrame, seed: int) -> list[dict[str, float]]:
    """Fit tasks together, and say of each how likely an acceleration is."""
    fit = bs.fit("score_emergence", table, random_seed=seed)
    found = [bs.emergence(fit, family=name) for name in fit.families]
    converged = fit.diagnosis.converged
    return [{"accelerated": own.accelerated, "converged": converged} for own in found]


def main() -> None:
    """Run all cells, write the table and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--null", type=int, default=200, help="tasks without a break, each effect")
    parser.add_argument(
        "--power", type=int, default=40, help="tasks with one, each size and effect"
    )
    asked = parser.parse_args()
    rows, seed = [], 1
    for effect in EFFECTS:
        for extra in EXTRAS:
            wanted, told = asked.power if extra else asked.null, []
            while len(told) < wanted:
                seed += 1
                told += judge(
                    simulate(min(TOGETHER, wanted - len(told)), extra, effect, seed), seed
                )
            table = pd.DataFrame(told)
            alarms = int((table["accelerated"] > ALARM).sum())
            row = {"run_effect": effect, "extra_k": extra, "tasks": wanted, "alarms": alarms}
            row |= {"share": alarms / wanted, "median": table["accelerated"].median()}
            row |= {"converged": table["converged"].mean()}
            rows.append(row)
            print(row, flush=True)
            pd.DataFrame(rows).round(4).to_csv(RESULTS / "score_emergence.csv", index=False)
    draw(pd.DataFrame(rows))


def draw(table: pd.DataFrame) -> None:
    """Draw the power curve beside the rate of false alarms."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 3.2), layout="constrained")
    ax = figure.subplots()
    for effect, own in table.groupby("run_effect"):
        error = 1.645 * np.sqrt(own["share"] * (1 - own["share"]) / own["tasks"])
        bars = {"marker": "o", "capsize": 3, "label": f"run effect {effect:g} in log odds"}
        ax.errorbar(own["extra_k"], own["share"], error, **bars)
    ax.axhline(0.05, color="#8A8A8A", ls="--", lw=0.8, label="5 %, asked at no break")
    ax.set_xlabel("By how much the exponent grows (extra_k)")
    ax.set_ylabel(f"Share with P(extra_k > {LEAST:g}) > {ALARM:g}")
    ax.set_ylim(-0.03, 1.03)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    figure.savefig(RESULTS / "score_emergence.png", dpi=150)


if __name__ == "__main__":
    main()
