"""Rolling-origin backtests: fit the small runs of a ladder, forecast the larger ones, score."""

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed

from bayes_scaling.data import table_hash
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.evaluation.baselines import baseline_forecast, demand_baseline
from bayes_scaling.evaluation.pass_backtesting import score_counts
from bayes_scaling.evaluation.resuming import Key, Rows, open_journal
from bayes_scaling.evaluation.scoring import (
    INTERVALS,
    LEVELS,
    SCORES,
    Predictive,
    predictive_of,
    score_targets,
    summarise,
)
from bayes_scaling.evaluation.splitting import (
    Skip,
    Split,
    check_cutoffs,
    check_horizon,
    find_ladders,
    split_ladders,
)
from bayes_scaling.evaluation.sweeps import refuse_sweeps
from bayes_scaling.evaluation.workers import demand_jobs, spread
from bayes_scaling.forecasting import predict
from bayes_scaling.forecasting.quantities import QUANTITIES
from bayes_scaling.inference.designing import design_of
from bayes_scaling.inference.fitting import check_seed, demand_options, fit_runs
from bayes_scaling.inference.ladder_numbers import take_numbers
from bayes_scaling.inference.nuts import Progress
from bayes_scaling.responses import LOSSES, RESPONSES
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import Spec, parse_spec

PLACE = ("ladder", "family", "source", "cutoff", "compute", "distance")
COLUMNS = (*PLACE, "truth", *LEVELS, *SCORES, *INTERVALS, "converged")
SETTINGS: Mapping[str, Any] = {"draws": 500, "tune": 500}


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts of runs whose loss or counts are known, with their scores.

    Attributes
    ----------
    model : str
        Name of the model or baseline that was judged.
    forecasts : DataFrame
        A row a forecast run: ``ladder, family, source`` (if given), ``cutoff`` (FLOP), ``compute``,
        ``distance`` (decades beyond the last fitted run), ``truth, median, q05, q10, q25, q75, q90,
        q95`` (losses, or of counts shares of right samples), ``crps, log_score, interval_score,
        pit`` (of log loss, or of the share; smaller scores are better), ``covered_50, covered_80,
        covered_90, converged``. Of counts the log score is the mean over problems of minus the log
        predictive probability of the count.
    skipped : DataFrame
        Columns ``ladder, cutoff, why``: what could not be judged.
    response : str
        What was forecast: ``loss`` or ``passes``.
    """

    model: str
    forecasts: pd.DataFrame
    skipped: pd.DataFrame
    response: str = LOSSES.name

    def summary(self, by: str | None = None) -> pd.DataFrame:
        """Average the scores.

        Parameters
        ----------
        by : {"distance", "family", "source", "ladder"}, optional
            Average in groups; the distance in bins, in decades.

        Returns
        -------
        DataFrame
            Columns ``n, coverage_50, coverage_80, coverage_90``; ``coverage_90_low,
            coverage_90_high``, a 90 % interval for the last by a bootstrap over sources (over
            ladders where no source is given), NaN where there is only one; ``crps, log_score,
            median_abs_error`` of log loss, or of the share; ``not_converged``, how many forecasts
            rest on a fit that did not converge. One NaN among the scores makes their average NaN.

        Raises
        ------
        BayesScalingError
            If the group isn't known, or nothing could be forecast.
        """
        if self.forecasts.empty:
            raise BayesScalingError(
                f"there is no forecast to average: {len(self.skipped)} cutoffs were skipped, and "
                "backtest.skipped says why."
            )
        return summarise(self.forecasts, by, on_log=self.on_log)

    @property
    def on_log(self) -> bool:
        """Whether errors are of the logarithm: of losses, not of shares, which may be 0."""
        own = QUANTITIES[self.response]
        return own.find(own.main, 1).scale == "log"


def backtest(
    model: str | Path | Spec | None,
    data: pd.DataFrame | str | Path,
    *,
    cutoffs: Sequence[Any] | None = None,
    horizon: float | None = None,
    random_seed: int,
    baseline: str | None = None,
    jobs: int = 1,
    save: str | Path | None = None,
    progress: Progress | None = None,
    fit_options: Mapping[str, Any] | None = None,
) -> Backtest:
    """Fit the small runs of every ladder, forecast its larger ones, and score the forecasts.

    Parameters
    ----------
    model : str, Path or Spec
        May be None where a baseline takes its place.
    data : DataFrame, str or Path
        Runs of one or more ladders, or counts for a model of passes, told apart by a column
        ``ladder``, else by ``family``. A model
        of one ladder is fitted to each alone. For a model that pools families, only a column
        ``ladder`` tells apart what is fitted together. A column ``source`` says which ladders have
        one origin.
    cutoffs : sequence of float or str, optional
        Computes; at each, the runs up to and at it are fitted. By default the compute of the k-th
        smallest of n runs, for k = 4, 5, (n + 4) // 2 and n - 2, where k is at least 4 and below n.
        Runs of one compute are never parted.
    horizon : float, optional
        Forecast only runs at most this many decades beyond the last fitted one.
    random_seed : int
        Each ladder and cutoff has a seed of its own, made from this one and their names, so neither
        their order nor the number of jobs matters.
    baseline : {"huber_bootstrap", "last_value", "power_law"}, optional
        Judge this instead of the model; see `baseline_forecast`.
    jobs : int
        Worker processes, each of which compiles a model once. To move the work to a cluster, wrap
        the call in ``joblib.parallel_config(backend="dask")``.
    save : str or Path, optional
        A JSON-lines file to which each finished cutoff is appended. If it holds part of the same
        backtest, only the rest is done.
    progress : callable, optional
        Called with cutoffs done and cutoffs to do.
    fit_options : mapping, optional
        Passed to `fit`, as ``{"draws": 1000}``; by default each of the four chains has 500 draws
        after as many of tuning, enough for scores.

    Returns
    -------
    Backtest

    Raises
    ------
    BayesScalingError
        If there is no backtest of the model's response.
    DataError
        If the table, the cutoffs, the horizon or the baseline are not what is needed.
    OutputError
        If ``save`` can't be written, or holds another backtest.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> runs = bs.example("cerebras_gpt")
    >>> result = bs.backtest("loss", runs, baseline="power_law", random_seed=1)
    >>> result.summary()["n"].item()
    5
    >>> result.forecasts.query("cutoff == 1.1e21")["compute"].tolist()
    [6.3e+21, 2.3e+22]
    """
    spec, name = _judged(model, baseline)
    check_seed(random_seed)
    check_horizon(horizon)
    demand_jobs(jobs)
    pooled = spec is not None and "family" in spec.groups
    response = LOSSES if spec is None else RESPONSES[spec.response]
    ladders = find_ladders(data, pooled=pooled, response=response)
    runs = {name: _runs_of(table) for name, table in ladders.items()}
    splits, skips = split_ladders(runs, check_cutoffs(cutoffs), horizon)
    if spec is not None and response.rows == "runs":
        splits, refused = _take_fittable(spec, splits)
        skips = [*skips, *refused]
    options = {**SETTINGS, **(fit_options or {})}
    demand_options(options, random_seed)
    text = None if spec is None else spec.text
    header = {
        "model": _hash([name, text]),
        "data": table_hash(pd.concat([t.assign(ladder=n) for n, t in ladders.items()])),
        "random_seed": int(random_seed),
        "horizon": horizon,
        "fit_options": _hash(options),
        "version": version("bayes-scaling"),
    }
    with open_journal(None if save is None else Path(save), header) as journal:
        done = dict(journal.done)
        todo = [split for split in splits if (split.ladder, split.cutoff) not in done]
        calls = (
            delayed(_forecast_split)(
                split, ladders[split.ladder], name, text, _seed(random_seed, split), options
            )
            for split in todo
        )
        results = spread(calls, jobs)
        for number, (key, rows) in enumerate(results, start=len(splits) - len(todo) + 1):
            journal.append(key, rows)
            done[key] = rows
            if progress:
                progress(number, len(splits))
    wanted = [row for split in splits for row in done[split.ladder, split.cutoff]]
    with_source = any("source" in table for table in ladders.values())
    columns = [column for column in COLUMNS if column != "source" or with_source]
    skipped = pd.DataFrame([vars(skip) for skip in skips], columns=["ladder", "cutoff", "why"])
    return Backtest(name, pd.DataFrame(wanted, columns=columns), skipped, response.name)


def _runs_of(table: pd.DataFrame) -> pd.DataFrame:
    """Take a row a run from a table, which has a row a run or a row a problem and run."""
    keys = [name for name in ("family", "run") if name in table]
    return table.drop_duplicates(keys) if keys and "n_samples" in table else table


def _take_fittable(spec: Spec, splits: Sequence[Split]) -> tuple[list[Split], list[Skip]]:
    """Take the cutoffs whose runs the model can be fitted to; where there is none, say why not."""
    taken: list[Split] = []
    refusals: list[tuple[Split, DataError]] = []
    for split in splits:
        try:
            design_of(take_numbers(spec, split.fitted)[0], split.fitted)
            taken.append(split)
        except DataError as error:
            refusals.append((split, error))
    if refusals and not taken:
        raise refusals[-1][1]
    return taken, [Skip(split.ladder, split.cutoff, str(error)) for split, error in refusals]


def _judged(model: str | Path | Spec | None, baseline: str | None) -> tuple[Spec | None, str]:
    """Return what is judged: a spec with its name, or a baseline's name alone."""
    if baseline is not None:
        demand_baseline(baseline)
        return None, baseline
    if model is None:
        raise BayesScalingError("model: give a model, or a baseline.")
    spec = load_model(model)
    RESPONSES[spec.response].demand("backtest", spec.name)
    refuse_sweeps(spec, "backtest")
    return spec, spec.name


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _seed(random_seed: int, split: Split) -> int:
    place = zlib.crc32(f"{split.ladder} {split.cutoff!r}".encode())
    return int(np.random.SeedSequence([random_seed, place]).generate_state(1)[0])


def _forecast_split(
    split: Split,
    whole: pd.DataFrame,
    name: str,
    text: str | None,
    seed: int,
    options: Mapping[str, Any],
) -> tuple[Key, Rows]:
    """Fit and score one cutoff of one ladder; a spec travels to a worker as text."""
    spec = None if text is None else parse_spec(text, name=name)
    if spec is None:
        scored = _scored(
            baseline_forecast(name, split.fitted, split.targets, seed), split.targets["loss"]
        )
    else:
        scored = SCORERS[spec.response](spec, split, whole, seed, options)
    table = scored.assign(ladder=split.ladder, cutoff=split.cutoff)
    if "source" in split.targets:
        table["source"] = split.targets["source"].astype(str).to_numpy()
    rows: Rows = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    return (split.ladder, split.cutoff), rows


def _scored(predictive: Predictive, truth: "pd.Series[float]") -> pd.DataFrame:
    scores = score_targets(predictive, np.asarray(truth, dtype=float))
    table = pd.concat([predictive.targets, scores], axis=1)
    return table.assign(converged=predictive.converged)


def _score_losses(
    spec: Spec,
    split: Split,
    whole: pd.DataFrame,  # noqa: ARG001 - a row a run has its loss
    seed: int,
    options: Mapping[str, Any],
) -> pd.DataFrame:
    fitted = fit_runs(spec, split.fitted, random_seed=seed, **options)
    forecast = predict(fitted, split.targets, far=True)
    return _scored(predictive_of(forecast), split.targets[spec.response])


def _score_counts(
    spec: Spec, split: Split, whole: pd.DataFrame, seed: int, options: Mapping[str, Any]
) -> pd.DataFrame:
    fitted, later = (
        whole[whole["run"].isin(runs["run"])].reset_index(drop=True)
        for runs in (split.fitted, split.targets)
    )
    targets = split.targets.reset_index(drop=True)
    return score_counts(spec, fitted, targets, later, seed, options)


# Responses without an entry say in what they lack why there is none.
SCORERS: Mapping[str, Callable[..., pd.DataFrame]] = {
    "loss": _score_losses,
    "passes": _score_counts,
}
