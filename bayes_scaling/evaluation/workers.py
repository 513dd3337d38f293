"""Calls spread over joblib's workers, with results as they are ready."""

from collections.abc import Iterable
from typing import Any

from joblib import Parallel
from joblib.parallel import get_active_backend

from bayes_scaling.errors import BayesScalingError


def demand_jobs(jobs: int) -> None:
    """Demand a number of workers that joblib knows; raises BayesScalingError."""
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs == 0:
        raise BayesScalingError(
            f"jobs: expected a number of worker processes, or -1 for one a core, got {jobs!r}."
        )


def spread(calls: Iterable[Any], jobs: int, *, in_order: bool = False) -> Iterable[Any]:
    """Run delayed calls on the workers of the active backend.

    Parameters
    ----------
    calls : iterable
        Of `joblib.delayed`.
    jobs : int
    in_order : bool
        Whether results come in the order of the calls, rather than as they are ready.

    Returns
    -------
    iterable
        Of results. A backend that can't hand them over one by one, as Ray's, gives all at the end.
    """
    backend, _ = get_active_backend()
    one_by_one = "generator" if in_order else "generator_unordered"
    able = getattr(backend, "supports_return_generator", False)
    found: Iterable[Any] = Parallel(n_jobs=jobs, return_as=one_by_one if able else "list")(calls)
    return found
