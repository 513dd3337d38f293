"""Tables of published ladders, derived from the folders of the data by fixed rules.

``sources.csv`` says of every ladder where it comes from, and whether it is learned from and judged.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
COLUMNS = ["ladder", "family", "source", "compute", "loss"]
NEAR_OPTIMAL = (5, 80)  # tokens per parameter
QUARTER = 4  # bins of compute a decade


def read_sources() -> pd.DataFrame:
    """Read the fixed list: a row a ladder or a data set that was left out."""
    return pd.read_csv(HERE / "sources.csv", keep_default_na=False)


def read_tables(data: Path) -> pd.DataFrame:
    """Every ladder of the list: columns ``ladder, family, source, set, compute, loss``."""
    listed = read_sources().query("learn == 'yes' or judge == 'yes'")
    runs = pd.concat([table[COLUMNS] for table in derive(data)], ignore_index=True)
    table = listed[["ladder", "source", "set"]].merge(
        runs.drop(columns="source"), on="ladder", validate="one_to_many"
    )
    if missing := sorted(set(listed["ladder"]) - set(table["ladder"])):
        raise ValueError(f"sources.csv lists ladders that {data} doesn't hold: {missing}")
    return table


def derive(data: Path) -> Iterator[pd.DataFrame]:
    """Yield the ladders of every folder."""
    yield pd.read_csv(data / "ladders" / "ladders.csv")
    yield pd.read_csv(data / "ladders_more" / "ladders.csv")
    yield _frontier(data / "chinchilla_svg" / "runs.csv", "chinchilla")
    contour = data / "datablations" / "contour.csv"
    yield _frontier(contour, "datablations", "epochs == 1")
    yield _step_law(data)
    yield from _lambada(data)
    yield _gsm8k(data)


def _named(runs: pd.DataFrame, ladder: str, family: str, source: str) -> pd.DataFrame:
    kept = runs.rename(columns={"flops": "compute"})
    return kept.assign(ladder=ladder, family=family, source=source)[COLUMNS].sort_values("compute")


def _frontier(path: Path, source: str, only: str = "loss > 0") -> pd.DataFrame:
    """Lowest loss of each quarter decade of compute, of runs near the optimal allocation."""
    runs = pd.read_csv(path).query(only)
    near = runs[(runs["tokens"] / runs["params"]).between(*NEAR_OPTIMAL)]
    bins = np.floor(QUARTER * np.log10(near["flops"]))
    best = near.loc[near.groupby(bins)["loss"].idxmin()]
    return _named(best, f"{source}/frontier", source, source)


def _step_law(data: Path) -> pd.DataFrame:
    """Best loss over learning rates and batch sizes, at a fixed number of tokens per parameter."""
    runs = pd.read_csv(data / "steplaw_lr_bs_sweep" / "dense.csv")
    best = runs.groupby(["params_nonembedding", "tokens", "flops"])["smooth_loss"].min()
    table = best.rename("loss").reset_index()
    ratio = (table["tokens"] / table["params_nonembedding"]).round(0).astype(int)
    table["ratio"] = ratio
    parts = [
        _named(rows, f"steplaw/{ratio}", "steplaw", "steplaw")
        for ratio, rows in table.groupby("ratio")
    ]
    return pd.concat(parts)


def _lambada(data: Path) -> Iterator[pd.DataFrame]:
    """Log perplexity of LAMBADA's last words, at the end of training."""
    final = pd.read_csv(data / "pythia_evals" / "opt_bloom_final.csv")
    pythia = pd.read_csv(data / "pythia_evals" / "evals.csv").query("n_shots == 0")
    final = pd.concat([final, pythia[pythia["step"] == pythia["step"].max()]])
    final = final.query("task == 'lambada_openai' and metric == 'ppl'")
    for family, rows in final.assign(loss=np.log(final["value"])).groupby("family"):
        source = "pythia" if "pythia" in str(family) else str(family)
        yield _named(rows, f"{family}/lambada", f"{family}-lambada", source)


def _gsm8k(data: Path) -> pd.DataFrame:
    """Mean negative log-likelihood of GSM8K's reference answers, one checkpoint a size."""
    each = pd.read_csv(data / "pythia_gsm8k_reference_nll" / "nll.csv")
    mean = each.groupby(["model", "flops"])["neg_log_prob_nats"].mean().rename("loss")
    return _named(mean.reset_index(), "pythia/gsm8k", "pythia-gsm8k", "pythia")
