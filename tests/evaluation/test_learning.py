import dataclasses
import tomllib

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, DataError, SpecError
from bayes_scaling.evaluation import population
from bayes_scaling.evaluation.ladder_fits import Ladders, standpoint
from bayes_scaling.evaluation.learning import learn_priors
from bayes_scaling.evaluation.population import Evidence, next_ladder

KNOWN = 0.02  # how well each synthetic ladder knows its parameters
CENTRE = {"elasticity": -2.5, "floor_share": 0.0}
PARAMETERS = ("elasticity", "floor_share", "sigma", "amplitude")


@pytest.fixture(autouse=True)
def few_sweeps(monkeypatch):
    monkeypatch.setattr(population, "SWEEPS", 400)
    monkeypatch.setattr(population, "BURN_IN", 100)


def start():
    return bs.load_model("loss").with_priors(
        elasticity={"dist": "LogNormal", "mu": -2.5, "sigma": 0.5},
        floor_share={"dist": "LogitNormal", "mu": 0.0, "sigma": 0.5},
        sigma={"dist": "LogNormal", "mu": -5.0, "sigma": 0.5},
        amplitude={"dist": "LogNormal", "mu": -5.0, "sigma": 0.5},
    )


def ladders_of(centres, sources, known=KNOWN, seed=0):
    """Ladders whose posterior is normal about a centre; sigma and amplitude are as the prior."""
    rng = np.random.default_rng(seed)
    centres = np.column_stack([centres, np.tile([-5.0, -5.0], (len(centres), 1))])
    widths = np.array([known, known, 0.5, 0.5])
    draws = centres[:, None] + widths * rng.standard_normal((len(centres), 500, 4))
    names = tuple(f"ladder {row}" for row in range(len(centres)))
    return Ladders(start(), names, tuple(sources), PARAMETERS, draws, (True,) * len(names))


def moments(spec, name):
    arguments = spec.free[name].arguments
    return arguments["mu"], arguments["sigma"]


def flat(draws, source):
    """Evidence of known draws, whose prior is taken out already."""
    return Evidence(np.asarray(draws, float), np.zeros(np.shape(draws)[:2]), np.asarray(source))


def test_the_population_of_many_known_ladders_is_found():
    rng = np.random.default_rng(1)
    own = -2.5 + 0.4 * rng.standard_normal((60, 1))
    shares = 0.3 * rng.standard_normal((60, 1))
    ladders = ladders_of(np.hstack([own, shares]), [f"source {row}" for row in range(60)])
    mean, spread = moments(learn_priors(ladders, random_seed=1), "elasticity")
    # Both are rounded to steps of 0.1, the spread upwards; 300 sweeps know each to 0.01.
    assert mean == pytest.approx(own.mean(), abs=0.05 + 0.05)
    assert -0.05 < spread - own.std() < 0.1 + 0.08


def test_spreads_between_and_within_sources_both_count():
    rng = np.random.default_rng(2)
    source = np.repeat(np.arange(40), 3)
    own = 0.6 * rng.standard_normal(40)[source] + 0.8 * rng.standard_normal(120)
    draws = own[:, None, None] + KNOWN * rng.standard_normal((120, 200, 1))
    drawn = next_ladder(flat(draws, source), [0.0], [1.0], rng)
    means, within = own.reshape(40, 3).mean(axis=1), own.reshape(40, 3).var(axis=1, ddof=1).mean()
    known = np.sqrt(means.var(ddof=1) + within * 2 / 3)  # of these ladders; the sweeps add 0.02
    assert drawn.std() == pytest.approx(known, abs=0.15)


def test_many_ladders_of_one_source_count_as_one_source():
    rng = np.random.default_rng(3)
    centres = np.concatenate([np.full(50, -1.0), np.zeros(10) + 0.05 * np.arange(10)])
    draws = centres[:, None, None] + 0.05 * rng.standard_normal((60, 200, 1))
    alike = next_ladder(flat(draws, np.r_[np.zeros(50, int), 1 + np.arange(10)]), [0.0], [0.5], rng)
    alone = next_ladder(flat(draws, np.arange(60)), [0.0], [0.5], rng)
    assert np.median(alone) < -0.6
    assert np.median(alike) > -0.2


def test_one_source_says_less_than_many():
    rng = np.random.default_rng(4)
    draws = 0.1 * rng.standard_normal((12, 200, 1))
    one = next_ladder(flat(draws, np.zeros(12, int)), [0.0], [0.5], rng)
    many = next_ladder(flat(draws, np.arange(12)), [0.0], [0.5], rng)
    assert np.quantile(np.abs(one), 0.8) > 2 * np.quantile(np.abs(many), 0.8)


def test_ladders_that_say_nothing_leave_the_start_wide(monkeypatch):
    monkeypatch.setattr(population, "SWEEPS", 3000)  # they wander slowly where nothing is known
    rng = np.random.default_rng(5)
    wide = 20 * rng.standard_normal((6, 2000, 1))
    drawn = next_ladder(flat(wide, np.arange(6)), [0.7], [0.5], rng)
    low, high = np.quantile(drawn, [0.25, 0.75])
    assert low < 0.7 < high
    assert high - low > 1.35 * 0.5


def test_the_widened_prior_is_taken_out():
    """Draws that are the widened prior itself are no evidence, wherever that prior is."""
    rng = np.random.default_rng(6)
    centres = np.array([-2.5, 0.0, -5.0, -5.0])
    draws = centres + 1.0 * rng.standard_normal((20, 1000, 4))  # twice the start's 0.5
    names = tuple(map(str, range(20)))
    vague = Ladders(start(), names, names, PARAMETERS, draws, (True,) * 20)
    _, spread = moments(learn_priors(vague, random_seed=1), "elasticity")
    alike = ladders_of(np.tile([-2.5, 0.0], (20, 1)), names)
    _, sharp = moments(learn_priors(alike, random_seed=1), "elasticity")
    assert spread > 2 * sharp


def test_a_source_that_is_left_out_says_nothing():
    centres = np.column_stack([np.r_[np.full(6, -2.5), -1.0], np.zeros(7)])
    sources = [*"abcdef", "odd"]
    without = learn_priors(ladders_of(centres, sources), without="odd", random_seed=1)
    never = ladders_of(centres, sources)
    never = dataclasses.replace(
        never,
        names=never.names[:6],
        sources=never.sources[:6],
        draws=never.draws[:6],
        converged=never.converged[:6],
    )
    assert without.text == learn_priors(never, random_seed=1).text
    everything = learn_priors(ladders_of(centres, sources), random_seed=1)
    assert moments(everything, "elasticity")[1] > moments(without, "elasticity")[1]


def test_the_spec_says_from_what_it_was_learned_and_can_be_saved(tmp_path):
    ladders = ladders_of(np.tile([-2.5, 0.0], (5, 1)), ["a", "a", "b", "b", "b"])
    ladders = dataclasses.replace(ladders, converged=(True, True, False, True, True))
    spec = learn_priors(ladders, random_seed=1)
    assert spec.cite[-1] == (
        "elasticity, floor_share learned from 5 ladders of 2 sources; "
        "1 of their fits did not converge"
    )
    assert spec.cite[:-1] == start().cite
    assert spec.metric == start().metric == "cross_entropy"
    (tmp_path / "mine.toml").write_text(spec.text)
    assert bs.load_model(tmp_path / "mine.toml") == spec
    for name in ("level", "sigma", "amplitude"):
        assert spec.free[name] == start().free[name]
    assert tomllib.loads(spec.text)["discrepancy"][0]["kernel"] == "integrated_brownian"


def test_sigma_and_amplitude_are_learned_if_named():
    ladders = ladders_of(np.tile([-2.5, 0.0], (8, 1)), map(str, range(8)))
    ladders.draws[..., 2] = -6.0 + 0.05 * np.random.default_rng(1).standard_normal((8, 500))
    spec = learn_priors(ladders, learn=["sigma"], random_seed=1)
    assert moments(spec, "sigma")[0] == pytest.approx(-6.0, abs=0.1)
    assert spec.free["elasticity"] == start().free["elasticity"]


@pytest.mark.afresh
def test_same_seed_same_priors():
    ladders = ladders_of(np.tile([-2.5, 0.0], (4, 1)), "abcd")
    assert learn_priors(ladders, random_seed=3).text == learn_priors(ladders, random_seed=3).text


def test_the_standpoint_is_the_middle_of_the_smaller_half():
    compute = pd.Series(10.0 ** np.arange(11, -1, -1))
    assert standpoint(compute) == pytest.approx(10**2.5)
    assert standpoint(compute.iloc[-5:]) == pytest.approx(10**1.5)  # four at least


def ladder(name="a", runs=4, **more):
    steps = np.arange(runs)
    table = {"ladder": name, "compute": 1e18 * 4.0**steps, "loss": 3 * 0.9**steps}
    return pd.DataFrame(table | more)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (ladder(), "1 is not a population; give two or more"),
        (pd.concat([ladder(), ladder("b", 2)]), "ladder 'b': 2 distinct computes; 3 or more"),
        (
            pd.concat([ladder(), ladder("b", source=["x", "x", "y", "y"])]),
            "ladder 'b': its runs name several sources",
        ),
    ],
)
def test_a_table_that_says_nothing_of_a_population_is_refused(table, message):
    with pytest.raises(DataError, match=message):
        learn_priors(table, random_seed=1)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"learn": ["level"]}, SpecError, "'level' is not a parameter of loss with a Normal"),
        ({"learn": ["elasticty"]}, SpecError, "Did you mean 'elasticity'"),
        ({"learn": "elasticity"}, BayesScalingError, "expected names of parameters"),
        ({"without": ["Pythia"]}, BayesScalingError, "no source 'Pythia'.*Did you mean 'pythia'"),
        ({"without": ["pythia"]}, BayesScalingError, "leaves 0 ladders .* With one source only"),
        ({"random_seed": -1}, BayesScalingError, "random_seed"),
    ],
)
def test_bad_questions_are_answered(asked, error, message):
    ladders = ladders_of(np.tile([-2.5, 0.0], (2, 1)), ["pythia", "pythia"])
    with pytest.raises(error, match=message):
        learn_priors(ladders, **{"random_seed": 1, **asked})


def test_a_model_that_pools_is_refused():
    with pytest.raises(SpecError, match="loss_families pools family itself"):
        learn_priors(pd.concat([ladder(), ladder("b")]), model="loss_families", random_seed=1)


@pytest.mark.slow
def test_learning_agrees_with_one_hierarchical_fit():
    """The population of two stages is that of loss_families, which fits all families at once."""
    rng = np.random.default_rng(7)
    tables = []
    for name in "abcdefgh":
        compute = 1e18 * 3.0 ** np.arange(9)
        x = np.log(compute / compute[:5].prod() ** 0.2)
        e, f = 0.08 * np.exp(0.3 * rng.standard_normal()), 0.5
        loss = 2.5 * (f + (1 - f) * np.exp(-e / (1 - f) * x))
        noise = np.exp(0.003 * rng.standard_normal(9))
        tables.append(pd.DataFrame({"family": name, "compute": compute, "loss": loss * noise}))
    table = pd.concat(tables, ignore_index=True)
    spec = learn_priors(table, model=start(), random_seed=1)
    standpoints = {name: standpoint(rows["compute"]) for name, rows in table.groupby("family")}
    fit = bs.fit("loss_families", table, reference=standpoints, random_seed=1)
    together = fit.posterior["posterior"]
    mean, spread = moments(spec, "elasticity")
    assert mean == pytest.approx(together["elasticity_mu"].mean().item(), abs=0.15)
    assert spread == pytest.approx(together["elasticity_sigma"].mean().item(), abs=0.2)
