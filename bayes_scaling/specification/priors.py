"""Prior distributions: a closed vocabulary, written as a table, and draws from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np

from bayes_scaling.arrays import Array, Index
from bayes_scaling.specification.domains import POSITIVE, REAL, UNIT, Domain


@dataclass(frozen=True)
class Distribution:
    """One entry of the vocabulary.

    Attributes
    ----------
    arguments : mapping of str to Domain
        The arguments and where each may lie. Names are those of PyMC.
    support : Domain
        Where the draws lie. (``Uniform`` narrows it by its own arguments.)
    scipy : callable
        From the arguments to a frozen ``scipy.stats`` distribution.
    link : str or None
        ``value = link(mu + sigma * Normal(0, 1))`` where that is so; else None.
    limits : mapping of str to Domain
        Where a number that is written for an argument may lie, if that is less: beyond, draws
        aren't finite, or all are at an end of the support.
    """

    arguments: Mapping[str, Domain]
    support: Domain
    scipy: Callable[..., Any]
    link: str | None = None
    limits: Mapping[str, Domain] = field(default_factory=dict)


def _scipy(
    name: str, *shapes: str, **rules: Callable[[Mapping[str, Any]], Any]
) -> Callable[..., Any]:
    """Make the way from PyMC's arguments to SciPy's: shapes by name, loc and scale by rule."""

    def frozen(**arguments: Any) -> Any:
        from scipy import stats

        own = [arguments[key] for key in shapes]
        return getattr(stats, name)(*own, **{key: rule(arguments) for key, rule in rules.items()})

    return frozen


def _logit_normal(mu: Any, sigma: Any) -> Any:
    from bayes_scaling.specification.logit_normal import logit_normal

    return logit_normal(mu, sigma)


_LOCATION_SCALE = {"mu": REAL, "sigma": POSITIVE}
# Parameters are logarithms, or have priors on their logarithm: e^700 is the largest number there
# is.
_ON_LOGS = {
    "mu": Domain("a number between -100 and 100", -100.0, 100.0),
    "sigma": Domain("a positive number below 100", 1e-9, 100.0),
}
# Log-odds above 36 are a share of 1 in the digits that there are, and nothing is left beside it.
_ON_LOG_ODDS = {
    "mu": Domain("a number between -10 and 10", -10.0, 10.0),
    "sigma": Domain("a positive number below 5", 1e-9, 5.0),
}
_SHAPE = Domain("a positive number from 0.01 to 1e6", 0.01, 1e6, closed_below=True)
_SHAPE_OF_SHARE = Domain("a positive number from 0.5 to 1e6", 0.5, 1e6, closed_below=True)

DISTRIBUTIONS: Mapping[str, Distribution] = {
    "Normal": Distribution(
        _LOCATION_SCALE,
        REAL,
        _scipy("norm", loc=itemgetter("mu"), scale=itemgetter("sigma")),
        link="identity",
        limits=_ON_LOGS,
    ),
    "LogNormal": Distribution(
        _LOCATION_SCALE,
        POSITIVE,
        _scipy("lognorm", "sigma", scale=lambda given: np.exp(given["mu"])),
        link="exp",
        limits=_ON_LOGS,
    ),
    "LogitNormal": Distribution(
        _LOCATION_SCALE, UNIT, _logit_normal, link="sigmoid", limits=_ON_LOG_ODDS
    ),
    "HalfNormal": Distribution(
        {"sigma": POSITIVE}, POSITIVE, _scipy("halfnorm", scale=itemgetter("sigma"))
    ),
    "StudentT": Distribution(
        {"nu": POSITIVE, **_LOCATION_SCALE},
        REAL,
        _scipy("t", "nu", loc=itemgetter("mu"), scale=itemgetter("sigma")),
        limits={"nu": Domain("a positive number above 0.1", 0.1, 1e9), **_ON_LOGS},
    ),
    "Exponential": Distribution(
        {"lam": POSITIVE},
        POSITIVE,
        _scipy("expon", scale=lambda given: 1 / np.asarray(given["lam"])),
    ),
    "Gamma": Distribution(
        {"alpha": POSITIVE, "beta": POSITIVE},
        POSITIVE,
        _scipy("gamma", "alpha", scale=lambda given: 1 / np.asarray(given["beta"])),
        limits={"alpha": _SHAPE},
    ),
    "InverseGamma": Distribution(
        {"alpha": POSITIVE, "beta": POSITIVE},
        POSITIVE,
        _scipy("invgamma", "alpha", scale=itemgetter("beta")),
        limits={"alpha": _SHAPE},
    ),
    "Beta": Distribution(
        {"alpha": POSITIVE, "beta": POSITIVE},
        UNIT,
        _scipy("beta", "alpha", "beta"),
        limits={"alpha": _SHAPE_OF_SHARE, "beta": _SHAPE_OF_SHARE},
    ),
    "Uniform": Distribution(
        {"lower": REAL, "upper": REAL},
        REAL,
        _scipy(
            "uniform",
            loc=itemgetter("lower"),
            scale=lambda given: np.asarray(given["upper"]) - given["lower"],
        ),
    ),
}


@dataclass(frozen=True)
class Prior:
    """A distribution with its arguments; an argument may itself be a `Prior`.

    Attributes
    ----------
    dist : str
        A name of `DISTRIBUTIONS`.
    arguments : mapping of str to float or Prior
        Numbers, or priors: that is the whole of hierarchy.
    over : str or None
        The column of groups that each get a value of their own.
    """

    dist: str
    arguments: Mapping[str, "float | Prior"] = field(default_factory=dict)
    over: str | None = None

    @property
    def nested(self) -> dict[str, "Prior"]:
        """The arguments that have priors of their own."""
        return {name: value for name, value in self.arguments.items() if isinstance(value, Prior)}

    @property
    def every(self) -> list["Prior"]:
        """The prior itself and all that are nested in it."""
        return [self, *(found for inner in self.nested.values() for found in inner.every)]

    @property
    def support(self) -> Domain:
        """Where draws lie; for ``Uniform`` by its bounds."""
        if self.dist == "Uniform" and not self.nested:
            lower, upper = self.arguments["lower"], self.arguments["upper"]
            assert isinstance(lower, float)
            assert isinstance(upper, float)
            return Domain(f"a number between {lower:g} and {upper:g}", lower, upper)
        return DISTRIBUTIONS[self.dist].support

    def __str__(self) -> str:
        inside = ", ".join(
            f"{name}={value if isinstance(value, Prior) else format(value, 'g')}"
            for name, value in self.arguments.items()
        )
        return f"{self.dist}({inside})"


def draw_parameter(
    name: str,
    prior: float | Prior,
    groups: Mapping[str, int],
    size: int,
    rng: np.random.Generator,
    above: float | None = None,
    inside: Mapping[str, Index] | None = None,
) -> dict[str, Array]:
    """Draw a parameter and its hyperparameters from the prior.

    Parameters
    ----------
    name : str
        Name of the parameter; the hyperparameters are called ``name_argument``.
    prior : float or Prior
        A number gives that number `size` times.
    groups : mapping of str to int
        How many groups each column has.
    size : int
        Number of draws.
    rng : numpy.random.Generator
        Where randomness comes from.
    above : float, optional
        Truncate the prior to numbers above this one.
    inside : mapping of str to ndarray of int, optional
        For groups within others, the index of the outer one: ``{"problem": bucket_of_problem}``.

    Returns
    -------
    dict of str to ndarray
        Shapes ``(size,)``, or ``(size, groups[over])``.

    Examples
    --------
    >>> prior = Prior("LogNormal", {"mu": 0.0, "sigma": 1.0}, over="family")
    >>> draw_parameter("level", prior, {"family": 3}, 5, np.random.default_rng(1))["level"].shape
    (5, 3)
    """
    if not isinstance(prior, Prior):
        return {name: np.full(size, float(prior))}
    drawn: dict[str, Array] = {}
    arguments: dict[str, Any] = {}
    for key, value in prior.arguments.items():
        if isinstance(value, Prior):
            inner = draw_parameter(f"{name}_{key}", value, groups, size, rng, inside=inside)
            drawn |= inner
            own = inner[f"{name}_{key}"]
            if prior.over and inside and value.over and value.over != prior.over:
                own = own[:, inside[prior.over]]
            arguments[key] = own[:, None] if prior.over and own.ndim == 1 else own
        else:
            arguments[key] = value
    shape = (size, groups[prior.over]) if prior.over else (size,)
    frozen = DISTRIBUTIONS[prior.dist].scipy(**arguments)
    if above is None:
        drawn[name] = np.asarray(frozen.rvs(size=shape, random_state=rng), dtype=float)
    else:
        tail = frozen.sf(above)
        share = 1.0 - rng.uniform(size=shape)
        drawn[name] = np.asarray(frozen.isf(tail * share), dtype=float)
    return drawn
