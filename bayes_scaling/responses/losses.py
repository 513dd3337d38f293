"""Losses: a row a run."""

from collections.abc import Mapping
from typing import Any

from bayes_scaling.data import check_runs, read_runs
from bayes_scaling.responses.blocks import Block
from bayes_scaling.responses.response import Response
from bayes_scaling.responses.tails import log_student_tail
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
    maths = elementwise(data["y"])
    log_y = maths.log(data["y"])
    name, dims = f"log_{spec.response}", ("run",)
    if "limit" not in data:
        return (Block(name, dist, log_y, dims),)
    limit = maths.log(data["limit"])  # above it the loss of a run of a sweep isn't known
    above = log_student_tail((limit - latent) / scale, noise["nu"])
    density = pt.where(pt.ge(data["y"], data["limit"]), above, pm.logp(dist, log_y))
    seen = maths.minimum(log_y, limit)
    return (Block(name, pm.Censored.dist(dist, lower=None, upper=limit), seen, dims, density),)


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
