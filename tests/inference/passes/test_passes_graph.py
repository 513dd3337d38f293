"""The sampler's model, the plain model and a density written apart are one posterior."""

import numpy as np
import pandas as pd
import pytest
from interpreting import INTERPRETED
from pytensor.compile.mode import Mode
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import SpecError
from bayes_scaling.inference.passes import sites
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.graph import build_pass_sampler_model
from bayes_scaling.inference.passes.recovery import recover_posterior
from bayes_scaling.inference.passes.sampler_data import MEAN, UNITS
from bayes_scaling.inference.passes.terms import make_terms, scale_priors
from bayes_scaling.inference.plain import build_plain
from bayes_scaling.specification.discrepancy import square_root
from bayes_scaling.specification.spec import parse_spec

SPEC = bs.load_model("pass_rate")
CELLS = """
[effects.problem_run]
dist = "HalfNormal"
sigma = 0.3
[effects.bucket_run]
dist = "HalfNormal"
sigma = 0.2
"""
PINS = {"log_alpha": 0.4, "sigma_run": 0.2, "amplitude_2": 0.25}


def extended(spec, text):
    """A model with more tables at its end."""
    return parse_spec(spec.text + text, name=spec.name)


SPECS = {
    "pass_rate": SPEC,
    "no discrepancy, cells": extended(SPEC.with_priors(amplitude=0, amplitude_2=0), CELLS),
    "pinned": SPEC.with_priors(**PINS),
    "buckets": bs.load_model("pass_rate_bucket"),
    "logistic": bs.load_model("pass_rate_logistic").with_priors(
        amplitude=0, amplitude_2={"dist": "Exponential", "lam": 3.0}
    ),
}


def counts():
    """Four problems in two buckets and three runs, not all tried; one is solved by nobody."""
    rows = [
        ("a", "1", "p1", 20, 12),
        ("b", "1", "p1", 20, 15),
        ("c", "1", "p1", 20, 20),
        ("a", "1", "p2", 10, 2),
        ("c", "1", "p2", 30, 17),
        ("a", "2", "p3", 20, 0),
        ("b", "2", "p3", 20, 0),
        ("c", "2", "p3", 20, 0),
        ("b", "2", "p4", 15, 1),
    ]
    table = pd.DataFrame(rows, columns=["run", "bucket", "problem", "n_samples", "n_correct"])
    return table.assign(compute=table["run"].map({"a": 1e19, "b": 3e20, "c": 2e21}))


def design_of(spec):
    return make_pass_design(spec, bs.read_passes(counts()), 1e20)


def normal(values, mean, sd):
    return stats.norm(mean, sd).logpdf(values).sum()


def walk(kernel, decades):
    """Covariance of a walk at the runs, at unit amplitude."""
    near, far = np.minimum.outer(decades, decades), np.maximum.outer(decades, decades)
    return near if kernel == "brownian" else near**2 * (3 * far - near) / 6


def written_apart(name, v, design):
    """Log posterior of the parameters that a spec names, from its formulas alone."""
    spec, bucket, x = SPECS[name], design.units.bucket, np.log(design.scale / 1e20)
    decades = np.log10(design.scale / design.scale.min())
    first = "difficulty" if name == "logistic" else "log_alpha"
    sigma_run = v.get("sigma_run", 0.2)
    total = normal(v["run_effect"], 0.0, sigma_run)
    if name == "buckets":
        total += normal(v["log_alpha"], 0.5, 2.0) + normal(v["k_mu"], 0.18, 0.15)
        total += normal(v["k"], v["k_mu"], v["k_sigma"])
        total += normal(v["bucket_run_effect"], 0.0, v["sigma_bucket_run"])
        beyond = v["bucket_run_effect"]
    else:
        total += normal(v["k_mu_mu"], 0.18, 0.15) + normal(v["k_mu"], v["k_mu_mu"], v["k_mu_sigma"])
        total += normal(v["k"], v["k_mu"][bucket], v["k_sigma"])
        beyond = 0.0
    if first in v and name != "buckets":
        total += normal(v[f"{first}_mu"], 0.5, 1.5)
        total += normal(v[first], v[f"{first}_mu"], v[f"{first}_sigma"])
    if "problem_run_effect" in v:
        total += normal(v["problem_run_effect"], 0.0, v["sigma_problem_run"])
        total += normal(v["bucket_run_effect"], 0.0, v["sigma_bucket_run"])
        beyond = v["problem_run_effect"] + v["bucket_run_effect"][bucket]
    for term in spec.discrepancy:
        if term.amplitude == 0.0:
            continue
        weights, unit = v[f"{term.name}_weights"], walk(term.kernel, decades)
        total += normal(weights, 0.0, 1.0)
        root = square_root(unit)
        beyond = beyond + v.get(term.name, term.amplitude) * weights @ root.T
    level = v.get(first, np.full(len(design.units), 0.4))
    t = level[:, None] - v["k"][:, None] * x + v["run_effect"] + beyond
    p = 1 / (1 + np.exp(t)) if spec.law.name == "logistic" else np.exp(-np.exp(t))
    seen = design.observed["n_samples"] > 0
    total += (
        stats.binom(design.observed["n_samples"][seen], p[seen])
        .logpmf(design.observed["n_correct"][seen])
        .sum()
    )
    return total + of_scales(spec, v)


def of_scales(spec, values):
    """Log prior density of the scales."""
    total = 0.0
    for name, prior in scale_priors(spec).items():
        if prior.dist == "Exponential":
            total += stats.expon(scale=1 / prior.arguments["lam"]).logpdf(values[name])
        else:
            total += stats.halfnorm(scale=prior.arguments["sigma"]).logpdf(values[name])
    return total


def named(spec, design, scales, flat):
    """Parameters that flat variables make, and all of these but the scales in one vector."""
    drawn = {name: np.array(value)[None, None] for name, value in {**scales, **flat}.items()}
    found = recover_posterior(spec, design, drawn).isel(chain=0, draw=0)
    values = {str(k): found[k].values for k in found.data_vars if k != "population_weights"}
    own = []
    for key, value in values.items():
        if key not in scales:
            own.append(np.ravel(value))
    return values, np.concatenate(own)


def sizes(spec, design):
    terms = make_terms(spec, design)
    mean = sum(term.block.shape[-1] for term in terms.mean)
    return mean, (len(design.units), sum(term.block.shape[-1] for term in terms.units))


def random_point(spec, design, rng):
    mean, units = sizes(spec, design)
    scales = {name: rng.uniform(0.1, 0.6) for name in scale_priors(spec)}
    return scales, {MEAN: rng.normal(size=mean), UNITS: rng.normal(size=units)}


def as_sampled(spec, scales):
    """Point of the sampler: half-normal scales in units of their own, with either sign."""
    point, jacobian = {}, 0.0
    for name, prior in scale_priors(spec).items():
        if prior.dist == "HalfNormal":
            point[f"{name}_raw"] = scales[name] / prior.arguments["sigma"]
        else:
            point[f"{name}_log__"] = np.log(scales[name])
            jacobian += np.log(scales[name])
    return point, jacobian


def signed(spec, scales, rng):
    """Turn half-normal scales round at random."""
    half = [name for name, prior in scale_priors(spec).items() if prior.dist == "HalfNormal"]
    return scales | {name: scales[name] * rng.choice([-1, 1]) for name in half}


def log_volume(spec, design, scales, flat):
    """Log determinant of the map from flat variables to parameters, which is affine."""

    def at(vector):
        cut = len(flat[MEAN])
        parts = {MEAN: vector[:cut], UNITS: vector[cut:].reshape(flat[UNITS].shape)}
        return named(spec, design, scales, parts)[1]

    count = len(flat[MEAN]) + flat[UNITS].size
    origin = at(np.zeros(count))
    columns = [at(unit) - origin for unit in np.eye(count)]
    return np.linalg.slogdet(np.array(columns))[1]


@pytest.mark.parametrize(
    ("name", "groups"), [*((name, sites.GROUPS) for name in SPECS), ("pass_rate", 2)]
)
def test_the_sampler_moves_in_the_posterior_that_is_written_down(name, groups, monkeypatch):
    monkeypatch.setattr(sites, "GROUPS", groups)
    spec, design = SPECS[name], design_of(SPECS[name])
    sampler = build_pass_sampler_model(spec, design)
    density = sampler.compile_logp(mode=INTERPRETED)
    slope = sampler.compile_dlogp(mode=INTERPRETED)
    rng, gaps = np.random.default_rng(3), []
    for _ in range(4):
        scales, flat = random_point(spec, design, rng)
        scales = signed(spec, scales, rng)
        apart = written_apart(name, named(spec, design, scales, flat)[0], design)
        point, jacobian = as_sampled(spec, scales)
        apart += log_volume(spec, design, scales, flat) + jacobian
        gaps.append(float(density({**point, **flat})) - apart)
    np.testing.assert_allclose(gaps, gaps[0], atol=1e-6)
    point |= flat
    direction = {key: rng.normal(size=np.shape(value)) for key, value in point.items()}
    ends = [
        float(density({k: v + side * 1e-5 * direction[k] for k, v in point.items()}))
        for side in (-1, 1)
    ]
    along = np.concatenate([np.ravel(direction[v.name]) for v in sampler.value_vars])
    assert slope(point) @ along == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("name", SPECS)
def test_the_plain_model_is_the_one_written_down(name):
    spec, design = SPECS[name], design_of(SPECS[name])
    model = build_plain(spec, design)
    density = model.compile_logp(mode=INTERPRETED)
    start, rng = model.initial_point(), np.random.default_rng(4)
    for _ in range(3):
        point = {key: 0.3 * rng.normal(size=np.shape(value)) for key, value in start.items()}
        logs = {key: value for key, value in point.items() if key.endswith("_log__")}
        values = {key.removesuffix("_log__"): value for key, value in point.items()}
        values |= {key.removesuffix("_log__"): np.exp(value) for key, value in logs.items()}
        apart = written_apart(name, values, design) + sum(logs.values())
        np.testing.assert_allclose(float(density(point)), apart, atol=1e-6)


def test_the_plain_model_keeps_its_digits_at_hazards_near_zero():
    """One failure at -log p = exp(-20) has log probability -20."""
    spec = SPEC.with_priors(amplitude=0, amplitude_2=0, log_alpha=-20.0, k=0.0, sigma_run=1e-9)
    spec = extended(spec, '[effects.problem_run]\ndist = "HalfNormal"\nsigma = 1e-9\n')
    table = counts().query("run == 'a' and problem == 'p1'").assign(n_samples=1, n_correct=0)
    design = make_pass_design(spec, bs.read_passes(table), 1e19)
    model = build_plain(spec, design)
    point = {name: np.zeros_like(value) for name, value in model.initial_point().items()}
    stable = Mode(linker="py", optimizer="fast_run")  # rewrites log(1 - sigmoid)
    counted = model.compile_logp(vars=[model["n_correct"]], mode=stable)
    assert float(counted(point)) == pytest.approx(-20.0, rel=1e-6)


def test_a_model_whose_units_are_all_alike_is_refused():
    spec = SPEC.with_priors(amplitude=0, amplitude_2=0, log_alpha=0.5, k=0.2)
    with pytest.raises(SpecError, match="all problems are alike; give log_alpha, k, an effect"):
        make_terms(spec, design_of(spec))


def test_units_of_alike_precisions_share_them(monkeypatch):
    rng = np.random.default_rng(1)
    kinds = np.array([[0.0, 50.0, 400.0], [3.0, 0.0, 9.0], [100.0, 100.0, 100.0]])
    own = kinds[np.arange(60) % 3] * np.exp(rng.uniform(-0.2, 0.2, (60, 3)))
    monkeypatch.setattr(sites, "GROUPS", 3)
    grouped = sites.group_sites(sites.Sites(np.zeros((60, 3)), own))
    assert len({tuple(grouped.group[kind::3]) for kind in range(3)}) == 3
    for kind in range(3):
        assert len(set(grouped.group[kind::3])) == 1
    shared = grouped.w[grouped.group]
    assert (shared[own == 0.0] == 0.0).all()
    assert np.abs(np.log(shared[own > 0] / own[own > 0])).max() <= 0.4
    few = sites.group_sites(sites.Sites(np.zeros((2, 3)), own[:2]))
    np.testing.assert_array_equal(few.w[few.group], own[:2])
