"""Sampling with a second, more careful try where the first didn't converge."""

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr

from bayes_scaling.inference.diagnosis import Diagnosis, diagnose

RETRY_ACCEPT = 0.99


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
    attempt: Callable[[int, float], Attempt], draws: int, target_accept: float
) -> tuple[Attempt, Diagnosis]:
    """Sample, and once more with care where the diagnosis asks for it.

    Parameters
    ----------
    attempt : callable
        Samples with a number of draws and a target acceptance rate.
    draws : int
    target_accept : float
        Of the first try.

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
    second = attempt(2 * draws, again)
    evaluations = first.gradient_evaluations + second.gradient_evaluations
    return second, diagnose(
        second.reported,
        second.sample_stats,
        gradient_evaluations=evaluations,
        target_accept=again,
        retried=True,
    )
