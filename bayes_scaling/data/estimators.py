"""What counts say by themselves, before any model."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_scaling.arrays import Array, Flags
from bayes_scaling.data.pass_tables import PROBLEM_KEYS, RUN_KEYS, check_passes, keys_of
from bayes_scaling.errors import DataError

CERTAIN = -45.0  # exp of it is lost beside 1


def pass_at_k(n_samples: npt.ArrayLike, n_correct: npt.ArrayLike, k: npt.ArrayLike) -> Array:
    r"""Estimate the chance that at least one of k samples is right, without bias.

    .. math:: \widehat{pass@k} = 1 - \binom{n - c}{k} \Big/ \binom{n}{k}
              = 1 - \prod_{i < \min(c, k)} \Bigl(1 - \frac{\max(c, k)}{n - i}\Bigr)

    The product is summed as logarithms, so that small chances keep their digits.

    Parameters
    ----------
    n_samples : int or array of int
        Samples n of a problem.
    n_correct : int or array of int
        How many of them are right, c.
    k : int or array of int
        At most n. The three are broadcast.

    Returns
    -------
    ndarray
        Chances, in the broadcast shape.

    Raises
    ------
    DataError
        If a number is not whole, c is not in 0 to n, or k is not in 1 to n.

    References
    ----------
    Chen et al. (2021), "Evaluating Large Language Models Trained on Code", arXiv 2107.03374,
    equation 1.

    Examples
    --------
    >>> pass_at_k([10, 10, 10], [3, 3, 0], [1, 5, 5]).round(6).tolist()
    [0.3, 0.916667, 0.0]
    """
    given = {"n_samples": n_samples, "n_correct": n_correct, "k": k}
    arrays = [_whole(name, values) for name, values in given.items()]
    try:
        n, c, size = np.broadcast_arrays(*arrays)
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in zip(given, arrays, strict=True))
        raise DataError(f"n_samples: the arrays don't fit together; got {shapes}.") from None
    _demand("n_correct", c, (c >= 0) & (c <= n), "from 0 to n_samples", n)
    _demand(
        "k", size, (size >= 1) & (size <= n),
        "from 1 to n_samples: pass@k of more samples than were drawn needs a model", n,
    )  # fmt: skip
    few, many = np.minimum(c, size).ravel(), np.maximum(c, size).ravel()
    total, log_none = n.ravel(), np.zeros(n.size)
    step, active = 0, np.flatnonzero(few > 0)
    while active.size:
        left = total[active] - step
        with np.errstate(divide="ignore"):
            log_none[active] += np.log1p(-np.minimum(many[active] / left, 1.0))
        step += 1
        active = active[(few[active] > step) & (log_none[active] > CERTAIN)]
    return 0.0 - np.expm1(log_none).reshape(n.shape)


def restrict_solved_by_all(passes: pd.DataFrame) -> pd.DataFrame:
    """Keep the problems that every run solved at least once, as the GPT-4 report did.

    Here to compare with that report. It drops the hard problems, and keeps those where small
    runs were lucky, so that the exponents that it gives are too small; models of counts need
    no such restriction.

    Parameters
    ----------
    passes : DataFrame
        As `check_passes` takes it.

    Returns
    -------
    DataFrame
        The rows of those problems. A problem that some run did not try isn't among them.

    Raises
    ------
    DataError
        If no problem is left, or the table is not fit for use (see `check_passes`).

    References
    ----------
    OpenAI (2023), "GPT-4 Technical Report", arXiv 2303.08774, section 3.2.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"run": ["s", "s", "l", "l"], "compute": [1e18, 1e18, 1e19, 1e19],
    ...     "problem": ["easy", "hard"] * 2, "n_samples": 10, "n_correct": [4, 0, 9, 1]})
    >>> restrict_solved_by_all(table)["problem"].tolist()
    ['easy', 'easy']
    """
    checked = check_passes(passes)
    runs = checked[keys_of(checked, RUN_KEYS)].drop_duplicates()
    problems = checked[keys_of(checked, PROBLEM_KEYS)]
    solved = checked["n_correct"].gt(0).groupby([problems[key] for key in problems])
    kept = checked[solved.transform("sum") == len(runs)].reset_index(drop=True)
    if kept.empty:
        raise DataError(
            f"no problem was solved at least once by all {len(runs)} runs; "
            "fit without the restriction: counts of zero are evidence too."
        )
    return kept


def _whole(name: str, value: Any) -> Array:
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"{name}: expected whole numbers, got {value!r}.") from None
    _demand(name, numbers, numbers == np.floor(numbers), "a whole number")
    return numbers


def _demand(
    name: str,
    values: Array,
    good: Flags,
    what: str,
    n: Array | None = None,
) -> None:
    if not good.all():
        bad = int(np.flatnonzero(~good.ravel())[0])
        among = "" if n is None else f" with n_samples {n.ravel()[bad]:g}"
        raise DataError(f"{name}: got {values.ravel()[bad]:g}{among}; it must be {what}.")
