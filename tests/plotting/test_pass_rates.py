"""What the figures of pass rates show."""

import dataclasses

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.plotting.count_estimates import estimate_hazards
from bayes_scaling.plotting.marks import label_decades
from bayes_scaling.plotting.pass_rates import GRID_POINTS

LARGE = 1e24


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def forecast(fit_passes):
    return bs.predict(fit_passes, compute=LARGE)


def lines(ax, start):
    return [one for one in ax.get_lines() if str(one.get_label()).startswith(start)]


def line(ax, start):
    return lines(ax, start)[0]


def bands(ax):
    """The lower and upper edge of each band along its grid, the widest first."""
    edges = []
    for poly in (one for one in ax.collections if isinstance(one, PolyCollection)):
        x, y = poly.get_paths()[0].vertices.T
        grid = np.unique(x)
        low = np.array([y[x == value].min() for value in grid])
        high = np.array([y[x == value].max() for value in grid])
        edges.append((grid, low, high))
    return edges


def legend(axes):
    found = axes[0].get_legend() or axes[0].figure.legends[0]
    return [text.get_text() for text in found.get_texts()]


def test_a_panel_a_bucket_on_log_axes_with_units(forecast):
    axes = bs.plot_pass_rate(forecast)
    assert [ax.get_title(loc="left") for ax in axes] == [
        f"Bucket {label}: 4 problems" for label in "123456"
    ]
    assert {(ax.get_xscale(), ax.get_yscale()) for ax in axes} == {("log", "log")}
    assert [ax.get_xlabel() for ax in axes[3:]] == ["Training compute (FLOP)"] * 3
    assert [ax.get_xlabel() for ax in axes[:3]] == [""] * 3
    assert [ax.get_ylabel() for ax in axes] == ["Mean of −log p", "", ""] * 2
    assert "50 and 90 % interval of one new run" in legend(axes)


def test_all_problems_are_one_panel(forecast):
    axes = bs.plot_pass_rate(forecast, by="all")
    assert axes.shape == (1,)
    assert axes[0].get_title(loc="left") == "All 24 problems"
    assert "extrapolation →" in [text.get_text() for text in axes[0].texts]


def test_a_panel_under_none_keeps_its_compute_axis(forecast):
    fit = forecast.fit
    design = dataclasses.replace(
        fit.design,
        units=dataclasses.replace(
            fit.design.units,
            buckets=("1", "2", "3", "4", "5", "6", "hardest"),
            bucket=np.where(np.arange(24) == 0, 6, fit.design.units.bucket),
        ),
    )
    seven = dataclasses.replace(forecast, fit=dataclasses.replace(fit, design=design))
    axes = bs.plot_pass_rate(seven)
    assert axes[-1].get_title(loc="left") == "Hardest: 1 problem"
    assert [bool(ax.get_xlabel()) for ax in axes] == [False] * 3 + [True] * 4
    shown = [ax.xaxis.get_tick_params()["labelbottom"] for ax in axes]
    assert shown == [False] * 3 + [True] * 4


def test_bands_are_nested_hold_the_median_and_span_ladder_and_target(forecast):
    for ax in bs.plot_pass_rate(forecast):
        (x, low90, high90), (same, low50, high50) = bands(ax)
        np.testing.assert_array_equal(x, same)
        assert len(x) == GRID_POINTS
        assert x[0] < 1e20
        assert x[-1] == pytest.approx(LARGE)
        median = line(ax, "median").get_ydata()
        assert np.all((low90 < low50) & (low50 < median) & (median < high50) & (high50 < high90))


def test_bands_end_where_the_forecast_of_the_target_does(forecast):
    ax = bs.plot_pass_rate(forecast, by="all")[0]
    (_, low, high), _ = bands(ax)
    table = forecast.quantile([0.05, 0.95], "neg_log_pass")
    width = np.log(table["q95"][0] / table["q05"][0])
    assert abs(np.log(low[-1] / table["q05"][0])) < 0.15 * width
    assert abs(np.log(high[-1] / table["q95"][0])) < 0.15 * width


def test_bars_at_the_target_are_the_forecasts_intervals(forecast):
    table = forecast.quantile([0.05, 0.25, 0.5, 0.75, 0.95], "neg_log_pass", by="bucket")
    for ax, row in zip(bs.plot_pass_rate(forecast), table.itertuples(), strict=True):
        bars = {
            one.get_label(): one.get_segments()[0]
            for one in ax.collections
            if isinstance(one, LineCollection) and one.get_segments()
        }
        np.testing.assert_allclose(bars["q05 to q95"], [[LARGE, row.q05], [LARGE, row.q95]])
        np.testing.assert_allclose(bars["q25 to q75"], [[LARGE, row.q25], [LARGE, row.q75]])
        np.testing.assert_allclose(line(ax, "targets").get_ydata(), [row.q50])


def test_runs_with_unsolved_problems_are_bounds(forecast):
    design = forecast.fit.design
    for place, ax in enumerate(bs.plot_pass_rate(forecast)):
        unsolved = (design.observed["n_correct"][design.units.bucket == place] == 0).any(axis=0)
        known, bound = lines(ax, "fitted runs")
        np.testing.assert_array_equal(known.get_xdata(), design.scale[~unsolved])
        np.testing.assert_array_equal(bound.get_xdata(), design.scale[unsolved])


def test_truth_is_hollow_and_only_what_was_not_fitted(forecast, pass_counts):
    axes = bs.plot_pass_rate(forecast, truth=pass_counts)
    assert "Measured, not fitted" in legend(axes)
    for ax in axes:
        known, bound = lines(ax, "measured")
        assert [*known.get_xdata(), *bound.get_xdata()] == [LARGE]
        assert known.get_markerfacecolor() == "none"
    alone = bs.plot_pass_rate(forecast, truth=forecast.fit.table)
    assert "Measured, not fitted" not in legend(alone)


def test_a_restricted_forecast_shows_its_problems_only(forecast):
    restricted = bs.predict(forecast.fit, compute=LARGE, restrict="solved_by_all")
    title = bs.plot_pass_rate(restricted, by="all")[0].get_title(loc="left")
    assert title == f"{restricted.chosen.sum()} problems that every run solved"
    assert not any("unsolved" in entry for entry in legend(bs.plot_pass_rate(restricted)))


def test_given_axes_are_drawn_on_and_hold_the_legend_beside_others(forecast):
    before = dict(mpl.rcParams)
    figure, axes = plt.subplots(3, 3)
    drawn = bs.plot_pass_rate(forecast, axes=axes.ravel()[:6])
    assert list(drawn) == list(axes.ravel()[:6])
    assert plt.get_fignums() == [figure.number]
    assert "Median" in [text.get_text() for text in axes[0, 0].get_legend().get_texts()]
    one = plt.subplots()[1]
    assert bs.plot_pass_rate(forecast, by="all", axes=one)[0] is one
    assert dict(mpl.rcParams) == before


def test_a_fit_that_did_not_converge_says_so(forecast):
    bad = dataclasses.replace(forecast.fit.diagnosis, rhat=1.2)
    other = dataclasses.replace(forecast, fit=dataclasses.replace(forecast.fit, diagnosis=bad))
    for by in ("bucket", "all"):
        axes = bs.plot_pass_rate(other, by=by)
        assert "did not converge" in axes[0].get_title(loc="left")
    assert "did not converge" in bs.plot_problems(other, "1").get_title(loc="left")


def test_texts_of_small_panels_lie_inside_the_figure_and_apart(forecast, pass_counts):
    figure, axes = plt.subplots(1, 6, figsize=(7.2, 2), layout="constrained")
    bs.plot_pass_rate(forecast, truth=pass_counts, axes=axes[:6])
    figure.canvas.draw()
    labels = [axes[0].yaxis.label, figure.legends[0]]
    boxes = [label.get_window_extent() for label in labels]
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
    legend_box = figure.legends[0].get_window_extent()
    assert not any(ax.xaxis.label.get_window_extent().overlaps(legend_box) for ax in axes)


def test_bad_arguments_of_pass_rates(forecast, pass_counts):
    with pytest.raises(BayesScalingError, match="by: 'problem' is not known; allowed: all, bucket"):
        bs.plot_pass_rate(forecast, by="problem")
    with pytest.raises(BayesScalingError, match="there are 6 panels to draw, got 2 axes"):
        bs.plot_pass_rate(forecast, axes=plt.subplots(1, 2)[1])
    plt.close("all")
    further = pass_counts.replace({"problem": {"03": "another"}})
    said = "truth: no fitted run tried 1 of its 24 problems, the first is 'another'"
    with pytest.raises(DataError, match=said):
        bs.plot_pass_rate(forecast, truth=further)
    with pytest.raises(DataError, match=r"need counts by problem .* and the table has: compute"):
        bs.plot_pass_rate(forecast, truth=pd.DataFrame({"compute": [1e22]}))
    assert plt.get_fignums() == []


def test_counts_alone_give_the_posterior_of_jeffreys_prior(fit_passes):
    """Mean and interval against draws from the Beta posteriors themselves."""
    design, units = fit_passes.design, np.arange(24)
    table = estimate_hazards(design, units)
    rng = np.random.default_rng(1)
    n, c = design.observed["n_samples"], design.observed["n_correct"]
    drawn = -np.log(rng.beta(c + 0.5, n - c + 0.5, (40_000, *n.shape))).mean(axis=1)
    np.testing.assert_allclose(table["value"], drawn.mean(axis=0), rtol=0.01)
    # The interval is one of matched moments: what that costs differs between sets of counts.
    np.testing.assert_allclose(table["low"], np.quantile(drawn, 0.05, axis=0), rtol=0.04)
    np.testing.assert_allclose(table["high"], np.quantile(drawn, 0.95, axis=0), rtol=0.04)
    assert table["is_bound"].tolist() == (c == 0).any(axis=0).tolist()


def test_runs_that_did_not_try_a_problem_are_left_out_of_its_mean(fit_passes):
    design = fit_passes.design
    n, c = design.observed["n_samples"].copy(), design.observed["n_correct"].copy()
    n[0, 0] = c[0, 0] = 0
    n[:, 1] = c[:, 1] = 0
    other = design.with_observed(n_samples=n, n_correct=c)
    table = estimate_hazards(other, np.arange(24))
    assert table["run"].tolist() == [design.runs[place] for place in (0, 2, 3)]
    alone = estimate_hazards(design, np.arange(1, 24))
    assert table["value"][0] == pytest.approx(alone["value"][0])


@pytest.mark.parametrize("span", [0.2, 0.7, 1.2, 2, 4, 7])
def test_ticks_are_plain_numbers_and_enough(span):
    ax = plt.subplots()[1]
    ax.set(yscale="log", ylim=(0.013, 0.013 * 10**span))
    label_decades(ax.yaxis)
    ax.figure.canvas.draw()
    low, high = ax.get_ylim()
    shown = [
        t.get_text()
        for t, y in zip(ax.get_yticklabels(), ax.get_yticks(), strict=True)
        if low <= y <= high
    ]
    assert 2 <= len(shown) <= 9
    assert all(float(text) > 0 for text in shown)


def test_problems_have_a_line_each_and_dots_where_they_were_tried(forecast):
    ax = bs.plot_problems(forecast, "2")
    design = forecast.fit.design
    members = [
        name
        for name, place in zip(design.units.names, design.units.bucket, strict=True)
        if place == 1
    ]
    found = [one for one in ax.get_lines() if one.get_label() in members]
    assert {one.get_label() for one in found} == set(members)
    np.testing.assert_allclose(found[0].get_xdata()[[0, -1]], [1e20, LARGE])
    drawn = sum(len(one.get_xdata()) for one in lines(ax, "counts"))
    assert drawn == 4 * len(members)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Training compute (FLOP)", "−log p of a problem")
    assert line(bs.plot_problems(forecast.fit, "2"), members[0]).get_xdata()[-1] == pytest.approx(
        4e22
    )


def test_the_problem_that_leaves_its_law_is_named(forecast):
    """One that solved most, and then nothing at the largest run."""
    fit = forecast.fit
    design = fit.design
    unit = int(np.flatnonzero(design.units.bucket == 0)[0])
    c = design.observed["n_correct"].copy()
    c[unit] = [40, 40, 40, 0]
    odd = dataclasses.replace(fit, design=design.with_observed(n_correct=c))
    ax = bs.plot_problems(odd, "1", worst=1)
    assert [text.get_text() for text in ax.texts] == [design.units.names[unit]]
    assert len(bs.plot_problems(odd, "1", worst=0).texts) == 0


def test_bad_arguments_of_problems(forecast):
    with pytest.raises(BayesScalingError, match="bucket: say which one, of 1, 2, 3, 4, 5, 6"):
        bs.plot_problems(forecast)
    with pytest.raises(BayesScalingError, match="bucket: '7' is not in the fit"):
        bs.plot_problems(forecast, "7")
    with pytest.raises(BayesScalingError, match="worst: expected a whole number from 0 to 5"):
        bs.plot_problems(forecast, "1", worst=6)
    assert plt.get_fignums() == []
