"""NUTS against quadrature, where quadrature is exact (E2).

Law only, normal noise of known size: given elasticity and floor share the log level has a normal
likelihood and a normal prior, so it integrates in closed form, and the rest is a sum over a grid.

    python benchmarks/oracle.py --data ../shared/data
"""

import argparse
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.inference.design import make_design
from bayes_scaling.specification.laws.power_floor import curve as power_floor
from bayes_scaling.specification.spec import parse_spec

SIGMA = 0.005
LEVEL = (0.9, 1.0)
ELASTICITY = (-2.53, 0.5)
FLOOR = (0.4, 0.7)
MODEL = f"""
title = "Law only, normal noise of known size"
response = "loss"
law = "power_floor"
noise = "normal"

[priors]
sigma = {SIGMA}
level = {{ dist = "LogNormal", mu = {LEVEL[0]}, sigma = {LEVEL[1]} }}
elasticity = {{ dist = "LogNormal", mu = {ELASTICITY[0]}, sigma = {ELASTICITY[1]} }}
floor_share = {{ dist = "LogitNormal", mu = {FLOOR[0]}, sigma = {FLOOR[1]} }}
"""
GRID = 500
HERE = Path(__file__).parent


def quadrature(x: np.ndarray, log_loss: np.ndarray) -> pd.DataFrame:
    """Posterior mean and sd of log level, log elasticity and logit floor share."""
    axes = [np.linspace(m - 7 * s, m + 7 * s, GRID) for m, s in (ELASTICITY, FLOOR)]
    for _ in range(3):
        weight, _ = _on_grid(axes, x, log_loss)
        axes = [_zoom(axis, weight.sum(axis=1 - k)) for k, axis in enumerate(axes)]
    weight, (mean_level, var_level) = _on_grid(axes, x, log_loss)
    moments = {}
    for k, name in enumerate(("elasticity", "floor_share")):
        own = weight.sum(axis=1 - k)
        mean = np.sum(own * axes[k])
        moments[name] = (mean, np.sqrt(np.sum(own * (axes[k] - mean) ** 2)))
    mean = np.sum(weight * mean_level)
    spread = np.sum(weight * (mean_level - mean) ** 2) + var_level
    moments["level"] = (mean, np.sqrt(spread))
    return pd.DataFrame.from_dict(moments, orient="index", columns=["mean", "sd"])


def _on_grid(
    axes: list[np.ndarray], x: np.ndarray, log_loss: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, float]]:
    e, f = np.meshgrid(*axes, indexing="ij")
    shape = power_floor(x, 1.0, np.exp(e)[..., None], special.expit(f)[..., None])
    gap = log_loss - shape
    n = len(x)
    precision = n / SIGMA**2 + 1 / LEVEL[1] ** 2
    level = (gap.sum(axis=-1) / SIGMA**2 + LEVEL[0] / LEVEL[1] ** 2) / precision
    log_p = -0.5 * (
        (gap**2).sum(axis=-1) / SIGMA**2
        + LEVEL[0] ** 2 / LEVEL[1] ** 2
        - precision * level**2
        + ((e - ELASTICITY[0]) / ELASTICITY[1]) ** 2
        + ((f - FLOOR[0]) / FLOOR[1]) ** 2
    )
    weight = np.exp(log_p - log_p.max())
    return weight / weight.sum(), (level, 1 / precision)


def _zoom(axis: np.ndarray, weight: np.ndarray) -> np.ndarray:
    inside = np.flatnonzero(weight > 1e-12 * weight.max())
    low, high = max(inside[0] - 1, 0), min(inside[-1] + 1, len(axis) - 1)
    return np.linspace(axis[low], axis[high], GRID)


def sampled(runs: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, float]:
    """Compute the same moments by NUTS, and the smallest effective sample size."""
    spec = parse_spec(MODEL, name="oracle")
    fitted = bs.fit(spec, runs, random_seed=seed, draws=6000, target_accept=0.9)
    posterior = fitted.posterior["posterior"]
    inward = {"level": np.log, "elasticity": np.log, "floor_share": special.logit}
    moments = {}
    for name, rule in inward.items():
        values = rule(posterior[name].to_numpy())
        moments[name] = (values.mean(), values.std())
    size = min(fitted.diagnosis.ess_bulk, fitted.diagnosis.ess_tail)
    return pd.DataFrame.from_dict(moments, orient="index", columns=["mean", "sd"]), size


def compare(runs: pd.DataFrame, seed: int) -> dict[str, float]:
    """Compare both on one ladder: differences in units of the exact sd, and ESS."""
    spec = parse_spec(MODEL, name="oracle")
    design = make_design(spec, runs)
    exact = quadrature(design.x, np.log(design.observed["y"]))
    drawn, size = sampled(runs, seed)
    drawn = drawn.loc[exact.index]
    return {
        "mean_error": float(((drawn["mean"] - exact["mean"]) / exact["sd"]).abs().max()),
        "sd_error": float((drawn["sd"] / exact["sd"] - 1).abs().max()),
        "ess": size,
    }


def synthetic(count: int, seed: int) -> dict[str, pd.DataFrame]:
    """Ladders drawn from the model."""
    ladder = pd.DataFrame({"compute": np.geomspace(1e18, 1e21, 6)})
    spec = parse_spec(MODEL, name="oracle")
    drawn = bs.simulate(spec, ladder, random_seed=seed, size=count)
    return {
        f"synthetic {index}": world[["run", "compute", "loss"]]
        for index, world in drawn.groupby("simulation")
    }


def public(data: Path) -> dict[str, pd.DataFrame]:
    """Read the one-dimensional public ladders."""
    table = pd.read_csv(data / "ladders" / "ladders.csv")
    return {
        str(name): check_runs(rows[["compute", "loss"]]) for name, rows in table.groupby("ladder")
    }


def main() -> None:
    """Print and write the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    data = parser.parse_args().data
    ladders = synthetic(50, seed=1) | (public(data) if data else {})
    rows = {name: compare(runs, zlib.crc32(name.encode())) for name, runs in ladders.items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.to_csv(HERE / "results" / "oracle.csv", float_format="%.4g", index_label="ladder")
    print(f"{len(table)} ladders, smallest ESS {table['ess'].min():.0f}")
    print(f"largest error of a mean: {table['mean_error'].max():.3f} sd (gate 0.05)")
    print(f"largest error of an sd: {table['sd_error'].max():.1%} (gate 5 %)")


if __name__ == "__main__":
    main()
