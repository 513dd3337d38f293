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

``--keep-priors`` judges with the priors of the last table, and learns none. Where the shelf's
priors aren't those learned from all sources, both are printed. ``--write-up`` averages the
forecasts of the last table again, and makes none.

Huber's forecasts are kept in ``--save``.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from error_rate_tables import HERE, derive, read_list
from quick_posterior import PLACES, SCALES, forecast, sampled_ladders
from scores import mixed, pairs, scored, summarise, write_forecasts

import bayes_scaling as bs
from bayes_scaling.evaluation.ladder_fits import Ladders
from bayes_scaling.evaluation.scoring import predictive_of
from bayes_scaling.evaluation.splitting import Split, find_ladders, split_ladders
from bayes_scaling.inference.fitting import fit_runs

SEED = 1
RESULTS = HERE / "results"
LEARNED = RESULTS / "error_rates_learned.csv"
NOBODY = "none"
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


def starting(name: str) -> bs.Spec:
    """Return a model with the priors that learning starts from."""
    return bs.load_model(name).with_priors(**START[name])


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
    unknown = own.drop(columns="chance")
    found = {
        FLOOR: learned(FLOOR, sampled_ladders(starting(FLOOR), own), judged),
        CHANCE: learned(CHANCE, sampled_ladders(starting(CHANCE), own), judged),
        UNKNOWN: learned(UNKNOWN, sampled_ladders(starting(CHANCE), unknown), judged),
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


def say_stale(known: Mapping[str, Mapping[str, bs.Spec]]) -> None:
    """Print what the shelf says otherwise than what was learned from all sources."""
    for name in (FLOOR, CHANCE):
        shelf = bs.load_model(name).free
        for own, prior in known[name][NOBODY].free.items():
            if str(prior) != str(shelf[own]):
                print(f"models/{name}.toml: {own} is {shelf[own]}, learned {prior}")


def read_learned(judged: pd.DataFrame) -> dict[str, dict[str, bs.Spec]]:
    """Read the models with priors that were learned before."""
    loss = dict.fromkeys((*judged["source"].unique(), NOBODY), bs.load_model(LOSS))
    found: dict[str, dict[str, bs.Spec]] = {LOSS: loss}
    for (name, source), rows in pd.read_csv(LEARNED).groupby(["model", "left_out"]):
        numbers = rows.set_index("parameter")[["dist", "mu", "sigma"]].to_dict("index")
        model = bs.load_model(str(name).partition(",")[0])
        found.setdefault(str(name), {})[str(source)] = model.with_priors(**numbers)
    return found


def judge(split: Split, known: Mapping[str, Mapping[str, bs.Spec]]) -> Iterator[pd.DataFrame]:
    """Forecast what lies beyond a cutoff by every model, and score it."""
    source, chance = split.fitted[["source", "chance"]].iloc[0]
    made = {}
    for name, by_source in known.items():
        runs = split.fitted.drop(columns="chance") if name == UNKNOWN else split.fitted
        made[name], size = forecast(by_source[source], runs, split.targets)
        yield scored(split, name, made[name]).assign(effective=size, chance=chance)
    yield scored(split, STACK, mixed(made[FLOOR], made[CHANCE])).assign(chance=chance)


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


def known_chance(forecasts: pd.DataFrame) -> dict[str, pd.Series]:
    """Tell forecasts apart by whether the chance level is known."""
    return {"chance": forecasts["chance"].notna().map({True: "known", False: "not known"})}


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
            one = scored(split, name, quick).assign(by="quick", converged=True)
            two = scored(split, name, full).assign(by="package", converged=fit.diagnosis.converged)
            rows += [one, two]
        print(f"refit {number} of {count}", flush=True)
    return pd.concat(rows, ignore_index=True)


def write_up(forecasts: pd.DataFrame) -> None:
    """Write and print the averages, and the models against each other."""
    summary = summarise(forecasts, known_chance(forecasts))
    summary.to_csv(RESULTS / "error_rates_summary.csv", index=False, float_format="%.4g")
    ones, others = (FLOOR, CHANCE, UNKNOWN, STACK), (HUBER, LOSS, FLOOR, CHANCE, UNKNOWN)
    compared = pairs(forecasts, ones, others)
    compared.to_csv(RESULTS / "error_rates_pairs.csv", index=False, float_format="%.4g")
    print(summary.query("by == 'all'").to_string(float_format="%.3f"))
    print(compared.to_string(float_format="%.3f"))


def main() -> None:
    """Learn, judge, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path(".error-rates"))
    parser.add_argument("--refits", type=int, default=0)
    parser.add_argument("--keep-priors", action="store_true")
    parser.add_argument("--write-up", action="store_true")
    asked = parser.parse_args()
    if asked.write_up:
        write_up(pd.read_csv(RESULTS / "error_rates.csv"))
        return
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
    if not asked.keep_priors:
        write_learned(specs(table, listed))
    known = read_learned(judged)
    say_stale(known)
    rows = []
    for number, split in enumerate(splits, start=1):
        rows += list(judge(split, known))
        if number % 50 == 0:
            print(f"{number} of {len(splits)} cutoffs", flush=True)
    rows.append(by_baseline(judged, asked.save, asked.jobs))
    forecasts = pd.concat(rows, ignore_index=True)
    write_forecasts(forecasts, RESULTS / "error_rates.csv", ["chance"])
    write_up(forecasts)


if __name__ == "__main__":
    main()
