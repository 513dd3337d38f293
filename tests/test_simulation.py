import numpy as np
import pandas as pd
import pytest
from chance import count_bounds, is_drawn_from, of_covariance, z
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, DataError

COMPUTE = np.array([1e18, 1e19, 1e20, 1e20, 1e22])
DESIGN = pd.DataFrame({"compute": COMPUTE})
LAW = {"level": 2.5, "elasticity": 0.06, "floor_share": 0.4}
PINNED = bs.load_model("loss").with_priors(**LAW, sigma=0.02, amplitude=0)
MANY = 4000
STUDENT = stats.t(5)


def log_law(compute, reference, level=2.5, elasticity=0.06, floor_share=0.4):
    a, c = level * (1 - floor_share), level * floor_share
    return np.log(a * (compute / reference) ** -(elasticity / (1 - floor_share)) + c)


def drawn(model, design=DESIGN, size=MANY, **options):
    """Log losses, a row a simulation."""
    table = bs.simulate(model, design, random_seed=1, size=size, **options)
    return np.log(table["loss"].to_numpy()).reshape(size, len(design))


def test_pinned_responses_scatter_about_the_law_as_student_t():
    logs = drawn(PINNED, reference=1e20)
    residual = ((logs - log_law(COMPUTE, 1e20)) / 0.02).ravel()
    assert is_drawn_from(residual, STUDENT.cdf)
    assert abs(residual.mean()) < z() * STUDENT.std() / np.sqrt(len(residual))
    low, high = count_bounds(len(residual), 0.5)  # a standard deviation hangs on the tails
    assert low <= (np.abs(residual) < STUDENT.ppf(0.75)).sum() <= high


def test_replicates_share_the_discrepancy_and_differ_by_noise():
    spec = PINNED.with_priors(amplitude=0.05, sigma=1e-6)
    residual = drawn(spec, reference=1e20) - log_law(COMPUTE, 1e20)
    assert np.abs(residual[:, 2] - residual[:, 3]).max() < 1e-4
    assert (residual[:, 2] != residual[:, 3]).all()


def test_the_discrepancy_is_integrated_brownian_motion_from_the_smallest_run():
    spec = PINNED.with_priors(amplitude=0.05, sigma=1e-9)
    residual = drawn(spec, reference=1e20) - log_law(COMPUTE, 1e20)
    assert np.abs(residual[:, 0]).max() < 1e-6
    decades = np.array([1.0, 2.0, 4.0])
    near, far = np.minimum.outer(decades, decades), np.maximum.outer(decades, decades)
    theory = 0.05**2 * near**2 * (3 * far - near) / 6
    seen = np.cov(residual[:, [1, 2, 4]].T)
    assert (np.abs(seen - theory) < of_covariance(theory, MANY)).all()


def test_a_standard_error_adds_in_quadrature():
    design = DESIGN.assign(loss_se=[0.2, 0.0, np.nan, 0.05, 0.02])
    residual = drawn(PINNED, design, reference=1e20) - log_law(COMPUTE, 1e20)
    relative = design["loss_se"].fillna(0) / np.exp(log_law(COMPUTE, 1e20))
    standard = residual / np.hypot(0.02, relative).to_numpy()
    low, high = count_bounds(MANY, 0.5)
    inside = (np.abs(standard) < STUDENT.ppf(0.75)).sum(axis=0)
    assert ((low <= inside) & (inside <= high)).all()


def test_the_truth_is_consistent():
    table = bs.simulate("loss", DESIGN, random_seed=2, size=50)
    np.testing.assert_allclose(table["true_a"] + table["true_c"], table["true_level"])
    np.testing.assert_allclose(table["true_c"] / table["true_level"], table["true_floor_share"])
    b = table["true_elasticity"] / (1 - table["true_floor_share"])
    np.testing.assert_allclose(table["true_b"], b)
    one = table.groupby("simulation")[["true_level", "true_sigma", "true_amplitude"]].nunique()
    assert (one == 1).all().all()
    assert table["true_level"].nunique() == 50


def test_parameters_come_from_the_prior():
    table = bs.simulate("loss", DESIGN, random_seed=3, size=MANY)
    truth = table.groupby("simulation").first()
    level, share = np.log(truth["true_level"]), truth["true_floor_share"]
    assert is_drawn_from(level, stats.norm(0.9, 1.0).cdf)
    logit = np.log(share / (1 - share))
    assert is_drawn_from(logit, stats.norm(0.2, 0.7).cdf)


def test_a_pinned_floor_is_below_every_simulated_level():
    spec = bs.load_model("loss").with_priors(c=2.0)
    table = bs.simulate(spec, DESIGN, random_seed=4, size=500, reference=1e18)
    assert (table["true_level"] > 2.0).all()
    np.testing.assert_allclose(table["true_c"], 2.0)


def test_each_family_has_its_own_law_and_shares_the_population():
    design = pd.concat([DESIGN.assign(family=name) for name in "xyz"], ignore_index=True)
    table = bs.simulate("loss_families", design, random_seed=5, size=300)
    assert len(table) == 300 * 15
    counts = table.groupby("simulation")[["true_elasticity", "true_elasticity_mu"]].nunique()
    assert (counts["true_elasticity"] == 3).all()
    assert (counts["true_elasticity_mu"] == 1).all()
    first = np.log(table.groupby(["simulation", "family"])["true_elasticity"].first())
    between = first.groupby("simulation").std().mean()
    assert between < 0.8 * first.xs("x", level="family").std()  # a third of it, known to 5 %


def test_the_table_is_the_design_once_a_simulation():
    design = DESIGN.assign(run=list("abcde"), recipe="r1")
    before = design.copy(deep=True)
    table = bs.simulate("loss", design, random_seed=6, size=3)
    pd.testing.assert_frame_equal(design, before)
    assert list(table["run"]) == list("abcde") * 3
    assert list(table["simulation"]) == [0] * 5 + [1] * 5 + [2] * 5
    assert (table["recipe"] == "r1").all()
    np.testing.assert_array_equal(table["compute"], np.tile(COMPUTE, 3))
    assert (table["loss"] > 0).all()


def test_one_simulation_can_be_fitted_as_it_is():
    table = bs.simulate("loss", DESIGN, random_seed=7)
    assert bs.read_runs(table)["loss"].tolist() == table["loss"].tolist()


def test_the_seed_decides():
    one, same, other = (bs.simulate("loss", DESIGN, random_seed=seed, size=2) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not (one["loss"] == other["loss"]).any()


@pytest.mark.parametrize("size", [0, -1, 1.5, True, None])
def test_a_size_that_is_no_count_is_refused(size):
    with pytest.raises(DataError, match="size: expected a positive integer, got"):
        bs.simulate("loss", DESIGN, random_seed=1, size=size)


def test_a_seed_below_zero_is_refused():
    with pytest.raises(BayesScalingError, match="random_seed: expected zero or more"):
        bs.simulate("loss", DESIGN, random_seed=-1)


def test_a_design_too_short_for_the_model_is_refused():
    with pytest.raises(DataError, match="needs at least 3"):
        bs.simulate("loss", DESIGN.head(2), random_seed=1)


def test_losses_too_large_for_a_number_are_refused():
    spec = bs.load_model("loss").with_priors(c=1.0)
    with pytest.raises(DataError, match=r"compute: a loss drawn at 1e-20 FLOP \(run tiny\) is too"):
        bs.simulate(
            spec,
            pd.DataFrame({"run": ["tiny", "s", "m", "l"], "compute": [1e-20, 1e19, 1e20, 1e21]}),
            size=500,
            random_seed=1,
            reference=1e20,
        )
