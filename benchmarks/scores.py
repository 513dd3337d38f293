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
AVERAGED += ["crps_x100", "log_score", "error_percent", "bias_percent"]
COLUMNS = ["n", "sources", "coverage_50", "coverage_90", "coverage_90_low", "coverage_90_high"]
COLUMNS += ["too_high", "too_low", "pit_mean", "pit_ks", "crps_x100", "log_score"]
COLUMNS += ["error_percent", "bias_percent"]
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
    """Average each model's scores: in all, over sources, by source, distance and other groups.

    Where forecasts are calibrated ``pit_mean`` is 0.5 and ``pit_ks``, the largest distance of the
    PIT's ECDF from a uniform's, is small; ``too_high`` and ``too_low`` are the shares of truths
    below and above the 90 % interval. ``error_percent`` is the median size of the median's error,
    ``bias_percent`` the mean of the errors.
    """
    error = 100 * np.log(forecasts["median"] / forecasts["truth"])
    rows = forecasts.assign(
        coverage_50=forecasts["covered_50"].astype(float),
        coverage_90=forecasts["covered_90"].astype(float),
        too_high=(forecasts["truth"] < forecasts["q05"]).astype(float),
        too_low=(forecasts["truth"] > forecasts["q95"]).astype(float),
        pit_mean=forecasts["pit"],
        crps_x100=100 * forecasts["crps"],
        error_percent=error.abs(),
        bias_percent=error,
    )
    everything = pd.Series("all forecasts", rows.index)
    distance = pd.cut(rows["distance"], EDGES).astype(str)
    every = {"all": everything, "source": rows["source"], "distance": distance, **groups}
    table = pd.DataFrame(
        {"by": by, "group": label, "model": model} | _averages(own)
        for by, group in every.items()
        for (label, model), own in rows.groupby([group.rename("group"), "model"])
    )
    by_source = table[table["by"] == "source"].groupby("model")
    means = by_source[AVERAGED].mean().assign(n=by_source["n"].sum(), sources=by_source.size())
    for model, own in by_source["coverage_90"]:
        bounds = np.quantile(resampled(len(own)) @ own.to_numpy() / len(own), [0.05, 0.95])
        means.loc[model, ["coverage_90_low", "coverage_90_high"]] = bounds
    means = means.reset_index().assign(by="all", group="mean over sources")
    table = pd.concat([table, means], ignore_index=True)[["by", "group", "model", *COLUMNS]]
    return table.sort_values(["by", "group", "model"], kind="stable")


def _averages(rows: pd.DataFrame) -> dict[str, float]:
    own = rows.groupby("source")["coverage_90"].agg(["sum", "size"]).to_numpy(float)
    covered, count = (resampled(len(own)) @ own).T
    low, high = np.quantile(covered / count, [0.05, 0.95]) if len(own) > 1 else (np.nan, np.nan)
    return {
        "n": len(rows),
        "sources": len(own),
        **{name: float(rows[name].mean(skipna=False)) for name in AVERAGED},
        "error_percent": float(rows["error_percent"].median(skipna=False)),
        "pit_ks": _from_uniform(rows["pit"]),
        "coverage_90_low": float(low),
        "coverage_90_high": float(high),
    }


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
