"""A grid of parameters and tokens is fitted, and forecast off and on its frontier."""

import numpy as np
import pandas as pd
import pytest
from chance import z

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.inference.forms import form_of

MODEL = "loss_params_tokens"
TRUTH = {"E": 1.7, "alpha": 0.34, "beta": 0.34}


def true_loss(targets):
    return 1.7 + 410 * targets["params"] ** -0.34 + 1100 * targets["tokens"] ** -0.34


def test_it_is_sampled_with_its_discrepancy_integrated_out(fit_grid):
    assert form_of(fit_grid.spec, fit_grid.design).name == "integrated"
    assert fit_grid.diagnosis.converged
    assert not any("plain form" in note for note in fit_grid.notes)


def test_it_finds_the_law_that_made_the_runs(fit_grid):
    found = fit_grid.summary().loc[list(TRUTH)]
    gaps = (found["mean"] - pd.Series(TRUTH)) / found["sd"]
    assert abs(gaps).max() < z(3)
    assert (found["sd_ratio"][["alpha", "beta"]] < 0.8).all()


def test_it_forecasts_larger_runs_of_any_shape(fit_grid):
    rows = [(1e10, 2e11), (1e10, 2e10), (7e9, 2e12), (3e8, 4e9)]
    targets = pd.DataFrame(rows, columns=["params", "tokens"])
    table = bs.predict(fit_grid, targets).summary(kind="expected")
    spread = table["sd"] + 0.001
    assert (abs(table["mean"] - true_loss(targets)) < z(4) * spread).all()
    assert table["distance"].iloc[3] < 0 < table["distance"].iloc[0]


def test_it_quotes_the_law_at_its_references(fit_grid):
    posterior = fit_grid.posterior["posterior"].to_dataset()
    whole = posterior["E"] + posterior["A"] + posterior["B"]
    np.testing.assert_allclose(whole, posterior["level"], rtol=1e-12)
    assert fit_grid.reference.index.names == ["covariate", "family"]


def test_its_draws_survive_the_disk(fit_grid, tmp_path):
    again = bs.load_fit(fit_grid.save(tmp_path / "grid.nc"))
    pd.testing.assert_frame_equal(again.summary(), fit_grid.summary())
    own = {"params": 1e10, "tokens": 2e11}
    one, other = (bs.predict(fit, **own).summary() for fit in (fit_grid, again))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tokens": None}, r"^tokens: loss_params_tokens forecasts along params and tokens"),
        ({"params": 1e8}, r"^params: all runs of ladder are at one value of params"),
    ],
)
def test_tables_that_are_no_grid(grid_runs, change, said):
    runs = grid_runs.assign(compute=6 * grid_runs["params"] * grid_runs["tokens"])
    for name, value in change.items():
        runs = runs.drop(columns=name) if value is None else runs.assign(**{name: value})
    with pytest.raises(DataError, match=said):
        bs.fit(MODEL, runs, random_seed=1)


def test_a_run_without_its_tokens(grid_runs):
    runs = grid_runs.assign(compute=6 * grid_runs["params"] * grid_runs["tokens"])
    runs.loc[2, "tokens"] = np.nan
    said = r"^row 3 \(run run 3\), column 'tokens': expected a positive number, got nothing"
    with pytest.raises(DataError, match=said):
        bs.fit(MODEL, runs, random_seed=1)
