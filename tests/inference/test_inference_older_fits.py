"""Fits of the version before, without weights of discrepancies, load and forecast as then."""

from pathlib import Path

import numpy as np
import pytest
from chance import of_quantile

import bayes_scaling as bs
from bayes_scaling.inference.discrepancies import at_runs
from bayes_scaling.inference.predictive import flat_posterior, law_at

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def losses():
    """Five Cerebras-GPT models; 2 x 150 draws, so quantiles are those of 300."""
    return bs.load_fit(HERE / "fit_schema_2.nc")


@pytest.fixture(scope="module")
def counts():
    """Eight simulated problems; 2 x 300 draws."""
    return bs.load_fit(HERE / "fit_of_counts_schema_2.nc")


def test_losses_are_forecast_as_they_were(losses):
    row = bs.predict(losses, compute=2.3e22).summary().iloc[0]
    for name, q, was in (("median", 0.5, 1.5823), ("q05", 0.05, 1.4945), ("q95", 0.95, 1.6895)):
        assert row[name] == pytest.approx(was, abs=np.sqrt(2) * of_quantile(q, 0.058, 300, 3))


def test_the_weights_that_are_drawn_go_through_the_runs(losses):
    """Law and discrepancy together leave of each run what noise of its size leaves."""
    values, _ = flat_posterior(losses)
    spec, design = losses.spec, losses.design
    (term,) = spec.discrepancy
    mean = law_at(spec, design, values, design.places) + at_runs(spec, design, values, term)
    left = (np.log(design.observed["y"]) - mean) / values["sigma"][:, None]
    assert 0.3 < np.sqrt((left**2 * values["precision"]).mean()) < 2


def test_counts_keep_the_discrepancies_that_were_drawn(counts):
    posterior = counts.posterior["posterior"]
    assert {"amplitude_weights", "amplitude_2_weights"} <= set(posterior.data_vars)
    assert not {"discrepancy", "discrepancy_2"} & set(posterior.data_vars)
    table = bs.predict(counts, compute=1e24).summary().set_index("quantity")
    row = table.loc["neg_log_pass"]
    # A heavy tail: the sd of its logarithm is about 0.9.
    margin = np.sqrt(2) * of_quantile(0.5, 0.9, 600)
    assert np.log(row["median"] / 3.001) == pytest.approx(0.0, abs=margin)
    assert not counts.diagnosis.converged


def test_old_names_of_the_table_still_work_and_say_so(losses, counts):
    with pytest.warns(FutureWarning, match=r"Fit\.runs is Fit\.table now"):
        assert losses.runs is losses.table
    with pytest.warns(FutureWarning, match=r"Fit\.passes is Fit\.table now"):
        assert counts.passes is counts.table
    for name, now in (("PassFit", bs.Fit), ("PassForecast", bs.Forecast)):
        with pytest.warns(FutureWarning, match=f"{name} is bayes_scaling.{now.__name__}"):
            assert getattr(bs, name) is now
