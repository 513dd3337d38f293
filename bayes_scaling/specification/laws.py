"""The laws: each a curve, the coordinates that it may be stated in, and what people quote."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bayes_scaling.specification.bent_curves import (
    DECADE,
    broken_power_floor,
    exponents,
    saturating,
    saturating_exponent,
)
from bayes_scaling.specification.curves import exp, logistic, power, power_floor, softplus
from bayes_scaling.specification.domains import (
    NONNEGATIVE,
    POSITIVE,
    REAL,
    SHARE,
    UNIT,
    Domain,
)

Values = dict[str, Any]


@dataclass(frozen=True)
class Coordinates:
    """One way to state a law's parameters, and the way from it to the curve's own.

    ``to_curve`` takes a dict of these parameters and returns the arguments of the curve.
    They are for models of one ``response``. A name in ``pinned`` has to be a number in the
    specification. ``density`` takes the curve's
    arguments and returns by how much these parameters stretch them, ``|d stated / d curve|``.
    """

    parameters: Mapping[str, Domain]
    to_curve: Callable[[Values], Values]
    pinned: frozenset[str] = frozenset()
    density: Callable[[Values], Any] | None = None
    response: str = "loss"


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

    def ways(self, response: str) -> tuple[Coordinates, ...]:
        """Return the coordinates that a model of a response may be stated in."""
        return tuple(way for way in self.coordinates if way.response == response)

    def coordinates_for(self, names: frozenset[str], response: str = "loss") -> Coordinates | None:
        """Find the coordinates whose parameters are all among `names`, if there are any."""
        for coordinates in self.ways(response):
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


def _broken_natural(values: Values) -> Values:
    shape = {name: values[name] for name in ("bend", "break_at", "break_width")}
    before, after = exponents(values["elasticity"], values["floor_share"], **shape)
    width = DECADE * values["break_width"]
    passed = softplus(-values["break_at"] / values["break_width"])
    return {
        "a": values["level"] * (1 - values["floor_share"]) * exp((after - before) * width * passed),
        "b": before,
        "b_after": after,
        "c": values["level"] * values["floor_share"],
    }


def _saturating_natural(values: Values) -> Values:
    level, share = values["level"], values["floor_share"]
    ceiling = level / values["ceiling_share"]
    names = ("elasticity", "floor_share", "ceiling_share", "gamma")
    return {
        "a": level * (1 - share) / (ceiling - level) ** values["gamma"],
        "b": saturating_exponent(**{name: values[name] for name in names}),
        "c": level * share,
        "ceiling": ceiling,
    }


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
            Coordinates(
                {"log_alpha": REAL, "k": REAL},
                lambda values: {"level": exp(values["log_alpha"]), "elasticity": values["k"]},
                response="passes",
            ),
        ),
        _power_natural,
    ),
    "logistic": Law(
        "logistic",
        ("compute",),
        logistic,
        (Coordinates({"difficulty": REAL, "k": REAL}, _as_given, response="passes"),),
        _as_given,
    ),
    "broken_power_floor": Law(
        "broken_power_floor",
        ("compute",),
        broken_power_floor,
        (
            Coordinates(
                {
                    "level": POSITIVE,
                    "elasticity": POSITIVE,
                    "floor_share": SHARE,
                    "bend": REAL,
                    "break_at": REAL,
                    "break_width": POSITIVE,
                },
                _as_given,
            ),
        ),
        _broken_natural,
    ),
    "saturating": Law(
        "saturating",
        ("compute",),
        saturating,
        (
            Coordinates(
                {
                    "level": POSITIVE,
                    "elasticity": POSITIVE,
                    "floor_share": SHARE,
                    "ceiling_share": UNIT,
                    "gamma": POSITIVE,
                },
                _as_given,
            ),
        ),
        _saturating_natural,
    ),
}
