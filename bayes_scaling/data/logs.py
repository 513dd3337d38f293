"""From the logs of training to a row a run: which loss, what compute, and is it finished."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from bayes_scaling.data.compute import parse_compute, parse_count
from bayes_scaling.data.notices import Reading, tell
from bayes_scaling.errors import DataError, suggest

# Loggers count from 0 and skip steps, so the last step they hold is a little below the plan.
STEP_TOLERANCE = 0.01
SHORT_LOG = 0.9
OF_LOGS = ("planned", "reached", "back_step", "back_loss", "own_step", "logged", "said")


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
        A row for every run and metric: run, metric, last_step, loss, reached, back_step and
        back_loss, as `last_entry` has them, and perhaps compute, tokens, planned, logged and said.
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
        last_step. Steps that go back, and what else has to be known of a log, are in ``attrs``, as
        `readings_of` lists it.

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
            f"run {twice.iloc[0]!r} is in the logs more than once; read one log of each run, or "
            "write {run} for the part of the path that names it, such as 'logs/{run}/*.csv'."
        )
    table = table.assign(**_attach_compute(table, _by_run("compute", compute, runs)))
    if steps is not None:
        plans = _by_run("steps", steps, runs)
        _require_complete([run for run in runs if run not in plans], "steps", "10_000")
        planned = [_entry("steps", run, plans[run], parse_count) for run in runs]
        _demand_steps(table)
        table["planned"] = [(1 - STEP_TOLERANCE) * plan for plan in planned]
    table["finished"] = _finished(table)
    told = tell(table.drop(columns=[*OF_LOGS], errors="ignore"), _readings(table))
    return told if told["last_step"].notna().any() else told.drop(columns="last_step")


def _readings(table: pd.DataFrame) -> list[Reading]:
    """Say of each run whose steps go back, and pass on what its reader said."""
    found: list[Reading] = []
    for row in table.to_dict("records"):
        if row["back_step"] == row["back_step"]:
            found.append(
                (
                    "steps go back",
                    "loss",
                    f"the steps of run {row['run']!r} go back, as those of a run that was resumed "
                    f"do: the loss is {row['loss']:.6g}, the last in time (step "
                    f"{_last_step(row):g}); at step {row['back_step']:g}, before, it was "
                    f"{row['back_loss']:.6g}.",
                )
            )
        said = row.get("said")
        found += [(topic, "loss", text) for topic, text in said] if isinstance(said, list) else []
    return found


def _last_step(row: Mapping[Hashable, Any]) -> float:
    own = float(row.get("own_step", float("nan")))
    return own if own == own else float(row["last_step"])


def _demand_steps(table: pd.DataFrame) -> None:
    without = table["run"][table["last_step"].isna()].tolist()
    if without:
        raise DataError(
            f"steps: the log of run {without[0]!r} is not by step, so plans say nothing of it; "
            "export the chart by Step, or leave steps out."
        )


def _choose_metric(logs: pd.DataFrame, metric: str | None, defaults: Sequence[str]) -> pd.DataFrame:
    found = sorted(logs["metric"].unique())
    there = logs["logged"].ne(False) if "logged" in logs else logs["metric"].notna()
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
    chosen = logs[(logs["metric"] == metric) & there]
    without = sorted(set(logs["run"]) - set(chosen["run"]))
    if without:
        theirs = logs[(logs["run"] == without[0]) & there]["metric"]
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
    for step, plan, compute in zip(table["reached"], planned, table["compute"], strict=True):
        cheaper = table["reached"][table["compute"] < compute].max()  # NaN of none
        wanted = plan if plan == plan else SHORT_LOG * cheaper
        finished.append(not step < wanted)
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
