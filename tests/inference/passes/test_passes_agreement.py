"""Agreement with fits that share no code: maximum likelihood of the binomial mixed model.

The model is ``glmer(cbind(failed, passed) ~ x + (1 | problem) + (0 + x | problem),
binomial("cloglog"))``, up to the sign of the slope: by lme4, which has Laplace's approximation
only, and here with its integrals by adaptive Gauss-Hermite quadrature of two dimensions.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from scipy.special import xlogy
from shifting import unshifted_rng

import bayes_scaling as bs
from bayes_scaling.specification.spec import parse_spec

pytestmark = pytest.mark.afresh

COMPUTE = np.geomspace(1e19, 1e22, 6)
X = np.log(COMPUTE / np.exp(np.log(COMPUTE).mean()))
TRUTH = {"log_alpha_mu": 0.4, "k_mu": 0.2, "log_alpha_sigma": 1.2, "k_sigma": 0.1}
FIGURES = {  # maximum likelihood and its standard errors, of the set below
    "log_alpha_mu": (0.2186, 0.1216),
    "k_mu": (0.1877, 0.01082),
    "log_alpha_sigma": (1.0768, 0.09147),
    "k_sigma": (0.08288, 0.00875),
}
LME4 = {  # estimates of lme4 1.1-31 of the same set
    "log_alpha_mu": 0.221353,
    "k_mu": 0.188376,
    "log_alpha_sigma": 1.072914,
    "k_sigma": 0.082743,
}
SPEC = """
title = "Two normal effects of each problem"
response = "passes"
law = "power"
noise = "binomial"
[priors.log_alpha]
dist = "Normal"
over = "problem"
mu = { dist = "Normal", mu = 0.5, sigma = 3.0 }
sigma = { dist = "HalfNormal", sigma = 3.0 }
[priors.k]
dist = "Normal"
over = "problem"
mu = { dist = "Normal", mu = 0.18, sigma = 1.0 }
sigma = { dist = "HalfNormal", sigma = 1.0 }
"""


def simulated(problems=80, n=50):
    """Successes, problem by run."""
    rng = unshifted_rng(7)
    z = rng.normal(TRUTH["log_alpha_mu"], TRUTH["log_alpha_sigma"], problems)
    k = rng.normal(TRUTH["k_mu"], TRUTH["k_sigma"], problems)
    h = np.exp(z[:, None] - k[:, None] * X)
    return rng.binomial(n, np.exp(-h)).astype(float), float(n)


def log_density(z, k, c, n, theta):
    """Log of counts and effects of each problem, axes (problem, node)."""
    mean_z, mean_k, log_z, log_k = theta
    h = np.exp(np.minimum(z[..., None] - k[..., None] * X, 30.0))
    counts = (-c[:, None, :] * h + xlogy(n - c[:, None, :], -np.expm1(-h))).sum(axis=-1)
    far = ((z - mean_z) / np.exp(log_z)) ** 2 + ((k - mean_k) / np.exp(log_k)) ** 2
    return counts - 0.5 * far - log_z - log_k - np.log(2 * np.pi)


def modes(c, n, theta, steps=20):
    """Mode of each problem's effects and a root of the inverse information there."""
    means, precisions = np.array(theta[:2]), np.exp(-2 * np.array(theta[2:]))
    design = np.stack([np.ones_like(X), -X], axis=1)
    at = np.tile(means, (len(c), 1))
    for _ in range(steps):
        h = np.exp(np.clip(at @ design.T, -20.0, 5.0))
        slope = h * ((n - c) / np.expm1(h) - c)
        weight = n * h**2 / np.expm1(h)
        information = np.einsum("im,mr,ms->irs", weight, design, design) + np.diag(precisions)
        pull = slope @ design - (at - means) * precisions
        move = np.linalg.solve(information, pull[..., None])[..., 0]
        at = at + move / np.maximum(1.0, np.abs(move).max(axis=1, keepdims=True))
    return at, np.linalg.cholesky(np.linalg.inv(information))


def minus_log_likelihood(theta, c, n, nodes=11):
    """Sum over problems of the log of an integral of two dimensions."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    grid = np.array(np.meshgrid(points, points)).reshape(2, -1)
    log_weights = np.add.outer(np.log(weights), np.log(weights)).ravel()
    at, root = modes(c, n, theta)
    effects = at[:, :, None] + 1.2 * root @ grid
    inside = log_density(effects[:, 0], effects[:, 1], c, n, theta)
    inside += log_weights + 0.5 * (grid**2).sum(axis=0)
    volume = np.log(1.2**2 * np.linalg.det(root))
    top = inside.max(axis=1)
    return -(top + np.log(np.exp(inside - top[:, None]).sum(axis=1)) + volume).sum()


def maximum_likelihood():
    """Estimates and standard errors; those of scales by the delta method."""
    c, n = simulated()
    found = optimize.minimize(minus_log_likelihood, [0.0, 0.1, 0.0, -1.5], args=(c, n))
    step, eye = 1e-3, np.eye(4)

    def value(shift):
        return minus_log_likelihood(found.x + step * shift, c, n)

    hessian = [
        [value(a + b) - value(a - b) - value(b - a) + value(-a - b) for b in eye] for a in eye
    ]
    errors = np.sqrt(np.diag(np.linalg.inv(np.array(hessian) / (4 * step**2))))
    estimates = np.concatenate([found.x[:2], np.exp(found.x[2:])])
    errors[2:] *= estimates[2:]
    return estimates, errors


def test_the_quadrature_finds_its_figures_and_the_truth():
    estimates, errors = maximum_likelihood()
    np.testing.assert_allclose(np.array(list(FIGURES.values())).T, [estimates, errors], rtol=0.02)
    assert (np.abs(estimates - list(TRUTH.values())) < 2.5 * errors).all()


def test_lme4_finds_the_same():
    """Laplace's approximation is off by a few hundredths of a standard error."""
    for name, (estimate, error) in FIGURES.items():
        assert abs(LME4[name] - estimate) < 0.1 * error


@pytest.mark.slow
def test_the_posterior_agrees_with_maximum_likelihood():
    """Wide priors: medians within 0.35 standard errors, standard deviations within a quarter."""
    c, n = simulated()
    table = pd.DataFrame(
        {
            "run": np.tile([f"r{m}" for m in range(6)], len(c)),
            "compute": np.tile(COMPUTE, len(c)),
            "problem": np.repeat([f"p{i:02d}" for i in range(len(c))], 6),
            "n_samples": int(n),
            "n_correct": c.ravel().astype(int),
        }
    )
    reference = float(np.exp(np.log(COMPUTE).mean()))
    spec = parse_spec(SPEC, name="mixed")
    fit = bs.fit(spec, table, random_seed=1, reference=reference)
    assert fit.diagnosis.converged
    summary = fit.summary()
    for name, (estimate, error) in FIGURES.items():
        assert abs(summary.loc[name, "median"] - estimate) < 0.35 * error
        assert abs(summary.loc[name, "median"] - LME4[name]) < 0.35 * error
        assert summary.loc[name, "sd"] == pytest.approx(error, rel=0.25)


@pytest.mark.slow
def test_the_plain_model_sampled_by_pymc_agrees():
    """The sampler's coordinates and those of the model as it is written down: one posterior."""
    import nutpie

    ladder = pd.DataFrame({"compute": [1e19, 1e20, 1e21]})
    settings = {"problems": 8, "n_samples": 40, "reference": 1e20}
    counts = bs.simulate("pass_rate", ladder, random_seed=3, **settings)
    spec = bs.load_model("pass_rate").with_priors(amplitude=0)
    fit = bs.fit(spec, counts, random_seed=1, reference=1e20, draws=2000)
    compiled = nutpie.compile_pymc_model(fit.pymc_model())
    tree = nutpie.sample(
        compiled, seed=2, draws=4000, chains=4, target_accept=0.99, progress_bar=False
    )
    drawn = fit.posterior["posterior"].to_dataset()
    for name in ("log_alpha_sigma", "k_sigma", "k_mu_sigma", "sigma_run", "amplitude_2"):
        mine, theirs = drawn[name], tree.posterior[name]
        assert abs(mine.mean() - theirs.mean()) < 0.12 * theirs.std()
        assert float(mine.std()) == pytest.approx(float(theirs.std()), rel=0.12)
