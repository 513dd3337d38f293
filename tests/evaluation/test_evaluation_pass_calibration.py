"""Calibration of pass rates along a loss: the link is that of the runs that are fitted."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation.pass_calibration import links_of, simulate_counts

SPEC = bs.load_model("pass_rate_loss")
LADDER = pd.DataFrame({"compute": [1e19, 1e20, 1e21, 1e22], "loss": [3.4, 2.9, 2.6, 2.45]})


def worlds(design=LADDER, spec=SPEC, simulations=2, target=None):
    settings = {"random_seed": 1, "simulations": simulations, "target": target}
    return simulate_counts(spec, design, **settings, problems=6, n_samples=5)


def test_targets_lie_where_the_link_of_the_fitted_runs_puts_them():
    (one, _), _ = worlds()
    found = one.groupby("run")["loss"].first()
    (link,) = links_of(SPEC, LADDER).values()
    assert link.floor == pytest.approx(0.5 * 2.45)
    np.testing.assert_allclose(link(found[["target 10x", "target 1000x"]].to_numpy()), [1e23, 1e25])
    assert found["run 04"] == 2.45
    assert link.floor < found["target 1000x"] < found["target 10x"] < 2.45


def test_a_target_of_its_own():
    (one, _), _ = worlds(target=1e24)
    (link,) = links_of(SPEC, LADDER).values()
    assert link(one.loc[one["run"] == "target", "loss"].iloc[:1].to_numpy())[0] == pytest.approx(
        1e24
    )


def test_counts_of_the_fitted_runs_are_those_of_the_law_along_compute_that_losses_stand_for():
    """Where L - E is a power of compute, the same seed draws the same hazards in both models."""
    compute = LADDER["compute"].to_numpy()
    above = 1.2 * (compute / compute.max()) ** -0.2
    design = LADDER.assign(loss=1.2 + above)
    (along_loss, _), _ = worlds(design)
    (along, _), _ = worlds(LADDER[["compute"]], bs.load_model("pass_rate"))
    np.testing.assert_allclose(
        along_loss["true_neg_log_pass"], along["true_neg_log_pass"], rtol=1e-6
    )


def test_a_ladder_without_losses_is_refused():
    with pytest.raises(DataError, match="design: pass_rate_loss forecasts along the loss of runs"):
        worlds(LADDER[["compute"]])
