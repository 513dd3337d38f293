"""Fitted runs against a second run at their compute."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.older_fits import with_weights_of_losses
from bayes_scaling.inference.roots import kept_roots
from bayes_scaling.plotting.replicates import draw_replicates, foretell_fitted


@pytest.fixture(scope="module")
def table(fit_cerebras):
    return foretell_fitted(fit_cerebras)


def test_intervals_are_those_of_a_forecast(table, fit_cerebras):
    again = bs.predict(fit_cerebras, compute=fit_cerebras.design.scale).summary()
    assert np.allclose(table[["q05", "median", "q95"]], again[["q05", "median", "q95"]])
    assert (table["measured"] == fit_cerebras.design.observed["y"]).all()


def test_a_run_far_from_its_law_is_outside_and_a_replicate_shares_the_interval(fit_cerebras):
    twin = fit_cerebras.table.iloc[[2]].assign(run="twin", loss=3.0)
    runs = pd.concat([fit_cerebras.table, twin], ignore_index=True)
    reference = dict(fit_cerebras.reference)
    design = make_design(fit_cerebras.spec, runs, reference)
    design = replace(design, roots=kept_roots(fit_cerebras.spec, design))
    posterior = fit_cerebras.posterior["posterior"].to_dataset()
    kept = posterior[[name for name in posterior if posterior[name].ndim == 2]]
    tree = fit_cerebras.posterior.copy()
    tree["posterior"] = type(tree)(with_weights_of_losses(fit_cerebras.spec, design, kept, 1))
    found = foretell_fitted(replace(fit_cerebras, table=runs, design=design, posterior=tree))
    assert found["run"].tolist() == runs["run"].tolist()
    assert found["q95"].iloc[2] == found["q95"].iloc[5]
    assert not found["inside"].iloc[5]


def test_dots_and_bars_are_relative_to_the_median(table):
    ax = draw_replicates(table, plt.subplots()[1])
    dots = ax.lines[1].get_ydata()
    assert np.allclose(dots, table["measured"] / table["median"] - 1)
    outer = [segment[:, 1] for segment in ax.collections[0].get_segments()]
    assert np.allclose(outer, table[["q05", "q95"]].div(table["median"], axis=0) - 1)


def test_runs_of_one_compute_stand_side_by_side(table):
    ax = draw_replicates(pd.concat([table, table], ignore_index=True), plt.subplots()[1])
    at = np.sort(ax.lines[1].get_xdata())
    assert len(set(at)) == 2 * len(table)
    assert np.allclose(at, np.repeat(np.sort(table["compute"]), 2), rtol=0.05)
