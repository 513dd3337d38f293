"""From the logs of training to a row a run: which loss, what compute, and is it finished."""

import re
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from bayes_scaling.data.compute import parse_compute, parse_count
from bayes_scaling.errors import DataError, suggest

# Loggers count from 0 and skip steps, so the last step they hold is a little below the plan.
STEP_TOLERANCE = 0.01
SHORT_LOG = 0.9


def summarise_logs(
    logs: pd.DataFrame,
    *,
    compute: Mapping[str, object] | None,
    steps: Mapping[str, object] | None,
    metric: str | None,
    defaults: Sequence[str] = (),
) -> pd.DataFrame:
    """Take the last loss of each run, and give it its compute.

    Parameters
    ----------
    logs : DataFrame
        A row for every run and metric: run, metric, last_step, loss, and perhaps compute,
        tokens and planned.
    compute : mapping of run to FLOP or text, optional
        Needed for every run whose log does not know its compute; wins over the log's.
    steps : mapping of run to planned steps, optional
        A run that ends more than 1 % short of its plan is unfinished. Without it, a run whose
        log ends more than 10 % of the steps before a cheaper run's looks unfinished.
    metric : str, optional
        The loss to take; needed where there are several and none of `defaults`.
    defaults : sequence of str
        Metrics to take, the first that is there, where none is asked for.

    Returns
    -------
    DataFrame
        Columns run, compute, compute_from, tokens (where known), loss, finished, metric,
        last_step.

    Raises
    ------
    DataError
        If no metric or no compute can be told, or a run or an entry has no counterpart.
    """
    table = _choose_metric(logs, metric, defaults).reset_index(drop=True)
    runs = table["run"].tolist()
    twice = table["run"][table["run"].duplicated()]
    if len(twice):
        raise DataError(
            f"run {twice.iloc[0]!r} is in the logs more than once; "
            "read one log of each run, and give replicates their own names."
        )
    table = table.assign(**_attach_compute(table, _by_run("compute", compute, runs)))
    if steps is not None:
        plans = _by_run("steps", steps, runs)
        _require_complete([run for run in runs if run not in plans], "steps", "10_000")
        planned = [_entry("steps", run, plans[run], parse_count) for run in runs]
        table["planned"] = [(1 - STEP_TOLERANCE) * plan for plan in planned]
    table["finished"] = _finished(table)
    return table.drop(columns="planned", errors="ignore")


def _choose_metric(logs: pd.DataFrame, metric: str | None, defaults: Sequence[str]) -> pd.DataFrame:
    found = sorted(logs["metric"].unique())
    if metric is None:
        usual = [name for name in defaults if name in found]
        if len(found) > 1 and not usual:
            raise DataError(
                f"the logs hold several metrics: {', '.join(found)}; say which is the loss "
                f"with metric={found[0]!r}."
            )
        metric = usual[0] if usual else found[0]
    elif metric not in found:
        # TensorBoard writes train/loss as train_loss in the names of its files.
        plain = re.sub(r"[^\w.-]", "_", metric)
        if plain not in found:
            raise DataError(f"metric {metric!r} isn't in the logs; {suggest(metric, found)}")
        metric = plain
    chosen = logs[(logs["metric"] == metric) & logs["last_step"].notna()]
    without = sorted(set(logs["run"]) - set(chosen["run"]))
    if without:
        theirs = logs[(logs["run"] == without[0]) & logs["last_step"].notna()]["metric"]
        has = f"it has: {', '.join(sorted(theirs))}" if len(theirs) else "its log is empty"
        raise DataError(
            f"run {without[0]!r} never logged {metric!r} ({has}); leave the run out, or choose "
            "a loss that every run has with metric=."
        )
    return chosen


def _attach_compute(
    table: pd.DataFrame, compute: Mapping[str, object]
) -> dict[str, list[float] | list[str]]:
    runs = table["run"].tolist()
    logged = table["compute"].tolist() if "compute" in table else [float("nan")] * len(table)
    amounts = [
        _entry("compute", run, compute[run], parse_compute) if run in compute else known
        for run, known in zip(runs, logged, strict=True)
    ]
    missing = [run for run, amount in zip(runs, amounts, strict=True) if amount != amount]
    _require_complete(missing, "compute", "'3 ZFLOP'")
    sources = ["given" if run in compute else "total_flos" for run in runs]
    return {"compute": amounts, "compute_from": sources}


def _finished(table: pd.DataFrame) -> list[bool]:
    planned = table["planned"] if "planned" in table else pd.Series(float("nan"), table.index)
    finished = []
    for step, plan, compute in zip(table["last_step"], planned, table["compute"], strict=True):
        cheaper = table["last_step"][table["compute"] < compute]
        wanted = plan if plan == plan else SHORT_LOG * cheaper.max() if len(cheaper) else 0.0
        finished.append(bool(step >= wanted))
    return finished


def _entry(argument: str, run: str, value: object, parse: Callable[[object], float]) -> float:
    try:
        return parse(value)
    except DataError as error:
        raise DataError(f"{argument}[{run!r}]: {error}") from None


def _by_run(
    argument: str, entries: Mapping[str, object] | None, runs: Sequence[str]
) -> dict[str, object]:
    if not isinstance(entries, Mapping | None):
        raise DataError(
            f"{argument} must be a mapping of runs to values, got {type(entries).__name__}."
        )
    named = {str(run): value for run, value in (entries or {}).items()}
    for run in named:
        if run not in runs:
            raise DataError(
                f"{argument} has an entry for run {run!r}, which isn't in the logs; "
                f"{suggest(run, runs)}"
            )
    return named


def _require_complete(missing: Sequence[str], argument: str, value: str) -> None:
    if missing:
        names = ", ".join(repr(run) for run in missing)
        raise DataError(
            f"{argument} has no entry for {names}, and the logs don't say; "
            f"pass {argument}={{{missing[0]!r}: {value}, ...}}."
        )
