"""Passes: a row a problem and run, with how many samples passed of how many."""

from collections.abc import Mapping
from typing import Any

from bayes_scaling.data import check_passes, read_passes
from bayes_scaling.responses.blocks import Block
from bayes_scaling.responses.response import Response
from bayes_scaling.specification.laws.law import MINUS_LOGIT
from bayes_scaling.specification.spec import Spec


def observe_passes(
    spec: Spec,
    latent: Any,
    data: Mapping[str, Any],
    noise: Mapping[str, Any],  # noqa: ARG001 - counts scatter by their own binomial
) -> tuple[Block, ...]:
    """Return the counts of passes, binomial with the pass rate that the latent curve gives."""
    import pymc as pm
    import pytensor.tensor as pt

    hazard = pt.exp(latent)
    on_logit = spec.coordinates.scale == MINUS_LOGIT
    logit = -latent if on_logit else -hazard - pt.log1mexp(-hazard)
    n, c = (data[name].astype("int64") for name in ("n_samples", "n_correct"))
    named = {*spec.groups, *spec.effects}
    unit = "problem" if any("problem" in name for name in named) else "bucket"
    return (Block("n_correct", pm.Binomial.dist(n=n, logit_p=logit), c, (unit, "run")),)


PASSES = Response(
    name="passes",
    nature="counts, which are of one family",
    forecast="pass rate",
    rows="counts",
    columns=("n_correct", "n_samples"),
    keys=("family", "run", "benchmark", "problem"),
    read=read_passes,
    check=check_passes,
    units=("problem", "run"),
    target_accept=0.8,
    observed={"n_correct": "n_correct"},
    blocks=observe_passes,
    options=frozenset({"subset", "runs", "restrict", "problems", "n_samples"}),
    lacks={
        "learn_priors": (
            "model: {model} is a model of passes. Its problems and buckets learn from each other "
            "within a benchmark already; what one benchmark says of the next takes many ladders of "
            "benchmarks, each of which is one observation. Write priors of your own into a copy of "
            "the model."
        ),
        "track": (
            "record: {model} isn't a model of losses; a run that trains has a loss to be tracked, "
            "and no counts before it is evaluated."
        ),
    },
)
