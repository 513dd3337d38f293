"""Data drawn from a model: parameters from its priors, responses from its predictive."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.errors import DataError
from bayes_scaling.inference.design import Reference
from bayes_scaling.inference.fitting import check_seed
from bayes_scaling.responses import RESPONSES, ByResponse
from bayes_scaling.simulation.counts import simulate_passes
from bayes_scaling.simulation.ladders import simulate_runs
from bayes_scaling.simulation.score_ladders import simulate_scores
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec

PROBLEMS = 164
SAMPLES = 100


def simulate(
    model: Any,
    design: pd.DataFrame,
    *,
    random_seed: int,
    size: int = 1,
    reference: Reference = None,
    problems: int | None = None,
    n_samples: int | None = None,
) -> pd.DataFrame:
    """Draw data from a model, with parameters from its priors.

    Parameters
    ----------
    model : str, Path or Spec
        A name on the shelf, the path of a TOML file, or a spec.
    design : DataFrame
        The runs to simulate: ``compute``, and ``run`` and ``family`` where they matter. Runs at one
        compute share the discrepancy and differ by noise, to which a ``loss_se`` is added in
        quadrature.
    random_seed : int
    size : int
        How many data sets, each with parameters of its own.
    reference : float or mapping of str to float, optional
        Reference compute C0, FLOP; as in `fit`.
    problems, n_samples : int, optional
        For a model of passes: how many problems (164 by default), in six buckets or a bucket for
        each two problems, and the samples of each in each run (100 by default).

    Returns
    -------
    DataFrame
        The rows of the design, or each run's problems, once a simulation, with ``simulation``
        (from 0), the response, and the columns ``true_NAME`` of the parameters that were drawn.
        For losses ``true_expected`` is the response without noise; for passes
        ``true_pass_rate`` is the probability that gave the counts, and ``true_neg_log_pass`` minus
        its logarithm.

    Examples
    --------
    >>> ladder = pd.DataFrame({"compute": [1e18, 1e19, 1e20, 1e21]})
    >>> simulate("loss", ladder, random_seed=1, size=3).shape[0]
    12
    """
    spec = load_model(model)
    check_seed(random_seed)
    if not isinstance(design, pd.DataFrame):
        raise DataError(
            f"design: expected a DataFrame with the column compute, got {type(design).__name__}."
        )
    settings: dict[str, Any] = {"random_seed": random_seed, "reference": reference}
    settings["size"] = demand_count("size", size)
    own = RESPONSES[spec.response]
    settings |= own.own_options(spec.name, problems=problems, n_samples=n_samples)
    return SIMULATORS[own.name](spec, design, **settings)


def _passes(
    spec: Spec,
    design: pd.DataFrame,
    *,
    problems: int | None,
    n_samples: int | None,
    **settings: Any,
) -> pd.DataFrame:
    count = demand_count("problems", PROBLEMS if problems is None else problems)
    samples = demand_count("n_samples", SAMPLES if n_samples is None else n_samples)
    return simulate_passes(spec, design, problems=count, n_samples=samples, **settings)


SIMULATORS: ByResponse[Callable[..., pd.DataFrame]] = {
    "loss": simulate_runs,
    "passes": _passes,
    "score": simulate_scores,
}


def demand_count(name: str, value: Any) -> int:
    """Demand a positive whole number; raises DataError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise DataError(f"{name}: expected a positive integer, got {value!r}.")
    return int(value)
