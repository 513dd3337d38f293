"""What is asked of ladders is refused of sweeps, with the reason."""

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import DataError

SWEEP = pd.DataFrame({"width": [128, 256], "learning_rate": 0.01, "loss": [2.0, 1.9]})


def test_a_sweep_has_no_earlier_runs():
    with pytest.raises(DataError, match="of sweeps of the learning rate: no compute parts earlier"):
        bs.backtest("optimum_drift", SWEEP, random_seed=1)


def test_a_sweep_has_no_larger_run_to_calibrate_on():
    with pytest.raises(DataError, match="there is no larger run to forecast"):
        bs.calibrate("optimum_drift", SWEEP.drop(columns="loss"), random_seed=1)


def test_sweeps_teach_no_priors():
    with pytest.raises(DataError, match="each has an optimum of its own"):
        bs.learn_priors(SWEEP, model="optimum_drift", random_seed=1)
