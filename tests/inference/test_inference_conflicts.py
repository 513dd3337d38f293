from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.inference import fitting
from bayes_scaling.inference.conflicts import conflict_notes, scales_of

POINT = stats.norm.ppf(0.995)


def with_scale(fit, name, value):
    """A fit whose draws of one scale are all the same."""
    posterior = fit.posterior["posterior"].to_dataset()
    changed = posterior.assign({name: xr.full_like(posterior[name], value)})
    return replace(fit, posterior=xr.DataTree.from_dict({"posterior": changed}))


def test_the_limit_is_the_priors_point(fit_cerebras):
    sigma = fit_cerebras.spec.free["sigma"].arguments
    exact = sigma["mu"] + POINT * sigma["sigma"]
    # The standard error of a quantile of so many draws, times 4.9: once in a million.
    error = 4.9 * sigma["sigma"] * np.sqrt(0.005 * 0.995 / 20_000) / stats.norm.pdf(POINT)
    assert np.log(fit_cerebras.prior_limit["sigma"]) == pytest.approx(exact, abs=error)


def test_a_published_ladder_is_in_no_conflict(fit_cerebras, fit_passes):
    assert list(conflict_notes(fit_cerebras)) == []
    assert list(conflict_notes(fit_passes)) == []


@pytest.mark.parametrize("name", ["sigma", "amplitude"])
def test_a_scale_beyond_its_prior_is_said(fit_cerebras, name):
    limit = fit_cerebras.prior_limit[name]
    assert list(conflict_notes(with_scale(fit_cerebras, name, 0.999 * limit))) == []
    (said,) = conflict_notes(with_scale(fit_cerebras, name, 1.001 * limit))
    assert said.startswith(
        f"Prior and data are in conflict: the posterior median of {name} is {1.001 * limit:.3g}, "
        f"beyond the prior's 99.5 % point, {limit:.3g}."
    )


@pytest.mark.parametrize("name", ["sigma_run", "amplitude", "amplitude_2"])
def test_the_scales_of_counts_are_looked_at(fit_passes, name):
    assert name in scales_of(fit_passes.spec)
    limit = fit_passes.prior_limit[name]
    (said,) = conflict_notes(with_scale(fit_passes, name, 1.001 * limit))
    assert f"the posterior median of {name} is" in said


def test_each_family_has_its_own(fit_cerebras):
    posterior = fit_cerebras.posterior["posterior"].to_dataset()
    limit = fit_cerebras.prior_limit["amplitude"]
    two = posterior["amplitude"].expand_dims(family=["A", "B"], axis=2)
    two = xr.zeros_like(two) + xr.DataArray([limit / 2, limit * 2], dims="family")
    tree = xr.DataTree.from_dict({"posterior": posterior.assign(amplitude=two)})
    (said,) = conflict_notes(replace(fit_cerebras, posterior=tree))
    assert "the posterior median of amplitude[B] is" in said


def test_what_is_pinned_is_in_no_conflict():
    assert scales_of(bs.load_model("loss")) == ("sigma", "amplitude")
    assert scales_of(bs.load_model("loss").with_priors(sigma=0.5, amplitude=0)) == ()


def test_it_travels_with_the_forecast(fit_cerebras, monkeypatch):
    limit = fit_cerebras.prior_limit["sigma"]
    wide = with_scale(fit_cerebras, "sigma", 2 * limit)
    monkeypatch.setitem(fitting.FITTERS, "loss", lambda *_, **__: wide)
    fitted = bs.fit("loss", fit_cerebras.table, random_seed=1)
    assert fitted.notes == tuple(conflict_notes(wide))
    assert set(fitted.notes) <= set(bs.predict(fitted, compute=2.3e22).notes)
