"""What a recipe is worth: whether its gain in compute can be believed.

    python benchmarks/recipes.py calibrate
    python benchmarks/recipes.py gains
    python benchmarks/recipes.py nothing --data DIR

``calibrate`` ranks the truth among the draws of ``models/loss_recipe.toml`` fitted to data drawn
from it (simulation-based calibration). ``gains`` draws runs of a base and of a recipe that is worth
a known factor, and counts how often the interval of the gain holds it. ``nothing`` takes each
published ladder, gives every other run another name as if under another recipe, and asks for the
gain of that: a treatment that changes nothing has the gain 1. Each writes a table to ``results/``.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

import bayes_scaling as bs

RESULTS = Path(__file__).parent / "results"
MODEL = "loss_recipe"
SEED = 1
OPTIONS: dict[str, Any] = {"draws": 500, "tune": 500}
BASE, TREATED = np.geomspace(1e18, 1e21, 6), np.geomspace(3e18, 3e20, 3)
GAINS = (1.0, 2.0, 10.0, 100.0)
FEWEST = 6  # runs of a ladder that is taken apart
HELD = {"coverage_50": ("q25", "q75"), "coverage_90": ("q05", "q95")}


def design() -> pd.DataFrame:
    """Lay out six runs of a base over three decades, and three of a recipe over two."""
    names = np.repeat(["base", "treated"], [len(BASE), len(TREATED)])
    return pd.DataFrame({"compute": np.concatenate([BASE, TREATED]), "recipe": names})


def calibrate(simulations: int, jobs: int) -> pd.DataFrame:
    """Compare each quantity's ranks with the band of even ones."""
    found = bs.calibrate(
        MODEL,
        design(),
        random_seed=SEED,
        simulations=simulations,
        jobs=jobs,
        fit_options=OPTIONS,
    )
    return found.summary().assign(
        simulations=simulations,
        converged=found.converged.mean(),
        p=[stats.kstest(found.ranks[name], "uniform").pvalue for name in found.ranks],
    )


def gains(simulations: int) -> pd.DataFrame:
    """Draw a base law from the priors for each gain, and ask for the gain."""
    rows = []
    for gain in GAINS:
        for number, runs in enumerate(_worlds(gain, simulations)):
            rows.append({"gain": gain, "simulation": number, **_asked(runs, gain)})
    return pd.DataFrame(rows)


def _worlds(gain: float, count: int) -> Iterator[pd.DataFrame]:
    """Draw runs of a base and of a recipe that multiplies its compute by a gain."""
    known = {"dist": "Normal", "over": "recipe", "mu": float(np.log(gain)), "sigma": 1e-6}
    spec = bs.load_model(MODEL).with_priors(shift_compute=known)
    drawn = bs.simulate(spec, design(), random_seed=SEED, size=count)
    for _, world in drawn.groupby("simulation"):
        yield world[["compute", "recipe", "loss"]].reset_index(drop=True)


def _asked(runs: pd.DataFrame, gain: float) -> dict[str, Any]:
    """Fit, and say whether the intervals of the gain hold the truth."""
    try:
        fit = bs.fit(MODEL, runs, random_seed=SEED, **OPTIONS)
        found = bs.decision.equivalent_compute(fit)
    except bs.errors.DataError as error:
        return {"said": str(error).split(".")[0]}
    own = found.summary().iloc[0].drop(["recipe", "over"]).to_dict()
    held = {name: bool(own[low] <= gain <= own[high]) for name, (low, high) in HELD.items()}
    return {**own, **held, "converged": fit.diagnosis.converged, "said": ""}


def nothing(data: Path) -> pd.DataFrame:
    """Take published ladders apart into two recipes that differ in nothing."""
    ladders = pd.read_csv(data / "ladders" / "ladders.csv")
    rows = []
    for name, ladder in ladders.groupby("ladder", sort=False):
        runs = ladder.sort_values("compute", kind="stable").reset_index(drop=True)
        if len(runs) < FEWEST or runs["loss"].max() <= 1:
            continue
        own = runs[["compute", "loss"]].assign(recipe=np.resize(["odd", "even"], len(runs)))
        source = runs["source"].iloc[0]
        rows.append({"ladder": name, "source": source, "runs": len(runs), **_asked(own, 1.0)})
    return pd.DataFrame(rows)


def summarise(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Count how often intervals held the truth, a row a group or one in all."""
    answered = table[table["said"] == ""]
    groups: Any = answered.groupby(by) if by else [((), answered)]
    rows = []
    for label, own in groups:
        held = {name: own[name].astype(bool).mean() for name in HELD}
        low, high = stats.binom.interval(0.95, len(own), 0.9) if len(own) else (0, 0)
        rows.append(
            {
                **dict(zip(by, label, strict=True)),
                "answers": len(own),
                "refused": len(table) - len(answered) if not by else 0,
                **held,
                "band_90": f"{low / max(len(own), 1):.2f}-{high / max(len(own), 1):.2f}",
                "median_width": (np.log10(own["q95"]) - np.log10(own["q05"])).median(),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Run one of the three and write its table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=("calibrate", "gains", "nothing"))
    parser.add_argument("--simulations", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    if asked.part == "calibrate":
        found = calibrate(asked.simulations, asked.jobs)
        found.round(4).to_csv(RESULTS / "calibration_loss_recipe.csv", index_label="quantity")
        print(found.round(3).to_string())
        return
    if asked.part == "gains":
        table, by = gains(asked.simulations), ["gain"]
    else:
        if asked.data is None:
            parser.error("nothing: --data says where the published ladders are")
        table, by = nothing(asked.data), []
    table.round(4).to_csv(RESULTS / f"recipes_{asked.part}.csv", index=False)
    print(summarise(table, by).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
