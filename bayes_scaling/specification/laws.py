"""The laws: each a pure function of operators and a few elementwise functions.

The same function runs on floats, on the PyTensor graph of the model and on the posterior's arrays.
Compute enters as ``x = ln(C / C0)``, with C0 the reference compute of the ladder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_scaling.specification.domains import NONNEGATIVE, POSITIVE, SHARE, Domain

Values = dict[str, Any]


def _elementwise(*values: Any) -> Any:
    """PyTensor's functions if any value is part of a graph, NumPy's otherwise."""
    if any(type(value).__module__.startswith("pytensor") for value in values):
        import pytensor.tensor

        return pytensor.tensor
    return np


def power_floor(x: Any, level: Any, elasticity: Any, floor_share: Any) -> Any:
    r"""Log of a power law with a floor, ``ln(a (C/C0)^-b + c)``.

    In the coordinates that data see, with f the floor's share of the loss at C0,

    .. math:: \ln L = \ln(level) + \ln\bigl(f + (1 - f) e^{-b x}\bigr), \quad
              b = elasticity / (1 - f).

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    level : float or array
        Loss at C0, ``a + c``, in the unit of the loss.
    elasticity : float or array
        ``-d ln L / d ln C`` at C0.
    floor_share : float or array
        ``f = c / (a + c)``.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Henighan et al. (2020); OpenAI (2023), GPT-4 Technical Report, section 3.1.

    Examples
    --------
    >>> float(np.exp(power_floor(0.0, level=2.0, elasticity=0.08, floor_share=0.5)))
    2.0
    """
    maths = _elementwise(x, level, elasticity, floor_share)
    decay = elasticity / (1 - floor_share)
    with np.errstate(divide="ignore"):  # a floor pinned to 0 has the log -inf, and adds nothing
        log_floor = maths.log(floor_share)
    return maths.log(level) + maths.logaddexp(log_floor, maths.log1p(-floor_share) - decay * x)


def power(x: Any, level: Any, elasticity: Any) -> Any:
    """Log of a pure power law, ``ln(a (C/C0)^-b)``: the floor is zero.

    Parameters
    ----------
    x : float or array
        Natural logarithm of C / C0.
    level : float or array
        Loss at C0, here equal to ``a``.
    elasticity : float or array
        ``-d ln L / d ln C``, here equal to ``b``.

    Returns
    -------
    float or array
        ln L, of the broadcast shape.

    References
    ----------
    Kaplan et al. (2020), section 1.2.

    Examples
    --------
    >>> round(float(np.exp(power(np.log(10.0), level=2.0, elasticity=1.0))), 6)
    0.2
    """
    return _elementwise(x, level, elasticity).log(level) - elasticity * x


@dataclass(frozen=True)
class Coordinates:
    """One way to state a law's parameters, and the way from it to the curve's own.

    ``to_curve`` takes a dict of these parameters and returns the arguments of the curve.
    A name in ``pinned`` has to be a number in the specification. ``density`` takes the curve's
    arguments and returns by how much these parameters stretch them, ``|d stated / d curve|``.
    """

    parameters: Mapping[str, Domain]
    to_curve: Callable[[Values], Values]
    pinned: frozenset[str] = frozenset()
    density: Callable[[Values], Any] | None = None


@dataclass(frozen=True)
class Law:
    """A curve, the columns that it reads and the coordinates that it may be stated in.

    ``to_natural`` turns the curve's arguments into the parameters that people quote.
    """

    name: str
    columns: tuple[str, ...]
    curve: Callable[..., Any]
    coordinates: tuple[Coordinates, ...]
    to_natural: Callable[[Values], Values]

    def coordinates_for(self, names: frozenset[str]) -> Coordinates | None:
        """Find the coordinates whose parameters are all among `names`, if there are any."""
        for coordinates in self.coordinates:
            if set(coordinates.parameters) <= names:
                return coordinates
        return None


def _as_given(values: Values) -> Values:
    return values


def _from_abc(values: Values) -> Values:
    a, b, c = values["a"], values["b"], values["c"]
    return {"level": a + c, "elasticity": b * a / (a + c), "floor_share": c / (a + c)}


def _from_floor(values: Values) -> Values:
    return {
        "level": values["level"],
        "elasticity": values["elasticity"],
        "floor_share": values["c"] / values["level"],
    }


def _floor_natural(values: Values) -> Values:
    level, share = values["level"], values["floor_share"]
    return {
        "a": level * (1 - share),
        "b": values["elasticity"] / (1 - share),
        "c": level * share,
    }


def _power_natural(values: Values) -> Values:
    return {"a": values["level"], "b": values["elasticity"]}


LAWS: Mapping[str, Law] = {
    "power_floor": Law(
        "power_floor",
        ("compute",),
        power_floor,
        (
            Coordinates(
                {"level": POSITIVE, "elasticity": POSITIVE, "floor_share": SHARE}, _as_given
            ),
            Coordinates(
                {"level": POSITIVE, "elasticity": POSITIVE, "c": NONNEGATIVE},
                _from_floor,
                pinned=frozenset({"c"}),
            ),
            Coordinates(
                {"a": POSITIVE, "b": POSITIVE, "c": NONNEGATIVE},
                _from_abc,
                density=lambda seen: seen["level"] / (1 - seen["floor_share"]),
            ),
        ),
        _floor_natural,
    ),
    "power": Law(
        "power",
        ("compute",),
        power,
        (
            Coordinates({"level": POSITIVE, "elasticity": POSITIVE}, _as_given),
            Coordinates(
                {"a": POSITIVE, "b": POSITIVE},
                lambda values: {"level": values["a"], "elasticity": values["b"]},
            ),
        ),
        _power_natural,
    ),
}
