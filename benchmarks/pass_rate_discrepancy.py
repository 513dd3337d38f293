"""Which discrepancy, how large: chosen by forecasts of data that E10 does not judge.

    python benchmarks/pass_rate_discrepancy.py --data ../shared/data

Three sets. The counts of Pythia's checkpoints on MATH (another sampling run than that of E10, with
another prompt or grader): the ladder at each of four training steps is fitted on 70M to 1B and
forecasts 2.8B, 6.9B and 12B. The log-likelihoods of GSM8K's reference answers, which are log
hazards without noise: fitted on the first 4, 5 and 6 sizes, forecasting the rest; here the model
is normal given its scales, so the hazards follow by linear algebra. Qwen2.5-Instruct on code: 7B to
32B forecasting 72B. Writes ``results/pass_rate_discrepancy.csv``, a row a candidate and forecast,
and prints the means.

A structure is fitted once, with wide half-normals; a candidate that has narrower ones is the same
posterior reweighted by the ratio of the priors, and ``ess`` says how many draws that leaves.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pass_rate_scores import COLUMNS, crps, fit_once, grid, hazards_at, read_counts, score_run

import bayes_scaling as bs
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.sampler_data import mean_matrix, unit_root
from bayes_scaling.inference.passes.terms import make_terms, scale_priors
from bayes_scaling.specification.spec import Spec, parse_spec

Array = np.ndarray[Any, Any]
HERE = Path(__file__).parent
SEED, DRAWS, TUNE = 1, 500, 400
STEPS = (10000, 30000, 100000, 143000)
FITTED = ("pythia-70m", "pythia-160m", "pythia-410m", "pythia-1b")
JUDGED = ("pythia-2.8b", "pythia-6.9b", "pythia-12b")
ORIGINS = (4, 5, 6)
CHAIN, KEPT = 6000, 400

# Half-normal scales of: g, the problem's own term (walk or deviation), the run effect, k's spread.
WIDE = {"g": 0.25, "own": 0.3, "run": 0.15, "k": 0.2}
STRUCTURES: Mapping[str, Mapping[str, Any]] = {
    "integrated g, walk": {"g": "integrated_brownian", "own": "walk"},
    "brownian g, walk": {"g": "brownian", "own": "walk"},
    "no g, walk": {"g": None, "own": "walk"},
    "integrated g, problem by run": {"g": "integrated_brownian", "own": "deviation"},
}
NARROWER: Mapping[str, list[Mapping[str, float]]] = {
    "integrated g, walk": [
        {},
        {"g": 0.1},
        {"g": 0.05},
        {"g": 0.03},
        {"run": 0.1},
        {"run": 0.05},
        {"own": 0.15},
        {"own": 0.08},
        {"k": 0.1},
        {"k": 0.05},
        {"g": 0.1, "run": 0.1},
        {"g": 0.1, "run": 0.1, "own": 0.15},
    ],
    "brownian g, walk": [{}, {"g": 0.1}, {"g": 0.05}],
    "no g, walk": [{}, {"run": 0.1}, {"own": 0.15}],
    "integrated g, problem by run": [{}, {"g": 0.1}],
}


def write_spec(g: str | None, own: str) -> Spec:
    """Write a structure, with the wide half-normals."""
    text = bs.load_model("pass_rate").text
    head = text.split("[effects.run]")[0]
    parts = [head, _effect("run", WIDE["run"])]
    if own == "deviation":
        parts.append(_effect("problem_run", WIDE["own"]))
    if g is not None:
        parts.append(_discrepancy(g, WIDE["g"]))
    if own == "walk":
        parts.append(_discrepancy("brownian", WIDE["own"], over="problem"))
    return parse_spec("\n".join(parts), name="pass_rate")


def _effect(name: str, sigma: float) -> str:
    return f'[effects.{name}]\ndist = "HalfNormal"\nsigma = {sigma}\n'


def _discrepancy(kernel: str, sigma: float, over: str | None = None) -> str:
    own = f'over = "{over}"\n' if over else ""
    amplitude = f'amplitude = {{ dist = "HalfNormal", sigma = {sigma} }}\n'
    return f'[[discrepancy]]\nkernel = "{kernel}"\nalong = ["compute"]\n{own}{amplitude}'


def names_of(spec: Spec) -> dict[str, str]:
    """Which parameter each of the four scales is."""
    found = {"run": "sigma_run", "k": "k_sigma", "own": "sigma_problem_run"}
    for term in spec.discrepancy:
        found["g" if term.over is None else "own"] = term.name
    return found


def log_weights(spec: Spec, narrower: Mapping[str, float], scales: Mapping[str, Array]) -> Array:
    """Log ratio of the half-normals of a candidate to the wide ones."""
    names = names_of(spec)
    total = np.zeros(len(next(iter(scales.values()))))
    for key, sigma in narrower.items():
        if key == "k":
            total += log_half_normal(scales["k_sigma"], sigma)
            total -= log_half_normal(scales["k_sigma"], spec_scale(spec, "k_sigma"))
        else:
            value = scales[names[key]]
            total += log_half_normal(value, sigma) - log_half_normal(value, WIDE[key])
    return total


def spec_scale(spec: Spec, name: str) -> float:
    """Return the half-normal's scale that a spec gives a parameter."""
    return float(scale_priors(spec)[name].arguments["sigma"])


def log_half_normal(value: Array, sigma: float) -> Array:
    """Log density up to a constant."""
    return -0.5 * (value / sigma) ** 2 - np.log(sigma)


def resample(log_weight: Array, count: int, rng: np.random.Generator) -> tuple[Array, float]:
    """Choose draws in proportion to their weights, systematically; and say their worth."""
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    at = (np.arange(count) + rng.uniform()) / count
    chosen = np.minimum(np.searchsorted(np.cumsum(weight), at), len(weight) - 1)
    return chosen, float(1 / (weight**2).sum())


def ladders(data: Path) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield the name, the fitted and the forecast rows of each ladder of counts."""
    table = read_counts(data / "pythia_math_checkpoint_pass_counts" / "pass_counts.csv")
    for step in STEPS:
        rows = table[table["step"] == step]
        fitted, judged = (rows[rows["run"].isin(names)] for names in (FITTED, JUDGED))
        yield f"math, step {step}", fitted[COLUMNS], judged[COLUMNS]
    code = read_counts(data / "evalperf_code_pass_counts" / "pass_counts.csv")
    code = code[(code["family"] == "qwen2.5-instruct") & (code["prompt"] == "plain")]
    code = code.assign(n_correct=code["n_correct"].round().astype(int))
    largest = code["compute"] == code["compute"].max()
    yield "code, Qwen2.5", code.loc[~largest, COLUMNS], code.loc[largest, COLUMNS]


def judge_counts(data: Path, structures: list[str]) -> Iterator[dict[str, Any]]:
    """Score every candidate on every ladder of counts."""
    for structure in structures:
        spec = write_spec(**STRUCTURES[structure])
        for ladder, fitted, judged in ladders(data):
            fit = fit_once(spec, bs.form_buckets(fitted), draws=DRAWS, tune=TUNE)
            posterior = fit.posterior["posterior"].to_dataset()
            scales = {name: posterior[name].values.ravel() for name in scale_priors(spec)}
            hazards = hazards_at(fit, judged)
            n, c = (grid(fit, judged, name) for name in ("n_samples", "n_correct"))
            runs = judged.groupby("run")["compute"].first().sort_values().index
            for narrower in NARROWER[structure]:
                rng = np.random.default_rng(SEED)
                weight = log_weights(spec, narrower, scales)
                chosen, worth = resample(weight, len(hazards), rng)
                means = {f"mean_{k}": float(v[chosen].mean()) for k, v in scales.items()}
                for place, run in enumerate(runs):
                    scores = score_run(hazards[chosen, place], n[place], c[place], rng)
                    own = {"structure": structure, **{**WIDE, **narrower}, "ladder": ladder}
                    sampler = {"rhat": fit.diagnosis.rhat, "ess_bulk": fit.diagnosis.ess_bulk}
                    yield {**own, "target": run, **scores, "ess": worth, **means, **sampler}


def read_gsm8k(data: Path) -> pd.DataFrame:
    """Log hazards less their mean, a row a problem and a column a compute."""
    each = pd.read_csv(data / "pythia_gsm8k_reference_nll" / "nll.csv")
    wide = each.pivot_table(index="problem_id", columns="flops", values="neg_log_prob_nats")
    return np.log(wide)


def gsm8k_design(spec: Spec, log_hazard: pd.DataFrame, fitted: int) -> Design:
    """Arrange all runs as a design, with buckets and reference from the fitted ones."""
    rank = log_hazard.iloc[:, :fitted].mean(axis=1).rank(method="first")
    bucket = ((rank - 1) * 6 // len(rank) + 1).astype(int).astype(str)
    long = log_hazard.rename_axis(index="problem", columns="compute").reset_index()
    long = long.melt(id_vars="problem", value_name="log_hazard")
    table = long.assign(
        bucket=long["problem"].map(bucket),
        run=long["compute"].map("{:.6e}".format),
        problem=long["problem"].map("{:05d}".format),
        n_samples=1,
        n_correct=0,
    )
    reference = np.exp(np.log(log_hazard.columns[:fitted].to_numpy()).mean())
    return make_pass_design(spec, table, float(reference))


class GaussianLadder:
    """The model of log hazards that are known exactly at the first runs: normal given its scales.

    Bucket means of the data, and the scatter about them, are all that the likelihood reads.
    """

    def __init__(self, spec: Spec, log_hazard: pd.DataFrame, fitted: int) -> None:
        self.design = gsm8k_design(spec, log_hazard, fitted)
        self.terms = make_terms(spec, self.design)
        self.priors = {name: spec_scale(spec, name) for name in scale_priors(spec)}
        self.fitted, self.buckets = fitted, len(self.design.units.buckets)
        self.runs = len(self.design.runs)
        shift = float(log_hazard.iloc[:, :fitted].to_numpy().mean())
        self.seen = log_hazard.to_numpy()[:, :fitted] - shift
        self.truth = log_hazard.to_numpy()[:, fitted:] - shift
        self.sizes = np.bincount(self.design.units.bucket)
        self.means = np.array([self.seen[self.design.units.bucket == b].mean(0) for b in range(6)])
        rest = self.seen - self.means[self.design.units.bucket]
        self.scatter = rest.T @ rest

    def parts(self, scales: Mapping[str, float]) -> tuple[Array, Array, Array]:
        """Prior mean and covariance of the bucket means at all runs; covariance of a problem."""
        matrix, root = mean_matrix(self.terms, scales), unit_root(self.terms, scales)
        constant = np.tile(self.terms.constant, self.buckets)
        return constant, matrix @ matrix.T, root @ root.T

    def log_density(self, log_scales: Array) -> float:
        """Log posterior of the logarithms of the scales."""
        values = np.exp(log_scales)
        scales = dict(zip(self.priors, values, strict=True))
        constant, covariance, own = self.parts(scales)
        m, own = self.fitted, own[: self.fitted, : self.fitted]
        free = int((self.sizes - 1).sum())
        total = -0.5 * (free * np.linalg.slogdet(own)[1])
        total -= 0.5 * np.trace(np.linalg.solve(own, self.scatter))
        kept = self._kept()
        spread = covariance[np.ix_(kept, kept)] + np.kron(np.diag(1 / self.sizes), own)
        gap = self.means.ravel() - constant[kept]
        total -= 0.5 * (np.linalg.slogdet(spread)[1] + gap @ np.linalg.solve(spread, gap))
        assert m * self.buckets == len(kept)
        prior = [log_half_normal(value, self.priors[name]) for name, value in scales.items()]
        return float(total + np.sum(prior) + log_scales.sum())

    def _kept(self) -> Array:
        places = np.arange(self.buckets * self.runs).reshape(self.buckets, self.runs)
        return np.asarray(places[:, : self.fitted].ravel())

    def draw_scales(self, rng: np.random.Generator) -> dict[str, Array]:
        """Adaptive Metropolis: the proposal's covariance is that of the past."""
        at = np.log(np.array(list(self.priors.values())) / 3)
        here, past = self.log_density(at), [at]
        for step in range(CHAIN):
            recent = np.array(past[len(past) // 3 :])
            if step % 100 == 0:
                count = len(at)
                spread = np.cov(recent.T) if step >= 500 else np.eye(count) * 0.02
                root = np.linalg.cholesky(spread * 2.4**2 / count + 1e-8 * np.eye(count))
            to = at + root @ rng.standard_normal(len(at))
            there = self.log_density(to)
            if np.log(rng.uniform()) < there - here:
                at, here = to, there
            past.append(at)
        kept = np.exp(np.array(past[CHAIN // 3 :: (CHAIN - CHAIN // 3) // (4 * KEPT)]))
        return dict(zip(self.priors, kept.T, strict=True))

    def forecast(self, scales: Mapping[str, float], rng: np.random.Generator) -> Array:
        """Draw the log hazards of all problems at the later runs, given the scales."""
        constant, covariance, own = self.parts(scales)
        m, kept = self.fitted, self._kept()
        at_seen = np.kron(np.diag(1 / self.sizes), own[:m, :m])
        gain = np.linalg.solve(covariance[np.ix_(kept, kept)] + at_seen, covariance[kept]).T
        centre = constant + gain @ (self.means.ravel() - constant[kept])
        left = covariance - gain @ covariance[kept]
        mean = rng.multivariate_normal(centre, (left + left.T) / 2, method="svd")
        mean = mean.reshape(self.buckets, self.runs)[self.design.units.bucket]
        own_gain = np.linalg.solve(own[:m, :m], own[:m, m:]).T
        rest = own[m:, m:] - own_gain @ own[:m, m:]
        values, vectors = np.linalg.eigh((rest + rest.T) / 2)
        fresh = rng.standard_normal((len(mean), len(values))) * np.sqrt(np.maximum(values, 0))
        return np.asarray(mean[:, m:] + (self.seen - mean[:, :m]) @ own_gain.T + fresh @ vectors.T)


def judge_gsm8k(data: Path) -> Iterator[dict[str, Any]]:
    """Score every candidate on the noiseless log hazards."""
    log_hazard = read_gsm8k(data)
    for structure, made in STRUCTURES.items():
        for origin in ORIGINS:
            spec, rng = write_spec(**made), np.random.default_rng(SEED)
            ladder = GaussianLadder(spec, log_hazard, origin)
            scales = ladder.draw_scales(rng)
            for narrower in NARROWER[structure]:
                chosen, worth = resample(log_weights(spec, narrower, scales), KEPT, rng)
                rows = [{name: float(v[row]) for name, v in scales.items()} for row in chosen]
                drawn = np.array([ladder.forecast(row, rng) for row in rows])
                means = {f"mean_{k}": float(v[chosen].mean()) for k, v in scales.items()}
                for place in range(drawn.shape[2]):
                    run = f"{log_hazard.columns[origin + place]:.1e} FLOP"
                    own = {"structure": structure, **{**WIDE, **narrower}}
                    own |= {"ladder": f"GSM8K, {origin} runs", "target": run}
                    scores = score_log_hazards(drawn[:, :, place], ladder.truth[:, place])
                    yield {**own, **scores, "ess": worth, **means}


def score_log_hazards(drawn: Array, truth: Array) -> dict[str, float]:
    """Score log hazards: of problems, and of their mean."""
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    mean = drawn.mean(axis=1)
    q = np.quantile(mean, [0.05, 0.5, 0.95])
    inside = float(((truth >= low) & (truth <= high)).mean())
    centre, sd = drawn.mean(axis=0), drawn.std(axis=0)
    log = -0.5 * ((truth - centre) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return {
        "coverage": inside,
        "coverage_pit": inside,
        "crps_x1000": 1000 * float(crps(drawn, truth).mean()),
        "log": float(log.mean()),
        "mean_p": float(truth.mean()),
        "q05": q[0],
        "median": q[1],
        "q95": q[2],
        "ratio": float(np.exp(q[2] - q[0])),
        "inside": float(q[0] <= truth.mean() <= q[2]),
        "pit": float((mean < truth.mean()).mean()),
        "crps_mean_x1000": 1000 * float(crps(mean, np.asarray(truth.mean()))),
    }


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Means over forecasts, by set and candidate."""
    kind = table["ladder"].str.split(",").str[0].rename("set")
    keys = [kind, "structure", "g", "own", "run", "k"]
    columns = ["coverage", "coverage_pit", "crps_x1000", "log", "ratio", "inside"]
    columns += ["crps_mean_x1000", "ess"]
    return table.groupby(keys, sort=False, dropna=False)[columns].mean()


def main() -> None:
    """Score all candidates and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--only", choices=["counts", "gsm8k"], help="one kind of data")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "pass_rate_discrepancy.csv")
    parser.add_argument("--structures", nargs="*", default=list(STRUCTURES), help="of counts")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if given.only != "counts":
        rows += judge_gsm8k(given.data)
    if given.only != "gsm8k":
        for row in judge_counts(given.data, given.structures):
            rows.append(row)
            pd.DataFrame(rows).to_csv(given.out, index=False, float_format="%.5g")
    table = pd.DataFrame(rows)
    table.to_csv(given.out, index=False, float_format="%.5g")
    print(summarise(table).round(3).to_string())


if __name__ == "__main__":
    main()
