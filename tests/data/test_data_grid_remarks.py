"""What the design of a grid of parameters and tokens leaves open is said."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.data.grid_remarks import remark_on_grid


def grid(params=(1e8, 3e8, 1e9, 3e9), ratios=(5.0, 20.0, 80.0, 320.0), flop=None):
    rows = [(n, n * ratio) for n in params for ratio in ratios]
    runs = pd.DataFrame(rows, columns=["params", "tokens"]).assign(loss=2.0)
    runs["loss"] += np.arange(len(runs)) * 0.01
    return runs if flop is None else runs.assign(compute=flop * runs["params"] * runs["tokens"])


def topics(runs):
    return [remark.topic for remark in remark_on_grid("the ladder", check_runs(runs))]


def test_a_good_grid_has_no_remark():
    assert topics(grid()) == []
    assert topics(grid(flop=6.5)) == []


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (grid(ratios=(20.0,)), ["collinear", "one ratio"]),
        (grid(ratios=(15.0, 40.0)), ["one ratio"]),
        (grid(params=(1e8, 1e9)), ["few sizes"]),
        (grid(params=(1e8,)), ["one axis"]),
        (grid(flop=8.0), ["two conventions"]),
        (grid(flop=2.0), ["two conventions"]),
    ],
)
def test_each_gap_has_its_remark(runs, expected):
    assert topics(runs) == expected


def test_compute_that_differs_now_and_then_is_no_other_convention():
    runs = grid(flop=8.0)
    runs.loc[0, "compute"] *= 6 / 8
    assert "two conventions" not in topics(runs)


def test_the_remark_says_how_the_runs_count():
    (remark,) = remark_on_grid("the ladder", check_runs(grid(flop=8.0)))
    assert "8 FLOP for each parameter and token" in remark.message
    assert "flop=8 divides a budget as the runs were counted" in remark.message


def test_check_says_it_of_a_law_of_both_and_not_of_one_of_compute():
    runs = grid(ratios=(15.0, 40.0))
    assert "one ratio" in {one.topic for one in bs.check(runs, "loss_params_tokens")}
    assert "one ratio" not in {one.topic for one in bs.check(runs, "loss")}
