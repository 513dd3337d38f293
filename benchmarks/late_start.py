"""Ladders in examples that start on a plateau: a law that knows of one, against `loss`.

    python benchmarks/late_start.py --data ../shared/data [--ladders 24]

Error rates of LCDB 1.1 (its table without selection) against training examples, thinned to
factors of two, and BIG-bench's tasks of Alabdulmohsin et al. (2022) against examples seen. The
lower part of a ladder, in the logarithm of examples, is fitted with ``along="examples"``, and the
runs of the upper one are forecast. Whether a ladder starts on a plateau is judged by what is
fitted alone: its error falls less than half as fast over the first half of these runs as over the
second. Of LCDB each data set gives at most one ladder of either kind, that of the first learner in
a draw of lots, so that no outcome chooses.

``loss`` is judged with the shelf's priors, which are of compute, and with the wide ones of
``learning_curve.toml``, at least as wide as those of ``loss_late_start``. Prints, and writes
``results/late_start.csv`` (a row a ladder and model) and ``results/late_start_summary.csv``, with
paired differences of CRPS and their 90 % interval by a bootstrap over ladders.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_scaling as bs
from bayes_scaling.evaluation.scoring import predictive_of, score_targets
from bayes_scaling.specification.spec import read_spec

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SEED = 1
LATE, SHELF, WIDE = "loss_late_start", "loss", "learning_curve"
SPECS = {
    LATE: bs.load_model(LATE),
    SHELF: bs.load_model(SHELF),
    WIDE: read_spec(HERE / "learning_curve.toml"),
}
FEWEST = 10  # runs of a ladder, which are factors of two apart
SETTINGS = {"draws": 500, "tune": 500, "allow": ("rising", "constant", "metrics")}
RESAMPLES = 4000


def thinned(examples: pd.Series, factor: float = 2.0) -> np.ndarray:
    """Choose runs at least so far apart, from the smallest."""
    kept = [0]
    for place in range(1, len(examples)):
        if examples.iloc[place] >= 0.99 * factor * examples.iloc[kept[-1]]:
            kept.append(place)
    return np.array(kept)


def read_lcdb(data: Path, *, late: bool) -> list[tuple[str, str, pd.DataFrame]]:
    """Return at most one ladder a data set, of those that start late, or of the others."""
    table = pd.read_csv(data / "ladders_2026" / "lcdb_error_full.csv.gz")
    table = table.rename(columns={"n_train": "examples", "error": "loss"}).query("loss > 0")
    rng, found = np.random.default_rng(SEED), []
    for name, rows in table.groupby("openml_id", sort=True):
        for learner in rng.permutation(np.sort(rows["learner"].unique())):
            own = rows[rows["learner"] == learner].sort_values("examples")[["examples", "loss"]]
            ladder = own.iloc[thinned(own["examples"])]
            if len(ladder) >= FEWEST and starts_late(halves(ladder)[0]) is late:
                found.append((f"lcdb {name} {learner}", "lcdb", ladder))
                break
    return found


def read_tasks(data: Path) -> list[tuple[str, str, pd.DataFrame]]:
    """Return BIG-bench's tasks, thinned to factors of 1.5: a ladder each."""
    table = pd.read_csv(data / "revisiting_learning_curves" / "lang.csv").query("domain == 'BB'")
    table = table.rename(columns={"seen_examples": "examples"})
    found = []
    for name, rows in table.groupby("task", sort=True):
        own = rows.sort_values("examples")[["examples", "loss"]]
        found.append((f"BIG-bench {name}", "bigbench", own.iloc[thinned(own["examples"], 1.4)]))
    return found


def halves(ladder: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part a ladder in the middle of its logarithm of examples, or after five runs."""
    x = np.log(ladder["examples"].to_numpy(float))
    fitted = x <= max((x[0] + x[-1]) / 2, x[4])
    return ladder[fitted], ladder[~fitted]


def starts_late(fitted: pd.DataFrame) -> bool:
    """Say whether the error falls less than half as fast over the first half of the runs."""
    x, y = (np.log(fitted[name].to_numpy(float)) for name in ("examples", "loss"))
    middle = len(x) // 2
    early, late = (
        -np.polyfit(x[part], y[part], 1)[0] for part in (slice(middle + 1), slice(middle, None))
    )
    return bool(late > 0.02 and early < 0.5 * late)


def judge(name: str, source: str, ladder: pd.DataFrame, *, late: bool) -> list[dict]:
    """Fit the lower part by each model and score the upper one."""
    fitted, judged = halves(ladder)
    rows = []
    for label, spec in SPECS.items():
        fit = bs.fit(spec, fitted, along="examples", random_seed=SEED, **SETTINGS)
        made = bs.predict(fit, examples=judged["examples"].tolist(), far=True)
        scores = score_targets(predictive_of(made), judged["loss"].to_numpy(float))
        error = np.log(scores["median"] / scores["truth"])
        rows.append(
            {
                "ladder": name,
                "source": source,
                "starts_late": late,
                "model": label,
                "fitted": len(fitted),
                "judged": len(judged),
                "crps_x100": 100 * float(scores["crps"].mean()),
                "log_score": float(scores["log_score"].mean()),
                "coverage_50": float(scores["covered_50"].mean()),
                "coverage_90": float(scores["covered_90"].mean()),
                "bias": float(error.mean()),
                "converged": fit.diagnosis.converged,
            }
        )
    return rows


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Average over ladders, and compare each model with the late start, ladder by ladder."""
    rows = []
    for (source, late), part in table.groupby(["source", "starts_late"], sort=False):
        wide = part.pivot_table(index="ladder", columns="model", values="crps_x100")
        rng = np.random.default_rng(0)
        drawn = rng.integers(len(wide), size=(RESAMPLES, len(wide)))
        for model, own in part.groupby("model", sort=False):
            gap = (wide[model] - wide[LATE]).to_numpy()
            low, high = np.quantile(gap[drawn].mean(axis=1), [0.05, 0.95])
            scores = ["crps_x100", "log_score", "coverage_50", "coverage_90", "bias"]
            rows.append(
                {
                    "source": source,
                    "starts_late": late,
                    "model": model,
                    "ladders": len(own),
                    "forecasts": int(own["judged"].sum()),
                    **own[scores].mean().to_dict(),
                    "crps_above_late_start": float(gap.mean()),
                    "above_low": float(low),
                    "above_high": float(high),
                    "not_converged": int((~own["converged"]).sum()),
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Judge ladders; write and print after each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--ladders", type=int, default=24, help="of LCDB, of either kind")
    given = parser.parse_args()
    chosen = [(*one, starts_late(halves(one[2])[0])) for one in read_tasks(given.data)]
    for late in (True, False):
        found = read_lcdb(given.data, late=late)
        print(f"LCDB: {len(found)} data sets, {'' if late else 'not '}starting late", flush=True)
        lots = np.random.default_rng(SEED).permutation(len(found))[: given.ladders]
        chosen += [(*found[at], late) for at in lots]
    rows: list[dict] = []
    for name, source, ladder, late in chosen:
        rows += judge(name, source, ladder, late=late)
        table = pd.DataFrame(rows)
        table.to_csv(RESULTS / "late_start.csv", index=False, float_format="%.4g")
        summarise(table).to_csv(
            RESULTS / "late_start_summary.csv", index=False, float_format="%.4g"
        )
        print(f"{len(rows) // len(SPECS)} of {len(chosen)}: {name}", flush=True)
    print(summarise(table).to_string(float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
