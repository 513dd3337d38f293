"""Past ladders, each fitted once by itself under wide priors: what priors are learned from."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from bayes_scaling.arrays import Array
from bayes_scaling.errors import DataError, SpecError
from bayes_scaling.evaluation.splitting import find_ladders
from bayes_scaling.inference.fitting import MAX_SEED, check_seed, fit_runs
from bayes_scaling.inference.nuts import Progress
from bayes_scaling.specification.priors import Prior
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec

WIDENING = 2.0
FEWEST_LADDERS = 2
FEWEST_RUNS = 3
FEWEST_SMALL = 4
KEPT_DRAWS = 1000
TO_NORMAL: Mapping[str, Any] = {
    "Normal": np.asarray,
    "LogNormal": np.log,
    "LogitNormal": special.logit,
}


@dataclass(frozen=True, eq=False)
class Ladders:
    """Past ladders, each fitted by itself under widened priors; see `fit_ladders`.

    Attributes
    ----------
    spec : Spec
        The model that was asked for, with the priors where the search starts.
    names, sources : tuple of str
        Of the ladders.
    parameters : tuple of str
        What may be learned.
    draws : ndarray, shape (ladders, draws, parameters)
        Posterior draws, on the scale where the priors are normal.
    converged : tuple of bool
    """

    spec: Spec
    names: tuple[str, ...]
    sources: tuple[str, ...]
    parameters: tuple[str, ...]
    draws: Array
    converged: tuple[bool, ...]


def fit_ladders(
    ladders: pd.DataFrame | str | Path,
    *,
    model: str | Path | Spec = "loss",
    random_seed: int,
    progress: Progress | None = None,
) -> Ladders:
    """Fit each ladder by itself, under the model's priors widened twofold.

    What comes back may be given to `learn_priors` many times, each time without another source.
    The parameters are those of `learn_priors`.
    """
    check_seed(random_seed)
    spec = load_model(model)
    parameters = transferable(spec)
    tables = find_ladders(ladders)
    _demand_ladders(tables)
    wide = spec.with_priors(**{name: _widened(spec.free[name]) for name in parameters})
    draws, converged = [], []
    for number, (name, runs) in enumerate(tables.items(), start=1):
        alone = runs.drop(columns=["family", "source"], errors="ignore")
        seed = (zlib.crc32(name.encode()) + random_seed) % MAX_SEED
        reference = standpoint(runs["compute"])
        fitted = fit_runs(wide, alone, random_seed=seed, reference=reference)
        posterior = fitted.posterior["posterior"].to_dataset()
        columns = [
            TO_NORMAL[spec.free[p].dist](posterior[p].to_numpy().ravel()) for p in parameters
        ]
        rows = np.linspace(0, len(columns[0]) - 1, KEPT_DRAWS).astype(int)
        draws.append(np.stack(columns, axis=1)[rows])
        converged.append(fitted.diagnosis.converged)
        if progress:
            progress(number, len(tables))
    sources = [str(runs["source"].iloc[0]) if "source" in runs else n for n, runs in tables.items()]
    return Ladders(
        spec, tuple(tables), tuple(sources), parameters, np.stack(draws), tuple(converged)
    )


def transferable(spec: Spec) -> tuple[str, ...]:
    """Parameters that mean the same on every ladder, with a prior that is normal on some scale."""
    if spec.groups:
        raise SpecError(
            f"model: {spec.name} pools {', '.join(sorted(spec.groups))} itself. Learn from a model "
            "of one ladder, such as loss: the pooling is done here."
        )
    alike = spec.free.keys() - set(spec.law.with_unit)
    return tuple(name for name, p in spec.free.items() if name in alike and _is_normal(p))


def normal_moments(prior: Prior) -> tuple[float, float]:
    """Mean and standard deviation of a prior on the scale where it is normal."""
    mu, sigma = prior.arguments["mu"], prior.arguments["sigma"]
    assert isinstance(mu, float)
    assert isinstance(sigma, float)
    return mu, sigma


def standpoint(compute: pd.Series) -> float:
    """Middle of the smaller half of a ladder: the C0 of whoever forecasts the rest of it.

    A floor share grows and an elasticity shrinks with C0, so a prior learned in the middle of whole
    ladders would be that of forecasts already made.
    """
    smallest = np.sort(compute.to_numpy(float))[: max(FEWEST_SMALL, -(-len(compute) // 2))]
    return float(np.exp(np.log(smallest).mean()))


def _is_normal(prior: Prior) -> bool:
    return prior.dist in TO_NORMAL and not prior.nested


def _widened(prior: Prior) -> dict[str, Any]:
    mu, sigma = normal_moments(prior)
    return {"dist": prior.dist, "mu": mu, "sigma": WIDENING * sigma}


def _demand_ladders(tables: Mapping[str, pd.DataFrame]) -> None:
    for name, runs in tables.items():
        if (scales := runs["compute"].nunique()) < FEWEST_RUNS:
            raise DataError(
                f"ladder {name!r}: {scales} distinct computes; {FEWEST_RUNS} or more say something "
                "of a law. Leave the ladder out."
            )
        if "source" in runs and len(runs["source"].unique()) > 1:
            raise DataError(f"ladder {name!r}: its runs name several sources; a ladder has one.")
    if len(tables) < FEWEST_LADDERS:
        raise DataError(
            f"ladders: {len(tables)} is not a population; give two or more, told apart by a column "
            "ladder or family."
        )
