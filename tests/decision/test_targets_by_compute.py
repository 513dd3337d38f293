"""Targets of parameters and tokens by compute: at a ratio, or where the law is least."""

import numpy as np
import pandas as pd
import pytest
from known_fits import known
from test_decision_allocation import D0, LAW, N0, fitted, parts

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.reporting.answers import draw_ladder


def test_a_ratio_divides_compute():
    forecast = bs.predict(fitted(), compute=["1e22", 1e23], ratio=20)
    targets = forecast.targets
    assert (targets["tokens"] / targets["params"]).tolist() == pytest.approx([20.0, 20.0])
    assert (6 * targets["tokens"] * targets["params"]).tolist() == pytest.approx([1e22, 1e23])
    alone = bs.predict(fitted(), params=targets["params"], tokens=targets["tokens"])
    np.testing.assert_array_equal(forecast.values(), alone.values())
    assert "at the ratio of tokens to params that was given" in forecast.notes[0]


def unsure():
    rng = np.random.default_rng(1)
    own = parts(alpha=rng.normal(0.348, 0.02, 500), beta=rng.normal(0.366, 0.02, 500))
    return known(LAW, fitted().table, {"params": N0, "tokens": D0}, **own)


def test_without_a_ratio_it_is_the_median_optimum():
    fit = unsure()
    best = bs.decision.optimal_allocation(fit, 1e23)
    forecast = bs.predict(fit, compute=1e23)
    assert forecast.targets["params"][0] == pytest.approx(np.median(best.draws["params"]))
    assert "where the law is least" in forecast.notes[0]


def test_a_table_may_have_compute_and_a_ratio():
    table = pd.DataFrame({"compute": [1e22, 1e22], "ratio": [10.0, 40.0]})
    found = bs.predict(fitted(), table).targets
    assert (found["tokens"] / found["params"]).tolist() == pytest.approx([10.0, 40.0])
    alike = bs.predict(fitted(), table[["compute"]]).targets["params"]
    assert alike[0] == alike[1]
    both = found.assign(compute=1.0)  # of a table that has sizes, compute isn't read
    again = bs.predict(fitted(), both)
    assert again.targets["params"].tolist() == found["params"].tolist()
    assert not any("divided" in note for note in again.notes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"compute": 1e22, "params": 1e9}, "params: compute= is divided between params and tokens"),
        (
            {"compute": 1e22, "ratio": -1.0},
            "ratio: expected tokens per parameter, such as 20, got -1.0",
        ),
        ({"params": 1e9, "tokens": 2e10, "ratio": 20.0}, "ratio: it divides a compute"),
        ({"compute": [1e22, 1e23], "ratio": [1.0, 2.0, 3.0]}, "compute: 2 numbers for 3 targets"),
        ({"compute": "many"}, "compute: "),
    ],
)
def test_what_can_not_be_divided_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        bs.predict(fitted(), **given)


def test_the_figure_of_a_forecast_has_one_axis_for_scales():
    with pytest.raises(DataError, match="plot_allocation draws the best of both"):
        bs.plot_forecast(bs.predict(fitted(), compute=1e22))


def test_the_report_draws_the_frontier():
    picture = draw_ladder(bs.predict(unsure(), compute=1e22), "")
    assert "The best number of parameters along compute" in picture.svg
    assert "the rest of the compute being spent on training tokens" in picture.caption
