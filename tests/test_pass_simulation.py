"""Counts that are simulated have the moments that the model's priors say."""

import numpy as np
import pandas as pd
import pytest
from chance import is_drawn_from, of_mean, of_sd, z
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import DataError

COMPUTE = np.array([1e19, 1e20, 1e21])
DESIGN = pd.DataFrame({"compute": COMPUTE})
SPEC = bs.load_model("pass_rate")
SIZES = {"problems": 6, "n_samples": 40, "reference": 1e20}
MANY = 1500


@pytest.fixture(scope="module")
def drawn():
    return bs.simulate("pass_rate", DESIGN, random_seed=1, size=MANY, **SIZES)


def by_cell(table, column):
    """A column with the axes simulation, problem, run."""
    return table[column].to_numpy().reshape(-1, 6, 3)


def test_parameters_come_from_their_priors(drawn):
    first = drawn.groupby("simulation").first()
    laws = {
        "true_log_alpha_mu": stats.norm(0.5, 1.5),
        "true_k_mu_mu": stats.norm(0.18, 0.15),
        "true_sigma_run": stats.halfnorm(scale=SPEC.effects["sigma_run"].arguments["sigma"]),
        "true_k_sigma": stats.halfnorm(scale=0.2),
    }
    for name, law in laws.items():
        assert is_drawn_from(first[name], law.cdf)


def test_problems_scatter_about_their_bucket_and_buckets_about_the_whole(drawn):
    k, of_bucket = by_cell(drawn, "true_k")[:, :, 0], by_cell(drawn, "true_k_mu")[:, :, 0]
    scale = by_cell(drawn, "true_k_sigma")[:, :, 0]
    assert is_drawn_from((k - of_bucket) / scale, "norm")
    assert (of_bucket[:, 0] == of_bucket[:, 1]).all()  # two problems a bucket
    assert (of_bucket[:, 1] != of_bucket[:, 2]).all()
    whole = by_cell(drawn, "true_k_mu_mu")[:, :, 0]
    between = (of_bucket - whole)[:, ::2] / by_cell(drawn, "true_k_mu_sigma")[:, ::2, 0]
    assert is_drawn_from(between, "norm")


def test_deviations_from_the_law_have_the_variance_of_walks_and_effects(drawn):
    x = np.log(COMPUTE / 1e20)
    law = by_cell(drawn, "true_log_alpha") - by_cell(drawn, "true_k") * x
    beyond = np.log(by_cell(drawn, "true_neg_log_pass")) - law
    decades = np.arange(3.0)
    of_g = by_cell(drawn, "true_amplitude") ** 2 * decades**3 / 3
    of_walk = by_cell(drawn, "true_amplitude_2") ** 2 * decades
    variance = by_cell(drawn, "true_sigma_run") ** 2 + of_g + of_walk
    shared = (beyond / np.sqrt(variance)).mean(axis=(1, 2))  # simulations are independent
    assert abs(shared.mean()) < of_mean(shared)
    squares = (beyond**2 / variance).mean(axis=1)
    assert (np.abs(squares.mean(axis=0) - 1.0) < of_mean(squares, count=3)).all()
    gap = beyond[:, 0] - beyond[:, 1]  # what two problems don't share
    np.testing.assert_allclose(gap[:, 0], 0.0, atol=1e-6)
    own = gap[:, 1:] / np.sqrt(2 * of_walk[:, 0, 1:])
    assert is_drawn_from(own[:, 1], "norm")


def test_counts_are_binomial(drawn):
    p, c = drawn["true_pass_rate"].to_numpy(), drawn["n_correct"].to_numpy()
    np.testing.assert_allclose(p, np.exp(-drawn["true_neg_log_pass"]))
    surprise = ((c - 40 * p) / np.sqrt(np.maximum(40 * p * (1 - p), 1e-12)))[(p > 0.2) & (p < 0.8)]
    assert surprise.mean() == pytest.approx(0.0, abs=z() / np.sqrt(len(surprise)))
    assert surprise.std() == pytest.approx(1.0, abs=of_sd(len(surprise)))


def test_a_pinned_model_is_its_law():
    pins = {"log_alpha": 0.3, "sigma_run": 0.0, "amplitude": 0.0, "amplitude_2": 1e-9}
    spec = SPEC.with_priors(**pins, k=0.2)
    table = bs.simulate(spec, DESIGN, random_seed=1, **SIZES)
    law = np.exp(0.3) * (COMPUTE / 1e20) ** -0.2
    np.testing.assert_allclose(by_cell(table, "true_neg_log_pass")[0], np.tile(law, (6, 1)))


def test_the_logistic_model_is_its_law():
    pins = {"difficulty": 0.3, "sigma_run": 0.0, "amplitude": 0.0, "amplitude_2": 1e-9}
    spec = bs.load_model("pass_rate_logistic").with_priors(**pins, k=0.2)
    table = bs.simulate(spec, DESIGN, random_seed=1, **SIZES)
    odds = np.exp(-0.3) * (COMPUTE / 1e20) ** 0.2
    np.testing.assert_allclose(
        by_cell(table, "true_pass_rate")[0], np.tile(odds / (1 + odds), (6, 1))
    )


def test_the_table_is_a_row_a_run_and_problem_and_can_be_read(drawn):
    one = drawn[drawn["simulation"] == 3].drop(columns="simulation")
    assert len(one) == 18
    assert len(one[["problem", "bucket"]].drop_duplicates()) == 6
    read = bs.read_passes(one)
    np.testing.assert_array_equal(read["n_correct"], one["n_correct"])
    named = bs.simulate("pass_rate", DESIGN.assign(run=["s", "m", "l"]), random_seed=1, **SIZES)
    assert set(named["run"]) == {"s", "m", "l"}
    assert (named.groupby("run")["compute"].first()[["s", "m", "l"]] == COMPUTE).all()


def test_the_seed_decides():
    one, same, other = (
        bs.simulate("pass_rate", DESIGN, random_seed=seed, **SIZES) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not (one["true_pass_rate"] == other["true_pass_rate"]).any()


@pytest.mark.parametrize("name", ["problems", "n_samples", "size"])
@pytest.mark.parametrize("value", [0, -3, 1.5, True])
def test_numbers_that_count_nothing_are_refused(name, value):
    with pytest.raises(DataError, match=f"{name}: expected a positive integer, got {value!r}"):
        bs.simulate("pass_rate", DESIGN, random_seed=1, **{name: value})


def test_what_a_model_does_not_have_is_refused():
    with pytest.raises(DataError, match="problems: loss is a model of losses, which"):
        bs.simulate("loss", DESIGN, random_seed=1, problems=3)
    with pytest.raises(DataError, match="pass_rate_bucket has no single problems to simulate"):
        bs.simulate("pass_rate_bucket", DESIGN, random_seed=1)


def test_a_design_without_compute_is_refused():
    with pytest.raises(DataError, match="compute"):
        bs.simulate("pass_rate", pd.DataFrame({"run": ["a"]}), random_seed=1)
