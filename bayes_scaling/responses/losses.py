"""Losses: a row a run."""

from bayes_scaling.data import check_runs, read_runs
from bayes_scaling.responses.response import Response

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
)
