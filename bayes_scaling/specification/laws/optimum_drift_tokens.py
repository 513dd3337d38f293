"""Sweeps of the learning rate over widths, tokens and batch sizes: how the optimum drifts."""

from typing import Any

from bayes_scaling.specification.domains import REAL
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, as_given
from bayes_scaling.specification.laws.optimum_drift import LAW as OF_WIDTH
from bayes_scaling.specification.laws.optimum_drift import OCTAVE
from bayes_scaling.specification.laws.optimum_drift import curve as curve_of_width


def curve(
    w: Any,
    d: Any,
    b: Any,
    t: Any,
    elasticity_tokens: Any,
    elasticity_batch: Any,
    drift_tokens: Any,
    drift_batch: Any,
    **values: Any,
) -> Any:
    r"""Log of the loss at a width, a number of tokens, a batch size and a learning rate.

    As `optimum_drift.curve`, with lines along all three: with W, D and B the binary logarithms of
    width, tokens and tokens a batch over their references,

    .. math:: T^* = optimum + drift\,W + drift_{tokens}\,D + drift_{batch}\,B + shift,

    and likewise of the least loss.

    Parameters
    ----------
    w, d, b, t : float or array
        Natural logarithms of width, tokens, tokens a batch and learning rate over their references.
    elasticity_tokens, elasticity_batch : float or array
        Minus the slopes of the least loss on log-log paper.
    drift_tokens, drift_batch : float or array
        By how many octaves the optimum moves with each doubling.
    **values
        The arguments of `optimum_drift.curve`.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Li et al. (2025), Predictable scale, part I: step law, a power of parameters and of tokens.

    Examples
    --------
    >>> own = {"level": 3.0, "elasticity": 0.1, "lift": 0.0, "optimum": 0.0, "drift": -1.0}
    >>> own |= {"shift": 0.0, "curvature": 0.01, "asymmetry": 0.5, "elasticity_tokens": 0.1}
    >>> own |= {"elasticity_batch": 0.0, "drift_tokens": 0.0, "drift_batch": 0.5}
    >>> round(float(curve(0.0, 0.0, 2 * OCTAVE, OCTAVE, **own)), 6)  # four times the batch
    1.098612
    """
    off = values["optimum"] + (drift_tokens * d + drift_batch * b) / OCTAVE
    raised = values["lift"] - elasticity_tokens * d - elasticity_batch * b
    own = values | {"optimum": off, "lift": raised}
    return curve_of_width(w, t, **own)


def _slope(gloss: str) -> Parameter:
    return Parameter(gloss, REAL, is_quoted=True)


LAW = Law(
    name="optimum_drift_tokens",
    columns=("width", "tokens", "batch_tokens", "learning_rate"),
    equations={
        "loss": "log L = log `level` - `elasticity` log(w/w0) - `elasticity_tokens` log(D/D0) - "
        "`elasticity_batch` log(B/B0) + `lift` + bowl(T - T*), T* = `optimum` + `drift` log2(w/w0) "
        "+ `drift_tokens` log2(D/D0) + `drift_batch` log2(B/B0) + `shift`"
    },
    curve=curve,
    parameters={
        **OF_WIDTH.parameters,
        "elasticity_tokens": _slope("slope of the least loss: -d log L / d log D"),
        "elasticity_batch": _slope("slope of the least loss: -d log L / d log B"),
        "drift_tokens": _slope("octaves that the optimum moves with each doubling of tokens"),
        "drift_batch": _slope("octaves that the optimum moves with each doubling of the batch"),
    },
    coordinates=(
        Coordinates(
            (
                *OF_WIDTH.coordinates[0].parameters,
                "elasticity_tokens",
                "elasticity_batch",
                "drift_tokens",
                "drift_batch",
            ),
            as_given,
        ),
    ),
    to_natural=as_given,
    swept="learning_rate",
    drifts={"width": "drift", "tokens": "drift_tokens", "batch_tokens": "drift_batch"},
)
