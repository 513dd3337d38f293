"""Speed of a forecast, of a refit, and of the sampler beside PyMC's own.

    python benchmarks/speed.py [--only table]

Prints, in one run on one machine, medians of wall time: ``bayes-scaling forecast`` with compiled
models found and with an empty cache; the first draw of a process that finds the code, beside one
that has nutpie compile the model; refits of nine, 100 and 500 runs. Then the smallest effective
sample size a second against PyMC's NUTS on the same posterior, in the same coordinates and written
plainly.
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
REPEATS = 5
PARAMETERS = ["level", "elasticity", "floor_share", "sigma", "amplitude"]


def law_only() -> bs.Spec:
    """Return the model `loss` without its discrepancy."""
    return parse_spec(bs.load_model("loss").text.split("[[discrepancy]]")[0], name="law only")


def runs_of(count: int, seed: int = 1) -> pd.DataFrame:
    """Draw a ladder of so many runs over three decades from the law with its noise."""
    ladder = pd.DataFrame({"compute": np.geomspace(1e18, 1e21, count)})
    drawn = bs.simulate(law_only(), ladder, random_seed=seed)
    return drawn[["run", "compute", "loss"]]


def wall(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    return time.perf_counter() - start


def say(what: str, seconds: float, asked: str) -> None:
    """Print a row of the table."""
    print(f"{what:62s} {seconds:7.2f} s   (asked {asked})", flush=True)


def command_line() -> None:
    """Time ``bayes-scaling forecast`` with an empty cache and with a full one."""
    tool = str(Path(sys.executable).parent / "bayes-scaling")
    with tempfile.TemporaryDirectory() as folder:
        table, saved = Path(folder) / "ladder.csv", Path(folder) / "fit.nc"
        bs.example("cerebras_gpt").query("compute < 2e21").to_csv(table, index=False)
        cache = {"BAYES_SCALING_CACHE": f"{folder}/code"}
        at = ["--at", "2.3e22"]
        say(
            "forecast ladder.csv, nothing compiled",
            wall([tool, "forecast", str(table), *at], cache),
            "-",
        )
        warm = [wall([tool, "forecast", str(table), *at], cache) for _ in range(REPEATS)]
        say("forecast ladder.csv, compiled before", float(np.median(warm)), "3")
        wall([tool, "fit", str(table), "--out", str(saved)], cache)
        loaded = [wall([tool, "forecast", str(saved), *at], cache) for _ in range(REPEATS)]
        say("forecast fit.nc", float(np.median(loaded)), "2")
    say("bayes-scaling --help", wall([tool, "--help"], {}), "0.5")
    say("import bayes_scaling", wall([sys.executable, "-c", "import bayes_scaling"], {}), "0.5")


FIRST = """
import sys, time
import numpy as np, pandas as pd
import nutpie
import bayes_scaling as bs
from bayes_scaling.inference import fitting
from bayes_scaling.inference.compiled import nutpie_models
from bayes_scaling.inference.passes import fitting as of_counts
nutpie_models.FITS = {kept}
table = {table}
start = time.perf_counter()
bs.fit("{model}", table, random_seed=1, draws=10, tune=10)
print(time.perf_counter() - start)
"""
LOSSES = 'bs.example("cerebras_gpt").query("compute < 2e21")'
COUNTS = (
    'bs.simulate("pass_rate", pd.DataFrame({{"compute": [1e20, 1e21, 1e22]}}), random_seed=3,'
    ' problems={problems}, n_samples=50).drop(columns="simulation")'
)


def first_draw(model: str, table: str, *, kept: bool = True) -> float:
    """Seconds of a new process, beyond its imports, to a fit of a few draws, tried twice."""
    code = FIRST.format(model=model, table=table, kept=kept)
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(out.stdout)


def first_draws() -> None:
    """Time the first draw of a process, as it was before and as it is."""
    for model, table, asked in (
        ("loss", LOSSES, "1"),
        ("pass_rate", COUNTS.format(problems=24), "1.5"),
        ("pass_rate", COUNTS.format(problems=37), "loads"),
    ):
        name = f"first draw of {model}" + (", other problems" if asked == "loads" else "")
        first_draw(model, table)  # compiles, where nothing was kept
        say(name, float(np.median([first_draw(model, table) for _ in range(3)])), asked)
        if asked != "loads":
            first_draw(model, table, kept=False)  # fills the cache of PyTensor
            say(f"{name}, compiled by nutpie", first_draw(model, table, kept=False), "-")


def refits() -> None:
    """Time fits of 4 x (1,000 + 1,000) draws in a process that has the code."""
    loss = bs.load_model("loss")
    for count, asked in ((9, "0.5"), (100, "5"), (500, "20")):
        bs.fit(loss, runs_of(count), random_seed=0, draws=10, tune=10)
        seconds = []
        for seed in range(1, REPEATS + 1 if count < 500 else 3):
            start = time.perf_counter()
            fitted = bs.fit(loss, runs_of(count, seed), random_seed=seed)
            seconds.append(time.perf_counter() - start)
        say(f"fit of {count} runs: {fitted.diagnosis}", float(np.median(seconds)), asked)


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
    compute, reference = design.scale, float(design.references["compute"][0])
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
        pm.StudentT("log_loss", nu=5, mu=mean, sigma=sigma, observed=np.log(design.observed["y"]))
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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=["table"], help="leave PyMC's own sampler out")
    only = parser.parse_args().only
    command_line()
    first_draws()
    refits()
    if not only:
        against_pymc()


if __name__ == "__main__":
    main()
