"""Scores of runs drawn from a model."""

import numpy as np
import pandas as pd

from bayes_scaling.data import check_scores
from bayes_scaling.inference.design import Reference
from bayes_scaling.inference.designing import design_of
from bayes_scaling.inference.predictive import of_family, shift_at
from bayes_scaling.inference.score_predictive import draw_score_worlds
from bayes_scaling.specification.spec import Spec

ITEMS = 500


def simulate_scores(
    spec: Spec,
    design: pd.DataFrame,
    *,
    random_seed: int,
    size: int,
    reference: Reference = None,
) -> pd.DataFrame:
    """Draw scores of runs; see `simulate` for the arguments.

    The design may say ``task``, ``n_items`` (500 by default) and ``chance`` (0).
    """
    blank = {"n_items": ITEMS} if "n_items" not in design else {}
    items = design.get("n_items", ITEMS)
    runs = check_scores(design.assign(**blank, n_correct=items, nll=1.0))
    grid = design_of(spec, runs, reference)
    values, expected, seen = draw_score_worlds(spec, grid, size, np.random.default_rng(random_seed))
    shifts = {own: column for column, own in spec.shifts.items()}
    true = {
        f"true_{name}": shift_at(spec, values, shifts[name], grid.places)
        if name in shifts
        else of_family(value, grid.family)
        for name, value in values.items()
    }
    true |= {"n_correct": seen["n_correct"], "true_expected": expected}
    if "log_nll" in seen:
        true["nll"] = np.exp(seen["log_nll"])
    columns = {name: np.broadcast_to(v, expected.shape).ravel() for name, v in true.items()}
    kept = runs if "nll" in true else runs.drop(columns="nll")
    rows = kept.iloc[np.tile(np.arange(len(runs)), size)].reset_index(drop=True)
    return rows.assign(simulation=np.repeat(np.arange(size), len(runs)), **columns)
