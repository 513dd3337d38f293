"""The accuracy table: forecasts of published ladders against what the larger runs showed (E5).

    python benchmarks/ladders.py --data ../shared/data [--more] [--jobs 2]

Every ladder is fitted up to several cutoffs and every larger run is forecast: 348 forecasts from
the 50 ladders of ``ladders/``, and with ``--more`` 125 from the 28 ladders of five or more runs of
``ladders_more/``. The READMEs there say where each comes from.

This is NOT yet a claim out of source: the shelf's priors are starting values from pilots that saw
``ladders/``. Learned priors, with whole sources held out, replace them.

What is finished is kept in ``--save`` (by default ``.ladders`` in the working directory), a file a
model, and an interrupted table goes on from there.
"""

import argparse
from pathlib import Path

import pandas as pd

import bayes_scaling as bs
from bayes_scaling.evaluation.backtesting import Backtest

HERE = Path(__file__).parent
SEED = 1
LONG_ENOUGH = 5  # runs
SHOWN = {
    "n": "{:.0f}",
    "coverage_50": "{:.2f}",
    "coverage_90": "{:.2f}",
    "interval": "{}",
    "crps_x100": "{:.2f}",
    "log_score": "{:.2f}",
    "error_percent": "{:.2f}",
    "not_converged": "{:.0f}",
}


def read_ladders(data: Path, *, more: bool, only: list[str] | None) -> dict[str, pd.DataFrame]:
    """Tables of runs: the pilot's ladders, and those found afterwards."""
    folders = ["ladders", "ladders_more"] if more else ["ladders"]
    tables = {}
    for folder in folders:
        table = pd.read_csv(data / folder / "ladders.csv")
        table = table[["ladder", "family", "source", "compute", "loss"]]
        long = table.groupby("ladder")["loss"].transform("size") >= LONG_ENOUGH
        named = table["ladder"].isin(only) if only else True
        if (kept := table[long & named]).shape[0]:
            tables[folder] = kept
    return tables


def judge(table: pd.DataFrame, save: Path, jobs: int) -> dict[str, Backtest]:
    """Backtest the package, the law alone, and what people use today."""
    loss = bs.load_model("loss")
    contenders = {
        "loss": {"model": loss},
        "law only": {"model": loss.with_priors(amplitude=0)},
        "Huber, bootstrap": {"model": None, "baseline": "huber_bootstrap"},
        "power law": {"model": None, "baseline": "power_law"},
    }
    results = {}
    for name, contender in contenders.items():
        file = save.with_name(f"{save.name}-{name.replace(', ', '-').replace(' ', '-')}.jsonl")
        results[name] = bs.backtest(
            data=table,
            random_seed=SEED,
            jobs=jobs,
            save=file,
            progress=lambda done, total, name=name: print(
                f"\r{name}: {done} of {total} fits", end="" if done < total else "\n", flush=True
            ),
            **contender,
        )
    return results


def tabulate(ladders: str, results: dict[str, Backtest]) -> pd.DataFrame:
    """One table: by model, over all, by source and by distance."""
    parts = []
    for model, result in results.items():
        for by in (None, "source", "distance"):
            part = result.summary(by)
            labels = {"ladders": ladders, "by": by or "all", "group": part.index, "model": model}
            parts.append(part.reset_index(drop=True).assign(**labels))
    table = pd.concat(parts, ignore_index=True)
    table["crps_x100"] = 100 * table["crps"]
    table["error_percent"] = 100 * table["median_abs_error"]
    keys = ["ladders", "by", "group", "model"]
    return table.set_index(keys).reset_index()


def printed(table: pd.DataFrame) -> str:
    """Write the table as text."""
    bounds = zip(table["coverage_90_low"], table["coverage_90_high"], strict=True)
    table = table.assign(
        interval=[f"[{low:.2f}, {high:.2f}]" if low == low else "" for low, high in bounds]
    )
    order = table.sort_values(["ladders", "by", "group"], kind="stable")
    shown = order.set_index(["ladders", "by", "group", "model"])[list(SHOWN)]
    return shown.to_string(formatters={name: form.format for name, form in SHOWN.items()})


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--more", action="store_true", help="also the ladders found afterwards")
    parser.add_argument("--only", nargs="*", help="names of the ladders to take")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path(".ladders"))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "ladders.csv")
    asked = parser.parse_args()
    asked.save.mkdir(parents=True, exist_ok=True)
    tables = []
    for folder, table in read_ladders(asked.data, more=asked.more, only=asked.only).items():
        results = judge(table, asked.save / folder, asked.jobs)
        tables.append(tabulate(folder, results))
        skipped = results["loss"].skipped
        print(f"{folder}: {len(results['loss'].forecasts)} forecasts, {len(skipped)} skipped.")
    whole = pd.concat(tables, ignore_index=True)
    print(printed(whole))
    whole.drop(columns=["crps", "median_abs_error"]).to_csv(
        asked.out, index=False, float_format="%.4g"
    )


if __name__ == "__main__":
    main()
