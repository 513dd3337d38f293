"""Ladders of error rates, from the folders of the data by rules that were fixed before any score.

``error_rate_sources.csv`` says of every ladder where it comes from, what its chance level is, and
whether it is learned from and judged.

* A task of a language model is taken where it has 500 problems or more, and one of the smallest
  models is 10 points above chance: of at most 154M parameters for Gadre et al., else of the four
  smallest of the family.
* Of LCDB: every eighth data set by its OpenML number, three learners, every doubling of the
  training examples; learners that reach an error of 0 are left out.
* Of learning curves of vision: the 10-shot errors, whose 5- and 25-shot twins are of the same
  runs, at every doubling of the examples.
* A run that gets nothing right is left out: what it could do at most isn't known.
* What a study scales (compute, parameters or examples) stands in the column compute.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
COLUMNS = ["ladder", "source", "compute", "loss", "chance"]
FEWEST = 5
ABOVE_CHANCE = 0.1
PROBLEMS = 500
SMALLEST = 4
SMALL_PARAMS = 2e8
IMAGENET, SUBSET, TOP5 = 0.001, 0.005, 0.005
VISION_CHANCE = {"bird": 0.005, "c": 0.01, "cal": 0.01, "inet": 0.001}
LEARNERS = ("ens.RandomForest", "LogisticRegression", "RealMLP")
EVERY = 8
TASK_CHANCE = {  # pythia_evals; all have 500 problems or more but WSC
    "arc_challenge": 0.25,
    "arc_easy": 0.25,
    "lambada_openai": 0.0,
    "logiqa": 0.25,
    "piqa": 0.5,
    "sciq": 0.25,
    "winogrande": 0.5,
}
BENCHMARK_CHANCE = {  # obs_benchmarks; HumanEval has 164 problems, TruthfulQA is no share
    "MMLU": 0.25,
    "ARC-C": 0.25,
    "HellaSwag": 0.25,
    "Winograd": 0.5,
    "GSM8K": 0.0,
    "XWinograd": 0.5,
}
SAME_SOURCE = {
    "pycls_regnet": "regnet",
    "timm_regnetx": "regnet",
    "timm_regnety": "regnet",
    "timm_effnet_advprop": "efficientnet",
    "timm_effnet_autoaug": "efficientnet",
    "timm_effnet_noisystudent": "efficientnet",
    "timm_convnextv2_fcmae": "convnextv2",
    "timm_hgnetv2_ssld": "hgnetv2",
    "timm_pvt_v2": "pvt_v2",
    "timm_xcit_p16": "xcit",
    "tinyml_widths": "tinyml",
}


def read_list() -> pd.DataFrame:
    """Read the fixed list, a row a ladder or a data set that was left out."""
    return pd.read_csv(HERE / "error_rate_sources.csv", keep_default_na=False)


def derive(data: Path) -> pd.DataFrame:
    """Every ladder of five or more runs: columns ``ladder, source, compute, loss, chance``.

    ``chance`` is NaN where it isn't known.
    """
    parts = [*_images(data), _vision(data), *_gadre(data), *_pythia(data), *_families(data)]
    table = pd.concat([*parts, _lcdb(data)], ignore_index=True)[COLUMNS]
    table = table[table["loss"] < 1].sort_values(["source", "ladder", "compute"], kind="stable")
    scales = table.groupby("ladder")["compute"].transform("nunique")
    return table[scales >= FEWEST].reset_index(drop=True)


def _images(data: Path) -> Iterator[pd.DataFrame]:
    more = pd.read_csv(data / "ladders_more" / "ladders.csv")
    clip = more[more["source"] == "openclip_cherti2022"]
    yield clip.assign(chance=np.where(clip["ladder"].str.endswith("imagenet"), IMAGENET, np.nan))
    nfnet = more[more["source"] == "nfnet_smith2023"]
    yield nfnet.assign(loss=nfnet["loss"] / 100, chance=IMAGENET)
    new = pd.read_csv(data / "ladders_2026" / "ladders.csv")
    new = new[(new["metric"] == "error_rate") & new["source"].isin(SAME_SOURCE)]
    subset = new["loss_unit"].str.contains(r"top5|on a$|on r$")
    chance = np.where(new["source"] == "tinyml_widths", 0.1, np.where(subset, SUBSET, IMAGENET))
    scaled = np.where(new["scaled"] == "params", new["params"], new["compute"])
    yield new.assign(source=new["source"].map(SAME_SOURCE), chance=chance, compute=scaled)


def _vision(data: Path) -> pd.DataFrame:
    curves = pd.read_csv(data / "revisiting_learning_curves" / "vision.csv")
    curves = curves[curves["task"].str.endswith("_10")].rename(columns={"seen_examples": "compute"})
    ladder = "revisiting/" + curves["task"] + "/" + curves["model"]
    chance = curves["task"].str.removesuffix("_10").map(VISION_CHANCE)
    table = curves.assign(ladder=ladder, source="revisiting", chance=chance)
    return _doubled(table)


def _doubled(table: pd.DataFrame) -> pd.DataFrame:
    """Keep of each ladder the smallest row, and the first at every doubling since the last."""
    kept = []
    for _, rows in table.sort_values("compute", kind="stable").groupby("ladder"):
        last = 0.0
        for index, value in rows["compute"].items():
            if value >= 2 * last * (1 - 1e-9):
                kept.append(index)
                last = value
    return table.loc[kept]


def _gadre(data: Path) -> Iterator[pd.DataFrame]:
    every = pd.read_csv(data / "gadre_overtraining" / "downstream.csv")
    every = every.rename(columns={"random_baseline": "chance", "flops": "compute"})
    every = every.assign(loss=1 - every["accuracy"], source="gadre")
    small = every[every["params"] < SMALL_PARAMS]
    best = (small["accuracy"] - small["chance"]).groupby(small["task"]).max()
    tasks = best.index[best >= ABOVE_CHANCE]
    table = every[every["task"].isin(tasks) & (every["n_problems"] >= PROBLEMS)]
    along = table[table["chinchilla_multiple"] == 1]
    yield along.assign(ladder="gadre/" + along["dataset"] + "/" + along["task"] + "/1.0")
    fixed = table[(table["dataset"] == "rpj") & table["params"].between(4e8, 5e8)]
    yield fixed.assign(ladder="gadre/rpj/" + fixed["task"] + "/412M")


def _early(table: pd.DataFrame) -> pd.DataFrame:
    """Keep ladders that one of the four smallest models lifts 10 points above chance."""
    small = table.sort_values("compute").groupby("ladder").head(SMALLEST)
    best = (1 - small["loss"] - small["chance"]).groupby(small["ladder"]).max()
    return table[table["ladder"].map(best) >= ABOVE_CHANCE]


def _pythia(data: Path) -> Iterator[pd.DataFrame]:
    pythia = pd.read_csv(data / "pythia_evals" / "evals.csv").query("n_shots == 0")
    pythia = pythia[pythia["step"] == pythia["step"].max()]
    other = pd.read_csv(data / "pythia_evals" / "opt_bloom_final.csv")
    table = pd.concat([pythia, other])
    table = table[(table["metric"] == "acc") & table["task"].isin(TASK_CHANCE)]
    source = table["family"].str.removesuffix("-deduped")
    yield _early(
        table.assign(
            ladder=table["family"] + "/" + table["task"],
            source=source,
            compute=table["flops"],
            loss=1 - table["value"],
            chance=table["task"].map(TASK_CHANCE),
        )
    )


def _families(data: Path) -> Iterator[pd.DataFrame]:
    models = pd.read_csv(data / "obs_benchmarks" / "base_models.csv").dropna(subset=["flops"])
    names = {
        "BLOOM": "bloom",
        "Cerebras-GPT": "cerebras",
        "GPT-Neo/J": "gpt_neo_j",
        "OPT": "opt",
        "Pythia": "pythia",
        "Qwen1.5": "qwen1.5",
    }
    models = models[models["family"].isin(names)]
    for task, chance in BENCHMARK_CHANCE.items():
        source = models["family"].map(names)
        yield _early(
            pd.DataFrame(
                {
                    "ladder": source + "/ruan2024/" + task,
                    "source": source,
                    "compute": models["flops"],
                    "loss": 1 - models[task],
                    "chance": chance,
                }
            )
        )


def _lcdb(data: Path) -> pd.DataFrame:
    table = pd.read_csv(data / "ladders_2026" / "lcdb_error_full.csv.gz")
    chosen = np.sort(table["openml_id"].unique())[::EVERY]
    table = table[table["openml_id"].isin(chosen) & table["learner"].isin(LEARNERS)]
    table = table.assign(
        ladder="lcdb11/" + table["openml_id"].astype(str) + "/" + table["learner"],
        source="lcdb11",
        compute=table["n_train"].astype(float),
        loss=table["error"],
        chance=np.nan,
    )
    perfect = table.groupby("ladder")["loss"].transform("min") <= 0
    return _doubled(table[~perfect].reset_index(drop=True))
