"""The GPT-4 report's law of pass rates and scores, along the loss of a run, not its compute."""

from typing import Any

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.specification.domains import REAL, SHARE
from bayes_scaling.specification.laws.law import (
    LOG_HAZARD,
    Coordinates,
    Law,
    Parameter,
    Values,
    as_given,
)
from bayes_scaling.specification.links import Link


def curve(x: Any, log_alpha: Any, k: Any) -> Any:
    r"""Log of the hazard, ``-log p = alpha e^(-k x)``, with x from the loss of a run.

    .. math:: x = -p \ln(L - E) + \text{constant}, \quad E = f L_{min},

    where p makes the fitted runs span in x what they span in ln C. On a ladder whose loss above E
    is a power of compute this is the law `power`; where a ladder leaves that, because all its runs
    saw the same tokens, the pass rate goes with its loss.

    Parameters
    ----------
    x : float or array
        Natural logarithm of the compute that the loss stands for, over C0.
    log_alpha : float or array
        log(-log p) at C0.
    k : float or array
        Exponent.

    Returns
    -------
    float or array
        log(-log p), of the broadcast shape.

    References
    ----------
    OpenAI (2023), GPT-4 Technical Report, section 3.2, for the law in compute.

    Examples
    --------
    >>> curve(2.0, log_alpha=0.5, k=0.25)
    0.0
    """
    return log_alpha - k * x


def link(losses: Array, computes: Array, floor_of_smallest: float) -> Link:
    """Make the link of fitted runs from their losses and computes, and from f.

    Examples
    --------
    >>> own = link(np.array([3.0, 2.0]), np.array([1e20, 1e22]), 0.5)
    >>> own(np.array([3.0, 2.0, 1.5])).round(-14).tolist()
    [1e+20, 1e+22, 1e+24]
    """
    floor = floor_of_smallest * losses.min()
    above = np.log(losses.max() - floor) - np.log(losses.min() - floor)
    power = np.log(computes.max() / computes.min()) / above
    return Link(float(floor), float(losses.max()), float(computes.min()), float(power))


def _to_curve(values: Values) -> Values:
    return {"log_alpha": values["log_alpha"], "k": values["k"]}


LAW = Law(
    name="along_loss",
    columns=("loss",),
    equations={
        "passes": "-log p_i(L) = alpha_i ((L - E)/(L_0 - E))^(k_i p)\n"
        "E = `floor_of_smallest` times the smallest fitted loss, "
        "p so that the fitted runs span what they span in compute",
        "score": "score(L) = g + (1 - g - `lapse`) exp(-alpha ((L - E)/(L_0 - E))^(k p))\n"
        "E = `floor_of_smallest` times the smallest fitted loss, "
        "p so that the fitted runs span what they span in compute",
    },
    curve=curve,
    parameters={
        "log_alpha": Parameter("difficulty of a problem: log(-log p) at C0", REAL),
        "k": Parameter("exponent of a problem", REAL),
        "floor_of_smallest": Parameter("floor of the link over the smallest fitted loss", SHARE),
    },
    coordinates=(
        Coordinates(
            ("log_alpha", "k", "floor_of_smallest"),
            _to_curve,
            numbers=frozenset({"floor_of_smallest"}),
            response="passes",
            scale=LOG_HAZARD,
            is_linear=True,
        ),
        Coordinates(
            ("log_alpha", "k", "floor_of_smallest"),
            _to_curve,
            numbers=frozenset({"floor_of_smallest"}),
            response="score",
            scale=LOG_HAZARD,
            is_linear=True,
        ),
    ),
    to_natural=as_given,
    link=link,
)
