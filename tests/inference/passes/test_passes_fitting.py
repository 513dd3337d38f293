"""Fits of counts: what is allowed, what is refused, what is said, and that truth is recovered."""

import numpy as np
import pandas as pd
import pytest
from chance import RARE, z
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, DataError, SavedFitError, SpecError
from bayes_scaling.inference.passes import fitting
from bayes_scaling.inference.passes.predictive import hazards_at_runs

QUICK = {"draws": 20, "tune": 40, "chains": 2, "random_seed": 3}
KEYS = ["run", "compute", "problem", "n_samples", "n_correct"]
OF_ALL = {  # what the problems of `pass_counts` share
    "log_alpha_mu": 0.5,
    "log_alpha_sigma": 1.5,
    "k_mu_mu": 0.2,
    "k_sigma": 0.05,
    "amplitude_2": 0.2,
}


@pytest.fixture(scope="module")
def small(pass_counts):
    """The counts of the four smaller runs, without buckets and truth."""
    return pass_counts.query("compute < 1e24")[KEYS].reset_index(drop=True)


def refused(data, **options):
    """The sentence with which a fit refuses."""
    with pytest.raises(BayesScalingError) as caught:
        bs.fit(options.pop("model", "pass_rate"), data, **{**QUICK, **options})
    return str(caught.value)


def test_the_posterior_has_what_the_specification_names(fit_passes):
    posterior = fit_passes.posterior["posterior"].to_dataset()
    dims = {name: values.dims[2:] for name, values in posterior.data_vars.items()}
    assert dims == {
        "log_alpha_sigma": (),
        "k_sigma": (),
        "k_mu_sigma": (),
        "sigma_run": (),
        "amplitude": (),
        "amplitude_2": (),
        "log_alpha_mu": (),
        "log_alpha": ("problem",),
        "k_mu_mu": (),
        "k_mu": ("bucket",),
        "k": ("problem",),
        "run_effect": ("run",),
        "amplitude_weights": ("amplitude_weight",),
        "amplitude_2_weights": ("problem", "amplitude_2_weight"),
        "population_weights": ("weight",),
    }
    assert posterior.sizes["problem"] == 24
    assert list(posterior["bucket"].values) == list("123456")
    for name in ("amplitude", "amplitude_2"):
        assert np.abs(fit_passes.design.roots[name].rows[0]).max() < 1e-6
        kept = fit_passes.posterior["constant_data"][f"{name}_root"]
        np.testing.assert_array_equal(kept, fit_passes.design.roots[name].rows)
    assert fit_passes.diagnosis.converged


def normal_scores(values, truth):
    """Posterior probabilities below the truth, as quantiles of a standard normal."""
    size = values.sizes["chain"] * values.sizes["draw"]
    below = (values.transpose("chain", "draw", ...) < truth).sum(("chain", "draw")).values
    return stats.norm.ppf((below + 0.5) / (size + 1))


def test_the_truth_lies_where_the_posterior_says(fit_passes, pass_counts):
    """Squared normal scores of 24 problems sum to a chi-squared; a problem's cells share a score.

    Intervals of half the width multiply the sum by four.
    """
    posterior = fit_passes.posterior["posterior"].to_dataset()
    seen = pass_counts.query("compute < 1e24")
    by_problem = seen.groupby("problem").first()
    cells = hazards_at_runs(fit_passes).transpose("chain", "draw", "problem", "run")
    low, high = stats.chi2(24).ppf([RARE / 2, 1 - RARE / 2]) / 24
    for values, truth in (
        (posterior["log_alpha"], by_problem["true_log_alpha"].to_numpy()),
        (posterior["k"], by_problem["true_k"].to_numpy()),
        (cells, seen["true_neg_log_pass"].to_numpy().reshape(24, 4)),
    ):
        assert low < np.mean(normal_scores(values, truth) ** 2) < high
    shared = posterior[list(OF_ALL)]
    drawn = shared.assign({name: np.log(shared[name]) for name in OF_ALL if "mu" not in name})
    for name, truth in OF_ALL.items():
        off = (truth if "mu" in name else np.log(truth)) - drawn[name]
        assert abs(off.mean()) < z(len(OF_ALL)) * off.std()


def test_the_easiest_are_found_easiest(fit_passes, pass_counts):
    middle = fit_passes.posterior["posterior"]["log_alpha"].mean(("chain", "draw")).values
    truth = pass_counts.groupby("problem")["true_log_alpha"].first()
    assert np.corrcoef(middle, truth)[0, 1] > 0.8  # about 0.98; z of Fisher is known to 0.2


def test_the_summary_has_a_row_a_parameter(fit_passes):
    population = fit_passes.summary()
    assert {"k_mu_mu", "k_mu[6]", "run_effect[run1]", "amplitude_2"} <= set(population.index)
    assert population.loc["k_mu_mu", "prior"] == "Normal(mu=0.18, sigma=0.15)"
    assert population.loc["amplitude_2", "prior"] == "HalfNormal(sigma=0.3)"
    assert 0.1 < population.loc["amplitude", "sd_ratio"] < 2  # 0.75, with a spread of 0.06
    problems = fit_passes.summary("problem")
    assert set(problems.index) == {f"{n}[{i:02d}]" for n in ("k", "log_alpha") for i in range(24)}
    with pytest.raises(BayesScalingError, match="by: 'problems' is not known; allowed: "):
        fit_passes.summary("problems")


@pytest.mark.afresh
def test_same_seed_same_draws_and_the_data_are_not_changed(small):
    before = small.copy(deep=True)
    given = small.assign(bucket=[str(int(name) // 4 + 1) for name in small["problem"]])
    one, same = (bs.fit("pass_rate", given, **QUICK) for _ in range(2))
    other = bs.fit(
        "pass_rate",
        given.sample(frac=1, random_state=np.random.default_rng(1)),
        **{**QUICK, "random_seed": 4},
    )
    first = one.posterior["posterior"].to_dataset()
    assert first.identical(same.posterior["posterior"].to_dataset())
    assert not first["k"].equals(other.posterior["posterior"]["k"])
    assert one.response_hash == other.response_hash
    assert one.notes == ()
    pd.testing.assert_frame_equal(small, before)


def test_rows_in_another_order_are_the_same_data(small):
    given = small.assign(bucket=[str(int(name) // 4 + 1) for name in small["problem"]])
    shuffled = given.sample(frac=1, random_state=np.random.default_rng(1))
    one, same = (bs.fit("pass_rate", table, **QUICK) for table in (given, shuffled))
    xs = [fit.posterior["posterior"]["log_alpha"].values for fit in (one, same)]
    np.testing.assert_array_equal(*xs)


def test_buckets_are_formed_and_the_notes_say_how(small):
    fit = bs.fit("pass_rate", small, **QUICK)
    assert fit.notes == ("Buckets: 6, by difficulty for the fitted runs.",)
    formed = bs.form_buckets(bs.read_passes(small), 6)
    assert fit.table["bucket"].tolist() == formed["bucket"].tolist()
    np.testing.assert_array_equal(fit.table["n_correct"], small["n_correct"])


def test_few_samples_are_split_and_the_notes_say_so(small):
    few = small.assign(n_samples=20, n_correct=small["n_correct"] // 3)
    fit = bs.fit("pass_rate", few, **QUICK)
    assert "Buckets: 6, formed on half of the samples" in fit.notes[0]
    left = bs.predict(fit, compute=1e24).n_samples
    assert f"It has {left} samples a problem and run" in fit.notes[0]
    assert (fit.table["n_samples"] == 10).all()


def test_runs_may_have_tried_other_problems_and_problems_be_solved_by_all_or_nobody(small):
    ragged = small[~((small["problem"] == "05") & (small["run"] != "run1"))]
    ragged = ragged[~((ragged["run"] == "run2") & (ragged["problem"] < "04"))]
    correct = ragged["n_correct"].where(ragged["problem"] != "10", 0)
    correct = correct.where(ragged["problem"] != "11", ragged["n_samples"])
    fit = bs.fit("pass_rate", ragged.assign(n_correct=correct), **QUICK)
    design, posterior = fit.design, fit.posterior["posterior"].to_dataset()
    assert design.observed["n_samples"][5].tolist() == [60, 0, 0, 0]
    assert (design.observed["n_samples"][:4, 1] == 0).all()
    assert np.isfinite(posterior["log_alpha"]).all()
    middle = posterior["log_alpha"].mean(("chain", "draw"))
    assert middle.sel(problem="10") > middle.median() > middle.sel(problem="11")


def test_many_problems_are_fitted_by_a_subset_and_the_notes_say_so(small, monkeypatch):
    """The subset has the fixture's shape: the draws of what problems share are its own."""
    twice = pd.concat([small, small.assign(problem="x" + small["problem"])], ignore_index=True)
    fit = bs.fit("pass_rate", twice, **QUICK, subset=24)
    assert "what problems share was fitted on 24 of 48 problems" in fit.notes[-1]
    posterior = fit.posterior["posterior"].to_dataset()
    assert posterior.sizes["problem"] == 48
    easy, hard = ("log_alpha", {"problem": ["00", "x00"]}), ("k", {"problem": ["07", "x07"]})
    for name, where in (easy, hard):
        alike = posterior[name].sel(where).mean(("chain", "draw")).values
        spread = float(posterior[name].sel(where).std(("chain", "draw")).max())
        assert abs(alike[0] - alike[1]) < spread  # of 80 draws each: six standard errors
    monkeypatch.setattr(fitting, "MANY", 30)
    monkeypatch.setattr(fitting, "SUBSET", 24)
    unasked = bs.fit("pass_rate", twice, **QUICK)
    assert unasked.notes == fit.notes


def test_a_fit_is_saved_and_loaded_whole(fit_passes, tmp_path):
    path = fit_passes.save(tmp_path / "passes.nc")
    loaded = bs.load_fit(path)
    assert isinstance(loaded, type(fit_passes))
    saved = fit_passes.posterior["posterior"].to_dataset()
    assert loaded.posterior["posterior"].to_dataset().identical(saved)
    assert (loaded.spec, loaded.random_seed) == (fit_passes.spec, 1)
    assert (loaded.notes, loaded.diagnosis) == (fit_passes.notes, fit_passes.diagnosis)
    assert loaded.data_hash == fit_passes.data_hash
    pd.testing.assert_frame_equal(loaded.table, fit_passes.table, check_dtype=False)
    np.testing.assert_array_equal(
        loaded.design.observed["n_correct"], fit_passes.design.observed["n_correct"]
    )
    assert loaded.reference.tolist() == [2e21]
    one, same = (bs.predict(fit, compute=1e24).summary() for fit in (fit_passes, loaded))
    pd.testing.assert_frame_equal(one, same)


def test_a_changed_count_in_a_saved_fit_is_found(fit_passes, tmp_path):
    import h5py

    path = fit_passes.save(tmp_path / "passes.nc")
    with h5py.File(path, "r+") as file:
        text = file["runs/table"][()].decode()
        assert '"n_samples"' in text
        file["runs/table"][()] = text.replace("60", "61", 1)
    with pytest.raises(SavedFitError, match="don't match their hash"):
        bs.load_fit(path)


def test_bad_counts_are_refused_with_the_row(small):
    def with_cell(column, value):
        return small.assign(**{column: small[column].astype(object).where(small.index != 6, value)})

    assert "row 7 (run 'run3', problem '01')" in refused(with_cell("n_correct", 61))
    assert "n_correct is 61 but n_samples only 60" in refused(with_cell("n_correct", 61))
    assert "a count can't be negative" in refused(with_cell("n_correct", -1))
    assert "must be a whole number" in refused(with_cell("n_correct", 0.5))
    assert "it must be 1 or more" in refused(with_cell("n_samples", 0))
    assert "compute" in refused(with_cell("compute", None))
    twice = pd.concat([small, small.iloc[[6]]], ignore_index=True)
    assert "run 'run3', problem '01' is there twice" in refused(twice)


def test_several_families_are_refused(small):
    mixed = small.assign(family=np.where(small["run"] == "run1", "x", "y"))
    said = refused(mixed, model=bs.load_model("pass_rate"))
    assert said == "family: pass_rate describes one family, got 2 (x, y). Keep the rows of one."


def test_arguments_that_are_for_other_models_are_refused(small):
    assert refused(small, reference={"x": 1e20, "y": 1e20}).startswith("reference: counts are")
    assert refused(small, subset=0) == "subset: expected a positive number of problems, got 0."
    said = refused(small, model="pass_rate_bucket", subset=3)
    assert (
        said == "subset: pass_rate_bucket has no single problems to leave out; leave subset away."
    )
    said = refused(bs.example("cerebras_gpt"), model="loss", subset=3)
    assert said == ("subset: loss is a model of losses, which have no problems; leave subset away.")


def test_a_reference_that_is_no_compute_is_refused(small):
    with pytest.raises(DataError, match="reference: "):
        bs.fit("pass_rate", small, **QUICK, reference="much")


def test_scales_by_group_are_refused():
    spec = bs.load_model("pass_rate")
    by_bucket = {"dist": "HalfNormal", "sigma": 0.1, "over": "bucket"}
    with pytest.raises(SpecError, match=r"effects.run: is shared by all buckets: no `over` in it"):
        spec.with_priors(sigma_run=by_bucket)
    by_problem = {**by_bucket, "over": "problem"}
    with pytest.raises(SpecError, match=r"discrepancy 2.amplitude: is shared by all problems"):
        spec.with_priors(amplitude_2=by_problem)
