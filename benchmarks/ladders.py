"""The accuracy table: forecasts of published ladders against what the larger runs showed (E5).

    python benchmarks/learn_priors.py --data ../shared/data     # once
    python benchmarks/ladders.py --data ../shared/data [--jobs 2]

Every ladder that ``sources.csv`` lets judge is fitted up to several cutoffs, and every larger run
is forecast, with priors of elasticity and floor share learned from all other sources
(``results/learned_priors.csv``). Writes ``results/ladders.csv``, a row a forecast and model;
``results/ladders_by_ladder.csv``, a row a ladder; ``results/ladders_summary.csv`` and ``.md``, the
averages. ``--write-up`` averages the forecasts of the last table again, and makes none;
``calibration_figure.py`` draws them.

What is finished is kept in ``--save``, a file a model and source, and an interrupted table goes on
from there.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from learn_priors import NOBODY
from scipy import stats
from scores import summarise
from tables import HERE, read_sources, read_tables

import bayes_scaling as bs
from bayes_scaling.evaluation.backtesting import Backtest

SEED = 1
SETTINGS = {"draws": 1000, "tune": 1000}
PACKAGE, LAW, HUBER, POWER = "this package", "law only", "Huber bootstrap", "power law"
BASELINES = {HUBER: "huber_bootstrap", POWER: "power_law"}
RESULTS = HERE / "results"
KEPT = ("set", "source", "ladder", "cutoff", "compute", "distance", "truth", "median")
KEPT += ("q05", "q25", "q75", "q95", "crps", "log_score", "pit", "covered_50", "covered_90")
SCORES = ["coverage_50", "coverage_90", "crps_x100", "error_percent"]
SHOWN = ("n", "coverage_50", "coverage_90", "interval", "pit_mean", "pit_ks", "crps_x100")
SHOWN += ("error_percent",)


def specs_without() -> dict[str, bs.Spec]:
    """Return the model for each source, with priors learned from all others."""
    table = pd.read_csv(RESULTS / "learned_priors.csv").set_index("left_out")
    model = bs.load_model("loss")
    judged = read_sources().query("judge == 'yes'")["source"].unique()
    rows = {source: table.loc[source if source in table.index else NOBODY] for source in judged}
    return {
        source: model.with_priors(
            elasticity=_prior("LogNormal", row, "elasticity"),
            floor_share=_prior("LogitNormal", row, "floor_share"),
        )
        for source, row in rows.items()
    }


def _prior(dist: str, row: pd.Series, name: str) -> dict[str, object]:
    return {"dist": dist, "mu": float(row[f"{name}_mu"]), "sigma": float(row[f"{name}_sigma"])}


def judge(table: pd.DataFrame, save: Path, jobs: int) -> Iterator[tuple[str, Backtest]]:
    """Backtest every model, source by source."""
    for source, spec in specs_without().items():
        runs = table[table["source"] == source]
        for name, model in ((PACKAGE, spec), (LAW, spec.with_priors(amplitude=0))):
            file = save / f"{name.replace(' ', '-')}-{source}.jsonl"
            yield (
                name,
                bs.backtest(
                    model, runs, random_seed=SEED, jobs=jobs, save=file, fit_options=SETTINGS
                ),
            )
            print(f"{name}: {source}", flush=True)
    for name, baseline in BASELINES.items():
        file = save / f"{baseline}.jsonl"
        yield (
            name,
            bs.backtest(None, table, baseline=baseline, random_seed=SEED, jobs=jobs, save=file),
        )


def gather(table: pd.DataFrame, save: Path, jobs: int) -> dict[str, Backtest]:
    """Put the sources of each model together."""
    parts: dict[str, list[Backtest]] = {}
    for name, part in judge(table.drop(columns=["family", "set"]), save, jobs):
        parts.setdefault(name, []).append(part)
    return {
        name: Backtest(
            name,
            pd.concat([part.forecasts for part in some], ignore_index=True),
            pd.concat([part.skipped for part in some], ignore_index=True),
        )
        for name, some in parts.items()
    }


def tabulate(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Average: by model, over all, by set, metric, source and distance."""
    listed = read_sources().query("judge == 'yes'").set_index("ladder")
    metric = forecasts["ladder"].map(listed["metric"])
    metric = metric.where(metric == "error rate", "cross-entropy and others")
    return summarise(forecasts, {"set": forecasts["set"], "metric": metric})


def by_ladder(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Average rows of ``results/ladders.csv`` by ladder; columns say the score and the model."""
    rows = forecasts.assign(
        coverage_50=forecasts["covered_50"].astype(float),
        coverage_90=forecasts["covered_90"].astype(float),
        crps_x100=100 * forecasts["crps"],
        error_percent=100 * np.log(forecasts["median"] / forecasts["truth"]).abs(),
    )
    place = ["source", "ladder"]
    ways = dict.fromkeys(SCORES, lambda scores: scores.mean(skipna=False))
    ways["error_percent"] = lambda errors: errors.median(skipna=False)
    wide = rows.pivot_table(index=place, columns="model", values=SCORES, aggfunc=ways)
    order = [(score, model) for score in SCORES for model in (PACKAGE, LAW, HUBER, POWER)]
    scores = wide[order].set_axis([f"{score}: {model}" for score, model in order], axis=1)
    own = rows[rows["model"] == PACKAGE].groupby(place)
    return own["distance"].agg(n="size", decades="max").join(scores)


def against_nominal(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Test 90 % coverage source by source, with Holm's correction.

    ``p_holm`` takes forecasts as independent. Those of one ladder share runs and a truth, so
    ``p_holm_ladders`` counts as many forecasts as their correlation within ladders leaves.
    """
    size = forecasts.groupby("ladder").size()
    inflated = size * (1 + (size - 1) * _correlation(forecasts))
    table = forecasts.groupby("source")["covered_90"].agg(covered="sum", n="size")
    source = forecasts.groupby("ladder")["source"].first()
    effective = table["n"] ** 2 / inflated.groupby(source).sum()
    return table.assign(
        n_effective=effective,
        p_holm=_holm(table["covered"], table["n"]),
        p_holm_ladders=_holm(table["covered"] / table["n"] * effective, effective),
    ).sort_values("p_holm")


def effective_share(forecasts: pd.DataFrame) -> float:
    """Share of the forecasts that the correlation of misses within ladders leaves."""
    size = forecasts.groupby("ladder").size()
    return float(size.sum() / (size * (1 + (size - 1) * _correlation(forecasts))).sum())


def _correlation(forecasts: pd.DataFrame) -> float:
    """Correlation of misses of the 90 % interval within ladders."""
    surprise = forecasts["covered_90"].astype(float) - 0.9
    by_ladder = surprise.groupby(forecasts["ladder"]).agg(["sum", "size", lambda x: (x**2).sum()])
    total, size, squares = by_ladder.to_numpy().T
    pairs = (size * (size - 1)).sum()
    return float(max(0.0, (total**2 - squares).sum() / pairs / 0.09))


def _holm(covered: pd.Series, n: pd.Series) -> pd.Series:
    whole = pd.DataFrame({"k": covered, "n": n}).round().astype(int)
    p = pd.Series(
        [stats.binomtest(k, k if k > m else m, 0.9).pvalue for k, m in whole.to_numpy()],
        whole.index,
    ).sort_values()
    return np.minimum(np.maximum.accumulate(p * np.arange(len(p), 0, -1)), 1)


def written(table: pd.DataFrame) -> str:
    """Write the averages as Markdown tables."""
    bounds = zip(table["coverage_90_low"], table["coverage_90_high"], strict=True)
    table = table.assign(
        interval=[f"[{low:.2f}, {high:.2f}]" if low == low else "" for low, high in bounds]
    )
    parts = []
    for by, title in (
        ("all", "All forecasts"),
        ("metric", "By metric"),
        ("set", "By set"),
        ("distance", "By distance, in decades beyond the last fitted run"),
        ("source", "By source"),
    ):
        lines = [
            f"## {title}",
            "",
            f"| {by} | model | {' | '.join(SHOWN)} |",
            "|---" * (len(SHOWN) + 2) + "|",
        ]
        for row in table[table["by"] == by].sort_values("group", kind="stable").itertuples():
            cells = [f"{getattr(row, c):.2f}" for c in ("coverage_50", "coverage_90")]
            cells += [row.interval, f"{row.pit_mean:.2f}", f"{row.pit_ks:.2f}"]
            cells += [f"{row.crps_x100:.2f}", f"{row.error_percent:.2f}"]
            lines.append(f"| {row.group} | {row.model} | {row.n} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def write_up(forecasts: pd.DataFrame) -> str:
    """Write the tables; return the averages as text."""
    by_ladder(forecasts).to_csv(RESULTS / "ladders_by_ladder.csv", float_format="%.4g")
    averages = tabulate(forecasts)
    averages.to_csv(RESULTS / "ladders_summary.csv", index=False, float_format="%.4g")
    tests = against_nominal(forecasts[forecasts["model"] == PACKAGE])
    tests.to_csv(RESULTS / "ladders_tests.csv", float_format="%.4g")
    text = written(averages)
    (RESULTS / "ladders_summary.md").write_text("# Forecasts of published ladders\n\n" + text)
    return f"{text}\n{tests.to_string(float_format='%.4f')}"


def main() -> None:
    """Judge, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path(".ladders"))
    parser.add_argument("--write-up", action="store_true")
    asked = parser.parse_args()
    if not asked.write_up:
        asked.save.mkdir(parents=True, exist_ok=True)
        listed = read_sources().query("judge == 'yes'").set_index("ladder")
        table = read_tables(asked.data)
        results = gather(table[table["ladder"].isin(listed.index)], asked.save, asked.jobs)
        rows = [
            result.forecasts.assign(model=name, set=result.forecasts["ladder"].map(listed["set"]))
            for name, result in results.items()
        ]
        forecasts = pd.concat(rows)[["model", *KEPT]]
        forecasts.to_csv(RESULTS / "ladders.csv", index=False, float_format="%.4g")
    print(write_up(pd.read_csv(RESULTS / "ladders.csv")))


if __name__ == "__main__":
    main()
