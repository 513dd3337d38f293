"""Cost of a fit of pass rates against the number of problems.

    python benchmarks/scale.py [--only 164 "164, no walks" 1000 800 10000]

Simulated counts of 8 runs, 100 samples a problem; each size in a process of its own. Prints, and
writes to ``results/pass_rate_scale.csv``: seconds of compilation, of everything after it by the
clock and of processor time (the clock also counts the waiting on a machine that others use), the
smallest bulk effective sample size over all reported quantities (parameters, those of each problem
that the sampler ran on included, and the forecast in total and by bucket a decade above), and the
peak memory. Fits have 800 draws and 400 of tuning a chain. The size 800 fits all problems, and once
more by the sampler on 200 of them and recovery of the rest, and reports how far apart the two are
in posterior standard deviations.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from pass_rate_recovery import TARGET, simulate

import bayes_scaling as bs
from bayes_scaling.inference.compiled.codes import find_code
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.fitting import MANY, SUBSET
from bayes_scaling.inference.passes.sampling import pass_recipe_of
from bayes_scaling.inference.passes.subset import choose_subset
from bayes_scaling.specification.spec import Spec

Array = np.ndarray[Any, Any]
HERE = Path(__file__).parent
SAMPLES, RUNS, SEED, DRAWS, TUNE = 100, 8, 1, 800, 400
SIZES = ("164", "164, no walks", "1000", "800", "10000")


def compile_for(spec: Spec, counts: pd.DataFrame, subset: int | None) -> float:
    """Compile what a fit will need; returns the seconds it took."""
    start = time.perf_counter()
    design = make_pass_design(spec, counts)
    if subset is not None:
        design = design.of_units(choose_subset(design, subset, SEED))
    find_code(pass_recipe_of(spec, design))
    return time.perf_counter() - start


def timed_fit(spec: Spec, counts: pd.DataFrame, subset: int | None) -> tuple[Fit, Any]:
    """Fit, and time it by the clock and by the processor."""
    compiling = compile_for(spec, counts, subset)
    clock, processor = time.perf_counter(), time.process_time()
    settings = {"random_seed": SEED, "draws": DRAWS, "tune": TUNE}
    fit = bs.fit(spec, counts, subset=subset, **settings)
    return fit, {
        "compile_s": compiling,
        "clock_s": time.perf_counter() - clock,
        "processor_s": time.process_time() - processor,
    }


def forecast_quantities(fit: Fit) -> xr.Dataset:
    """Draws of the forecast in total and by bucket, with the axes chain and draw."""
    hazards = bs.predict(fit, compute=TARGET).draws["run"].isel(target=0)
    bucket = xr.DataArray(fit.design.units.bucket, dims=hazards.dims[-1:], name="bucket")
    draws = {"neg_log_pass": hazards, "pass_rate": np.exp(-hazards)}
    found = {}
    for name, values in draws.items():
        found[name] = values.mean(hazards.dims[-1])
        found[f"{name}_of_bucket"] = values.groupby(bucket).mean()
    return xr.Dataset(found)


def measure(size: str) -> dict[str, Any]:
    """Fit one size; what a row of the table holds."""
    problems = int(size.split(",")[0])
    spec = bs.load_model("pass_rate")
    if "no walks" in size:
        spec = spec.with_priors(amplitude_2=0)
    counts = bs.form_buckets(simulate(SAMPLES, SEED, problems, RUNS)[0])
    if problems == 800:
        return compare_subset(spec, counts)
    fit, row = timed_fit(spec, counts, SUBSET if problems > MANY else None)
    ess = az.ess(forecast_quantities(fit), method="bulk").to_array()
    return row | {
        "ess_parameters": fit.diagnosis.ess_bulk,
        "ess_forecast": float(ess.min()),
        "worst": fit.diagnosis.worst,
        "retried": fit.diagnosis.retried,
        "converged": fit.diagnosis.converged,
        "gradients": fit.diagnosis.gradient_evaluations,
        "notes": " ".join(fit.notes),
    }


def compare_subset(spec: Spec, counts: pd.DataFrame) -> dict[str, Any]:
    """Fit 800 problems whole and through 200 of them; differences in posterior sds of the whole."""
    whole, row = timed_fit(spec, counts, None)
    part, other = timed_fit(spec, counts, 200)
    for name in ("log_alpha", "k", "k_mu"):
        one, two = (fit.posterior["posterior"][name] for fit in (whole, part))
        row |= gaps(name, one, two)
    one, two = forecast_quantities(whole), forecast_quantities(part)
    for name in ("neg_log_pass", "pass_rate"):
        row |= gaps(name, one[name], two[name])
    row["ess_parameters"] = whole.diagnosis.ess_bulk
    row |= {f"subset_{name}": value for name, value in other.items()}
    return row | {"notes": " ".join(part.notes)}


def gaps(name: str, one: xr.DataArray, two: xr.DataArray) -> dict[str, float]:
    """Differences of posterior means in posterior sds: root mean square and largest."""
    over = ("chain", "draw")
    gap = np.abs((one.mean(over) - two.mean(over)) / one.std(over))
    return {f"{name}_rms_sd": float(np.sqrt((gap**2).mean())), f"{name}_max_sd": float(gap.max())}


def main() -> None:
    """Measure each size in its own process; print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=SIZES, default=SIZES)
    parser.add_argument("--one", choices=SIZES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        row = measure(given.one)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({"size": given.one, **row, "memory_gib": peak}))
        return
    out = HERE / "results" / "pass_rate_scale.csv"
    rows = pd.read_csv(out).to_dict("records") if out.exists() else []
    for size in given.only:
        command = [sys.executable, __file__, "--one", size]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        row = json.loads(said.strip().splitlines()[-1])
        print(pd.Series(row).to_string(), end="\n\n", flush=True)
        rows = [kept for kept in rows if str(kept["size"]) != size] + [row]
        pd.DataFrame(rows).to_csv(out, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
