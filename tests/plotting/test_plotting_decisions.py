"""Figures of decisions show the numbers of their records."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.decision import Choice, Gain
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fits import Fit

CONVERGED = Diagnosis(1.0, 1e4, 1e4, "level", 0, 4000, 1.0, 50_000, 0.95)
FAILED = Diagnosis(1.2, 20.0, 20.0, "level", 9, 4000, 1.0, 50_000, 0.95)
COUNT = 400


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def fitted(model, runs, diagnosis=CONVERGED, reference=None, **draws):
    """A fit of a law alone, whose draws scatter a little about what is given."""
    spec, table = bs.load_model(model).with_priors(amplitude=0), check_runs(runs)
    rng = np.random.default_rng(1)
    drawn = {name: own * np.exp(0.03 * rng.standard_normal(COUNT)) for name, own in draws.items()}
    posterior = xr.Dataset({name: (("chain", "draw"), own[None]) for name, own in drawn.items()})
    tree = xr.DataTree.from_dict({"posterior": posterior})
    return Fit(spec, table, tree, diagnosis, make_design(spec, table, reference), 1, {})


def ladder(level=2.0, diagnosis=CONVERGED, name="a"):
    runs = pd.DataFrame({"compute": np.geomspace(1e18, 1e21, 5), "family": name})
    runs["loss"] = level * (0.5 + 0.5 * (runs["compute"] / 1e20) ** -0.15)
    own = {"level": level, "elasticity": 0.075, "floor_share": 0.5, "sigma": 0.004}
    return fitted("loss", runs, diagnosis, 1e20, **own)


def grid():
    rows = [(n, c / 6 / n, c) for c in (6e19, 6e20) for n in np.geomspace(1e8, 1e10, 5)]
    runs = pd.DataFrame(rows, columns=["params", "tokens", "compute"])
    runs["loss"] = 1.82 + 482 * runs["params"] ** -0.348 + 2085 * runs["tokens"] ** -0.366
    a, b = 482 * 1e9**-0.348, 2085 * 2e10**-0.366
    shares = {"floor_share": 1.82 / (1.82 + a + b), "params_share": a / (a + b)}
    own = {"level": 1.82 + a + b, **shares, "alpha": 0.348, "beta": 0.366, "sigma": 0.004}
    return fitted("loss_params_tokens", runs, reference={"params": 1e9, "tokens": 2e10}, **own)


def line(ax, label):
    return next(one for one in ax.lines if one.get_label() == label)


def test_allocation_shows_the_frontier_the_runs_and_their_own_minima():
    fit = grid()
    best = bs.decision.optimal_allocation(fit, 1e22)
    ax = bs.plot_allocation(best)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    x, y = line(ax, "optimum").get_data()
    again = bs.decision.optimal_allocation(fit, x[7])
    assert y[7] == pytest.approx(np.median(again.draws["params"]))
    assert len(line(ax, "runs").get_xdata()) == len(fit.table)
    minima = bs.decision.isoflop_minima(fit.table)
    assert line(ax, "minima").get_ydata() == pytest.approx(minima["params"].to_numpy())
    low, high = np.quantile(again.draws["params"], [0.02, 0.98])
    assert len(minima) == 2
    assert low < high


def test_minima_are_those_of_exact_parabolas():
    sizes = pd.DataFrame({"params": np.geomspace(1e8, 1e10, 6), "compute": 6e20})
    least, middle = 2.0, 7e8
    sizes["loss"] = least + 0.1 * np.log(sizes["params"] / middle) ** 2
    found = bs.decision.isoflop_minima(sizes.assign(tokens=6e20 / 6 / sizes["params"])).iloc[0]
    assert found["params"] == pytest.approx(middle)
    assert found["loss"] == pytest.approx(least)
    assert found["tokens"] == pytest.approx(1e20 / middle)
    assert found["runs"] == 6


@pytest.mark.parametrize(
    "change",
    [
        lambda sizes: sizes.iloc[:3],  # too few sizes
        lambda sizes: sizes.assign(loss=5 - sizes["loss"]),  # a maximum
        lambda sizes: sizes[sizes["params"] > 1e9],  # the minimum isn't between the sizes
        lambda sizes: sizes.assign(compute=np.geomspace(1e18, 1e20, 8)),  # no two of one compute
        lambda sizes: sizes.drop(columns="params"),
    ],
)
def test_runs_without_a_parabola_have_no_minimum(change):
    sizes = pd.DataFrame({"params": np.geomspace(1e8, 1e10, 8), "compute": 6e20})
    sizes["loss"] = 2 + 0.1 * np.log(sizes["params"] / 5e8) ** 2
    assert bs.decision.isoflop_minima(change(sizes)).empty


def test_passage_shows_each_goal_and_who_never_reaches_it():
    needed = bs.decision.compute_for(ladder(), loss=[1.5, 1.02])
    ax = bs.plot_passage(needed)
    heights = {segment[0][1] for one in ax.collections[2:] for segment in one.get_segments()}
    assert heights == {1.5, 1.02}
    said = [text.get_text() for text in ax.texts]
    assert said == [f"{100 * share:.0f} % never" for share in needed.unreachable if share >= 0.005]
    assert said


def test_choice_shows_what_each_candidate_removes():
    table = pd.DataFrame({"compute": [1e20, 1e21, 1e22], "cost": [1e20, 1e21, 1e22]})
    table = table.assign(affordable=[True, True, False], removes=[0.1, 0.4, 0.8])
    ax = bs.plot_choice(Choice(table, (1, 1), (0.4, 0.5), 0.01, 3e21))
    assert [bar.get_width() for bar in ax.patches] == [0.1, 0.4, 0.8]
    assert [text.get_text() for text in ax.texts] == ["chosen 2 times"]
    assert ax.get_yticklabels()[0].get_text() == "1e20 FLOP"


def test_floor_shows_the_forecast_at_each_pin():
    known = bs.decision.value_of_floor(ladder(), compute=1e23)
    ax = bs.plot_floor(known)
    rows = known.summary().query("pinned_at != 'open'")
    x, y = line(ax, "1e23 FLOP").get_data()
    assert x == pytest.approx(rows["floor"].to_numpy())
    assert y == pytest.approx(rows["median"].to_numpy())


def test_gain_has_the_ratio_on_its_axis_and_no_mass_where_it_has_no_end():
    fit = ladder()
    logs = 0.2 * np.random.default_rng(1).standard_normal((1000, 2)) + np.log(2)
    logs[:250, 1] = np.inf
    gain = Gain(("one", "other"), "base", "compute", np.exp(logs), fit)
    ax = bs.plot_gain(gain)
    assert ax.get_xscale() == "log"
    areas = []
    for curve in ax.lines[:2]:
        x, y = curve.get_data()
        areas.append(np.trapezoid(y, np.log(x)))
    assert areas == pytest.approx([1.0, 0.75], abs=0.02)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[0] == "one: above 1 with probability 1.00"
    assert ax.get_xlabel() == "Compute that base needs for the same loss"


def test_crossing_shows_both_curves_to_the_same_end():
    race = bs.decision.crossing(ladder(), ladder(2.05, name="b"), compute=1e23)
    ax = bs.plot_crossing(race)
    ends = [line(ax, name).get_xdata()[-1] for name in ("a", "b")]
    assert ends == pytest.approx([1e23, 1e23])


def test_figures_of_draws_that_did_not_converge_say_so():
    needed = bs.decision.compute_for(ladder(diagnosis=FAILED), loss=1.5)
    assert "did not converge" in bs.plot_passage(needed).get_title(loc="left")
