"""Sweeps of the learning rate over widths: where the optimum lies, and how it drifts."""

from typing import Any

import numpy as np

from bayes_scaling.specification.domains import POSITIVE, REAL
from bayes_scaling.specification.laws.bowl import bowl
from bayes_scaling.specification.laws.elementwise import elementwise
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, as_given

OCTAVE = float(np.log(2.0))


def curve(
    w: Any,
    t: Any,
    level: Any,
    elasticity: Any,
    lift: Any,
    optimum: Any,
    drift: Any,
    shift: Any,
    curvature: Any,
    asymmetry: Any,
) -> Any:
    r"""Log of the loss at a width and a learning rate.

    With W and T the binary logarithms of the width and of the learning rate over their references,

    .. math:: \ln L = \ln(level) - elasticity\,\ln(w/w_0) + lift + bowl(T - T^*(W)),
              \quad T^*(W) = optimum + drift\,W + shift.

    Parameters
    ----------
    w, t : float or array
        Natural logarithms of width and learning rate over their references.
    level : float or array
        Least loss at the reference width.
    elasticity : float or array
        Minus the slope of the least loss along the width, on log-log paper.
    lift, shift : float or array
        How far the log of the least loss, and the optimum (octaves), of a width leave their lines.
    optimum : float or array
        Best learning rate at the reference width, octaves above the reference.
    drift : float or array
        By how many octaves the optimum moves with each doubling of the width.
    curvature, asymmetry : float or array
        Of the bowl; see `bowl`.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Yang et al. (2021), Tensor programs V: tuning large neural networks via zero-shot hyperparameter
    transfer, figure 1.

    Examples
    --------
    >>> own = {"level": 3.0, "elasticity": 0.1, "lift": 0.0, "optimum": 1.0, "drift": -1.0}
    >>> own |= {"shift": 0.0, "curvature": 0.01, "asymmetry": 0.5}
    >>> twice, half = np.log(2.0), np.log(0.5)
    >>> round(float(np.exp(curve(0.0, twice, **own))), 12)  # at the optimum
    3.0
    >>> bool(np.isclose(curve(twice, 0.0, **own), np.log(3.0) - 0.1 * twice))  # at the next width
    True
    """
    maths = elementwise(w, t, level, elasticity, lift, optimum, drift, shift, curvature, asymmetry)
    best = optimum + drift * w / OCTAVE + shift
    floor = maths.log(level) - elasticity * w + lift
    return floor + bowl(t / OCTAVE - best, curvature, asymmetry)


LEVEL = Parameter("least loss at the reference", POSITIVE, is_quoted=True, has_unit=True)
LIFT = Parameter("by how much the log of the least loss of a setting leaves its line", REAL)
OPTIMUM = Parameter(
    "best learning rate at the reference, octaves above its reference", REAL, is_quoted=True
)
DRIFT = Parameter(
    "octaves that the optimum moves with each doubling of width", REAL, is_quoted=True
)
SHIFT = Parameter("octaves by which the optimum of a setting leaves its line", REAL)
CURVATURE = Parameter("curvature of the log loss at the optimum, per squared octave", POSITIVE)
ASYMMETRY = Parameter("log of how much steeper the bowl is above its optimum than below", REAL)


LAW = Law(
    name="optimum_drift",
    columns=("width", "learning_rate"),
    equations={
        "loss": "log L = log `level` - `elasticity` log(w/w0) + `lift` + bowl(T - T*), "
        "T* = `optimum` + `drift` log2(w/w0) + `shift`"
    },
    curve=curve,
    parameters={
        "level": LEVEL,
        "elasticity": Parameter(
            "slope of the least loss: -d log L / d log w", REAL, is_quoted=True
        ),
        "lift": LIFT,
        "optimum": OPTIMUM,
        "drift": DRIFT,
        "shift": SHIFT,
        "curvature": CURVATURE,
        "asymmetry": ASYMMETRY,
    },
    coordinates=(
        Coordinates(
            (
                "level",
                "elasticity",
                "lift",
                "optimum",
                "drift",
                "shift",
                "curvature",
                "asymmetry",
            ),
            as_given,
        ),
    ),
    to_natural=as_given,
    swept="learning_rate",
    drifts={"width": "drift"},
)
