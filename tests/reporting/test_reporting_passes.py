"""The report of a fit of pass rates."""

from dataclasses import replace

import numpy as np
import pytest
from report_reader import SCRIPT, Reader

import bayes_scaling as bs
from bayes_scaling.reporting.residuals import worst_residuals
from bayes_scaling.reporting.tables import percent


@pytest.fixture(scope="module")
def spiteful_passes(fit_passes):
    """The same fit, with a problem whose name would run if it were markup."""
    worst = worst_residuals(fit_passes)["problem"].iloc[0]
    named = tuple(SCRIPT if unit == worst else unit for unit in fit_passes.design.units)
    passes = fit_passes.passes.replace({"problem": {worst: SCRIPT}})
    return replace(fit_passes, passes=passes, design=replace(fit_passes.design, units=named))


@pytest.fixture(scope="module")
def forecast(spiteful_passes):
    return bs.predict(spiteful_passes, compute=1e26)


@pytest.fixture(scope="module")
def page(spiteful_passes, forecast, tmp_path_factory):
    path = tmp_path_factory.mktemp("passes") / "report.html"
    return Reader(bs.report(spiteful_passes, forecast, path=path).read_text())


@pytest.fixture
def sealed_loss(fit_cerebras, tmp_path, monkeypatch):
    """A record of another forecast."""
    monkeypatch.setattr("bayes_scaling.registry.claims.BASELINES", {})
    words = {"question": "Which loss?", "resolves": "The model card.", "author": "a team"}
    loss = bs.predict(fit_cerebras, compute=1e26)
    return bs.register(loss, tmp_path / "forecasts.jsonl", **words)


def test_the_answer_is_the_mean_pass_rate(page, forecast):
    row = forecast.summary().query("quantity == 'pass_rate'").iloc[0]
    assert page.faults == []
    assert "of single samples, averaged over" in page.text
    for bound in (row["q05"], row["q95"], row["median"]):
        said = percent(bound).replace("\N{NO-BREAK SPACE}", " ")
        assert said in page.text[: page.text.index("What was assumed")]


def test_buckets_and_problems_are_drawn(page, forecast):
    titles = [text for tag, text in page.texts if tag == "title"]
    count = len(forecast.fit.design.buckets)
    assert any(f"in {count} panels, one a bucket" in title for title in titles)
    assert "Problems that fit worst" in page.text
    assert len(page.all("svg")) == 4


def test_the_name_of_a_problem_is_text(page):
    assert page.all("script") == []
    assert SCRIPT in page.text


def test_residuals_are_those_of_the_binomial(fit_passes):
    table = worst_residuals(fit_passes).set_index("problem")
    assert len(table) == len(fit_passes.design.units)
    assert (np.diff(table["residual"].abs()) <= 0).all()
    assert (np.sign(table["residual"]) == np.sign(table["n_correct"] - table["expected"])).all()
    row = table[table["n_correct"].between(1, table["n_samples"] - 1)].iloc[0]
    n, c, mean = row["n_samples"], row["n_correct"], row["expected"]
    deviance = 2 * (c * np.log(c / mean) + (n - c) * np.log((n - c) / (n - mean)))
    assert row["residual"] ** 2 == pytest.approx(deviance)


def test_a_seal_of_a_loss_is_no_seal_of_pass_rates(
    spiteful_passes, forecast, sealed_loss, tmp_path
):
    path = bs.report(
        spiteful_passes, forecast, registered=sealed_loss, path=tmp_path / "report.html"
    )
    text = Reader(path.read_text()).text
    assert "No seal vouches for the numbers below." in text
    assert "It forecasts the loss, this report is of passes." in text
    assert "This forecast is sealed" not in text


def test_without_a_forecast_the_fit_is_described(fit_passes, tmp_path):
    found = Reader(bs.report(fit_passes, path=tmp_path / "report.html").read_text())
    assert found.faults == []
    assert "it forecasts no larger run" in found.text
