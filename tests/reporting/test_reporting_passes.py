"""The report of a fit of pass rates."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from report_reader import SCRIPT, Reader

import bayes_scaling as bs
from bayes_scaling.plotting.problems import _medians, plot_problems
from bayes_scaling.reporting.passes import answer_of_passes
from bayes_scaling.reporting.residuals import examine_counts, worst_residuals
from bayes_scaling.reporting.tables import percent
from bayes_scaling.specification.prior_density import top_priors


@pytest.fixture(scope="module")
def spiteful_passes(fit_passes):
    """The same fit, with a problem whose name would run if it were markup."""
    worst = worst_residuals(fit_passes)["problem"].iloc[0]
    named = tuple(SCRIPT if unit == worst else unit for unit in fit_passes.design.units.names)
    passes = fit_passes.table.replace({"problem": {worst: SCRIPT}})
    return replace(
        fit_passes,
        table=passes,
        design=replace(fit_passes.design, units=replace(fit_passes.design.units, names=named)),
    )


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
    count = len(forecast.fit.design.units.buckets)
    assert any(f"in {count} panels, one a bucket" in title for title in titles)
    assert "Problems that fit worst" in page.text
    assert len(page.all("svg")) == 4


def test_how_far_priors_move_the_mean_pass_rate_is_tabulated(page, spiteful_passes):
    assert "No backtest was given" in page.text
    assert "for one new run, under other priors" in page.text
    for name in top_priors(spiteful_passes.spec.free):
        assert name in page.text


def test_a_backtest_of_losses_is_refused(fit_passes, backtest, tmp_path):
    with pytest.raises(ValueError, match="it is of loss, and this fit is of passes; give"):
        bs.report(fit_passes, backtest=backtest, path=tmp_path / "report.html")


def test_the_problems_that_are_averaged_over_are_named(page, spiteful_passes):
    count = len(spiteful_passes.design.units.names)
    assert f"over all {count} problems, with probability" in page.text
    few = bs.predict(spiteful_passes, compute=1e26, restrict="solved_by_all")
    assert 0 < few.chosen.sum() < count
    answer = answer_of_passes(spiteful_passes, few)
    said = f"the {few.chosen.sum()} problems that every fitted run solved"
    assert answer.over == said
    assert answer.targets.caption == f"Forecasts for one new run, over {said}"
    assert answer.picture.caption.startswith(f"Mean of −log p over {said} against")


def test_a_comparison_of_counts_is_not_of_log_loss(fit_passes, compared, undrawn, tmp_path):
    path = bs.report(fit_passes, compare=compared, path=tmp_path / "report.html")
    text = Reader(path.read_text()).text
    assert "Fitted to the same counts, loss interpolates best" in text
    assert "by log probabilities of counts" in text
    assert "log loss" not in text.rpartition("What would change it")[2]


def test_the_name_of_a_problem_is_text(page):
    assert page.all("script") == []
    assert SCRIPT in page.text


@pytest.fixture(scope="module")
def many(fit_passes):
    """The same fit with every problem 100 times over in one bucket; three leave their law."""
    design, times = fit_passes.design, 100
    every = np.tile(np.arange(len(design.units)), times)
    big = design.of_units(every)
    units = replace(
        big.units,
        names=tuple(f"p{place}" for place in range(len(every))),
        buckets=design.units.buckets[:1],
        bucket=np.zeros(len(every), dtype=design.units.bucket.dtype),
    )
    big = replace(big, units=units)
    n, c = big.observed["n_samples"], big.observed["n_correct"]
    hardest = np.argsort(c.sum(axis=1), kind="stable")[:3]
    c[hardest, 0] = n[hardest, 0]
    draws = fit_passes.posterior["posterior"].to_dataset().isel(draw=slice(25))
    names = {"problem": list(big.units.names)}
    draws = draws.isel(problem=every).assign_coords(names)
    tree = xr.DataTree.from_dict({"posterior": draws})
    return replace(fit_passes, design=big, posterior=tree)


def test_a_figure_of_many_problems_stays_small(many):
    assert len(many.design.units.names) == 2400
    section = next(one for one in examine_counts(many, None) if one.title.startswith("Problems"))
    (picture,) = section.pictures
    assert len(picture.svg) < 750_000
    assert "At most 200 are drawn beside those." in picture.caption
    assert f"Of {len(many.design.units.names)} problems" in section.text


def test_the_named_problems_are_drawn_and_the_others_spread(many):
    ax = plot_problems(many, worst=3)
    lines = [line for line in ax.lines if line.get_label().startswith("p")]
    named = [line for line in lines if line.get_alpha() == 1]
    assert (len(lines), len(named)) == (203, 3)
    ends = np.log([line.get_ydata()[-1] for line in lines])
    every = np.log(_medians(many, many.design.scale[-1:])[0])
    assert (ends.min(), ends.max()) == pytest.approx((every.min(), every.max()))
    low, high = np.quantile(every, [0.45, 0.55])  # about one problem on either side
    assert low <= np.median(ends) <= high


def test_residuals_are_those_of_the_binomial(fit_passes):
    table = worst_residuals(fit_passes).set_index("problem")
    assert len(table) == len(fit_passes.design.units.names)
    assert (np.diff(table["residual"].abs()) <= 0).all()
    assert (np.sign(table["residual"]) == np.sign(table["n_correct"] - table["expected"])).all()
    row = table[table["n_correct"].between(1, table["n_samples"] - 1)].iloc[0]
    n, c, mean = row["n_samples"], row["n_correct"], row["expected"]
    deviance = 2 * (c * np.log(c / mean) + (n - c) * np.log((n - c) / (n - mean)))
    assert row["residual"] ** 2 == pytest.approx(deviance)


def test_a_seal_of_a_loss_is_no_seal_of_pass_rates(
    spiteful_passes, forecast, sealed_loss, undrawn, tmp_path
):
    path = bs.report(
        spiteful_passes, forecast, registered=sealed_loss, path=tmp_path / "report.html"
    )
    text = Reader(path.read_text()).text
    assert "No seal vouches for the numbers below." in text
    assert "It forecasts the loss, this report is of passes." in text
    assert "This forecast is sealed" not in text


def test_without_a_forecast_the_fit_is_described(fit_passes, undrawn, tmp_path):
    found = Reader(bs.report(fit_passes, path=tmp_path / "report.html").read_text())
    assert found.faults == []
    assert "it forecasts no larger run" in found.text
