"""Learn priors from past ladders: what the next one is expected to be, and how surely."""

import tomllib
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from bayes_scaling.arrays import Array
from bayes_scaling.errors import BayesScalingError, SpecError, suggest
from bayes_scaling.evaluation.ladder_fits import (
    FEWEST_LADDERS,
    WIDENING,
    Ladders,
    fit_ladders,
    normal_moments,
    transferable,
)
from bayes_scaling.evaluation.population import Evidence, next_ladder
from bayes_scaling.evaluation.sweeps import refuse_sweeps
from bayes_scaling.inference.fitting import check_seed
from bayes_scaling.inference.nuts import Progress
from bayes_scaling.responses import RESPONSES
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec, parse_spec
from bayes_scaling.specification.writing import to_toml


def learn_priors(
    ladders: pd.DataFrame | str | Path | Ladders,
    *,
    model: str | Path | Spec = "loss",
    learn: Sequence[str] | None = None,
    without: Iterable[str] = (),
    random_seed: int,
    progress: Progress | None = None,
) -> Spec:
    """Learn a model's priors from past ladders.

    Every ladder is fitted once, under priors twice as wide as the model's. From those fits comes
    the population: how far sources lie from each other, and ladders of a source. The prior that is
    returned has the mean and the standard deviation of the *next source's* ladder, rounded, the
    latter up; so it is wide where the ladders disagree or are few. The model's own prior counts
    for about one source. C0 is the middle of the smaller half of each ladder, where whoever
    forecasts stands.

    Parameters
    ----------
    ladders : DataFrame, str, Path or Ladders
        Runs with a column ``ladder`` (else ``family``) that tells ladders apart, of three runs or
        more. A column ``source`` says which ladders are not independent (one team, one data set);
        without it every ladder is a source. Or what `fit_ladders` returned.
    model : str, Path or Spec
        Model of one ladder, with the priors to start from. Not used for `Ladders`.
    learn : sequence of str, optional
        Parameters whose prior is learned; the others keep the model's. By default the elasticity
        and the floor share, where the law has them. ``sigma`` and ``amplitude`` may be named too,
        but a few runs say little of them: on public ladders left out by source, learned ones
        forecast worse than the model's (``benchmarks/README.md``).
    without : iterable of str
        Sources to leave out, so that what is learned may judge them.
    random_seed : int
    progress : callable, optional
        Called with ladders done and ladders to do.

    Returns
    -------
    Spec
        The model with learned priors, and in ``cite`` a line that says from what. ``spec.text``
        is the TOML to save.

    Raises
    ------
    DataError
        If the table isn't fit for use, has fewer than two ladders, or a ladder is too short.
    SpecError
        If the model pools families, or a prior to learn isn't normal on some scale.
    BayesScalingError
        If a source to leave out isn't there, or leaves fewer than two ladders.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_scaling as bs
    >>> past = pd.concat([bs.example("cerebras_gpt"), bs.example("pythia")])
    >>> spec = bs.learn_priors(past, random_seed=1)
    >>> spec.free["elasticity"].dist
    'LogNormal'
    >>> spec.cite[-1]
    'elasticity, floor_share learned from 2 ladders of 2 sources'
    """
    check_seed(random_seed)
    spec = ladders.spec if isinstance(ladders, Ladders) else load_model(model)
    refuse_sweeps(spec, "learn_priors")
    RESPONSES[spec.response].demand("learn_priors", spec.name, SpecError)
    learn = spec.law.learned if learn is None else learn
    _demand_learnable(spec, learn)
    if not isinstance(ladders, Ladders):
        ladders = fit_ladders(ladders, model=spec, random_seed=random_seed, progress=progress)
    kept = _kept(ladders, frozenset([without] if isinstance(without, str) else without))
    rng = np.random.default_rng([random_seed, zlib.crc32(repr(sorted(set(kept))).encode())])
    evidence = _evidence(ladders, kept, learn)
    start = np.array([normal_moments(ladders.spec.free[name]) for name in learn])
    drawn = next_ladder(evidence, start[:, 0], start[:, 1], rng)
    priors = {
        name: {"dist": ladders.spec.free[name].dist, **_summed_up(values)}
        for name, values in zip(learn, drawn.T, strict=True)
    }
    return _cited(ladders.spec.with_priors(**priors), ladders, kept, learn)


def _demand_learnable(spec: Spec, learn: Sequence[str]) -> None:
    can = transferable(spec)
    if isinstance(learn, str) or not learn:
        raise BayesScalingError(f"learn: expected names of parameters, got {learn!r}.")
    for name in learn:
        if name not in can:
            raise SpecError(
                f"learn: {name!r} is not a parameter of {spec.name} with a Normal, LogNormal or "
                f"LogitNormal prior that means the same on every ladder; {suggest(name, can)}"
            )


def _kept(ladders: Ladders, without: frozenset[str]) -> list[int]:
    for source in sorted(without - set(ladders.sources)):
        raise BayesScalingError(
            f"without: no source {source!r} among the ladders; {suggest(source, ladders.sources)}"
        )
    kept = [row for row, source in enumerate(ladders.sources) if source not in without]
    if len(kept) < FEWEST_LADDERS:
        raise BayesScalingError(
            f"without: leaves {len(kept)} ladders to learn from, and a population needs "
            f"{FEWEST_LADDERS}. With one source only, nothing can be learned that may judge it."
        )
    return kept


def _evidence(ladders: Ladders, kept: Sequence[int], learn: Sequence[str]) -> Evidence:
    """Weigh each ladder's draws: flat for what is learned, the model's prior for the rest."""
    draws = ladders.draws[list(kept)]
    log_weights = np.zeros(draws.shape[:2])
    for column, name in enumerate(ladders.parameters):
        mu, sigma = normal_moments(ladders.spec.free[name])
        log_weights -= stats.norm.logpdf(draws[..., column], mu, WIDENING * sigma)
        if name not in learn:
            log_weights += stats.norm.logpdf(draws[..., column], mu, sigma)
    sources = np.array([ladders.sources[row] for row in kept])
    columns = [ladders.parameters.index(name) for name in learn]
    return Evidence(draws[..., columns], log_weights, np.unique(sources, return_inverse=True)[1])


def _summed_up(values: Array) -> dict[str, float]:
    """Mean and standard deviation in round numbers, the latter rounded up."""
    spread = float(values.std())
    scale = 10.0 ** np.ceil(np.log10(4 / spread))  # steps below a quarter of the spread
    return {
        "mu": float(np.round(values.mean() * scale) / scale),
        "sigma": float(np.ceil(spread * scale) / scale),
    }


def _cited(spec: Spec, ladders: Ladders, kept: Sequence[int], learn: Sequence[str]) -> Spec:
    sources = {ladders.sources[row] for row in kept}
    line = (
        f"{', '.join(learn)} learned from {len(kept)} ladders of {len(sources)} "
        f"source{'s' if len(sources) > 1 else ''}"
    )
    if unsure := sum(not ladders.converged[row] for row in kept):
        line += f"; {unsure} of their fits did not converge"
    table = tomllib.loads(spec.text)
    cited = {"title": table.pop("title"), "cite": [*table.pop("cite", []), line]}
    return parse_spec(to_toml(cited | table), name=spec.name)
