"""What ArviZ reads of a fit: its scores are the package's own, and its figures run on any fit."""

from dataclasses import replace

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pymc as pm
import pytest
import xarray as xr
from chance import z
from interpreting import INTERPRETED

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError

# ArviZ warns of high Pareto k, which `compare` counts and mends.
pytestmark = pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")


@pytest.fixture(scope="module")
def losses(fit_cerebras):
    return bs.with_groups(fit_cerebras)


@pytest.fixture(scope="module")
def counts(fit_passes):
    groups = {
        name: node.to_dataset().isel(draw=slice(60), missing_dims="ignore")
        for name, node in fit_passes.posterior.children.items()
    }
    return bs.with_groups(replace(fit_passes, posterior=xr.DataTree.from_dict(groups)))


def test_the_elpd_is_that_of_compare(losses, fit_cerebras):
    twin = {"one": fit_cerebras, "other": fit_cerebras}
    table = bs.compare(twin, fit_options={"draws": 200, "tune": 200})
    if table["bad_k"].iloc[0] == 0:
        elpd = az.loo(losses.posterior).elpd
        assert elpd == pytest.approx(table["interpolation_elpd"].iloc[0], abs=0.1)


def test_pymc_foretells_the_runs_as_the_package_does(losses, fit_cerebras):
    """On the posterior's own weights, not on others drawn from the prior."""
    posterior = fit_cerebras.posterior["posterior"].to_dataset().isel(draw=slice(100))
    tree = xr.DataTree.from_dict({"posterior": posterior})
    with fit_cerebras.pymc_model():
        drawn = pm.sample_posterior_predictive(
            tree, random_seed=1, progressbar=False, compile_kwargs={"mode": INTERPRETED}
        )
    theirs = drawn["posterior_predictive"]["log_loss"]
    ours = np.log(losses.posterior["posterior_predictive"]["loss"])
    sd = float(ours.std(("chain", "draw")).max())
    margin = z(10) * sd * np.sqrt(2 / theirs[..., 0].size)
    gap = theirs.mean(("chain", "draw")).values - ours.mean(("chain", "draw")).values
    assert (np.abs(gap) < margin).all()
    assert float(theirs.std(("chain", "draw")).max()) < 2 * sd


@pytest.mark.parametrize("name", ["losses", "counts"])
def test_figures_of_arviz_run_on_any_fit(name, request):
    tree = request.getfixturevalue(name).posterior
    assert np.isfinite(az.loo(tree).elpd)
    names = [one for one in ("level", "sigma", "k_mu_mu", "sigma_run") if one in tree["prior"]]
    az.plot_prior_posterior(tree, var_names=names)
    if name == "losses":  # of counts ArviZ draws others, of whole numbers only
        az.plot_ppc_dist(tree)
    plt.close("all")


def test_what_needs_a_likelihood_a_run_runs_on_losses(losses):
    az.plot_loo_pit(losses.posterior)
    table = az.psense_summary(losses.posterior, var_names=["elasticity", "floor_share"])
    assert {"prior", "likelihood"} <= set(table.columns)
    plt.close("all")


def test_groups_are_kept_in_the_file(losses, tmp_path):
    back = bs.load_fit(losses.save(tmp_path / "fit.nc"))
    for name in ("prior", "posterior_predictive", "log_likelihood", "log_prior"):
        own = losses.posterior[name].to_dataset()
        xr.testing.assert_equal(back.posterior[name].to_dataset(), own)


def test_a_group_that_there_is_none_of_is_refused(fit_cerebras):
    with pytest.raises(BayesScalingError, match="Did you mean 'log_prior'"):
        bs.with_groups(fit_cerebras, "log_priors")
