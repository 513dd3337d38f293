"""What can be said of the runs that are forecast: one table of quantities a response."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_scaling.errors import BayesScalingError, suggest
from bayes_scaling.responses import ByResponse

Values = np.ndarray[Any, Any]
NAMES = ("neg_log_pass", "pass_rate", "pass@10", "solved", "n_correct")
PASS_AT = re.compile(r"pass@([1-9][0-9]*)")
DEFAULT_K = (10,)


@dataclass(frozen=True)
class Quantity:
    """A quantity of a run, or of each unit of one: a problem, or a bucket of equal problems.

    Attributes
    ----------
    name : str
    draw : callable
        From the response's draws and a generator to the quantity's.
    is_count : bool
        Whether units are added up rather than averaged, and quantiles are whole numbers.
    scale : {"linear", "log"}
        Whether it is scored on its logarithm.
    lowest, highest : float or None
        What no outcome may pass.
    unit : str
        Empty where the data say it.
    """

    name: str
    draw: Callable[[Values, np.random.Generator], Values]
    is_count: bool = False
    scale: str = "linear"
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Quantities:
    """The quantities of one response.

    Attributes
    ----------
    main : str
        The one that is meant unless another is named.
    find : callable
        Takes a name, the samples of each unit and the sizes of units, and returns the quantity.
    tabulated : callable
        Takes what is averaged over and the k of pass@k, and names what a summary shows.
    """

    main: str
    find: Callable[..., Quantity]
    tabulated: Callable[[str, Sequence[int]], Sequence[str]]


def parse_quantity(name: str, n_samples: int, sizes: Any = 1) -> Quantity:
    """Find a quantity of pass rates by its name.

    Parameters
    ----------
    name : str
        ``neg_log_pass``, ``pass_rate``, ``pass@k`` with any k, ``solved`` or ``n_correct``.
    n_samples : int
        Samples of each problem, for the last two.
    sizes : int or ndarray of int, shape (units,)
        Problems in each unit, for ``solved``.

    Raises
    ------
    BayesScalingError
        If there is no such quantity, or no such number of samples.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> float(parse_quantity("pass@2", 10).draw(np.array(np.log(2.0)), rng))
    0.75
    """
    if isinstance(n_samples, bool) or not isinstance(n_samples, int | np.integer) or n_samples < 1:
        raise BayesScalingError(f"n_samples: expected a positive integer, got {n_samples!r}.")
    rate: Any = {"lowest": 0.0, "highest": 1.0, "unit": "share of samples"}
    if name == "neg_log_pass":
        return Quantity(name, lambda hazard, _: hazard, scale="log", lowest=0.0, unit="nats")
    if name == "pass_rate":
        return Quantity(name, lambda hazard, _: np.exp(-hazard), **rate)
    if name == "solved":
        return Quantity(
            name,
            lambda hazard, rng: rng.binomial(sizes, pass_at(n_samples, hazard)).astype(float),
            is_count=True,
            lowest=0.0,
            highest=float(np.sum(sizes)),
            unit="problems",
        )
    if name == "n_correct":
        return Quantity(
            name,
            lambda hazard, rng: rng.binomial(n_samples, np.exp(-hazard)).astype(float),
            is_count=True,
            lowest=0.0,
            highest=float(n_samples),
            unit="samples",
        )
    found = PASS_AT.fullmatch(str(name))
    if found is None:
        raise BayesScalingError(f"of: {name!r} is not known; {suggest(str(name), NAMES)}")
    k = int(found[1])
    return Quantity(
        name,
        lambda hazard, _: pass_at(k, hazard),
        lowest=0.0,
        highest=1.0,
        unit="share of problems",
    )


def pass_at(k: int, hazard: Values) -> Values:
    """Probability of at least one pass in k samples, ``1 - (1 - p)^k`` with ``-log p`` given.

    Computed as ``-expm1(k log(1 - exp(-h)))``, which keeps its digits at p near 0 and near 1.

    Examples
    --------
    >>> bool(pass_at(10, np.array(1e-12)) == 1.0), bool(0 < pass_at(1, np.array(700.0)) < 1e-300)
    (True, True)
    """
    with np.errstate(divide="ignore"):
        log_fail = np.where(
            hazard < np.log(2.0), np.log(-np.expm1(-hazard)), np.log1p(-np.exp(-hazard))
        )
    return np.asarray(-np.expm1(k * log_fail))


def _names_of_passes(by: str, k: Sequence[int]) -> list[str]:
    last = "n_correct" if by == "problem" else "solved"
    return ["neg_log_pass", "pass_rate", *(f"pass@{value}" for value in k), last]


def as_drawn(name: str, **said: Any) -> Quantities:
    """Make the table of a response of which nothing is asked but itself."""

    def find(asked: str, n_samples: int, sizes: Any = 1) -> Quantity:  # noqa: ARG001
        if asked != name:
            raise BayesScalingError(f"of: {asked!r} is not known; {suggest(str(asked), [name])}")
        return Quantity(name, lambda values, _: values, **said)

    return Quantities(name, find, lambda by, k: (name,))  # noqa: ARG005


LOSS = as_drawn("loss", scale="log", lowest=0.0)
PASS_RATES = Quantities("pass_rate", parse_quantity, _names_of_passes)
SCORE = as_drawn("score", lowest=0.0, highest=1.0, unit="share of items")
QUANTITIES: ByResponse[Quantities] = {"loss": LOSS, "passes": PASS_RATES, "score": SCORE}
