"""Data drawn from a model: parameters from its priors, responses from its predictive."""

from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.data import check_runs
from bayes_scaling.errors import DataError
from bayes_scaling.inference.blocks import active_terms
from bayes_scaling.inference.design import Array, Design, make_design
from bayes_scaling.inference.predictive import law_at, noise_at, of_family
from bayes_scaling.specification.discrepancy import square_root
from bayes_scaling.specification.prior_draws import draw_prior
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec


def simulate(
    model: Any,
    design: pd.DataFrame,
    *,
    random_seed: int,
    size: int = 1,
    reference: float | None = None,
) -> pd.DataFrame:
    """Draw ladders from a model, each with parameters of its own from the priors.

    Parameters
    ----------
    model : str, Path or Spec
        A name on the shelf, the path of a TOML file, or a spec.
    design : DataFrame
        The runs to simulate: ``compute``, and ``run`` and ``family`` where they matter. Runs at one
        compute share the discrepancy and differ by noise.
    random_seed : int
    size : int
        How many ladders.
    reference : float, optional
        Reference compute C0, FLOP; as in `fit`.

    Returns
    -------
    DataFrame
        The rows of the design once a simulation, with ``simulation`` (from 0), the response, and
        the columns ``true_NAME`` of the parameters that were drawn.

    Examples
    --------
    >>> ladder = pd.DataFrame({"compute": [1e18, 1e19, 1e20, 1e21]})
    >>> simulate("loss", ladder, random_seed=1, size=3).shape[0]
    12
    """
    spec = load_model(model)
    if size < 1:
        raise DataError(f"size: expected a positive number, got {size!r}.")
    runs = check_runs(design.assign(**{spec.response: 1e9}))
    grid = make_design(spec, runs, reference)
    rng = np.random.default_rng(random_seed)
    values = draw_prior(spec, {"family": len(grid.families)}, size, rng)
    log_law = law_at(spec, grid, values, grid.family, grid.compute)
    g = draw_discrepancy(spec, grid, values, rng)
    noise = noise_at(spec, values, grid.family, log_law.shape, rng)
    measured = np.random.default_rng([random_seed, 1]).standard_normal(log_law.shape)
    response = np.exp(log_law + g + noise + grid.relative_se * measured)
    frames = []
    for index in range(size):
        truth = {f"true_{name}": _of_run(v[index], grid) for name, v in values.items()}
        own = runs.assign(simulation=index, **{spec.response: response[index]}, **truth)
        frames.append(own)
    return pd.concat(frames, ignore_index=True)


def draw_discrepancy(
    spec: Spec, design: Design, values: dict[str, Array], rng: np.random.Generator
) -> Array:
    """Draw the discrepancy at all rows of a design, shape ``(draws, rows)``."""
    count, total = len(values["sigma"]), np.zeros((len(values["sigma"]), len(design.compute)))
    for term in active_terms(spec):
        root = square_root(design.covariance(term))
        unit = rng.standard_normal((count, root.shape[1])) @ root.T
        total += of_family(values[term.name], design.family) * unit
    return total


def _of_run(value: Array, design: Design) -> Any:
    return value[design.family] if value.ndim == 1 else float(value)
