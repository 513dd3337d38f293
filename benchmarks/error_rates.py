"""Forecasts of published ladders of error rates, each source judged with priors that never saw it.

    python benchmarks/error_rates.py --data ../shared/data

Every ladder that ``error_rate_sources.csv`` lets learn is sampled once under wide priors, and the
priors of ``models/loss_error_rate.toml`` and ``loss_above_chance.toml`` are learned from all, then
without each source in turn. Each judged ladder is forecast from its first runs with the priors
that were learned without its source. Writes ``results/error_rates.csv``, a row a forecast and
model; ``error_rates_summary.csv``, by source and in all; ``error_rates_pairs.csv``, one model
against another; ``error_rates_learned.csv``, the priors. Posteriors are those of
``quick_posterior.py``; ``--refits`` fits some cutoffs by the package itself and writes
``error_rates_refits.csv``.

``--keep-priors`` judges with the priors of the last table, and learns none.

Huber's forecasts are kept in ``--save``.
"""

import argparse
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from error_rate_tables import HERE, derive, read_list
from quick_posterior import PLACES, SCALES, forecast, kept_draws, priors_of, read_ladder, sample

import bayes_scaling as bs
from bayes_scaling.evaluation.ladder_fits import WIDENING, Ladders, standpoint, transferable
from bayes_scaling.evaluation.scoring import Predictive, predictive_of, score_targets
from bayes_scaling.evaluation.splitting import Split, find_ladders, split_ladders
from bayes_scaling.inference.fitting import fit_runs

SEED = 1
RESULTS = HERE / "results"
LEARNED = RESULTS / "error_rates_learned.csv"
NOBODY = "none"
DRAWS_OF_LADDER = 400
START = {
    "loss_error_rate": {
        "elasticity": {"dist": "LogNormal", "mu": -2.3, "sigma": 0.5},
        "floor_share": {"dist": "LogitNormal", "mu": -0.5, "sigma": 1.0},
        "sigma": {"dist": "LogNormal", "mu": -4.2, "sigma": 0.6},
        "amplitude": {"dist": "LogNormal", "mu": -3.7, "sigma": 0.7},
    },
    "loss_above_chance": {
        "k": {"dist": "LogNormal", "mu": -1.7, "sigma": 0.6},
        "floor_share": {"dist": "LogitNormal", "mu": -0.5, "sigma": 1.0},
        "sigma": {"dist": "LogNormal", "mu": -4.2, "sigma": 0.6},
        "amplitude": {"dist": "LogNormal", "mu": -3.7, "sigma": 0.7},
    },
}
LOSS, FLOOR, CHANCE = "loss", "loss_error_rate", "loss_above_chance"
UNKNOWN, STACK, HUBER = "loss_above_chance, chance unknown", "both, half each", "Huber bootstrap"
SCORED = ("median", "truth", "q05", "q25", "q75", "q95", "crps", "log_score", "pit")
SCORED += ("covered_50", "covered_90")
RESAMPLES = 4000
KEPT = ("model", "source", "ladder", "cutoff", "compute", "distance", "chance", "truth", "median")
KEPT += ("q05", "q95", "crps", "pit", "covered_50", "covered_90")


def sampled_ladders(name: str, table: pd.DataFrame) -> Ladders:
    """Sample each ladder under wide priors, from where whoever forecasts it stands."""
    spec = bs.load_model(name).with_priors(**START[name])
    parameters = transferable(spec)
    draws, sources, names = [], [], []
    for ladder, runs in find_ladders(table).items():
        alone = read_ladder(spec, runs, standpoint(runs["compute"]))
        seed = zlib.crc32(ladder.encode())  # errors that ladders shared would move what is learned
        found = sample(alone, priors_of(alone.spec, WIDENING), seed=seed)
        rows = kept_draws(found, DRAWS_OF_LADDER, np.random.default_rng([seed, SEED]))
        draws.append(np.stack([found.values[own][rows] for own in parameters], axis=1))
        names.append(ladder)
        sources.append(str(runs["source"].iloc[0]))
    converged = tuple([True] * len(names))
    return Ladders(spec, tuple(names), tuple(sources), parameters, np.stack(draws), converged)


def learned(name: str, ladders: Ladders, sources: list[str]) -> dict[str, bs.Spec]:
    """Learn priors from all ladders but those of a source, for each, and from all."""
    names = (*PLACES[ladders.spec.law.name][1:], *SCALES)
    found = {}
    for source in (*sources, NOBODY):
        without = [source] if source in ladders.sources else []
        found[source] = bs.learn_priors(ladders, learn=names, without=without, random_seed=SEED)
        print(name, "without", source, {k: str(found[source].free[k]) for k in names}, flush=True)
    return found


def specs(table: pd.DataFrame, listed: pd.DataFrame) -> dict[str, dict[str, bs.Spec]]:
    """Return each model's spec for each source, with priors that never saw it."""
    judged = sorted(listed.query("judge == 'yes'")["source"].unique())
    own = table[table["ladder"].isin(listed.query("learn == 'yes'")["ladder"])]
    found = {
        FLOOR: learned(FLOOR, sampled_ladders(FLOOR, own), judged),
        CHANCE: learned(CHANCE, sampled_ladders(CHANCE, own), judged),
        UNKNOWN: learned(UNKNOWN, sampled_ladders(CHANCE, own.drop(columns="chance")), judged),
    }
    found[LOSS] = dict.fromkeys((*judged, NOBODY), bs.load_model("loss"))
    return found


def write_learned(known: Mapping[str, Mapping[str, bs.Spec]]) -> None:
    """Write the learned priors, a row a model, source left out and parameter."""
    rows = [
        {"model": name, "left_out": source, "parameter": own, "dist": prior.dist, **prior.arguments}
        for name, by_source in known.items()
        for source, spec in by_source.items()
        for own, prior in spec.free.items()
        if name != LOSS and own in (*SCALES, *PLACES[spec.law.name][1:])
    ]
    pd.DataFrame(rows).to_csv(LEARNED, index=False)


def read_learned(judged: pd.DataFrame) -> dict[str, dict[str, bs.Spec]]:
    """Read the models with priors that were learned before."""
    loss = dict.fromkeys((*judged["source"].unique(), NOBODY), bs.load_model(LOSS))
    found: dict[str, dict[str, bs.Spec]] = {LOSS: loss}
    for (name, source), rows in pd.read_csv(LEARNED).groupby(["model", "left_out"]):
        numbers = rows.set_index("parameter")[["dist", "mu", "sigma"]].to_dict("index")
        model = bs.load_model(str(name).partition(",")[0])
        found.setdefault(str(name), {})[str(source)] = model.with_priors(**numbers)
    return found


def mixed(one: Predictive, other: Predictive) -> Predictive:
    """Draw half from each of two forecasts."""
    scale = [np.broadcast_to(part.scale, part.draws.shape) for part in (one, other)]
    return Predictive(
        one.targets,
        np.concatenate([one.draws, other.draws]),
        np.concatenate([one.location, other.location]),
        np.concatenate(scale),
        one.nu,
        top=one.top,
    )


def judge(split: Split, known: Mapping[str, Mapping[str, bs.Spec]]) -> Iterator[pd.DataFrame]:
    """Forecast what lies beyond a cutoff by every model, and score it."""
    source = str(split.fitted["source"].iloc[0])
    made = {}
    for name, by_source in known.items():
        runs = split.fitted.drop(columns="chance") if name == UNKNOWN else split.fitted
        made[name], size = forecast(by_source[source], runs, split.targets)
        yield _scored(split, name, made[name]).assign(effective=size)
    yield _scored(split, STACK, mixed(made[FLOOR], made[CHANCE]))


def _scored(split: Split, name: str, made: Predictive) -> pd.DataFrame:
    truth = split.targets["loss"].to_numpy(float)
    scores = score_targets(made, truth)[list(SCORED)]
    place = made.targets[["compute", "distance"]].assign(
        model=name,
        source=str(split.fitted["source"].iloc[0]),
        ladder=split.ladder,
        cutoff=split.cutoff,
        fitted=len(split.fitted),
        chance=split.fitted["chance"].iloc[0],
    )
    return pd.concat([place, scores], axis=1)


def by_baseline(table: pd.DataFrame, save: Path, jobs: int) -> pd.DataFrame:
    """Forecast by Huber with bootstrap, which takes a second a cutoff."""
    found = bs.backtest(
        None,
        table.drop(columns="chance"),
        baseline="huber_bootstrap",
        random_seed=SEED,
        jobs=jobs,
        save=save / "huber_bootstrap.jsonl",
    )
    rows = found.forecasts.assign(model=HUBER)
    chance = table.groupby("ladder")["chance"].first()
    return rows.assign(chance=rows["ladder"].map(chance))


def summarise(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Average each model's scores: by source, in all, over sources, and by distance."""
    rows = forecasts.assign(
        coverage_50=forecasts["covered_50"].astype(float),
        coverage_90=forecasts["covered_90"].astype(float),
        too_high=(forecasts["truth"] < forecasts["q05"]).astype(float),
        too_low=(forecasts["truth"] > forecasts["q95"]).astype(float),
        crps_x100=100 * forecasts["crps"],
        error_percent=100 * np.log(forecasts["median"] / forecasts["truth"]),
    )
    scores = ["coverage_50", "coverage_90", "too_high", "too_low", "crps_x100", "error_percent"]
    by_source = rows.groupby(["model", "source"])[scores].mean()
    by_source.insert(0, "n", rows.groupby(["model", "source"]).size())
    parts = [by_source.reset_index().assign(by="source").rename(columns={"source": "group"})]
    bins = pd.cut(rows["distance"], [0, 0.5, 1, 1.5, 2.5, np.inf]).astype(str)
    for by, group in (
        ("distance", bins),
        ("chance", rows["chance"].notna().map({True: "known", False: "not known"})),
    ):
        table = rows.groupby(["model", group.rename("group")])[scores].mean()
        table.insert(0, "n", rows.groupby(["model", group.rename("group")]).size())
        parts.append(table.reset_index().assign(by=by))
    for model, own in by_source.groupby("model"):
        pooled = (own[scores].mul(own["n"], axis=0)).sum() / own["n"].sum()
        times = _resampled(len(own))
        covered = (times @ (own["coverage_90"] * own["n"])) / (times @ own["n"])
        mean = times @ own["coverage_90"] / len(own)
        for group, values, drawn in (
            ("all forecasts", pooled, covered),
            ("mean over sources", own[scores].mean(), mean),
        ):
            low, high = np.quantile(drawn, [0.05, 0.95])
            line = {"model": model, "by": "all", "group": group, "n": own["n"].sum(), **values}
            line |= {"coverage_90_low": low, "coverage_90_high": high}
            parts.append(pd.DataFrame([line]))
    table = pd.concat(parts, ignore_index=True)
    first = ["by", "group", "model", "n", *scores, "coverage_90_low", "coverage_90_high"]
    return table[first].sort_values(["by", "group", "model"], kind="stable")


def pairs(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Compare mean CRPS over sources, two models at a time, by a bootstrap over sources."""
    by_source = 100 * forecasts.pivot_table("crps", "source", "model", "mean")
    rows = []
    for one in (FLOOR, CHANCE, UNKNOWN, STACK):
        for other in (HUBER, LOSS, FLOOR, CHANCE, UNKNOWN):
            if one == other:
                continue
            gap = (by_source[one] - by_source[other]).to_numpy()
            means = _resampled(len(gap)) @ gap / len(gap)
            ratio = np.log(by_source[one] / by_source[other]).to_numpy()
            ratios = np.exp(_resampled(len(gap)) @ ratio / len(gap))
            low, high = np.quantile(means, [0.05, 0.95])
            low_ratio, high_ratio = np.quantile(ratios, [0.05, 0.95])
            rows.append(
                {
                    "model": one,
                    "against": other,
                    "sources": len(gap),
                    "better_on": int((gap < 0).sum()),
                    "crps_x100_less": -gap.mean(),
                    "low": -high,
                    "high": -low,
                    "ratio": np.exp(ratio.mean()),
                    "ratio_low": low_ratio,
                    "ratio_high": high_ratio,
                }
            )
    return pd.DataFrame(rows)


def _resampled(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)


def refits(
    splits: list[Split], known: Mapping[str, Mapping[str, bs.Spec]], count: int
) -> pd.DataFrame:
    """Forecast some cutoffs by the package's own sampler too, spread evenly over sources."""
    by_source: dict[str, list[Split]] = {}
    for split in splits:
        by_source.setdefault(str(split.fitted["source"].iloc[0]), []).append(split)
    rng = np.random.default_rng(SEED)
    queues = [[own[place] for place in rng.permutation(len(own))] for own in by_source.values()]
    chosen = [queue[turn] for turn in range(len(splits)) for queue in queues if turn < len(queue)]
    rows = []
    for number, split in enumerate(chosen[:count], start=1):
        runs = split.fitted.drop(columns=["source", "ladder"], errors="ignore")
        for name in (CHANCE, FLOOR):
            spec = known[name][str(split.fitted["source"].iloc[0])]
            quick, _ = forecast(spec, split.fitted, split.targets)
            fit = fit_runs(spec, runs, random_seed=SEED, draws=500, tune=500)
            full = predictive_of(bs.predict(fit, split.targets))
            one = _scored(split, name, quick).assign(by="quick", converged=True)
            two = _scored(split, name, full).assign(by="package", converged=fit.diagnosis.converged)
            rows += [one, two]
        print(f"refit {number} of {count}", flush=True)
    return pd.concat(rows, ignore_index=True)


def main() -> None:
    """Learn, judge, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path(".error-rates"))
    parser.add_argument("--refits", type=int, default=0)
    parser.add_argument("--keep-priors", action="store_true")
    asked = parser.parse_args()
    asked.save.mkdir(parents=True, exist_ok=True)
    listed = read_list()
    table = derive(asked.data)
    judged = table[table["ladder"].isin(listed.query("judge == 'yes'")["ladder"])]
    splits, _ = split_ladders(find_ladders(judged), None, None)
    if asked.refits:
        found = refits(splits, read_learned(judged), asked.refits)
        found.to_csv(RESULTS / "error_rates_refits.csv", index=False, float_format="%.4g")
        print(
            found.groupby(["model", "by"])[["crps", "covered_50", "covered_90", "converged"]].mean()
        )
        return
    known = read_learned(judged) if asked.keep_priors else specs(table, listed)
    write_learned(known)
    rows = []
    for number, split in enumerate(splits, start=1):
        rows += list(judge(split, known))
        if number % 50 == 0:
            print(f"{number} of {len(splits)} cutoffs", flush=True)
    rows.append(by_baseline(judged, asked.save, asked.jobs))
    forecasts = pd.concat(rows, ignore_index=True)
    flags = {name: forecasts[name].astype(int) for name in ("covered_50", "covered_90")}
    table = forecasts.assign(**flags)[list(KEPT)]
    table.to_csv(RESULTS / "error_rates.csv", index=False, float_format="%.4g")
    summary = summarise(forecasts)
    summary.to_csv(RESULTS / "error_rates_summary.csv", index=False, float_format="%.4g")
    pairs(forecasts).to_csv(RESULTS / "error_rates_pairs.csv", index=False, float_format="%.4g")
    print(summary.query("by == 'all'").to_string(float_format="%.3f"))
    print(pairs(forecasts).to_string(float_format="%.3f"))


if __name__ == "__main__":
    main()
