"""A floor, a power law of parameters and one of tokens."""

from typing import Any

import numpy as np

from bayes_scaling.specification.domains import POSITIVE, SHARE, UNIT
from bayes_scaling.specification.laws.elementwise import elementwise
from bayes_scaling.specification.laws.law import Coordinates, Law, Parameter, Values, as_given
from bayes_scaling.specification.laws.shared import FLOOR


def curve(
    n: Any, d: Any, level: Any, floor_share: Any, params_share: Any, alpha: Any, beta: Any
) -> Any:
    r"""Log of a floor and two power laws, ``ln(E + A (N/N0)^-alpha + B (D/D0)^-beta)``.

    In the coordinates that data see, with f the floor's share of the loss at (N0, D0) and w that
    of the parameters' part in the rest,

    .. math:: \ln L = \ln(level) + \ln\bigl(f + (1 - f)\,
              (w e^{-\alpha n} + (1 - w) e^{-\beta d})\bigr).

    Parameters
    ----------
    n, d : float or array
        Natural logarithms of N / N0 and of D / D0.
    level : float or array
        Loss at N0 parameters and D0 tokens, ``E + A + B``, in the unit of the loss.
    floor_share : float or array
        ``f = E / (E + A + B)``.
    params_share : float or array
        ``w = A / (A + B)``.
    alpha, beta : float or array
        Exponents of parameters and of tokens.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Hoffmann et al. (2022), Training compute-optimal large language models, equation 2.

    Examples
    --------
    >>> shape = {"floor_share": 0.6, "params_share": 0.5, "alpha": 0.35, "beta": 0.37}
    >>> round(float(np.exp(curve(0.0, 0.0, level=3.0, **shape))), 12)
    3.0
    """
    maths = elementwise(n, d, level, floor_share, params_share, alpha, beta)
    with np.errstate(divide="ignore"):  # a floor pinned to 0 has the log -inf, and adds nothing
        log_floor = maths.log(floor_share)
    of_params = maths.log(params_share) - alpha * n
    of_tokens = maths.log1p(-params_share) - beta * d
    removed = maths.log1p(-floor_share) + maths.logaddexp(of_params, of_tokens)
    return maths.log(level) + maths.logaddexp(log_floor, removed)


def _to_natural(values: Values) -> Values:
    removed = values["level"] * (1 - values["floor_share"])
    return {
        "E": values["level"] * values["floor_share"],
        "A": removed * values["params_share"],
        "B": removed * (1 - values["params_share"]),
        "alpha": values["alpha"],
        "beta": values["beta"],
    }


def frontier(values: Values, budget: Any) -> tuple[Any, Any]:
    r"""Return where the law is least among all N and D of one product.

    Both parts then fall at one rate, ``alpha A (N/N0)^-alpha = beta B (D/D0)^-beta``: with k the
    budget,

    .. math:: n = \frac{\ln(\alpha w) - \ln(\beta (1 - w)) + \beta k}{\alpha + \beta},
              \quad d = k - n.

    Parameters
    ----------
    values : mapping of str to float or array
        The arguments of the curve.
    budget : float or array
        ``ln(N D / (N0 D0))``.

    Returns
    -------
    tuple
        ``ln(N / N0)`` and ``ln(D / D0)``.

    References
    ----------
    Hoffmann et al. (2022), equation 4.

    Examples
    --------
    >>> [float(own) for own in frontier({"params_share": 0.5, "alpha": 0.3, "beta": 0.3}, 4.0)]
    [2.0, 2.0]
    """
    share, alpha, beta = (values[name] for name in ("params_share", "alpha", "beta"))
    maths = elementwise(share, alpha, beta, budget)
    odds = maths.log(alpha * share) - maths.log(beta * (1 - share))
    n = (odds + beta * budget) / (alpha + beta)
    return n, budget - n


def _part(gloss: str) -> Parameter:
    return Parameter(gloss, POSITIVE, is_quoted=True, has_unit=True)


def _exponent(gloss: str) -> Parameter:
    return Parameter(
        gloss, POSITIVE, is_regressed=True, is_quoted=True, is_slope=True, is_learned=True
    )


LAW = Law(
    name="params_tokens",
    columns=("params", "tokens"),
    equations={"loss": "L(N, D) = E + A (N/N0)^-`alpha` + B (D/D0)^-`beta`"},
    curve=curve,
    parameters={
        "level": Parameter(
            "loss of the law at N0 parameters and D0 tokens",
            POSITIVE,
            is_regressed=True,
            has_unit=True,
        ),
        "floor_share": Parameter(
            "share of the loss at N0, D0 that no compute removes: E / L(N0, D0)",
            SHARE,
            is_regressed=True,
            is_floor=True,
            is_learned=True,
        ),
        "params_share": Parameter(
            "share of the parameters in what can be removed at N0, D0: A / (A + B)",
            UNIT,
            is_regressed=True,
        ),
        "alpha": _exponent("exponent of parameters"),
        "beta": _exponent("exponent of tokens"),
        "E": FLOOR,
        "A": _part("part of the loss at N0 that more parameters remove"),
        "B": _part("part of the loss at D0 that more tokens remove"),
    },
    coordinates=(Coordinates(("level", "floor_share", "params_share", "alpha", "beta"), as_given),),
    to_natural=_to_natural,
    frontier=frontier,
)
