"""Learn the priors of ``models/loss.toml`` from published ladders, with and without each source.

    python benchmarks/learn_priors.py --data ../shared/data

Fits every ladder that ``sources.csv`` lets learn, once, under wide priors (about 5 minutes on two
cores, kept in ``--save``), and learns from all of them, then without each source in turn. Writes
``results/learned_priors.csv``, which ``ladders.py`` judges, and prints the spec learned from all.
The forecasts of a source are judged only with priors learned without it.
"""

import argparse
import zlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from tables import HERE, read_sources, read_tables

import bayes_scaling as bs
from bayes_scaling.data import table_hash
from bayes_scaling.evaluation.ladder_fits import Ladders, fit_ladders

SEED = 0
START = {  # medians 0.08 and 0.5
    "elasticity": {"dist": "LogNormal", "mu": -2.53, "sigma": 0.6},
    "floor_share": {"dist": "LogitNormal", "mu": 0.0, "sigma": 0.9},
}
NOBODY = "none"


def fitted_ladders(data: Path, save: Path) -> Ladders:
    """Fit every ladder, or load the fits that were kept."""
    spec = bs.load_model("loss").with_priors(**START)
    table = read_tables(data)
    wanted = read_sources().query("learn == 'yes'")["ladder"]
    table = table[table["ladder"].isin(wanted)].drop(columns=["family", "set"])
    of = zlib.crc32(f"{table_hash(table)} {SEED} {spec.text}".encode())
    file = save / f"learning-{of:08x}.npz"
    if file.exists():
        with np.load(file) as kept:
            lists = {name: tuple(kept[name].tolist()) for name in kept.files if name != "draws"}
            return Ladders(spec=spec, draws=kept["draws"], **lists)
    ladders = fit_ladders(
        table,
        model=spec,
        random_seed=SEED,
        progress=lambda done, total: print(f"\r{done} of {total} ladders", end="", flush=True),
    )
    kept = {name: value for name, value in asdict(ladders).items() if name != "spec"}
    np.savez(file, **kept)
    return ladders


def learned(ladders: Ladders) -> pd.DataFrame:
    """Learn without each source, and with all: a row each."""
    rows = []
    for source in (NOBODY, *sorted(set(ladders.sources))):
        spec = bs.learn_priors(
            ladders, without=[] if source == NOBODY else [source], random_seed=SEED
        )
        numbers = {
            f"{name}_{key}": value
            for name in spec.law.learned
            for key, value in spec.free[name].arguments.items()
        }
        rows.append({"left_out": source, **numbers, "learned_from": spec.cite[-1]})
        print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    """Fit, learn, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--save", type=Path, default=Path(".ladders"))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "learned_priors.csv")
    asked = parser.parse_args()
    asked.save.mkdir(parents=True, exist_ok=True)
    ladders = fitted_ladders(asked.data, asked.save)
    learned(ladders).to_csv(asked.out, index=False)
    print(bs.learn_priors(ladders, random_seed=SEED).text)


if __name__ == "__main__":
    main()
