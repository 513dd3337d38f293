"""Tables of scored forecasts: averages by group, PIT, and one model against another over sources.

Forecasts of one source share models, data or authors, so whole sources are drawn wherever an
interval is given.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from bayes_scaling.evaluation.scoring import Predictive, score_targets
from bayes_scaling.evaluation.splitting import Split

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SCORED = ("median", "truth", "q05", "q25", "q75", "q95", "crps", "log_score", "pit")
SCORED += ("covered_50", "covered_90")
KEPT = ("model", "source", "ladder", "cutoff", "compute", "distance", "truth", "median")
KEPT += ("q05", "q95", "crps", "log_score", "pit", "covered_50", "covered_90")
AVERAGED = ["coverage_50", "coverage_90", "too_high", "too_low", "pit_mean"]
AVERAGED += ["crps_x100", "log_score", "error_percent"]
EDGES = [0, 0.5, 1, 1.5, 2.5, np.inf]
RESAMPLES = 4000


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


def scored(split: Split, name: str, made: Predictive) -> pd.DataFrame:
    """Score a forecast of what lies beyond a cutoff, a row a run."""
    scores = score_targets(made, split.targets["loss"].to_numpy(float))[list(SCORED)]
    place = made.targets[["compute", "distance"]].assign(
        model=name,
        source=str(split.fitted["source"].iloc[0]),
        ladder=split.ladder,
        cutoff=split.cutoff,
        fitted=len(split.fitted),
    )
    return pd.concat([place, scores], axis=1)


def write_forecasts(forecasts: pd.DataFrame, file: Path, extra: Iterable[str] = ()) -> None:
    """Write a row a forecast and model."""
    flags = {name: forecasts[name].astype(int) for name in ("covered_50", "covered_90")}
    table = forecasts.assign(**flags)[[*KEPT, *extra]]
    table.to_csv(file, index=False, float_format="%.4g")


def resampled(count: int) -> np.ndarray:
    """How often each source is drawn, a row a resample."""
    rng = np.random.default_rng(0)
    return rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)


def summarise(forecasts: pd.DataFrame, groups: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Average each model's scores: by source, in all, over sources, by distance and other groups.

    Where forecasts are calibrated ``pit_mean`` is 0.5 and ``pit_ks``, the largest distance of the
    PIT's ECDF from a uniform's, is small; ``too_high`` and ``too_low`` are the shares of truths
    below and above the 90 % interval.
    """
    rows = forecasts.assign(
        coverage_50=forecasts["covered_50"].astype(float),
        coverage_90=forecasts["covered_90"].astype(float),
        too_high=(forecasts["truth"] < forecasts["q05"]).astype(float),
        too_low=(forecasts["truth"] > forecasts["q95"]).astype(float),
        pit_mean=forecasts["pit"],
        crps_x100=100 * forecasts["crps"],
        error_percent=100 * np.log(forecasts["median"] / forecasts["truth"]),
    )
    distance = pd.cut(rows["distance"], EDGES).astype(str)
    parts = []
    for by, group in {"source": rows["source"], "distance": distance, **groups}.items():
        grouped = rows.groupby(["model", group.rename("group")])
        table = grouped[AVERAGED].mean()
        table.insert(0, "n", grouped.size())
        table["pit_ks"] = grouped["pit"].agg(_from_uniform)
        parts.append(table.reset_index().assign(by=by))
    by_source = parts[0]
    for model, own in by_source.groupby("model"):
        pit_ks = _from_uniform(rows.loc[rows["model"] == model, "pit"])
        pooled = own[AVERAGED].mul(own["n"], axis=0).sum() / own["n"].sum()
        times = resampled(len(own))
        covered = (times @ (own["coverage_90"] * own["n"])) / (times @ own["n"])
        mean = times @ own["coverage_90"] / len(own)
        for group, values, drawn in (
            ("all forecasts", dict(pooled) | {"pit_ks": pit_ks}, covered),
            ("mean over sources", dict(own[AVERAGED].mean()), mean),
        ):
            low, high = np.quantile(drawn, [0.05, 0.95])
            line = {"model": model, "by": "all", "group": group, "n": own["n"].sum(), **values}
            line |= {"coverage_90_low": low, "coverage_90_high": high}
            parts.append(pd.DataFrame([line]))
    table = pd.concat(parts, ignore_index=True)
    first = ["by", "group", "model", "n", *AVERAGED, "pit_ks"]
    first += ["coverage_90_low", "coverage_90_high"]
    return table[first].sort_values(["by", "group", "model"], kind="stable")


def _from_uniform(pit: pd.Series) -> float:
    return float(stats.kstest(pit, "uniform").statistic)


def pairs(forecasts: pd.DataFrame, ones: Iterable[str], others: Iterable[str]) -> pd.DataFrame:
    """Compare mean CRPS and log score over sources, two models at a time, by a bootstrap."""
    by_source = forecasts.pivot_table(["crps", "log_score"], "source", "model", "mean")
    crps, log_score = 100 * by_source["crps"], by_source["log_score"]
    others, rows = list(others), []
    times = resampled(len(by_source))
    for one in ones:
        for other in others:
            if one == other:
                continue
            gap = (crps[one] - crps[other]).to_numpy()
            nats = (log_score[one] - log_score[other]).to_numpy()
            ratio = np.log(crps[one] / crps[other]).to_numpy()
            line = {
                "model": one,
                "against": other,
                "sources": len(gap),
                "better_on": int((gap < 0).sum()),
                "crps_x100_less": -gap.mean(),
            }
            line |= _interval(-times @ gap / len(gap), "")
            line["ratio"] = np.exp(ratio.mean())
            line |= _interval(np.exp(times @ ratio / len(gap)), "ratio_")
            line["nats_gained"] = -nats.mean()
            line |= _interval(-times @ nats / len(gap), "nats_")
            rows.append(line)
    return pd.DataFrame(rows)


def _interval(drawn: np.ndarray, prefix: str) -> dict[str, float]:
    return dict(
        zip((f"{prefix}low", f"{prefix}high"), np.quantile(drawn, [0.05, 0.95]), strict=True)
    )
