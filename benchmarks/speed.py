"""Speed of a forecast, of a refit, and of the sampler beside PyMC's own.

    python benchmarks/speed.py

Prints, in one run on one machine: wall time of a cold and a warm ``bayes-scaling forecast``;
seconds a refit of a compiled model; the smallest effective sample size a second against PyMC's NUTS
on the same posterior, in the same coordinates and written plainly; start-up times.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pymc as pm

import bayes_scaling as bs
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.graph import build_sampler_model
from bayes_scaling.specification.discrepancy import square_root
from bayes_scaling.specification.spec import parse_spec

LIMIT = 300.0
REFITS = 10
PARAMETERS = ["level", "elasticity", "floor_share", "sigma", "amplitude"]


def law_only() -> bs.Spec:
    """Return the model `loss` without its discrepancy."""
    return parse_spec(bs.load_model("loss").text.split("[[discrepancy]]")[0], name="law only")


def ten_runs(seed: int) -> pd.DataFrame:
    """Ten runs over three decades, drawn from the model."""
    ladder = pd.DataFrame({"compute": np.geomspace(1e18, 1e21, 10)})
    drawn = bs.simulate(law_only(), ladder, random_seed=seed)
    return drawn[["run", "compute", "loss"]]


def wall(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    return time.perf_counter() - start


def command_line() -> None:
    """Time ``bayes-scaling forecast`` with an empty compile cache and with a full one."""
    tool = str(Path(sys.executable).parent / "bayes-scaling")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "ladder.csv"
        bs.example("cerebras_gpt").query("compute < 2e21").to_csv(table, index=False)
        cache = {"PYTENSOR_FLAGS": f"base_compiledir={folder}/cache"}
        forecast = [tool, "forecast", str(table), "--at", "2.3e22"]
        print(f"forecast, cold compile cache: {wall(forecast, cache):6.1f} s")
        warm = min(wall(forecast, cache) for _ in range(3))
        print(f"forecast, warm compile cache: {warm:6.1f} s   (aim 5)")
        print(f"bayes-scaling --help:         {wall([tool, '--help'], {}):6.2f} s   (aim 0.5)")
        load = [sys.executable, "-c", "import bayes_scaling"]
        print(f"import bayes_scaling:         {wall(load, {}):6.2f} s   (aim 0.5)")


def refits() -> None:
    """Time a refit of a compiled model: 4 x (1,000 + 1,000) draws on 10 runs."""
    for name, spec, aim in (
        ("law only", law_only(), 0.15),
        ("with discrepancy", bs.load_model("loss"), 0.7),
    ):
        bs.fit(spec, ten_runs(0), random_seed=0)
        seconds = []
        for seed in range(1, REFITS + 1):
            start = time.perf_counter()
            bs.fit(spec, ten_runs(seed), random_seed=seed)
            seconds.append(time.perf_counter() - start)
        print(
            f"refit, {name}: median {np.median(seconds):.2f} s, "
            f"worst {max(seconds):.2f} s   (aim {aim})"
        )


def smallest_ess(posterior: Any) -> tuple[float, float]:
    """Smallest bulk or tail effective sample size, and largest R-hat."""
    dataset = posterior.to_dataset() if hasattr(posterior, "to_dataset") else posterior
    own = dataset[[name for name in PARAMETERS if name in dataset]]
    sizes = [float(az.ess(own, method=m).to_array().min()) for m in ("bulk", "tail")]
    return min(sizes), float(az.rhat(own).to_array().max())


def plainly(runs: pd.DataFrame) -> pm.Model:
    """Write the posterior as a newcomer would: ``a * C**-b + c``, priors matched by Jacobian."""
    spec = bs.load_model("loss")
    design = make_design(spec, runs)
    root = square_root(design.covariance(spec.discrepancy[0]))
    compute, reference = design.compute, float(design.reference[0])
    with pm.Model() as model:
        a = pm.HalfFlat("a", initval=100.0)
        b = pm.HalfFlat("b", initval=0.1)
        c = pm.HalfFlat("c", initval=1.0)
        at_reference = a * reference**-b
        level = pm.Deterministic("level", at_reference + c)
        floor_share = pm.Deterministic("floor_share", c / level)
        elasticity = pm.Deterministic("elasticity", b * (1 - floor_share))
        coordinates = {
            "level": (pm.math.log(level), 0.9, 1.0),
            "elasticity": (pm.math.log(elasticity), -2.53, 0.5),
            "floor_share": (pm.math.logit(floor_share), 0.4, 0.7),
        }
        for name, (value, mu, sd) in coordinates.items():
            pm.Potential(f"{name}_prior", -0.5 * ((value - mu) / sd) ** 2)
        # The derivative of these coordinates by a, b and c, in absolute value.
        pm.Potential("stretch", -pm.math.log(a) - pm.math.log(b) - pm.math.log(c))
        sigma = pm.LogNormal("sigma", -5.3, 0.9)
        amplitude = pm.LogNormal("amplitude", -4.83, 0.9)
        weights = pm.Normal("weights", shape=root.shape[1])
        mean = pm.math.log(a * compute**-b + c) + amplitude * pm.math.dot(root, weights)
        pm.StudentT("log_loss", nu=5, mu=mean, sigma=sigma, observed=np.log(design.response))
    return model


def until_converged(build: Callable[[], pm.Model], label: str) -> float:
    """Run PyMC's NUTS, doubling the draws, until it converges or five minutes would be over."""
    spent, draws = 0.0, 1000
    while True:
        start = time.perf_counter()
        with build():
            tree = pm.sample(
                draws,
                tune=1000,
                chains=4,
                nuts_sampler="pymc",
                random_seed=1,
                target_accept=0.95,
                progressbar=False,
                quiet=True,
                compute_convergence_checks=False,
            )
        last = time.perf_counter() - start
        spent += last
        size, rhat = smallest_ess(tree["posterior"])
        rate = size / tree["posterior"].attrs["sampling_time"]
        converged = rhat < 1.01 and size > 400
        if converged or spent + 2 * last > LIMIT:
            state = "converged" if converged else "did not converge"
            print(
                f"{label}: {rate:.1f} ESS/s; {state} after {spent:.0f} s "
                f"({draws} draws a chain, ESS {size:.0f}, R-hat {rhat:.3f})"
            )
            return rate
        draws *= 2


def against_pymc() -> None:
    """Compare the smallest effective sample size a second, sampling time only."""
    runs = bs.example("cerebras_gpt").query("compute < 1e22")
    spec = bs.load_model("loss")
    bs.fit(spec, runs, random_seed=0)
    start = time.perf_counter()
    fitted = bs.fit(spec, runs, random_seed=1)
    size = min(fitted.diagnosis.ess_bulk, fitted.diagnosis.ess_tail)
    own = size / (time.perf_counter() - start)
    print(f"bayes_scaling, whole refit: {own:.0f} ESS/s (ESS {size:.0f})")
    design = make_design(spec, runs)
    same = until_converged(
        lambda: build_sampler_model(spec, design), "PyMC's NUTS, the same coordinates"
    )
    plain = until_converged(lambda: plainly(runs), "PyMC's NUTS, written plainly")
    print(f"ratios: {own / same:.0f}x (aim 50) and {own / plain:.0f}x (aim 300)")


def main() -> None:
    """Print all timings."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    command_line()
    refits()
    against_pymc()


if __name__ == "__main__":
    main()
