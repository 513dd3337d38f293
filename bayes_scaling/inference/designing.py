"""From a checked table to a design, whatever was measured."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.errors import DataError
from bayes_scaling.inference.design import Design, Reference, make_design
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.responses import ByResponse
from bayes_scaling.responses.scores import NLL
from bayes_scaling.specification.laws.law import LOG_HAZARD
from bayes_scaling.specification.spec import Spec

BELOW = 3.0  # standard errors


def scores_of(spec: Spec, scores: pd.DataFrame) -> dict[str, Array]:
    """Return the counts of a table of scores, chance levels, and log nll where a model reads it.

    Raises
    ------
    DataError
        If the model reads ``nll`` and the table has none, or its law starts at chance and the
        scores of a ladder all lie below.
    """
    found = {name: scores[name].to_numpy(float) for name in ("n_items", "n_correct", "chance")}
    if spec.coordinates.scale == LOG_HAZARD:
        _demand_above_chance(spec, scores)
    if spec.noise_name == NLL:
        if "nll" not in scores:
            raise DataError(
                f"nll: {spec.name} reads the mean negative log-likelihood of the reference "
                "answers, and the table has no such column. Add it, or fit score_emergence."
            )
        found["log_nll"] = np.log(scores["nll"].to_numpy(float))
    return found


def _demand_above_chance(spec: Spec, scores: pd.DataFrame) -> None:
    """Refuse a ladder all of whose scores lie below chance by more than luck."""
    error = np.sqrt(scores["chance"] * (1 - scores["chance"]) / scores["n_items"])
    below = scores["n_correct"] / scores["n_items"] < scores["chance"] - BELOW * error
    for name, own in below.groupby(scores["family"], sort=False):
        if own.all():
            raise DataError(
                f"chance: all scores of {name} lie below the chance level "
                f"{scores['chance'][own.index[0]]:g}, and {spec.name} starts there. Correct it, or "
                "fit score_u_shape, where a distractor may take scores below chance."
            )


def _design_of_scores(spec: Spec, table: pd.DataFrame, reference: Reference = None) -> Design:
    return make_design(spec, table, reference, scores_of)


DESIGNERS: ByResponse[Callable[[Spec, pd.DataFrame, Reference], Design]] = {
    "loss": make_design,
    "passes": make_pass_design,
    "score": _design_of_scores,
}


def design_of(spec: Spec, table: pd.DataFrame, reference: Reference = None) -> Design:
    """Turn a checked table into the arrays that a model reads; see `make_design`."""
    return DESIGNERS[spec.response](spec, table, reference)
