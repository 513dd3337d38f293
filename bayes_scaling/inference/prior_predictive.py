"""Draws of parameters and responses from the prior, at the runs of a design."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr

from bayes_scaling.arrays import Array
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.naming import dims_of
from bayes_scaling.inference.score_predictive import draw_score_worlds
from bayes_scaling.inference.worlds import draw_worlds
from bayes_scaling.specification.spec import Spec


def draw_prior_predictive(
    spec: Spec, design: Design, draws: int, rng: np.random.Generator
) -> xr.DataTree:
    """Draw what the model expects of the runs before it sees any response.

    Returns
    -------
    xarray.DataTree
        Groups ``prior`` (parameters), ``prior_predictive`` and ``observed_data``, one chain.
    """
    if spec.response not in WORLDS:
        raise BayesScalingError(
            f"fit: the prior predictive of {spec.name} is by problem; "
            'with_groups(fit, "prior_predictive") has it.'
        )
    values, drawn, seen = WORLDS[spec.response](spec, design, draws, rng)
    dims, coords = ("chain", "draw", "run"), {"run": list(design.runs)}
    own_dims = dims_of(spec)
    parameters = {
        name: (
            ("chain", "draw", *own_dims.get(name, ("family",)))[: 1 + value.ndim],
            value[None],
        )
        for name, value in values.items()
    }
    labels = {"family": list(design.families)}
    labels |= {name: list(own[1:]) for name, own in design.labels.items()}
    return xr.DataTree.from_dict(
        {
            "prior": xr.Dataset(parameters, labels),
            "prior_predictive": xr.Dataset(
                {name: (dims, values[None]) for name, values in drawn.items()}, coords
            ),
            "observed_data": xr.Dataset(
                {name: ("run", values) for name, values in seen.items()}, coords
            ),
        }
    )


Worlds = tuple[dict[str, Array], dict[str, Array], dict[str, Array]]


def _worlds_of_losses(spec: Spec, design: Design, count: int, rng: np.random.Generator) -> Worlds:
    values, _, drawn = draw_worlds(spec, design, design.observed["relative_se"], count, rng)
    return values, {spec.response: np.exp(drawn)}, {spec.response: design.observed["y"]}


def _worlds_of_scores(spec: Spec, design: Design, count: int, rng: np.random.Generator) -> Worlds:
    values, _, drawn = draw_score_worlds(spec, design, count, rng)
    return values, drawn, {name: design.observed[name] for name in drawn}


# Counts of problems are drawn in simulation/, with their units.
WORLDS: Mapping[str, Callable[..., Worlds]] = {
    "loss": _worlds_of_losses,
    "score": _worlds_of_scores,
}
