import math

import numpy as np
import pymc as pm
import pytest
from chance import is_drawn_from, z
from scipy import special, stats

from bayes_scaling.errors import SpecError
from bayes_scaling.specification.logit_normal import logit_normal
from bayes_scaling.specification.noise import NOISES
from bayes_scaling.specification.prior_draws import draw_prior, truncation
from bayes_scaling.specification.priors import DISTRIBUTIONS, Prior, draw_parameter
from bayes_scaling.specification.shelf import list_models, load_model

ARGUMENTS = {
    "Normal": {"mu": -0.7, "sigma": 1.3},
    "LogNormal": {"mu": -2.5, "sigma": 0.6},
    "LogitNormal": {"mu": 0.4, "sigma": 0.7},
    "HalfNormal": {"sigma": 0.3},
    "StudentT": {"nu": 4.0, "mu": 0.5, "sigma": 2.0},
    "Exponential": {"lam": 3.0},
    "Gamma": {"alpha": 2.5, "beta": 4.0},
    "InverseGamma": {"alpha": 3.0, "beta": 0.5},
    "Beta": {"alpha": 2.0, "beta": 5.0},
    "Uniform": {"lower": -1.0, "upper": 3.0},
}
LINKS = {"identity": lambda value: value, "exp": np.exp, "sigmoid": special.expit}


def rng():
    return np.random.default_rng(20260101)


def test_every_distribution_is_tested():
    assert ARGUMENTS.keys() == DISTRIBUTIONS.keys()
    for name, entry in DISTRIBUTIONS.items():
        assert entry.arguments.keys() == ARGUMENTS[name].keys()


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_scipy_and_pymc_mean_the_same_density(name):
    ours = DISTRIBUTIONS[name].scipy(**ARGUMENTS[name])
    theirs = getattr(pm, name).dist(**ARGUMENTS[name])
    points = ours.ppf([0.02, 0.3, 0.5, 0.9, 0.999])
    np.testing.assert_allclose(pm.logp(theirs, points).eval(), ours.logpdf(points), atol=1e-6)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_lie_where_the_vocabulary_says(name):
    support = Prior(name, ARGUMENTS[name]).support
    frozen = DISTRIBUTIONS[name].scipy(**ARGUMENTS[name])
    assert frozen.support() == (support.lower, support.upper)
    draws = draw_parameter("p", Prior(name, ARGUMENTS[name]), {}, 2000, rng())["p"]
    assert all(support.holds(value) for value in draws)
    assert is_drawn_from(draws, frozen.cdf)


@pytest.mark.parametrize("name", [name for name, entry in DISTRIBUTIONS.items() if entry.link])
def test_a_link_makes_it_of_a_normal(name):
    mu, sigma = ARGUMENTS[name]["mu"], ARGUMENTS[name]["sigma"]
    quantiles = np.array([0.01, 0.4, 0.97])
    linked = LINKS[DISTRIBUTIONS[name].link](mu + sigma * stats.norm.ppf(quantiles))
    np.testing.assert_allclose(DISTRIBUTIONS[name].scipy(mu=mu, sigma=sigma).ppf(quantiles), linked)


def test_the_logit_normal_is_consistent_with_itself():
    frozen = logit_normal(0.4, 0.7)
    points = np.array([0.2, 0.3, 0.6, 0.99])
    np.testing.assert_allclose(frozen.cdf(points) + frozen.sf(points), 1.0)
    np.testing.assert_allclose(frozen.ppf(frozen.cdf(points)), points)
    np.testing.assert_allclose(frozen.isf(frozen.sf(points)), points)
    np.testing.assert_allclose(np.log(frozen.pdf(points)), frozen.logpdf(points))
    assert frozen.expect() == pytest.approx(frozen.mean())
    assert frozen.median() == pytest.approx(special.expit(0.4))
    assert np.isnan(logit_normal.pdf(0.5, 0.4, -0.7))


def test_the_logit_normal_takes_arrays():
    mu = np.array([[-1.0], [0.0], [2.0]])
    draws = logit_normal(mu, 0.01).rvs(size=(3, 4), random_state=rng())
    np.testing.assert_allclose(draws, np.broadcast_to(special.expit(mu), (3, 4)), atol=0.02)  # 8 sd


def test_a_pinned_parameter_is_drawn_as_its_number():
    drawn = draw_parameter("nu", 5.0, {}, 3, rng())
    assert drawn.keys() == {"nu"}
    np.testing.assert_array_equal(drawn["nu"], [5.0, 5.0, 5.0])


def test_groups_have_draws_of_their_own():
    prior = Prior("LogNormal", {"mu": 0.0, "sigma": 1.0}, over="family")
    drawn = draw_parameter("level", prior, {"family": 3}, 4000, rng())
    assert drawn["level"].shape == (4000, 3)
    apart = np.corrcoef(np.log(drawn["level"]), rowvar=False) - np.eye(3)
    assert np.abs(apart).max() < z(3) / np.sqrt(4000)


POOLED = Prior(
    "LogitNormal",
    {
        "mu": Prior("Normal", {"mu": 0.4, "sigma": 0.7}),
        "sigma": Prior("HalfNormal", {"sigma": 0.5}),
    },
    over="family",
)


def test_pooled_groups_scatter_around_what_they_share():
    drawn = draw_parameter("share", POOLED, {"family": 2}, 5000, rng())
    assert {name: values.shape for name, values in drawn.items()} == {
        "share": (5000, 2),
        "share_mu": (5000,),
        "share_sigma": (5000,),
    }
    assert is_drawn_from(drawn["share_mu"], stats.norm(0.4, 0.7).cdf)
    assert is_drawn_from(drawn["share_sigma"], stats.halfnorm(scale=0.5).cdf)
    scatter = special.logit(drawn["share"]) - drawn["share_mu"][:, None]
    assert is_drawn_from(scatter / drawn["share_sigma"][:, None], stats.norm.cdf)


def test_the_same_seed_gives_the_same_draws():
    first, second = (draw_parameter("s", POOLED, {"family": 2}, 9, rng()) for _ in range(2))
    np.testing.assert_array_equal(first["s"], second["s"])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_truncation_leaves_the_upper_part(name):
    frozen = DISTRIBUTIONS[name].scipy(**ARGUMENTS[name])
    edge = float(frozen.ppf(0.7))
    prior = Prior(name, ARGUMENTS[name])
    drawn = draw_parameter("p", prior, {}, 2000, rng(), above=edge)["p"]
    assert drawn.min() >= edge
    assert is_drawn_from(drawn, lambda p: 1 - frozen.sf(p) / frozen.sf(edge))


def test_truncation_holds_far_out_in_the_tail():
    prior = Prior("LogNormal", {"mu": 0.0, "sigma": 0.1})
    drawn = draw_parameter("level", prior, {}, 1000, rng(), above=2.5)["level"]
    assert np.isfinite(drawn).all()
    assert drawn.min() > 2.5
    assert drawn.max() < 3.2


@pytest.mark.parametrize("model", list_models()["model"])
def test_draws_of_a_whole_model(model):
    spec = load_model(model)
    groups = dict.fromkeys(spec.groups, 3)
    drawn = draw_prior(spec, groups, 200, rng())
    if spec.law.name in {"power", "power_floor"}:
        floor = drawn.get("c", 0.0)
        np.testing.assert_allclose(drawn["a"] + floor, drawn["level"], rtol=1e-12)
        np.testing.assert_allclose(drawn["b"] * drawn["a"] / drawn["level"], drawn["elasticity"])
    assert {*spec.free, *spec.pinned} <= drawn.keys()
    for name, prior in spec.free.items():
        assert drawn[name].shape == ((200, 3) if prior.over else (200,))


def test_the_level_stays_above_a_pinned_floor():
    spec = load_model("loss").with_priors(c=2.0)
    assert truncation(spec, "level") == 2.0
    assert truncation(spec, "elasticity") is None
    assert truncation(load_model("loss"), "level") is None
    drawn = draw_prior(spec, {}, 2000, rng())
    assert drawn["level"].min() > 2.0
    np.testing.assert_allclose(drawn["c"], 2.0, rtol=1e-12)
    np.testing.assert_allclose(drawn["floor_share"], 2.0 / drawn["level"])


def test_a_floor_pinned_to_zero_leaves_the_prior_of_the_level():
    drawn = draw_prior(load_model("loss").with_priors(c=0), {}, 2000, rng())
    assert is_drawn_from(drawn["level"], stats.lognorm(1.0, scale=math.exp(0.9)).cdf)
    np.testing.assert_array_equal(drawn["b"], drawn["elasticity"])


def test_a_prior_says_what_it_is():
    assert str(Prior("LogNormal", {"mu": 0.9, "sigma": 1.0})) == "LogNormal(mu=0.9, sigma=1)"
    assert str(POOLED) == "LogitNormal(mu=Normal(mu=0.4, sigma=0.7), sigma=HalfNormal(sigma=0.5))"
    assert POOLED.nested.keys() == {"mu", "sigma"}


@pytest.mark.parametrize(
    ("name", "values", "cdf"),
    [
        ("student_t", {"nu": 5.0, "sigma": 9.0}, stats.t(5).cdf),
        ("student_t", {"nu": np.full(4000, 2.0), "sigma": 9.0}, stats.t(2).cdf),
        ("normal", {"sigma": 9.0}, stats.norm.cdf),
    ],
)
def test_standard_noise(name, values, cdf):
    noise = NOISES[name]
    draws = noise.standard(rng(), values, (4000,))
    assert draws.shape == (4000,)
    assert is_drawn_from(draws, cdf)
    assert {"sigma", *noise.shape_parameters} == noise.parameters.keys()


@pytest.mark.parametrize(
    ("dist", "argument"), [(dist, name) for dist in ARGUMENTS for name in ARGUMENTS[dist]]
)
@pytest.mark.parametrize("number", [1e300, 1e10, 1e-300])
def test_numbers_that_no_density_survives_are_refused_by_key(dist, argument, number):
    given = ARGUMENTS[dist] | {argument: number}
    needed = {"dist": dist, **given}
    with pytest.raises(SpecError, match=rf"priors\.bend\.{argument}: expected .*, got 1e"):
        load_model("loss_broken").with_priors(bend=needed)


@pytest.mark.parametrize("name", ["Normal", "LogNormal", "LogitNormal"])
def test_draws_at_the_limits_are_numbers(name):
    limits = DISTRIBUTIONS[name].limits
    for mu in (limits["mu"].lower, limits["mu"].upper):
        sigma = limits["sigma"].upper
        drawn = DISTRIBUTIONS[name].scipy(mu=mu, sigma=sigma).rvs(size=10_000, random_state=rng())
        assert np.isfinite(drawn).all()
        assert name != "LogitNormal" or ((drawn > 0) & (drawn < 1)).all()
