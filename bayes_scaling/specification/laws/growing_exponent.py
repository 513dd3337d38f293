"""What is above chance, as a power of compute whose exponent may grow at one place."""

from typing import Any

from bayes_scaling.specification.domains import NONNEGATIVE, POSITIVE, REAL
from bayes_scaling.specification.laws.elementwise import softplus
from bayes_scaling.specification.laws.law import (
    LOG_HAZARD,
    Coordinates,
    Law,
    Parameter,
    as_given,
)


def curve(x: Any, log_alpha: Any, k: Any, extra_k: Any, place: Any, width: Any) -> Any:
    r"""Log of the hazard h, with ``p = g + (1 - g - lapse) exp(-h)``.

    .. math:: \ln h = \ln\alpha - k x - extra\_k\, w \ln\bigl(1 + e^{(x - place)/w}\bigr).

    What looks sudden in p may be a smooth fall of h: where an answer takes many right tokens, or h
    is large, p stays at chance and then leaves it. Only an exponent that grows, ``extra_k > 0``, is
    more than the metric's own nonlinearity.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    log_alpha : float or array
        ln h at C0, where there is no extra exponent.
    k, extra_k : float or array
        The exponent before the place, and what comes to it after.
    place, width : float or array
        Where it grows, ``ln(C / C0)``, and how gradually, in e-folds.

    Returns
    -------
    float or array
        ln h, of the broadcast shape.

    References
    ----------
    Schaeffer et al. (2023), Are emergent abilities of large language models a mirage?

    Examples
    --------
    >>> float(curve(2.0, log_alpha=0.5, k=0.25, extra_k=0.0, place=0.0, width=1.0))
    0.0
    """
    return log_alpha - k * x - extra_k * width * softplus((x - place) / width)


LAW = Law(
    name="growing_exponent",
    columns=("compute",),
    equations={
        "score": "p(C) = g + (1 - g - `lapse`) exp(-h(C))\n"
        "ln h(C) = `log_alpha` - `k` x - `extra_k` `width` ln(1 + exp((x - `place`)/`width`)), "
        "x = ln(C/C0)"
    },
    curve=curve,
    parameters={
        "log_alpha": Parameter("ln h at C0, before any extra exponent", REAL),
        "k": Parameter("exponent of compute before it grows", POSITIVE, is_quoted=True),
        "extra_k": Parameter("by how much the exponent grows", NONNEGATIVE, is_quoted=True),
        "place": Parameter("where the exponent grows, ln(C/C0)", REAL),
        "width": Parameter("e-folds in which it grows", POSITIVE),
    },
    coordinates=(
        Coordinates(
            ("log_alpha", "k", "extra_k", "place", "width"),
            as_given,
            response="score",
            scale=LOG_HAZARD,
        ),
    ),
    to_natural=as_given,
)
