"""Tables of sweeps: what is known of runs that diverged, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.data import check_sweep
from bayes_scaling.errors import DataError


@pytest.fixture
def sweep():
    rows = [(w, 2.0**t, 3 + 0.1 * (t + 7) ** 2) for w in (128, 256, 512) for t in range(-9, -4)]
    return pd.DataFrame(rows, columns=["width", "learning_rate", "loss"])


def test_a_run_that_diverged_is_known_to_lie_above_twice_the_least(sweep):
    sweep.loc[[4, 9], "loss"] = [np.inf, np.nan]
    sweep["diverged"] = [False] * 9 + ["true"] + [None] * 5
    sweep.loc[14, "loss"] = 6.5
    checked = check_sweep(sweep)
    assert checked["diverged"].tolist() == [i in {4, 9, 14} for i in range(15)]
    assert (checked["limit"] == 6.0).all()
    assert (checked.loc[checked["diverged"], "loss"] == 6.0).all()
    pd.testing.assert_frame_equal(check_sweep(checked), checked)


def test_a_one_sided_sweep_is_said_before_it_is_fitted(sweep):
    assert bs.check(sweep, model="optimum_drift") == ()
    sweep.loc[(sweep["width"] == 512) & (sweep["learning_rate"] > 2.0**-7), "loss"] = np.inf
    sweep.loc[(sweep["width"] == 512) & (sweep["learning_rate"] == 2.0**-7), "loss"] = 9.0
    sweep = sweep[(sweep["width"] < 512) | (sweep["learning_rate"] > 2.0**-9)]
    (remark,) = bs.check(sweep, model="optimum_drift")
    assert remark.topic == "one-sided"
    said = "at width 512 the least loss is at the lowest learning_rate tried; add runs below it."
    assert remark.message == said


def test_a_file_is_read_as_a_table(sweep, tmp_path):
    sweep.rename(columns={"learning_rate": "lr"}).to_csv(tmp_path / "sweep.csv", index=False)
    read = bs.read_sweep(tmp_path / "sweep.csv", columns={"lr": "learning_rate"})
    pd.testing.assert_frame_equal(read, check_sweep(sweep))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"learning_rate": 0.01}, "no setting was run at more than 1 value of it"),
        ({"learning_rate": -7.0}, "a learning rate must be positive and finite. Write it as it is"),
        ({"learning_rate": 0.0}, "a learning rate must be positive"),
        ({"diverged": True}, "all runs of width 128 diverged"),
        ({"width": 256}, "all runs are at width 256, and how the optimum drifts takes 3 values"),
        ({"loss": np.nan}, "Say diverged = true of a run that diverged"),
        ({"loss": -1.0}, "a loss must be positive"),
        ({"width": np.nan}, "missing; it must be a positive number"),
        ({"diverged": "perhaps"}, "write true or false"),
    ],
)
def test_what_is_refused(sweep, change, said):
    with pytest.raises(DataError, match=said):
        bs.fit("optimum_drift", sweep.assign(**change), random_seed=1)


def test_two_widths_are_too_few_and_a_column_may_be_missing(sweep):
    with pytest.raises(DataError, match="runs at width 128 and 256 only"):
        check_sweep(sweep[sweep["width"] < 512])
    with pytest.raises(DataError, match="column 'learning_rate' is missing"):
        check_sweep(sweep.rename(columns={"learning_rate": "lr"}))
