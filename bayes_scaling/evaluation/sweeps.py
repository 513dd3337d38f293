"""What is asked of ladders, and why it can't be asked of sweeps of the learning rate."""

from bayes_scaling.errors import DataError
from bayes_scaling.specification.spec import Spec

WHY = {
    "backtest": (
        "no compute parts earlier runs from later ones. Fit the smaller widths, and hold "
        "transfer(fit, width=...) against the runs of the largest."
    ),
    "calibrate": (
        "there is no larger run to forecast. Draw sweeps with simulate, fit them, and rank the "
        "true drift among the draws."
    ),
    "learn_priors": "each has an optimum of its own, which says nothing of another's.",
}


def refuse_sweeps(spec: Spec, verb: str) -> None:
    """Refuse a model of sweeps where runs have to be a ladder; raises DataError."""
    if spec.law.swept:
        swept = spec.law.swept.replace("_", " ")
        raise DataError(f"model: {spec.name} is of sweeps of the {swept}: {WHY[verb]}")
