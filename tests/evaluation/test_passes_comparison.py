"""Fits of counts compared: problems left out, runs left out, and runs foretold."""

import math
from dataclasses import replace

import arviz as az
import numpy as np
import pytest
import scoringrules
import xarray as xr
from chance import z
from scipy import special, stats

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation.comparison import _ranked
from bayes_scaling.evaluation.count_scores import (
    averaged_density,
    log_densities_of_counts,
    score_hidden,
)
from bayes_scaling.evaluation.pass_future import judge_future
from bayes_scaling.evaluation.pass_leaving_out import (
    _bucketed_anew,
    leave_out_problems,
    leave_out_runs,
    refit_without,
)
from bayes_scaling.inference.compiled.codes import find_code
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.evidence import log_evidence
from bayes_scaling.inference.passes.predictive import hazards_at_runs
from bayes_scaling.inference.places import along

QUICK = {"draws": 200, "tune": 250, "chains": 2}
BRIEF = {"draws": 20, "tune": 40, "chains": 2}


@pytest.fixture(scope="module")
def left_out(fit_passes):
    return leave_out_problems(fit_passes, QUICK)


def hide_row(fit, row):
    hidden = np.zeros(fit.design.observed["n_samples"].shape, dtype=bool)
    hidden[row] = True
    return hidden


def test_a_problem_left_out_is_what_a_refit_says(fit_passes, left_out):
    assert left_out.bad_k < 12  # each costs a refit; how many there are hangs on the counts
    compiled = find_code.cache_info().misses
    k = left_out.elpd.pareto_k.values
    row = int(np.argmax(np.where(k < 0.5, k, -np.inf)))  # beyond, the estimate is a rough one
    refitted = refit_without(fit_passes, hide_row(fit_passes, row), QUICK)
    assert find_code.cache_info().misses == compiled
    posterior = refitted.posterior["posterior"].to_dataset()
    each = log_evidence(fit_passes.spec, fit_passes.design, posterior, 1)[:, row]
    exact = special.logsumexp(each) - np.log(len(each))
    error = np.exp(each - exact).std() / np.sqrt(refitted.diagnosis.ess_bulk)
    margin = z() * np.hypot(error, 0.05)  # the latter of the importance sampling
    assert left_out.elpd.elpd_i.values[row] == pytest.approx(exact, abs=margin)


def test_what_is_hidden_is_not_seen(fit_passes):
    hidden, design = hide_row(fit_passes, 3), fit_passes.design
    other = design.with_observed(n_correct=np.where(hidden, 0.0, design.observed["n_correct"]))
    fits = [refit_without(fit_passes, hidden, BRIEF, of) for of in (design, other)]
    one, two = (fit.posterior["posterior"].to_dataset() for fit in fits)
    assert one.identical(two)


def test_fits_that_are_alike_differ_by_nothing(fit_passes):
    table = bs.compare({"one": fit_passes, "same": fit_passes}, fit_options=BRIEF)
    assert (table["difference"].abs() < 1e-9).all()
    assert (table["extrapolation_n"] == 24).all()
    assert table["extrapolation_crps"].between(0, 0.2).all()
    assert table["weight"].sum() == pytest.approx(1)
    assert table["interpolation_elpd"].between(-400, 0).all()


def test_the_future_within_a_horizon(fit_passes):
    none = judge_future(fit_passes, horizon=0.1)
    assert (len(none.crps), none.skipped) == (0, 1)
    assert judge_future(fit_passes, cutoffs=[1e18, 1e30]).skipped == 2


def test_buckets_are_formed_anew_from_the_earlier_runs(fit_passes):
    later = fit_passes.design.scale > 1e22
    assert _bucketed_anew(fit_passes, later) is fit_passes.design  # they were given
    for hardest in (None, 3):
        formed = bs.form_buckets(fit_passes.table, 5, hardest=hardest)
        design = make_pass_design(fit_passes.spec, formed)
        anew = _bucketed_anew(replace(fit_passes, table=formed, design=design), later)
        early = bs.form_buckets(formed[formed["compute"] < 1e22], 5, hardest=hardest)
        of_problem = early.drop_duplicates("problem").set_index("problem")["bucket"]
        assert [anew.units.buckets[b] for b in anew.units.bucket] == [
            of_problem[name] for name in anew.units.names
        ]


def test_log_density_of_a_fitted_count_is_the_binomial(fit_passes):
    found = log_densities_of_counts(fit_passes)
    design, hazards = fit_passes.design, hazards_at_runs(fit_passes).to_numpy()[:, :, 2, 1]
    p = np.exp(-hazards.ravel())
    n, c = int(design.observed["n_samples"][2, 1]), int(design.observed["n_correct"][2, 1])
    exact = (math.comb(n, c) * p**c * (1 - p) ** (n - c)).mean()
    assert found[2, 1] == pytest.approx(np.log(exact))


@pytest.mark.slow
def test_a_hidden_count_has_the_density_of_its_draws(fit_passes):
    """The quadrature is the same average as over the posterior's own draws of what is fresh."""
    design, hidden = fit_passes.design, np.arange(4) == 3
    cells = np.broadcast_to(hidden, design.observed["n_samples"].shape)
    refitted = refit_without(fit_passes, cells, {**QUICK, "draws": 1500})
    found = score_hidden(refitted, design, hidden, np.random.default_rng(1))
    p = np.exp(-hazards_at_runs(refitted).to_numpy()[..., 3].reshape(-1, 24))
    n, c = design.observed["n_samples"][:, 3], design.observed["n_correct"][:, 3]
    exact = np.log(stats.binom.pmf(c, n, p).mean(axis=0))
    np.testing.assert_allclose(found.log_density[:, 0], exact, atol=0.25)
    assert abs(found.log_density[:, 0] - exact).mean() < 0.08
    shares = np.random.default_rng(2).binomial(n.astype(int), p) / n
    crps = scoringrules.crps_ensemble(c / n, shares.T, backend="numpy")
    np.testing.assert_allclose(found.crps[:, 0], crps, atol=0.015)


def test_many_samples_need_no_draw_nearby():
    """Of a normal log hazard, the count at 4 sd: 10,000 samples are narrower than draws' gaps."""
    rng, sd = np.random.default_rng(1), 0.4
    n, c = 10_000, round(10_000 * np.exp(-np.exp(0.5 + 4 * sd)))
    t = np.linspace(0.5 - 6 * sd, 0.5 + 7 * sd, 200_001)
    log_p = stats.binom.logpmf(c, n, np.exp(-np.exp(t))) + stats.norm.logpdf(t, 0.5, sd)
    exact = np.log(np.exp(log_p).sum() * (t[1] - t[0]))
    fresh, known = 0.8 * sd, 0.6 * sd
    mean = 0.5 + known * rng.standard_normal((1000, 1, 1))
    n, c = np.array([[float(n)]]), np.array([[float(c)]])
    found = averaged_density(np.exp, mean, np.full((1000, 1, 1), fresh), n, c)
    assert found[0, 0] == pytest.approx(exact, abs=1.0)


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


def test_refusals(fit_passes):
    pair = {"one": fit_passes, "same": fit_passes}
    with pytest.raises(DataError, match="model of passes, which has no family to leave out"):
        bs.compare(pair, unit="family")
    part = replace(fit_passes, notes=("Subset: what problems share was fitted on some.",))
    with pytest.raises(DataError, match="share in one was fitted on some of its problems"):
        bs.compare({"one": part, "same": part})
    buckets = replace(fit_passes, spec=bs.load_model("pass_rate_bucket"))
    with pytest.raises(DataError, match="pass_rate_bucket knows nothing of single problems"):
        leave_out_problems(buckets)
    few = replace(fit_passes.design, units=replace(fit_passes.design.units, names=("a",)))
    with pytest.raises(DataError, match="one foretells counts by problem and two by bucket"):
        bs.compare({"one": fit_passes, "two": replace(buckets, design=few)})
    two = replace(fit_passes.design, places=along("compute", [1.0, 1.0, 2.0, 2.0]))
    with pytest.raises(DataError, match="takes 3 distinct computes, the fit has 2"):
        leave_out_runs(replace(fit_passes, design=two))


@pytest.mark.slow
def test_runs_left_out_are_foretold_worse_than_they_are_fitted(fit_passes):
    found = leave_out_runs(fit_passes)
    assert found.bad_k == len(fit_passes.design.runs)
    assert found.elpd.p > 0
    assert np.isfinite(found.elpd.elpd_i).all()
