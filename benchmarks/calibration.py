"""Simulation-based calibration of the models on the shelf (E1), and coverage of their intervals.

python benchmarks/calibration.py --model loss --simulations 1000 --jobs 2
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.evaluation.calibration import Calibration

HERE = Path(__file__).parent
LADDER = pd.DataFrame({"compute": [2.6e18, 1.3e19, 6.1e19, 2.8e20, 1.1e21, 1.1e21]})
SIZES = pd.DataFrame({"compute": [1e19, 1e20, 1e21, 1e22]})
LOSSES = [3.4, 2.9, 2.6, 2.45]  # of a ladder that slows down
COVERED = 500


def ladder(model: str) -> pd.DataFrame:
    """Six runs at five computes; a second, shorter family where the model pools families.

    Four runs for a model of passes, of 12 problems with 30 samples each.
    """
    if bs.load_model(model).response == "passes":
        return SIZES if bs.load_model(model).law.link is None else SIZES.assign(loss=LOSSES)
    if "family" not in bs.load_model(model).groups:
        return LADDER
    return pd.concat([LADDER.assign(family="long"), LADDER.iloc[:2].assign(family="short")])


def coverage(ranks: pd.Series) -> dict[str, float]:
    """Coverage of the 90 % interval of the target over the first ladders, with its 99 % band."""
    inside = ((ranks > 0.05) & (ranks < 0.95)).iloc[:COVERED]
    low, high = stats.binom.interval(0.99, len(inside), 0.9)
    return {
        "coverage": float(inside.mean()),
        "low": low / len(inside),
        "high": high / len(inside),
    }


def together(parts: list[Calibration]) -> Calibration:
    """Take simulations of several seeds as one."""
    ranks, converged, conflicts = (
        pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        for name in ("ranks", "converged", "in_conflict")
    )
    return Calibration(ranks, converged, conflicts)


def write_up(model: str, result: Calibration) -> None:
    """Write and print the table."""
    table = result.summary()
    failed, conflicts = int((~result.converged).sum()), int(result.in_conflict.sum())
    counts = {"simulations": len(result.ranks), "not_converged": failed, "in_conflict": conflicts}
    table.assign(**counts).to_csv(
        HERE / "results" / f"calibration_{model}.csv",
        float_format="%.4g",
        index_label="quantity",
    )
    print(table.to_string(float_format=lambda value: f"{value:.3f}"))
    print(
        f"{model}: {len(result.ranks)} simulations, {failed} did not converge; prior and "
        f"data said to be in conflict: {conflicts}."
    )
    print(f"Inside the 99.9 % band: {int(table['inside'].sum())} of {len(table)}.")
    for target in result.ranks.columns[result.ranks.columns.str.startswith("target")]:
        covered = coverage(result.ranks[target])
        print(
            f"90 % interval of the {target}, {min(COVERED, len(result.ranks))} ladders: covers "
            f"{covered['coverage']:.3f} (99 % band {covered['low']:.3f}-{covered['high']:.3f}).",
            flush=True,
        )


def main() -> None:
    """Simulate, fit, write and print; after each part, if there are several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="loss")
    parser.add_argument("--simulations", type=int, default=1000, help="of each part")
    parser.add_argument("--parts", type=int, default=1, help="each with the next seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    parts: list[Calibration] = []
    for part in range(asked.parts):
        parts.append(
            bs.calibrate(
                asked.model,
                ladder(asked.model),
                random_seed=asked.seed + part,
                simulations=asked.simulations,
                jobs=asked.jobs,
                progress=lambda done, total: print(f"\r{done} of {total}", end="", file=sys.stderr),
            )
        )
        write_up(asked.model, together(parts))


if __name__ == "__main__":
    main()
