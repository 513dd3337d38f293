"""What is forecast of pass rates: quantities, groups, kinds, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from chance import is_drawn_from, of_sd, z
from hypothesis import given
from hypothesis import strategies as st
from interpreting import INTERPRETED
from scipy import special

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.forecasting.quantities import parse_quantity, pass_at
from bayes_scaling.forecasting.restrictions import restriction
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.predictive import (
    conditional,
    discrepancies_at,
    draw_hazards,
    effects_at,
    hazards_at_runs,
)
from bayes_scaling.inference.places import along

TARGET = ["family", "compute", "distance"]
COLUMNS = [*TARGET, "group", "quantity", "median", "mean", "sd", "q05", "q25", "q75", "q95"]
HAZARDS = st.floats(1e-12, 700.0)
RNG = np.random.default_rng(0)


def amount(name, hazard, n_samples=10):
    return parse_quantity(name, n_samples).draw(np.asarray(hazard), RNG)


@pytest.fixture(scope="module")
def forecast(fit_passes):
    return bs.predict(fit_passes, compute=[5e21, 1e24])


@given(HAZARDS, st.integers(1, 10**6))
def test_quantities_stay_finite_from_a_hazard_of_nothing_to_one_of_700(hazard, k):
    assert amount("neg_log_pass", hazard) == hazard
    assert 0 < amount("pass_rate", hazard) < 1 or hazard < 1e-15
    value = amount(f"pass@{k}", hazard)
    assert np.isfinite(value)
    assert 0 < value <= 1


@given(HAZARDS)
def test_pass_at_1_is_the_pass_rate(hazard):
    assert amount("pass@1", hazard) == pytest.approx(amount("pass_rate", hazard), rel=1e-12)


@given(HAZARDS, st.integers(1, 1000), st.integers(1, 1000))
def test_more_attempts_never_pass_less(hazard, k, more):
    assert pass_at(k, hazard) <= pass_at(k + more, hazard)


@given(st.floats(1e-12, 1e-3), st.integers(1, 100))
def test_small_failures_and_small_passes_keep_their_digits(small, k):
    """1 - (1 - p)^k is k p for p near 0; and p near 1 fails with probability near -log p."""
    hard = -np.log(small)
    assert pass_at(k, np.array(hard)) == pytest.approx(k * small, rel=k * small + 1e-9)
    assert 1 - pass_at(1, np.array(small)) == pytest.approx(small, rel=small + 1e-3)


def test_pass_at_k_is_the_estimator_of_many_samples():
    n = 10**7
    for p in (0.003, 0.2, 0.97):
        for k in (1, 4, 25):
            estimate = bs.pass_at_k(n, round(p * n), k)
            assert pass_at(k, np.array(-np.log(p))) == pytest.approx(float(estimate), rel=1e-4)


def test_counts_have_the_moments_of_binomials():
    hazard = np.full((20_000, 1, 2), -np.log(0.2))
    count = parse_quantity("n_correct", 30).draw(hazard, np.random.default_rng(1))
    assert count.mean() == pytest.approx(6.0, abs=z() * np.sqrt(4.8 / 40_000))
    assert count.std() == pytest.approx(np.sqrt(4.8), rel=of_sd(40_000))
    sizes = np.array([1, 40])
    solved = parse_quantity("solved", 5, sizes).draw(hazard, np.random.default_rng(1))
    chance = 1 - 0.8**5
    sd = np.sqrt(sizes * chance * (1 - chance))
    off = np.abs(solved.mean(axis=(0, 1)) - sizes * chance)
    assert (off < z(2) * sd / np.sqrt(20_000)).all()
    np.testing.assert_allclose(solved.std(axis=(0, 1)), sd, rtol=of_sd(20_000, 2))


def test_the_summary_has_its_columns_and_a_row_a_quantity(forecast):
    table = forecast.summary()
    assert list(table.columns) == COLUMNS
    assert list(table["compute"]) == [5e21] * 4 + [1e24] * 4
    assert list(table["quantity"]) == ["neg_log_pass", "pass_rate", "pass@10", "solved"] * 2
    assert (table["group"] == "all").all()
    assert (np.diff(table[["q05", "q25", "median", "q75", "q95"]], axis=1) >= 0).all()
    several = forecast.summary("bucket", k=[1, 100], prob=0.8)
    assert list(several.columns) == [*COLUMNS[:8], "q10", "q90"]
    assert list(several["group"].unique()) == list("123456")
    assert {"pass@1", "pass@100"} < set(several["quantity"])
    problems = forecast.summary("problem", n_samples=7)
    counts = problems[problems["quantity"] == "n_correct"]
    assert len(counts) == 48
    assert counts["q95"].between(0, 7).all()
    assert (counts[["median", "q05", "q95"]] % 1 == 0).all().all()


def test_the_whole_is_the_mean_of_buckets_and_of_problems(forecast):
    by_all, by_bucket = forecast.summary(), forecast.summary("bucket")
    by_problem = forecast.summary("problem")
    for compute in (5e21, 1e24):
        for quantity in ("neg_log_pass", "pass_rate", "pass@10"):
            at = f"compute == {compute} and quantity == '{quantity}'"
            whole = by_all.query(at)["mean"].item()
            assert by_bucket.query(at)["mean"].mean() == pytest.approx(whole)
            assert by_problem.query(at)["mean"].mean() == pytest.approx(whole)
        at = f"compute == {compute} and quantity == 'solved'"
        whole = by_all.query(at)["mean"].item()
        assert by_bucket.query(at)["mean"].sum() == pytest.approx(whole)


def test_groups_of_unequal_size_are_weighed_by_it(forecast):
    """Without eleven problems, the whole is the mean over the others, however they fall."""
    chosen = np.arange(24) > 10
    some = replace(forecast, chosen=chosen)
    sizes = (
        pd.Series(forecast.fit.design.units.bucket[chosen]).value_counts().sort_index().to_numpy()
    )
    table = some.summary("bucket").query("compute == 1e24 and quantity == 'pass_rate'")
    assert len(table) == len(sizes)
    whole = some.values("pass_rate").mean(axis=0)[1]
    assert table["mean"] @ sizes / sizes.sum() == pytest.approx(whole)


def test_solved_problems_are_whole_and_no_more_than_there_are(forecast):
    solved = forecast.values("solved")
    assert solved.max() <= 24
    assert (solved == np.round(solved)).all()
    many = forecast.values("solved", n_samples=10**6).mean()
    assert forecast.values("solved", n_samples=1).mean() < solved.mean() < many


def test_jensen_holds(forecast):
    """The mean of -log p exceeds -log of the mean, draw for draw."""
    gap = forecast.values("neg_log_pass") + np.log(forecast.values("pass_rate"))
    assert (gap > -1e-12).all()


def test_probabilities_of_both_sides_add_up(forecast):
    for of, bound in (("pass_rate", 0.5), ("neg_log_pass", 1.0), ("pass@3", 0.7)):
        above = forecast.probability(above=bound, of=of)
        below = forecast.probability(below=bound, of=of)
        np.testing.assert_allclose(above + below, 1.0)
    between = forecast.probability(above=0.2, below=0.6)
    inside = forecast.probability(above=0.2) - forecast.probability(above=0.6)
    np.testing.assert_allclose(between, inside)
    middle = forecast.quantile(0.5)["q50"].to_numpy()
    assert forecast.probability(above=middle[1]).iloc[1] == pytest.approx(0.5, abs=0.01)


def test_a_larger_run_passes_more_here_and_is_less_sure(forecast, pass_counts):
    table = forecast.summary().query("quantity == 'pass_rate'")
    assert table["median"].is_monotonic_increasing
    assert table["sd"].is_monotonic_increasing
    truth = pass_counts.query("compute == 1e24")["true_pass_rate"].mean()
    drawn = special.logit(forecast.values("pass_rate")[:, 1])
    assert abs(special.logit(truth) - drawn.mean()) < z() * drawn.std()


def test_a_new_run_is_less_sure_than_what_runs_reach_on_average(forecast):
    """By one effect for all problems, a standard normal in units of the draw's own sigma."""
    gap = np.log(forecast.draws["run"] / forecast.draws["expected"])
    np.testing.assert_allclose(gap.std("problem"), 0.0, atol=1e-9)
    sigma = forecast.fit.posterior["posterior"]["sigma_run"]
    assert is_drawn_from(gap.isel(problem=0) / sigma, "norm")


def test_at_a_fitted_compute_the_expected_hazard_is_that_of_the_run_without_its_effect(fit_passes):
    drawn = draw_hazards(fit_passes, fit_passes.design.places, np.random.default_rng(1))
    effect = fit_passes.posterior["posterior"]["run_effect"]
    own = np.log(hazards_at_runs(fit_passes)) - effect
    expected = np.log(drawn["expected"]).rename(target="run").transpose(*own.dims)
    np.testing.assert_allclose(expected.values, own.values, atol=1e-4)


def test_hazards_at_the_runs_are_the_sum_of_what_is_named(fit_passes):
    p = fit_passes.posterior["posterior"].to_dataset()
    x = xr.DataArray(np.log(fit_passes.design.scale / 2e21), {"run": p["run"]}, "run")
    law = p["log_alpha"] - p["k"] * x
    total = law + p["run_effect"]
    for name in ("amplitude", "amplitude_2"):
        root = xr.DataArray(
            fit_passes.design.roots[name].rows, {"run": p["run"]}, ("run", f"{name}_weight")
        )
        total = total + p[name] * (p[f"{name}_weights"] * root).sum(f"{name}_weight")
    drawn = np.log(hazards_at_runs(fit_passes))
    np.testing.assert_allclose(total.transpose(*drawn.dims), drawn, atol=1e-9)


def test_the_fit_passes_through_the_counts(fit_passes):
    """Posterior means of the pass rates are within sampling error of the shares of passes."""
    design = fit_passes.design
    p = np.exp(-hazards_at_runs(fit_passes)).mean(("chain", "draw")).values
    squares = (design.observed["n_correct"] - 60 * p) ** 2 / (60 * p * (1 - p))
    assert squares.sum() < squares.size  # a third of that, give or take a tenth


def test_a_walk_spreads_with_the_distance_from_the_last_run(fit_passes):
    design, spec = fit_passes.design, fit_passes.spec
    g, walk = spec.discrepancy
    at = design.positions(walk, design.places)
    gain, root = conditional(walk, at, at[-1] + np.array([[0.0], [1.0], [2.0]]))
    np.testing.assert_allclose(gain, np.tile([0, 0, 0, 1.0], (3, 1)), atol=1e-9)
    spread = root @ root.T
    np.testing.assert_allclose(spread, [[0, 0, 0], [0, 1, 1], [0, 1, 2]], atol=1e-9)
    _, root = conditional(g, at, at[-1] + np.array([[1.0], [2.0]]))
    assert (root @ root.T)[1, 1] > 4 * (root @ root.T)[0, 0]  # it grows as the third power


def test_below_the_ladder_the_walk_starts_anew(fit_passes):
    design = fit_passes.design
    walk = fit_passes.spec.discrepancy[1]
    at = design.positions(walk, design.places)
    gain, root = conditional(walk, at, np.array([[-2.0]]))
    np.testing.assert_allclose(gain, 0.0, atol=1e-12)
    np.testing.assert_allclose(root @ root.T, 2.0)
    below = bs.predict(fit_passes, compute=1e18)
    assert any("below every fitted run" in note for note in below.notes)
    assert below.targets["distance"].item() < 0
    assert np.isfinite(below.summary()[COLUMNS[5:]]).all().all()


def test_discrepancies_have_the_moments_that_their_conditional_says(fit_passes):
    """At 100 times the last run's compute, of draws that all hold the same values at the runs."""
    design, spec = fit_passes.design, fit_passes.spec
    size, at = 4000, np.array([0.0, 0.1, -0.2, 0.3])
    weights = np.linalg.lstsq(0.2 * design.roots["amplitude_2"].rows, at)[0]
    values = {
        "amplitude": np.zeros(size),
        "amplitude_2": np.full(size, 0.2),
        "amplitude_weights": np.zeros((size, design.roots["amplitude"].rows.shape[1])),
        "amplitude_2_weights": np.tile(weights, (size, 24, 1)),
    }
    target = along("compute", [design.scale[-1] * 100])
    drawn = discrepancies_at(spec, design, values, target, np.random.default_rng(2))
    assert drawn.shape == (size, 1, 24)
    sd = 0.2 * np.sqrt(2)
    assert drawn.mean() == pytest.approx(0.3, abs=z() * sd / np.sqrt(drawn.size))
    assert drawn.std() == pytest.approx(sd, rel=of_sd(drawn.size))
    assert abs(np.corrcoef(drawn[:, 0, :2].T)[0, 1]) < z() / np.sqrt(size)


def test_a_runs_effect_is_shared_by_all_or_a_bucket_or_nobody(fit_passes):
    from bayes_scaling.specification.spec import parse_spec

    added = '\n[effects.bucket_run]\ndist = "HalfNormal"\nsigma = 0.3\n'
    spec = parse_spec(fit_passes.spec.text + added, name="more")
    design, size = fit_passes.design, 3000
    scales = {"sigma_run": np.full(size, 0.3), "sigma_bucket_run": np.full(size, 0.4)}
    drawn = effects_at(spec, design, scales, (size, 1, 24), np.random.default_rng(3))[:, 0]
    assert drawn.std() == pytest.approx(0.5, rel=of_sd(size))
    same = np.corrcoef(drawn.T)[0]
    alike = design.units.bucket == design.units.bucket[0]
    np.testing.assert_allclose(same[alike], 1.0)
    np.testing.assert_allclose(same[~alike], 0.09 / 0.25, atol=z(5) / np.sqrt(size))


def test_the_same_seed_gives_the_same_forecast(fit_passes):
    one, same = (bs.predict(fit_passes, compute=1e23).summary() for _ in range(2))
    other = bs.predict(fit_passes, compute=1e23, random_seed=9).summary()
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_the_restriction_of_the_report_says_what_it_drops(fit_passes):
    everything = bs.predict(fit_passes, compute=1e24)
    restricted = bs.predict(fit_passes, compute=1e24, restrict="solved_by_all")
    kept = (fit_passes.design.observed["n_correct"] > 0).all(axis=1)
    assert restricted.notes[-1] == (
        f"Restricted to the {kept.sum()} problems that every fitted run solved: "
        f"{1 - kept.mean():.0%} of 24 are dropped, the hardest ones."
    )
    assert len(restricted.summary("problem")["group"].unique()) == kept.sum()
    assert restricted.values("pass_rate").mean() > everything.values("pass_rate").mean()
    assert restricted.values("solved").max() <= kept.sum()


def test_a_problem_that_a_run_did_not_try_is_not_unsolved(fit_passes):
    design = fit_passes.design
    untried = np.where(design.observed["n_correct"] == 0, 0.0, design.observed["n_samples"])
    chosen, _ = restriction(
        replace(fit_passes, design=design.with_observed(n_samples=untried)), None
    )
    assert chosen.all()
    eased = replace(fit_passes, design=design.with_observed(n_samples=untried))
    assert restriction(eased, "solved_by_all")[0].all()


def test_one_compute_is_refused_for_a_forecast(fit_passes):
    same = replace(fit_passes.design, places=along("compute", np.full(4, 1e20)))
    with pytest.raises(DataError, match=r"one compute only \(1e\+20 FLOP\), which say nothing of"):
        bs.predict(replace(fit_passes, design=same), compute=1e24)


def test_one_run_can_be_described():
    """The model of one run is built and its density is finite: nothing asks for a second run."""
    from bayes_scaling.inference.passes.graph import build_pass_sampler_model

    spec = bs.load_model("pass_rate")
    ladder = pd.DataFrame({"compute": [1e20]})
    table = bs.simulate(spec, ladder, random_seed=1, problems=4, n_samples=30)
    model = build_pass_sampler_model(spec, make_pass_design(spec, bs.read_passes(table)))
    density = model.compile_logp(mode=INTERPRETED)
    assert np.isfinite(density(model.initial_point()))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda f: f.values("pass_rat"), "of: 'pass_rat' is not known; .*Did you mean 'pass_rate'"),
        (lambda f: f.values("pass@0"), "of: 'pass@0' is not known"),
        (lambda f: f.values("n_correct"), "of: n_correct is the count of one problem"),
        (
            lambda f: f.values("solved", n_samples=0),
            "n_samples: expected a positive integer, got 0",
        ),
        (lambda f: f.values("solved", n_samples=2.0), "n_samples: expected a positive integer"),
        (lambda f: f.values(kind="runs"), "kind: 'runs' is not known; .*Did you mean 'run'"),
        (lambda f: f.summary("problems"), "by: 'problems' is not known; .*'problem'"),
        (lambda f: f.summary(k=0), "k: expected positive integers, got 0"),
        (lambda f: f.summary(k=[1, 2.5]), "k: expected positive integers, got 2.5"),
        (lambda f: f.summary(prob=1.0), "prob: expected a number between 0 and 1, got 1.0"),
        (lambda f: f.quantile(0.0), "q: expected a number between 0 and 1"),
        (lambda f: f.probability(), "probability: give below=, above=, or both"),
        (lambda f: f.probability(above=np.nan), "above: expected a finite number, got nan"),
        (lambda f: bs.predict(f.fit, compute=1e24, restrict="solved"), "restrict: 'solved' is not"),
        (lambda f: bs.predict(f.fit, compute=1e24, family="x"), "the counts name no family"),
        (lambda f: bs.predict(f.fit), "targets: say where to forecast: give compute="),
    ],
)
def test_what_is_not_known_is_refused(forecast, ask, said):
    with pytest.raises(BayesScalingError, match=said):
        ask(forecast)


def test_a_forecast_is_written_as_it_is_tabulated(forecast, tmp_path):
    written = pd.read_csv(forecast.to_csv(tmp_path / "f.csv", by="bucket"), dtype={"group": str})
    pd.testing.assert_frame_equal(written, forecast.summary("bucket"))
    records = pd.read_json(forecast.to_json(tmp_path / "f.json"))
    assert list(records["quantity"]) == list(forecast.summary()["quantity"])


def test_a_forecast_is_a_record(forecast):
    assert isinstance(forecast, bs.Forecast)
    assert forecast.n_samples == 60
    assert list(forecast.targets.columns) == ["family", "compute", "distance"]
    np.testing.assert_allclose(forecast.targets["distance"], np.log10([1 / 8, 25]))
    assert set(forecast.draws.data_vars) == {"law", "expected", "run"}
