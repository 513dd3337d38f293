"""Sampling with a second, more careful try where the first didn't converge."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr

from bayes_scaling.inference.diagnosis import MIN_ESS, Diagnosis, diagnose

RETRY_ACCEPT = 0.99
LEAST = 2  # times the draws of the first try
STUCK = 1.1  # chains that are further apart than this R-hat don't need draws


@dataclass(frozen=True)
class Attempt:
    """Draws of one try.

    Attributes
    ----------
    posterior : xarray.Dataset
        Everything that is kept.
    reported : xarray.Dataset
        What has to be trustworthy.
    sample_stats : xarray.Dataset
    gradient_evaluations : int
    """

    posterior: xr.Dataset
    reported: xr.Dataset
    sample_stats: xr.Dataset
    gradient_evaluations: int


def try_twice(
    attempt: Callable[[int, float], Attempt],
    draws: int,
    target_accept: float,
    most: int = LEAST,
) -> tuple[Attempt, Diagnosis]:
    """Sample, and once more with care where the diagnosis asks for it.

    The second try has smaller steps, and two or more times the draws: as many as give twice the
    effective ones that are asked for, at the rate of the first.

    Parameters
    ----------
    attempt : callable
        Samples with a number of draws and a target acceptance rate.
    draws : int
    target_accept : float
        Of the first try.
    most : int
        How many times the draws of the first the second may take.

    Returns
    -------
    Attempt
        The last one.
    Diagnosis
        Of the last one; its gradient evaluations are those of all.
    """
    first = attempt(draws, target_accept)
    verdict = diagnose(
        first.reported,
        first.sample_stats,
        gradient_evaluations=first.gradient_evaluations,
        target_accept=target_accept,
    )
    if verdict.converged:
        return first, verdict
    again = max(RETRY_ACCEPT, target_accept)
    second = attempt(growth(verdict, most) * draws, again)
    evaluations = first.gradient_evaluations + second.gradient_evaluations
    return second, diagnose(
        second.reported,
        second.sample_stats,
        gradient_evaluations=evaluations,
        target_accept=again,
        retried=True,
    )


def growth(first: Diagnosis, most: int) -> int:
    """Say how many times the draws of a first try the second one takes, at most so many.

    Examples
    --------
    >>> from dataclasses import replace
    >>> first = Diagnosis(1.02, 150.0, 250.0, "k", 0, 4000, 0.9, 100_000, 0.95)
    >>> growth(first, 8), growth(replace(first, ess_bulk=900.0), 8), growth(first, 4)
    (6, 4, 4)
    """
    if first.rhat > STUCK:
        return LEAST
    effective = max(min(first.ess_bulk, first.ess_tail), 1.0)
    return min(max(math.ceil(2 * MIN_ESS / effective), LEAST), most)
