"""Losses: a row a run."""

from collections.abc import Mapping
from typing import Any

from bayes_scaling.data import check_runs, read_runs
from bayes_scaling.responses.blocks import Block
from bayes_scaling.responses.response import Response
from bayes_scaling.specification.laws.elementwise import elementwise
from bayes_scaling.specification.spec import Spec


def observe_losses(
    spec: Spec, latent: Any, data: Mapping[str, Any], noise: Mapping[str, Any]
) -> tuple[Block, ...]:
    """Return the log losses, scattered about the latent curve by the specification's noise."""
    import pymc as pm
    import pytensor.tensor as pt

    scale = pt.sqrt(noise["sigma"] ** 2 + data["relative_se"] ** 2 + data["left_out"])
    shape = {name: noise[name] for name in spec.noise.shape_parameters}
    dist = getattr(pm, spec.noise.dist).dist(mu=latent, sigma=scale, **shape)
    log_y = elementwise(data["y"]).log(data["y"])
    return (Block(f"log_{spec.response}", dist, log_y, ("run",)),)


LOSSES = Response(
    name="loss",
    nature="losses, which have no problems",
    forecast="loss",
    rows="runs",
    columns=("loss",),
    keys=("family", "run"),
    read=read_runs,
    check=check_runs,
    units=("run", "family"),
    target_accept=0.95,
    observed={"y": "loss"},
    blocks=observe_losses,
)
