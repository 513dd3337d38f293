"""What is said of a set of problems, given -log p of each."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_scaling.errors import BayesScalingError, suggest

Values = np.ndarray[Any, Any]
NAMES = ("neg_log_pass", "pass_rate", "pass@10", "solved", "n_correct")
PASS_AT = re.compile(r"pass@([1-9][0-9]*)")


@dataclass(frozen=True)
class Quantity:
    """A quantity of each unit: a problem, or a bucket of problems that are all alike.

    Attributes
    ----------
    name : str
    draw : callable
        From ``-log p`` of each draw and unit, and a generator, to the quantity.
    is_count : bool
        Whether units are added up rather than averaged.
    """

    name: str
    draw: Callable[[Values, np.random.Generator], Values]
    is_count: bool = False


def parse_quantity(name: str, n_samples: int, sizes: Any = 1) -> Quantity:
    """Find a quantity by its name.

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
    if name == "neg_log_pass":
        return Quantity(name, lambda hazard, _: hazard)
    if name == "pass_rate":
        return Quantity(name, lambda hazard, _: np.exp(-hazard))
    if name == "solved":
        return Quantity(
            name,
            lambda hazard, rng: rng.binomial(sizes, pass_at(n_samples, hazard)).astype(float),
            is_count=True,
        )
    if name == "n_correct":
        return Quantity(
            name,
            lambda hazard, rng: rng.binomial(n_samples, np.exp(-hazard)).astype(float),
            is_count=True,
        )
    found = PASS_AT.fullmatch(str(name))
    if found is None:
        raise BayesScalingError(f"of: {name!r} is not known; {suggest(str(name), NAMES)}")
    k = int(found[1])
    return Quantity(name, lambda hazard, _: pass_at(k, hazard))


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
