"""Published grids of parameters and tokens: their law, and forecasts beyond a cutoff of compute.

    python benchmarks/params_tokens.py --data DIR

Fits ``models/loss_params_tokens.toml`` with and without its discrepancy to the runs of each grid up
to a cutoff, forecasts those above, and scores them on log loss beside what people do today: the
same law by the Huber loss, with a bootstrap over runs and the residuals as noise. Writes
``results/params_tokens.csv``, a row a grid, cutoff and model, and
``results/params_tokens_law.csv``, the law of all of Chinchilla's runs beside that of Besiroglu et
al. (2024). No prior was learned from these grids.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, special

import bayes_scaling as bs
from bayes_scaling.arrays import Array
from bayes_scaling.evaluation.scoring import Predictive, predictive_of, score_targets
from bayes_scaling.specification.laws.params_tokens import curve

RESULTS = Path(__file__).parent / "results"
SEED = 1
MODEL = bs.load_model("loss_params_tokens")
MODELS = {"loss_params_tokens": MODEL, "law only": MODEL.with_priors(amplitude=0)}
HUBER = "Huber, bootstrap"
PUBLISHED = {"E": (1.817, 0.03), "alpha": (0.348, 0.02), "beta": (0.366, 0.02)}
DROPPED = 3.44  # the five highest losses, of large models that were stopped very early
DELTA = 1e-3
RESAMPLES = 100
PER_RESAMPLE = 40
STARTS = [(f, w, e) for f in (0.3, 0.7) for w in (0.3, 0.7) for e in (0.25, 0.6)]
SMALLEST_SD = 1e-4


@dataclass(frozen=True)
class Grid:
    """Runs of one grid, and up to which compute they are fitted."""

    name: str
    runs: pd.DataFrame
    cutoffs: tuple[float, ...]
    fitted: str = "compute > 0"  # which of those below the cutoff


def read_grids(data: Path) -> Iterator[Grid]:
    """Read every grid, with the splits that its source or its folder suggests."""
    yield Grid("chinchilla", _chinchilla(data), (1e20, 3e20, 1e21))
    yield Grid("llama3", _named(pd.read_csv(data / "llama3_isoflop" / "isoflop.csv")), (3e20,))
    final = pd.read_csv(data / "misfitting_ladder" / "final.csv")
    best = final.loc[final.groupby(["model", "tokens"])["loss"].idxmin()]
    yield Grid("misfitting", _named(best), (5e18,))
    losses = pd.read_csv(data / "gadre_overtraining" / "loss.csv").query(
        "validation_set == 'paloma_c4_en'"
    )
    for dataset, own in losses.groupby("dataset"):
        yield Grid(f"gadre {dataset}", _named(own), (2.1e19,), "chinchilla_multiple <= 5")
    points = pd.read_csv(data / "porian_isoflop" / "isoflop.csv")
    chosen = points.query("param_count == 'standard' and warmup == 'short'")
    chosen = chosen.query("decay != 'chinchilla'")
    for (dataset, kind), own in chosen.groupby(["dataset", "hyperparameters"]):
        yield Grid(f"porian {dataset} {kind}", _named(own), (4.1e17,))


def _chinchilla(data: Path) -> pd.DataFrame:
    return _named(pd.read_csv(data / "chinchilla_svg" / "runs.csv").query("loss < @DROPPED"))


def _named(runs: pd.DataFrame) -> pd.DataFrame:
    kept = runs.rename(columns={"flops": "compute"}).reset_index(drop=True)
    extra = [name for name in ("chinchilla_multiple",) if name in kept]
    return kept[["compute", "params", "tokens", "loss", *extra]]


def huber_forecast(runs: pd.DataFrame, targets: pd.DataFrame) -> Predictive:
    """Fit the law by the Huber loss of log loss, to the runs and to resamplings of them."""
    rng = np.random.default_rng(SEED)
    x, y = _logs(runs, runs), np.log(runs["loss"].to_numpy(float))
    whole = min((_huber(x, y, _start(y, *start)) for start in STARTS), key=lambda one: one[0])[1]
    scale = max(float(np.std(y - _law(x, whole))), SMALLEST_SD)
    ahead, found = _logs(targets, runs), []
    for _ in range(RESAMPLES):
        rows = rng.integers(len(y), size=len(y))
        own = _huber([part[rows] for part in x], y[rows], whole)[1]
        found.append(_law(ahead, own))
    location = np.repeat(np.stack(found), PER_RESAMPLE, axis=0)
    draws = location + scale * rng.standard_normal(location.shape)
    nu = np.full((1, 1), np.inf)
    return Predictive(targets, draws, location, np.full((1, 1), scale), nu)


def _logs(runs: pd.DataFrame, fitted: pd.DataFrame) -> list[Array]:
    return [
        np.log(runs[name].to_numpy(float)) - np.log(fitted[name].to_numpy(float)).mean()
        for name in ("params", "tokens")
    ]


def _start(y: Array, floor_share: float, params_share: float, exponent: float) -> Array:
    shares = [special.logit(floor_share), special.logit(params_share)]
    return np.array([y.mean(), *shares, np.log(exponent), np.log(exponent)])


def _law(x: list[Array], point: Array) -> Array:
    level, alpha, beta = np.exp(point[[0, 3, 4]])
    return np.asarray(curve(*x, level, *special.expit(point[1:3]), alpha, beta))


def _huber(x: list[Array], y: Array, start: Array) -> tuple[float, Array]:
    found = optimize.least_squares(
        lambda point: _law(x, point) - y,
        start,
        loss="huber",
        f_scale=DELTA,
        bounds=([-8, -8, -8, -6, -6], [8, 8, 8, 2, 2]),
        x_scale=[0.1, 0.5, 0.5, 0.3, 0.3],
    )
    return float(found.cost), found.x


def judge(grid: Grid, cutoff: float) -> Iterator[dict[str, object]]:
    """Forecast the runs above a cutoff by every model, and score them."""
    below = grid.runs.query("compute <= @cutoff").query(grid.fitted)
    above = grid.runs.query("compute > @cutoff")
    for name, forecast in forecasts(below, above):
        begun = time.perf_counter()
        made, said = forecast()
        scores = score_targets(made, above["loss"].to_numpy(float))
        error = (scores["median"] / scores["truth"] - 1).abs().median()
        yield {
            "grid": grid.name,
            "cutoff": cutoff,
            "model": name,
            "fitted": len(below),
            "targets": len(above),
            "decades": round(float(np.log10(above["compute"].max() / below["compute"].max())), 2),
            "covered_90": round(float(scores["covered_90"].mean()), 3),
            "covered_50": round(float(scores["covered_50"].mean()), 3),
            "crps_x100": round(100 * float(scores["crps"].mean()), 3),
            "median_error": round(float(error), 4),
            "bias": round(float((scores["median"] / scores["truth"]).median() - 1), 4),
            **said,
            "seconds": round(time.perf_counter() - begun, 1),
        }


def forecasts(
    below: pd.DataFrame, above: pd.DataFrame
) -> Iterator[tuple[str, Callable[[], tuple[Predictive, dict[str, object]]]]]:
    """Yield each model's name, and what makes its forecast."""
    targets = above[["params", "tokens"]].reset_index(drop=True)

    def by_model(spec: bs.Spec) -> tuple[Predictive, dict[str, object]]:
        fit = bs.fit(spec, below, random_seed=SEED)
        said = {"converged": fit.diagnosis.converged, "ess": round(fit.diagnosis.ess_bulk)}
        return predictive_of(bs.predict(fit, targets, far=True)), said

    for name, spec in MODELS.items():
        yield name, lambda spec=spec: by_model(spec)
    yield HUBER, lambda: (huber_forecast(below, targets), {"converged": True, "ess": None})


def law_of_all(data: Path) -> pd.DataFrame:
    """Fit the law alone to all of Chinchilla's runs, and divide four budgets by it."""
    fit = bs.fit(MODELS["law only"], _chinchilla(data), random_seed=SEED)
    found = fit.summary()
    rows = []
    for name, (value, error) in PUBLISHED.items():
        own = found.loc[name]
        gap = round((own["mean"] - value) / error, 2)
        rows.append((name, own["mean"], own["sd"], own["q05"], own["q95"], value, error, gap))
    best = bs.decision.optimal_allocation(fit, [1e21, 1e22, 1e23, 1e24]).summary()
    for row in best[best["quantity"] == "tokens_per_param"].itertuples():
        label = f"tokens per parameter at {row.compute:.0e}"
        rows.append((label, row.median, None, row.q05, row.q95, None, None, None))
    columns = ["quantity", "found", "sd", "q05", "q95", "published", "se", "gap_in_se"]
    return pd.DataFrame(rows, columns=columns).round(4)


def main() -> None:
    """Write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", help="Grids whose names begin so.", default="")
    given = parser.parse_args()
    law = law_of_all(given.data)
    law.to_csv(RESULTS / "params_tokens_law.csv", index=False)
    print(law.to_string(index=False), flush=True)
    rows = []
    for grid in read_grids(given.data):
        if not grid.name.startswith(given.only):
            continue
        for cutoff in grid.cutoffs:
            for row in judge(grid, cutoff):
                rows.append(row)
                print(row, flush=True)
                pd.DataFrame(rows).to_csv(RESULTS / "params_tokens.csv", index=False)
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
