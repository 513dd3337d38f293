"""What a comparison of models says, in words: which way each column points, and a verdict."""

import math
from collections.abc import Mapping

import pandas as pd

SURE = 2.0  # standard errors
ENOUGH = 30  # forecasts

# What is better, of the columns of `compare`.
DIRECTIONS: Mapping[str, str] = {
    "interpolation_elpd": "higher is better",
    "difference": "lower is better, 0 the best",
    "weight": "higher is better",
    "bad_k": "fewer is better",
    "bad_k_after": "should be 0",
    "extrapolation_log_score": "lower is better",
    "extrapolation_crps": "lower is better",
    "extrapolation_skipped": "fewer is better",
    "extrapolation_not_converged": "should be 0",
}


def judge(table: pd.DataFrame) -> str:
    """Say which model interpolates and which extrapolates best, and how sure that is.

    Parameters
    ----------
    table : DataFrame
        As `compare` returns it.

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"interpolation_elpd": [12.0, 11.5], "difference": [0.0, 0.5],
    ...      "difference_se": [0.0, 1.0], "extrapolation_log_score": [-1.9, -2.0],
    ...      "extrapolation_n": 6}, index=["loss", "loss_power"])
    >>> verdict = judge(table)
    >>> print(verdict[:83])
    loss interpolates better than loss_power by 0.5, within 2 standard errors (1 each);
    >>> print(verdict[84:])
    loss_power extrapolates better by 0.1 a forecast, of 6, too few to be sure.
    """
    return f"{_interpolation(table)}; {_extrapolation(table)}."


def _interpolation(table: pd.DataFrame) -> str:
    best, second = map(str, table.index[:2])
    gap, error = (abs(float(table[name].iloc[1])) for name in ("difference", "difference_se"))
    if not math.isfinite(gap + error):
        return "nothing can be said of interpolation"
    verdict = "more than" if gap > SURE * error else "within"
    return (
        f"{best} interpolates better than {second} by {gap:.2g}, {verdict} {SURE:g} standard "
        f"errors ({error:.2g} each)"
    )


def _extrapolation(table: pd.DataFrame) -> str:
    scores = table["extrapolation_log_score"].astype(float).sort_values(kind="stable")
    if scores.isna().any():
        return "the ladder is too short to say which extrapolates better"
    count = int(table["extrapolation_n"].min())
    gap = float(scores.iloc[1] - scores.iloc[0])
    few = count < ENOUGH
    doubt = "too few to be sure" if few else "which share runs and are fewer than they look"
    return f"{scores.index[0]} extrapolates better by {gap:.2g} a forecast, of {count}, {doubt}"
