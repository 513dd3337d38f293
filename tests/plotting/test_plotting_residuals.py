"""Residuals of counts, and the figure of them."""

from dataclasses import replace

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.plotting.residuals import CHANCE, residuals_of, worst_residuals


@pytest.fixture(scope="module")
def residuals(fit_passes):
    return residuals_of(fit_passes)


def test_a_residual_has_the_sign_of_what_was_seen_beyond_the_law(fit_passes, residuals):
    counts = replace(
        fit_passes.design,
        observed=fit_passes.design.observed
        | {"n_correct": fit_passes.design.observed["n_samples"].copy()},
    )
    assert (residuals_of(replace(fit_passes, design=counts)) >= 0).all()
    assert (residuals < 0).any()


def test_the_worst_of_a_problem_is_its_largest(fit_passes, residuals):
    table = worst_residuals(fit_passes).set_index("problem")["residual"]
    names = list(fit_passes.design.units.names)
    assert np.allclose(table[names].abs(), np.abs(residuals).max(axis=1))


def test_every_count_is_a_dot_and_those_beyond_chance_are_of_another_colour(fit_passes, residuals):
    ax = bs.plot_residuals(fit_passes)
    dots = [one for one in ax.lines if one.get_linestyle() == "None"]
    assert sum(len(one.get_ydata()) for one in dots) == residuals.size
    for one in dots[1::2]:
        assert (np.abs(one.get_ydata()) > CHANCE).all()


def test_it_says_that_a_fit_did_not_converge(fit_passes):
    failed = replace(fit_passes, diagnosis=replace(fit_passes.diagnosis, rhat=1.3))
    assert "did not converge" in bs.plot_residuals(failed).get_title(loc="left")


def test_losses_have_none(fit_cerebras):
    with pytest.raises(BayesScalingError, match="loss has no law for each problem"):
        bs.plot_residuals(fit_cerebras)
    with pytest.raises(BayesScalingError, match="expected a fit, as fit returns it, got int"):
        bs.plot_residuals(1)
