import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.plotting.style import BLUE, VERMILLION


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def judged():
    """A hundred forecasts: the truth at the PIT's quantile of a spread that is known."""
    pit = (np.arange(100) + 0.5) / 100
    table = pd.DataFrame({"pit": pit, "distance": np.repeat([0.5, 1.0], 50), "truth": 2.0})
    spread = {"median": 2.1, "q05": 1.9, "q95": 2.3, "crps": 0.1, "converged": True}
    inside = np.abs(2 * pit - 1) <= 0.9
    return Backtest(
        "a", table.assign(ladder="a", compute=1e21, covered_90=inside, **spread), pd.DataFrame()
    )


def test_coverage_of_a_calibrated_forecaster_lies_on_the_diagonal(judged):
    left, right = bs.plot_calibration(judged)
    line = left.lines[-1]
    np.testing.assert_allclose(line.get_ydata(), line.get_xdata(), atol=0.011)
    assert line.get_xdata()[0] == pytest.approx(0.1)
    assert line.get_xdata()[-1] == pytest.approx(0.95)
    assert np.abs(right.lines[-1].get_ydata()).max() < 0.02


def test_axes_in_and_out(judged):
    axes = plt.subplots(1, 2)[1]
    assert list(bs.plot_calibration(judged, axes)) == list(axes)
    assert bs.plot_backtest(judged, axes[0]) is axes[0]
    with pytest.raises(ValueError, match="expected two, got 1"):
        bs.plot_calibration(judged, axes[:1])


def test_each_forecast_is_a_bar_in_the_colour_of_its_outcome(judged):
    ax = bs.plot_backtest(judged)
    counts = [len(bars.get_segments()) for bars in ax.collections]
    inside = int(judged.forecasts["covered_90"].sum())
    assert counts == [inside, 100 - inside]
    assert [dots.get_color() for dots in ax.lines[1:]] == [BLUE, VERMILLION]
    np.testing.assert_allclose(ax.collections[0].get_segments()[0][:, 1], [-0.05, 0.15])
    at = np.concatenate([dots.get_xdata() for dots in ax.lines[1:]])
    assert len(set(at)) == 100
    np.testing.assert_allclose(at.mean(), 0.75)


def test_what_can_not_be_drawn_is_said(judged):
    table = judged.forecasts
    broken = Backtest("a", table.assign(crps=[np.nan, *table["crps"][1:]]), judged.skipped)
    empty = Backtest("a", table.iloc[:0], judged.skipped)
    for plot in (bs.plot_backtest, bs.plot_calibration):
        with pytest.raises(ValueError, match="1 forecasts have no score, the first that of a"):
            plot(broken)
        with pytest.raises(ValueError, match="no forecast to plot"):
            plot(empty)


def test_a_fit_that_did_not_converge_is_said(judged):
    doubtful = Backtest("a", judged.forecasts.assign(converged=False), judged.skipped)
    assert bs.plot_backtest(doubtful).get_title(loc="left").startswith("100 forecasts rest on")
    assert bs.plot_calibration(doubtful)[0].get_title(loc="left").startswith("100 forecasts")
