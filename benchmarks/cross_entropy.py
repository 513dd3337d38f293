"""Which law to forecast cross-entropies with, and whether the kind of ladder matters.

    python benchmarks/cross_entropy.py --data ../shared/data

``loss`` and ``loss_broken`` forecast every ladder that ``sources.csv`` judges, but for error rates,
and two sources of ``ladders_2026`` beside. Both have the same priors for what they share:
elasticity and floor share learned without the source that is judged
(``results/learned_priors.csv``), sigma and the amplitude of ``models/loss.toml``. Stacks of the two
are half each, and with weights by distance that were learned without the source. Then ``loss`` with
a floor share whose prior is shifted by what the ladder scales (``ladder_kinds.py``), and the same
learned in the same way without shifts. Writes ``results/cross_entropy.csv``, a row a forecast and
model, and ``_summary``, ``_pairs`` (by a bootstrap over sources) and ``_kinds``.

Posteriors are those of ``quick_posterior.py``. ``--write-up`` averages the forecasts of the last
table again, and makes none.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from ladder_kinds import FloorShares, kinds, read_sizes
from ladders import specs_without
from learn_priors import NOBODY
from quick_posterior import forecast, sampled_ladders
from scores import RESULTS, mixed, pairs, scored, summarise, write_forecasts
from tables import read_sources, read_tables

import bayes_scaling as bs
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.evaluation.scoring import Predictive
from bayes_scaling.evaluation.splitting import Split, find_ladders, split_ladders
from bayes_scaling.evaluation.stacking import learn_weights

LOSS, BROKEN, HALF, STACK = "loss", "loss_broken", "half each", "stack, weights learned by distance"
SHIFTED, UNSHIFTED = "loss, floor share by kind of ladder", "loss, floor share learned alike"
ADDED = ("quest_precision", "tinyml_widths")
SHARED = ("level", "elasticity", "floor_share", "sigma", "amplitude")


def read_judged(data: Path) -> pd.DataFrame:
    """Read the ladders of cross-entropies; what a study scales stands in the column compute."""
    listed = read_sources().query("judge == 'yes' and metric != 'error rate'")["ladder"]
    table = read_tables(data)
    new = pd.read_csv(data / "ladders_2026" / "ladders.csv")
    new = new[new["source"].isin(ADDED) & (new["metric"] == "cross_entropy")]
    new = new.assign(compute=np.where(new["scaled"] == "params", new["params"], new["compute"]))
    columns = ["ladder", "source", "compute", "loss"]
    return pd.concat([table[table["ladder"].isin(listed)], new], ignore_index=True)[columns]


def with_broken(spec: bs.Spec) -> bs.Spec:
    """Return the broken law with the priors of a spec of ``loss`` for all that both have."""
    broken = bs.load_model(BROKEN)
    own = {
        name: {"dist": one.dist, **one.arguments}
        for name, one in spec.free.items()
        if name in SHARED
    }
    return broken.with_priors(**own)


def learned_shares(data: Path, judged: pd.DataFrame) -> dict[str, dict[str, dict[str, tuple]]]:
    """Learn the floor share without each source, with shifts by kind and without."""
    listed = read_sources().query("learn == 'yes' and metric != 'error rate'")["ladder"]
    table = read_tables(data)
    table = table[table["ladder"].isin(listed)][["ladder", "source", "compute", "loss"]]
    table = pd.concat([table, judged[judged["source"].isin(ADDED)]], ignore_index=True)
    ladders = sampled_ladders(bs.load_model(LOSS), table)
    evidence = FloorShares(ladders, kinds(table, read_sizes(data)))
    found = {}
    for source in (*judged["source"].unique(), NOBODY):
        found[source] = {
            name: evidence.learn(source, shifted=shifted)
            for name, shifted in ((SHIFTED, True), (UNSHIFTED, False))
        }
        print(source, {k: np.round(v, 2).tolist() for k, v in found[source][SHIFTED].items()})
    return found


def judge(
    split: Split, spec: bs.Spec, kind: str, shares: Mapping[str, Mapping[str, tuple]]
) -> dict[str, Predictive]:
    """Forecast what lies beyond a cutoff by every model."""
    models = {LOSS: spec, BROKEN: with_broken(spec)}
    for name, by_kind in shares.items():
        mu, sigma = by_kind[kind]
        share = {"dist": "LogitNormal", "mu": round(mu, 2), "sigma": round(sigma, 2)}
        models[name] = spec.with_priors(floor_share=share)
    made = {name: forecast(own, split.fitted, split.targets)[0] for name, own in models.items()}
    return made | {HALF: mixed(made[LOSS], made[BROKEN])}


def stacked(
    splits: Sequence[Split], made: Sequence[Mapping[str, Predictive]], forecasts: pd.DataFrame
) -> list[pd.DataFrame]:
    """Mix the two laws with weights that were learned from all sources but the one judged."""
    rows, learned = [], {}
    for split, both in zip(splits, made, strict=True):
        source = str(split.fitted["source"].iloc[0])
        if source not in learned:
            other = forecasts[forecasts["source"] != source]
            judged = {
                name: Backtest(name, own.reset_index(drop=True), pd.DataFrame())
                for name, own in other.groupby("model")
                if name in (LOSS, BROKEN)
            }
            learned[source] = learn_weights({name: judged[name] for name in (LOSS, BROKEN)})
        weights = learned[source](both[LOSS].targets["distance"].to_numpy(float))
        rows.append(scored(split, STACK, _chosen(both, weights[:, 0])))
    everyone = {name: own.reset_index(drop=True) for name, own in forecasts.groupby("model")}
    learn = {n: Backtest(n, everyone[n], pd.DataFrame()) for n in (LOSS, BROKEN)}
    at = np.array([0.25, 1.0, 2.0])
    print("weight of loss at 0.25, 1, 2 decades:", learn_weights(learn)(at)[:, 0].round(2))
    return rows


def _chosen(both: Mapping[str, Predictive], weight: np.ndarray) -> Predictive:
    """Take of each draw and target one of the two laws' draws, the first as often as said."""
    one, other = both[LOSS], both[BROKEN]
    rng = np.random.default_rng(0)
    number = (rng.permutation(len(one.draws)) + 0.5) / len(one.draws)
    first = number[:, None] < weight
    scales = [np.broadcast_to(part.scale, part.draws.shape) for part in (one, other)]
    return Predictive(
        one.targets,
        np.where(first, one.draws, other.draws),
        np.where(first, one.location, other.location),
        np.where(first, *scales),
        one.nu,
        top=one.top,
    )


def write_up(forecasts: pd.DataFrame) -> None:
    """Write and print the averages, and the models against each other."""
    summary = summarise(forecasts, {"kind": forecasts["kind"]})
    compared = pd.concat(
        [
            pairs(forecasts, (BROKEN, HALF, STACK), (LOSS,)),
            pairs(forecasts, (SHIFTED,), (LOSS, UNSHIFTED)),
        ],
        ignore_index=True,
    )
    for name, one in {"summary": summary, "pairs": compared}.items():
        file = RESULTS / f"cross_entropy_{name}.csv"
        one.to_csv(file, index=False, float_format="%.4g")
    print(summary.query("by in ('all', 'kind')").to_string(float_format="%.3f"))
    print(compared.to_string(float_format="%.3f"))


def main() -> None:
    """Learn, judge, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write-up", action="store_true")
    asked = parser.parse_args()
    if asked.write_up:
        write_up(pd.read_csv(RESULTS / "cross_entropy.csv"))
        return
    table = read_judged(asked.data)
    kind = kinds(table, read_sizes(asked.data))
    splits, _ = split_ladders(find_ladders(table), None, None)
    shares = learned_shares(asked.data, table)
    specs = specs_without()
    made = []
    for number, split in enumerate(splits, start=1):
        source = str(split.fitted["source"].iloc[0])
        spec = specs.get(source, bs.load_model(LOSS))
        made.append(judge(split, spec, kind[split.ladder], shares[source]))
        if number % 50 == 0:
            print(f"{number} of {len(splits)} cutoffs", flush=True)
    rows = [
        scored(split, name, one)
        for split, every in zip(splits, made, strict=True)
        for name, one in every.items()
    ]
    forecasts = pd.concat(rows, ignore_index=True)
    parts = [forecasts, *stacked(splits, made, forecasts)]
    forecasts = pd.concat(parts, ignore_index=True)
    forecasts["kind"] = forecasts["ladder"].map(kind)
    write_forecasts(forecasts, RESULTS / "cross_entropy.csv", ["kind"])
    learned = pd.DataFrame(
        {"left_out": source, "learned": name, "kind": own, "mu": mu, "sigma": sigma}
        for source, both in shares.items()
        for name, by_kind in both.items()
        for own, (mu, sigma) in by_kind.items()
    )
    learned.to_csv(RESULTS / "cross_entropy_kinds.csv", index=False, float_format="%.4g")
    write_up(forecasts)


if __name__ == "__main__":
    main()
