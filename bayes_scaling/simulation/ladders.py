"""Ladders of losses drawn from a model."""

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data import check_runs
from bayes_scaling.errors import DataError
from bayes_scaling.inference.design import Reference, make_design
from bayes_scaling.inference.predictive import of_family, shift_at
from bayes_scaling.inference.worlds import draw_worlds
from bayes_scaling.specification.spec import Spec

STAND_IN = 1e9  # a response above every floor, until there are real ones


def simulate_runs(
    spec: Spec,
    design: pd.DataFrame,
    *,
    random_seed: int,
    size: int,
    reference: Reference = None,
) -> pd.DataFrame:
    """Draw ladders of losses; see `simulate` for the arguments."""
    runs = check_runs(design.assign(**{spec.response: STAND_IN}))
    grid = make_design(spec, runs, reference)
    rng = np.random.default_rng(random_seed)
    with np.errstate(over="ignore"):
        errors = STAND_IN * grid.observed["relative_se"]
        values, *drawn = draw_worlds(spec, grid, errors, size, rng, relative=False)
        expected, response = np.exp(drawn)
    _demand_finite(response, runs, spec.response)
    shifts = {own: column for column, own in spec.shifts.items()}
    true = {
        f"true_{name}": shift_at(spec, values, shifts[name], grid.places)
        if name in shifts
        else of_family(value, grid.family)
        for name, value in values.items()
    }
    true |= {spec.response: response, "true_expected": expected}
    columns = {k: np.broadcast_to(v, response.shape).ravel() for k, v in true.items()}
    rows = runs.iloc[np.tile(np.arange(len(runs)), size)].reset_index(drop=True)
    return rows.assign(simulation=np.repeat(np.arange(size), len(runs)), **columns)


def _demand_finite(drawn: Array, runs: pd.DataFrame, response: str) -> None:
    """Refuse runs so far from C0 that a law of the prior leaves the numbers there."""
    wrong = np.flatnonzero(~np.isfinite(drawn).all(axis=0))
    if len(wrong):
        row = runs.iloc[int(wrong[0])]
        raise DataError(
            f"compute: a {response} drawn at {row['compute']:g} FLOP (run {row['run']}) is too "
            "large for a number: that is too far from the reference compute. Leave the run out, "
            "or give a reference nearer to it."
        )
