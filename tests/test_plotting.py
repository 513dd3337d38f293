"""What the figures show, and that nothing else changes."""

import dataclasses

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from chance import of_quantile
from matplotlib.collections import LineCollection, PolyCollection

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.older_fits import with_weights_of_losses
from bayes_scaling.inference.roots import kept_roots
from bayes_scaling.plotting.forecasts import GRID_POINTS

LARGE = [6.3e21, 2.3e22]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def runs():
    return bs.example("cerebras_gpt")


@pytest.fixture(scope="module")
def forecast(fit_cerebras):
    return bs.predict(fit_cerebras, compute=LARGE)


@pytest.fixture(scope="module")
def fit_two(fit_cerebras):
    """Two families whose posterior is made up: figures need draws, not a sampler."""
    cerebras = bs.example("cerebras_gpt").query("compute < 2e21")
    table = pd.concat([cerebras, bs.example("pythia").query("compute < 8e21")])
    spec = bs.load_model("loss_families")
    design = make_design(spec, bs.read_runs(table))
    rng = np.random.default_rng(1)
    centres = {"level": [2.17, 1.95], "elasticity": [0.055, 0.08], "floor_share": [0.5, 0.5]}
    posterior = xr.Dataset(
        {
            name: (("chain", "draw", "family"), rng.normal(mean, 0.002, (2, 150, 2)))
            for name, mean in centres.items()
        }
        | {
            name: (("chain", "draw"), np.full((2, 150), value))
            for name, value in {"sigma": 0.005, "amplitude": 0.01}.items()
        },
        {"family": list(design.families)},
    )
    design = dataclasses.replace(design, roots=kept_roots(spec, design))
    posterior = with_weights_of_losses(spec, design, posterior, random_seed=1)
    return dataclasses.replace(
        fit_cerebras,
        spec=spec,
        table=bs.read_runs(table),
        design=design,
        posterior=xr.DataTree.from_dict({"posterior": posterior}),
    )


def line(ax, start):
    return next(one for one in ax.get_lines() if str(one.get_label()).startswith(start))


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


def bars(ax):
    return [one.get_segments() for one in ax.collections if isinstance(one, LineCollection)]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_axes_say_what_they_show(forecast):
    ax = bs.plot_forecast(forecast)
    assert ax.get_xscale() == "log"
    assert ax.get_yscale() == "linear"
    assert ax.get_xlabel() == "Training compute (FLOP)"
    assert ax.get_ylabel() == "Loss (nats per token)"
    assert "50 and 90 % interval of one new run" in legend(ax)
    assert not ax.get_legend().get_frame_on()


def test_axes_name_the_unit_of_the_runs(forecast):
    runs = forecast.fit.table.assign(loss_unit="bits per byte")
    other = dataclasses.replace(forecast, fit=dataclasses.replace(forecast.fit, table=runs))
    assert bs.plot_forecast(other).get_ylabel() == "Loss (bits per byte)"


def test_the_axes_given_are_drawn_on_and_returned(forecast):
    given = plt.subplots()[1]
    assert bs.plot_forecast(forecast, ax=given) is given
    assert len(plt.get_fignums()) == 1


def test_global_settings_stay(forecast, runs):
    before = dict(mpl.rcParams)
    bs.plot_forecast(forecast, runs)
    assert dict(mpl.rcParams) == before


def test_fitted_runs_are_dots_where_they_were_measured(forecast, runs):
    dots = line(bs.plot_forecast(forecast), "fitted runs")
    np.testing.assert_array_equal(dots.get_xdata(), runs["compute"][:5])
    np.testing.assert_array_equal(dots.get_ydata(), runs["loss"][:5])
    assert dots.get_marker() == "o"


def test_bands_are_nested_and_reach_from_the_smallest_run_to_the_largest_target(forecast):
    ax = bs.plot_forecast(forecast)
    (x, low90, high90), (same, low50, high50) = bands(ax)
    np.testing.assert_array_equal(x, same)
    np.testing.assert_allclose([x[0], x[-1]], [2.6e18, 2.3e22])
    assert len(x) == GRID_POINTS
    median = line(ax, "median").get_ydata()
    assert np.all((low90 < low50) & (low50 < median) & (median < high50) & (high50 < high90))


def test_bands_are_quantiles_of_one_new_run(forecast):
    grid, low, high = bands(bs.plot_forecast(forecast))[0]
    summary = bs.predict(forecast.fit, compute=grid, random_seed=2).summary()
    sd = (high - low) / 3.3
    margin = np.sqrt(2) * of_quantile(0.05, sd, 4000, 2 * GRID_POINTS)
    for edge, name in ((low, "q05"), (high, "q95")):
        assert (np.abs(edge - summary[name]) < margin).all()


def test_bars_at_the_targets_are_the_forecasts_intervals(forecast):
    outer, inner = bars(bs.plot_forecast(forecast))
    table = forecast.summary()
    for segments, low, high in ((outer, "q05", "q95"), (inner, "q25", "q75")):
        for segment, row in zip(segments, table.itertuples(), strict=True):
            expected = [[row.compute, getattr(row, low)], [row.compute, getattr(row, high)]]
            np.testing.assert_allclose(segment, expected)
    medians = line(bs.plot_forecast(forecast), "targets")
    np.testing.assert_array_equal(medians.get_ydata(), table["median"])


def test_truth_is_hollow_and_only_what_was_not_fitted(forecast, runs):
    ax = bs.plot_forecast(forecast, truth=runs)
    shown = line(ax, "measured")
    np.testing.assert_array_equal(shown.get_xdata(), LARGE)
    np.testing.assert_array_equal(shown.get_ydata(), [1.704, 1.572])
    assert shown.get_markerfacecolor() == "none"
    assert "Measured, not fitted" in legend(ax)


@pytest.mark.parametrize("truth", [None, "fitted"])
def test_no_truth_no_entry(forecast, truth):
    ax = bs.plot_forecast(forecast, truth=forecast.fit.table if truth else None)
    assert "Measured, not fitted" not in legend(ax)


def test_truth_has_to_be_a_table_of_runs(forecast):
    with pytest.raises(DataError, match="'loss' is missing"):
        bs.plot_forecast(forecast, truth=pd.DataFrame({"compute": [1e22]}))
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("compute", "marked"),
    [
        (2.3e22, {"extrapolation →": 1.1e21}),
        ([1e17, 1e23], {"← extrapolation": 2.6e18, "extrapolation →": 1.1e21}),
        (1e20, {}),
        (1.2e21, {"": 1.1e21}),
    ],
)
def test_extrapolation_is_marked_where_there_is_some(fit_cerebras, compute, marked):
    ax = bs.plot_forecast(bs.predict(fit_cerebras, compute=compute))
    feet = {note.get_text(): note.xy[0] for note in ax.texts if note.arrow_patch is None}
    assert feet == marked
    assert len([note for note in ax.texts if note.arrow_patch]) == len(marked)


def test_a_target_below_the_ladder_widens_the_grid(fit_cerebras):
    ax = bs.plot_forecast(bs.predict(fit_cerebras, compute=[1e17, 2.3e22]))
    x, low, high = bands(ax)[0]
    np.testing.assert_allclose([x[0], x[-1]], [1e17, 2.3e22])
    assert high[0] - low[0] > high[GRID_POINTS // 2] - low[GRID_POINTS // 2]


def test_two_families_have_a_colour_each(fit_two):
    table = pd.DataFrame(
        {"family": ["Cerebras-GPT", "Pythia", "Pythia"], "compute": [2.3e22, 1.4e22, 2.4e22]}
    )
    truth = pd.concat([bs.example("cerebras_gpt"), bs.example("pythia")])
    ax = bs.plot_forecast(bs.predict(fit_two, table), truth)
    curves = [line(ax, f"median, {family}") for family in fit_two.families]
    assert curves[0].get_color() != curves[1].get_color()
    assert legend(ax)[:2] == ["Cerebras-GPT", "Pythia"]
    np.testing.assert_array_equal(line(ax, "measured, Pythia").get_xdata(), [1.4e22, 2.4e22])
    assert len(line(ax, "fitted runs, Cerebras-GPT").get_xdata()) == 5
    assert len(line(ax, "fitted runs, Pythia").get_xdata()) == 6
    np.testing.assert_allclose(curves[1].get_xdata()[[0, -1]], [1.6e20, 2.4e22])


def test_one_of_two_families_is_drawn_alone(fit_two):
    truth = pd.concat([bs.example("cerebras_gpt"), bs.example("pythia")])
    ax = bs.plot_forecast(bs.predict(fit_two, compute=2.4e22, family="Pythia"), truth)
    np.testing.assert_array_equal(line(ax, "fitted runs").get_xdata()[[0, -1]], [1.6e20, 6.1e21])
    np.testing.assert_array_equal(line(ax, "measured").get_xdata(), [1.4e22, 2.4e22])


def test_a_fit_that_did_not_converge_says_so(forecast):
    bad = dataclasses.replace(forecast.fit.diagnosis, rhat=1.2)
    other = dataclasses.replace(forecast, fit=dataclasses.replace(forecast.fit, diagnosis=bad))
    assert bs.plot_forecast(other).get_title(loc="left") == "The fit did not converge"
    assert bs.plot_forecast(forecast).get_title(loc="left") == ""


@pytest.mark.parametrize("width", [3.3, 5.5])
def test_texts_lie_inside_the_figure_and_apart(forecast, runs, width):
    fig, ax = plt.subplots(figsize=(width, 0.7 * width), layout="constrained")
    bs.plot_forecast(forecast, runs, ax)
    fig.canvas.draw()
    box = fig.bbox
    texts = [ax.xaxis.label, ax.yaxis.label, *ax.get_legend().get_texts()]
    texts += [note for note in ax.texts if note.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    for index, one in enumerate(boxes):
        assert box.x0 <= one.x0
        assert one.x1 <= box.x1
        assert not any(one.overlaps(other) for other in boxes[index + 1 :])


def test_families_stand_side_by_side(fit_two):
    table = pd.DataFrame({"family": ["Cerebras-GPT", "Pythia"], "compute": [2.4e22, 2.4e22]})
    truth = pd.concat([bs.example("cerebras_gpt"), bs.example("pythia")])
    forecast = bs.predict(fit_two, table)
    panels = bs.plot_families(forecast, truth)
    assert [ax.get_title(loc="left") for ax in panels] == ["Cerebras-GPT", "Pythia"]
    assert panels[0].get_ylim() == panels[1].get_ylim()
    assert panels[0].get_xlim() == panels[1].get_xlim()
    for ax, family in zip(panels, fit_two.families, strict=True):
        labels = {str(one.get_label()) for one in ax.lines}
        assert {label for label in labels if "runs" in label} == {f"fitted runs, {family}"}
    with pytest.raises(BayesScalingError, match="axes: expected 2, one a family"):
        bs.plot_families(forecast, axes=panels[:1])


def judged(runs):
    return bs.backtest(None, runs, baseline="power_law", random_seed=1)


def overlaps(legend, axes):
    legend.figure.canvas.draw()
    box = legend.get_window_extent()
    return any(ax.bbox.overlaps(box) for ax in axes)


@pytest.mark.parametrize(
    "draw",
    [
        lambda fit, truth: bs.plot_forecast(bs.predict(fit, compute=[6e21, 2.3e22]), truth),
        lambda fit, _: bs.plot_replicates(fit),
        lambda fit, _: bs.plot_parameters(fit)[0],
        lambda fit, _: bs.plot_families(bs.predict(fit, compute=2.3e22))[0],
        lambda _, runs: bs.plot_backtest(judged(runs)),
        lambda _, runs: bs.plot_calibration(judged(runs))[0],
    ],
    ids=["forecast", "replicates", "parameters", "families", "backtest", "calibration"],
)
def test_a_legend_lies_on_no_data(fit_cerebras, runs, draw):
    figure = draw(fit_cerebras, runs).figure
    found = [*figure.legends, *filter(None, (ax.get_legend() for ax in figure.axes))]
    assert found
    assert not any(overlaps(legend, figure.axes) for legend in found)


def test_replicates_are_of_losses(fit_passes):
    with pytest.raises(BayesScalingError, match="plot_residuals draws a fit of counts"):
        bs.plot_replicates(fit_passes)
