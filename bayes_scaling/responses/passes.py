"""Passes: a row a problem and run, with how many samples passed of how many."""

from bayes_scaling.data import check_passes, read_passes
from bayes_scaling.responses.response import Response

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
    options=frozenset({"subset", "restrict", "problems", "n_samples"}),
    lacks={
        "backtest": (
            "backtest: a backtest is of losses, and this fit is of counts; leave it away."
        ),
        "sensitivity": (
            "fit: {model} is a model of passes; the sensitivity to priors is known for models of "
            "losses. Fit copies of the model with other priors, and compare forecasts."
        ),
        "track": (
            "record: {model} isn't a model of losses; a run that trains has a loss to be tracked, "
            "and no counts before it is evaluated."
        ),
    },
)
