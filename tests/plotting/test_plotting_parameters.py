"""Posteriors beside their priors."""

from dataclasses import replace

import numpy as np
import pytest
from chance import of_quantile

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.inference.fits import PRIOR_DRAWS
from bayes_scaling.plotting.parameters import compare_with_prior, draw_parameters

LEVELS = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


@pytest.fixture(scope="module")
def table(fit_cerebras):
    return compare_with_prior(fit_cerebras)


def test_quantiles_of_the_prior_are_those_of_its_distribution(table, fit_cerebras):
    for name, prior in fit_cerebras.spec.free.items():
        mu, sigma = prior.arguments["mu"], prior.arguments["sigma"]
        link = np.exp if prior.dist == "LogNormal" else lambda v: 1 / (1 + np.exp(-v))
        margin = np.expm1(of_quantile(0.05, sigma, PRIOR_DRAWS, 15))
        for column, z in (("prior_q05", -1.6449), ("prior_median", 0.0), ("prior_q95", 1.6449)):
            assert table.loc[name, column] == pytest.approx(link(mu + z * sigma), rel=margin)


def test_quantiles_of_the_posterior_are_those_of_the_fit(table, fit_cerebras):
    columns = ["q05", "median", "q95"]
    wanted = fit_cerebras.summary().loc[table.index, columns]
    assert np.allclose(table[columns].astype(float), wanted)


def test_what_follows_from_others_is_there_and_not_stated(table):
    assert set(table.index[~table["is_stated"]]) == {"a", "b", "c"}


def test_what_passes_share_is_there(fit_passes):
    table = compare_with_prior(fit_passes)
    assert {"k_mu_mu", "sigma_run"} <= set(table.index)
    assert table.loc["k_mu_mu", "prior_median"] == pytest.approx(0.18, abs=0.01)
    assert not any("problem" in name for name in table.index)


def test_bars_are_the_intervals(table, fit_cerebras):
    stated = table[table["is_stated"]]
    for ax, (_, row) in zip(bs.plot_parameters(fit_cerebras), stated.iterrows(), strict=True):
        drawn = [c.get_segments()[0] for c in ax.collections]
        wanted = [
            (row[f"{prefix}{low}"], row[f"{prefix}{high}"])
            for prefix in ("prior_", "")
            for low, high in (("q05", "q95"), ("q25", "q75"))
        ]
        assert np.allclose([segment[:, 0] for segment in drawn], wanted)


def test_a_fit_is_drawn_by_its_stated_parameters(fit_cerebras, table):
    axes = bs.plot_parameters(fit_cerebras)
    assert [ax.get_ylabel() for ax in axes] == list(table.index[table["is_stated"]])
    failed = replace(fit_cerebras, diagnosis=replace(fit_cerebras.diagnosis, rhat=1.3))
    assert "did not converge" in bs.plot_parameters(failed)[0].get_title(loc="left")


def test_nothing_to_plot_is_refused(table):
    with pytest.raises(BayesScalingError, match="expected a fit, as fit returns it, got str"):
        bs.plot_parameters("fit.nc")
    with pytest.raises(BayesScalingError, match="no parameter to plot"):
        draw_parameters(table.head(0), [])
    with pytest.raises(BayesScalingError, match="expected 2, one a row, got 0"):
        draw_parameters(table.head(2), [])
