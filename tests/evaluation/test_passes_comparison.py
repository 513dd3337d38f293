"""Fits of counts compared: problems left out, runs left out, and runs foretold."""

from dataclasses import replace

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy import special, stats

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation.comparison import _ranked
from bayes_scaling.evaluation.count_scores import crps_of_shares, log_densities_of_counts
from bayes_scaling.evaluation.pass_future import _bucketed_anew, judge_future
from bayes_scaling.evaluation.pass_leaving_out import (
    leave_out_problems,
    leave_out_runs,
    refit_without,
)
from bayes_scaling.inference.passes.evidence import log_evidence
from bayes_scaling.inference.passes.sampling import compile_pass_model

QUICK = {"draws": 300, "tune": 300, "chains": 2}


@pytest.fixture(scope="module")
def left_out(fit_passes):
    return leave_out_problems(fit_passes, QUICK)


def hide_row(fit, row):
    hidden = np.zeros(fit.design.n_samples.shape, dtype=bool)
    hidden[row] = True
    return hidden


def test_a_problem_left_out_is_what_a_refit_says(fit_passes, left_out):
    assert left_out.bad_k <= 2
    compiled = compile_pass_model.cache_info().misses
    row = int(np.argmax(left_out.elpd.pareto_k.values))
    refitted = refit_without(fit_passes, hide_row(fit_passes, row), QUICK)
    assert compile_pass_model.cache_info().misses == compiled
    posterior = refitted.posterior["posterior"].to_dataset()
    each = log_evidence(fit_passes.spec, fit_passes.design, posterior, 1)[:, row]
    exact = special.logsumexp(each) - np.log(len(each))
    assert left_out.elpd.elpd_i.values[row] == pytest.approx(exact, abs=0.3)


def test_what_is_hidden_is_not_seen(fit_passes):
    hidden, design = hide_row(fit_passes, 3), fit_passes.design
    other = replace(design, n_correct=np.where(hidden, 0.0, design.n_correct))
    brief = {"draws": 20, "tune": 40, "chains": 2}
    fits = [refit_without(fit_passes, hidden, brief, of) for of in (design, other)]
    one, two = (fit.posterior["posterior"].to_dataset() for fit in fits)
    assert (
        one.posterior["posterior"].to_dataset().identical(two.posterior["posterior"].to_dataset())
    )


def test_fits_that_are_alike_differ_by_nothing(fit_passes):
    table = bs.compare({"one": fit_passes, "same": fit_passes}, fit_options=QUICK)
    assert (table["difference"].abs() < 1e-9).all()
    assert (table["extrapolation_n"] == 24).all()
    assert table["extrapolation_crps"].between(0, 0.2).all()
    assert table["weight"].sum() == pytest.approx(1)
    left = leave_out_problems(fit_passes, QUICK).elpd.elpd
    np.testing.assert_allclose(table["interpolation_elpd"], left)


def test_the_future_within_a_horizon(fit_passes):
    assert len(judge_future(fit_passes, horizon=0.1).crps) == 0
    assert len(judge_future(fit_passes, cutoffs=[1e18, 1e30]).crps) == 0


def test_buckets_are_formed_anew_from_the_earlier_runs(fit_passes):
    later = fit_passes.design.compute > 1e22
    anew = _bucketed_anew(fit_passes, later)
    earlier = fit_passes.passes[fit_passes.passes["compute"] < 1e22]
    formed = bs.form_buckets(earlier, 6).drop_duplicates("problem").set_index("problem")["bucket"]
    labels = [anew.buckets[place] for place in anew.bucket]
    assert labels == [formed[name] for name in anew.units]
    given = fit_passes.passes.assign(bucket=fit_passes.passes["bucket"].to_numpy()[::-1])
    kept = replace(fit_passes, passes=given)
    assert _bucketed_anew(kept, later) is kept.design


def test_log_density_of_a_count_is_the_binomial(fit_passes):
    design = fit_passes.design
    hazards = np.broadcast_to(0.4, (3, *design.n_samples.shape))
    exact = stats.binom.logpmf(design.n_correct, design.n_samples, np.exp(-0.4))
    np.testing.assert_allclose(log_densities_of_counts(hazards, design), exact)
    empty = design.without(hide_row(fit_passes, 0))
    assert (log_densities_of_counts(hazards, empty)[0] == 0).all()


def test_crps_of_one_sample_is_brier_s(fit_passes):
    shape = fit_passes.design.n_samples.shape
    one = replace(fit_passes.design, n_samples=np.ones(shape), n_correct=np.ones(shape))
    hazards = np.broadcast_to(-np.log(0.3), (4000, *shape))
    found = crps_of_shares(hazards, one, np.random.default_rng(1))
    np.testing.assert_allclose(found, 0.49, atol=0.05)


def test_probabilities_that_underflow_have_weights():
    def elpd(values):
        return az.ELPDDataLOOKFold(
            elpd=float(values.sum()), se=1.0, p=1.0, n_samples=1, n_data_points=len(values),
            scale="log", warning=False, good_k=np.nan, n_folds=len(values),
            elpd_i=xr.DataArray(values, dims="unit"),
        )  # fmt: skip

    worse = np.full(5, -2000.0)
    table = _ranked({"worse": elpd(worse), "better": elpd(worse + np.array([3.0, 2, 3, 2, 3]))})
    assert table.index.tolist() == ["better", "worse"]
    assert table.loc["better", "weight"] == pytest.approx(1, abs=1e-3)
    assert table.loc["worse", "interpolation_elpd"] == pytest.approx(-10_000)
    assert table.loc["worse", "difference"] == pytest.approx(-13)


def test_refusals(fit_passes, fit_cerebras):
    pair = {"one": fit_passes, "same": fit_passes}
    with pytest.raises(DataError, match="model of passes, which has no family to leave out"):
        bs.compare(pair, unit="family")
    with pytest.raises(DataError, match="model of loss, which has no problem to leave out"):
        bs.compare({"one": fit_cerebras, "same": fit_cerebras}, unit="problem")
    with pytest.raises(DataError, match="one and two were fitted to different responses"):
        bs.compare({"one": fit_passes, "two": fit_cerebras})
    buckets = replace(fit_passes, spec=bs.load_model("pass_rate_bucket"))
    with pytest.raises(DataError, match="pass_rate_bucket knows nothing of single problems"):
        leave_out_problems(buckets)
    few = replace(fit_passes.design, units=("a",))
    with pytest.raises(DataError, match="one foretells counts by problem and two by bucket"):
        bs.compare({"one": fit_passes, "two": replace(buckets, design=few)})
    two = replace(fit_passes.design, compute=np.array([1.0, 1.0, 2.0, 2.0]))
    with pytest.raises(DataError, match="takes 3 distinct computes, the fit has 2"):
        leave_out_runs(replace(fit_passes, design=two))


@pytest.mark.slow
def test_runs_left_out_are_foretold_worse_than_they_are_fitted(fit_passes):
    found = leave_out_runs(fit_passes)
    assert found.bad_k == len(fit_passes.design.runs)
    assert found.elpd.p > 0
    assert np.isfinite(found.elpd.elpd_i).all()
