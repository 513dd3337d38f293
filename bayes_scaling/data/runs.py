"""Tables of runs, from whatever people have on disk."""

from collections.abc import Mapping, Sequence

import pandas as pd

from bayes_scaling.data.attempts import settle_attempts
from bayes_scaling.data.column_names import plain_word, read_loss_name
from bayes_scaling.data.configurations import KEEPERS, demand_keep
from bayes_scaling.data.logs import summarise_logs
from bayes_scaling.data.loss_checks import stated_units
from bayes_scaling.data.mapping import (
    demand_columns,
    map_columns,
    read_losses,
    state_metric,
    state_unit,
)
from bayes_scaling.data.notices import RunsWarning, readings_of, warn_of_readings, warn_of_runs
from bayes_scaling.data.readers import LOGS, find_format, read_file
from bayes_scaling.data.readers.trainer_state import latest
from bayes_scaling.data.scaled import check_along, own_columns
from bayes_scaling.data.sources import Found, Source, find_files, name_source, received
from bayes_scaling.data.tables import COLUMNS, check_runs
from bayes_scaling.errors import DataError

KNOWN = (*COLUMNS, "metric", "recipe", "width", "learning_rate")


def read_runs(
    source: pd.DataFrame | Source,
    *,
    columns: Mapping[str, str] | None = None,
    compute: Mapping[str, object] | None = None,
    steps: Mapping[str, object] | None = None,
    metric: str | None = None,
    loss_unit: str | None = None,
    keep: str = "all",
    along: str | None = None,
) -> pd.DataFrame:
    """Read runs into a checked table, a row a run.

    Parameters
    ----------
    source : DataFrame, str, Path, list of them, or mapping of run to path
        A table, or the path or glob of text tables (CSV, or between semicolons or tabs, with
        comments after # or decimal commas), parquet, JSON lines (or JSON records), Hugging Face
        ``trainer_state.json``, or CSV exports of a Weights & Biases or TensorBoard chart; any of
        them packed as ``.gz``, and ``"-"`` for standard input. Of several checkpoints of a run the
        last is read. In a path ``{run}`` and ``{family}`` stand for any text, and name the runs:
        ``"sweep/{run}/seed0/trainer_state.json"``.
    columns : mapping of str to str, optional
        From the table's names to ours, such as ``{"final_loss": "loss"}``. A column that
        already has the name is replaced. What the user's name says is honoured, and said in a
        warning: ``"FLOPs (1e21)"``, ``"params_b"``, ``"Compute [PF-days]"`` and ``"log10 FLOPs"``
        are brought to FLOP or a plain count, ``"perplexity"`` to its logarithm, and
        ``"val/bpb"`` states the unit. Where values contradict the name, the table is refused.
    compute : mapping of str to number or str, optional
        For logs: the compute of each run, FLOP or text. Needed for Weights & Biases and
        TensorBoard; wins over the ``total_flos`` of a ``trainer_state.json``.
    steps : mapping of str to number, optional
        For logs: how many steps each run was to take. A run whose log ends more than 1 %
        before that is unfinished. Without it, ``global_step < max_steps`` says so for a
        ``trainer_state.json``, and otherwise a log that ends more than 10 % of the steps
        before that of a cheaper run.
    metric : str, optional
        For tables: what all losses are, ``"cross_entropy"``, ``"error_rate"`` or ``"other"``; by
        default what a column ``metric`` or ``loss_unit``, or the name of the column, says. A model
        states what its priors were made for, and a forecast says where the two differ. For logs:
        the metric that is the loss, where there are several. By default a ``trainer_state.json``
        gives ``eval_loss`` if the runs have it, otherwise ``loss``. Its name is honoured as that of
        a column is.
    loss_unit : str, optional
        The unit of all losses, such as ``"nats per token"``, where neither the table nor a name
        says it. It is stated wherever losses are shown; nothing is converted, but that of a
        ``"perplexity"`` the logarithm is taken.
    keep : {"all", "best"}
        ``"best"`` keeps, of the finished runs at one compute (within 2 %), the one with the lowest
        loss: of several configurations, not of replicates.
    along : str, optional
        The column that runs are ordered along instead of compute, such as ``examples``: positive
        amounts, as numbers or text. The table needs no compute then.

    Returns
    -------
    DataFrame
        As `check_runs` describes it. From logs come also ``finished``, ``metric`` and
        ``last_step``, and the loss is the last in time, by the wall time where the log has it;
        unfinished runs stay in the table. A column ``State`` (finished, crashed, failed, killed,
        running) says which runs finished; a broken attempt beside its retry is left out.

    Raises
    ------
    DataError
        If there is no such file, it is empty or no table, a column's name contradicts its
        values or ``loss_unit``, two metrics are said, or the table is not fit for use (see
        `check_runs`).

    Warns
    -----
    RunsWarning
        If runs are unfinished, or look it, a log's steps go back or its values are means of
        groups, attempts or runs were left out, or a column was read as its name says.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"flops": ["3e18", "0.1 PF-days"], "loss": [2.61, 2.35]})
    >>> read_runs(table, columns={"flops": "compute"})
         run       compute compute_from  loss
    0  run 1  3.000000e+18        given  2.61
    1  run 2  8.640000e+18        given  2.35
    """
    demand_columns(columns)
    demand_keep(keep)

    def check(table: pd.DataFrame) -> pd.DataFrame:
        return check_along(table, along, lambda own: KEEPERS[keep](check_runs(own)))

    options = {"compute": compute, "steps": steps}
    if isinstance(source, pd.DataFrame):
        _refuse_log_options(options)
        checked = check(_named(source, columns, loss_unit, metric, along))
        return _warned(checked, "")
    with received(source) as place:
        raw, formats = _read_files(find_files(place, "runs"), columns)
        try:
            if formats & LOGS:
                defaults = ("eval_loss", "loss") if formats == {"trainer_state"} else ()
                raw = summarise_logs(
                    raw, compute=compute, steps=steps, metric=metric, defaults=defaults
                )
                raw, metric = read_losses(raw, str(raw["metric"].iloc[0])), None
            else:
                _refuse_log_options(options)
            checked = check(_named(raw, columns, loss_unit, metric, along))
        except DataError as error:
            raise DataError(f"{name_source(place)}: {error}") from error
    guessed = steps is None and not formats <= {"trainer_state"} and bool(formats & LOGS)
    hint = " (their logs end well before a cheaper run's: steps={run: planned} settles it)"
    return _warned(checked, hint if guessed else "")


def _named(
    raw: pd.DataFrame,
    columns: Mapping[str, str] | None,
    loss_unit: str | None,
    metric: str | None,
    along: str | None,
) -> pd.DataFrame:
    """Give columns our names, and the losses their unit; say what they are."""
    if metric is not None:
        if "metric" in (columns or {}).values():
            raise DataError("metric: columns= maps a column to it too; leave one of the two out.")
        raw = state_metric(raw, metric)
    mapped = settle_attempts(map_columns(raw, columns, (*KNOWN, *own_columns(along))))
    if loss_unit is None:
        return mapped
    if not isinstance(loss_unit, str) or not loss_unit.strip():
        raise DataError(f"loss_unit: expected text such as 'nats per token', got {loss_unit!r}.")
    if "loss" not in mapped:  # which check_runs says best
        return mapped
    if read_loss_name(loss_unit).is_perplexity:
        if "perplexity" in {topic for topic, _, _ in readings_of(mapped)}:
            return mapped
        if not stated_units(mapped):
            return read_losses(mapped, loss_unit)
    return state_unit(mapped, loss_unit.strip())


def _read_files(
    files: Sequence[Found], columns: Mapping[str, str] | None
) -> tuple[pd.DataFrame, set[str]]:
    formats = {one.path: find_format(one.path) for one in files}
    kinds = set(formats.values())
    if kinds & LOGS and kinds - LOGS:
        raise DataError(
            f"{', '.join(one.path.name for one in files[:3])} are both tables and logs of training "
            f"({', '.join(sorted(kinds))}); read one kind, or bring all into one table first."
        )
    if len(files) > 1:
        states = [one.path for one in files if formats[one.path] == "trainer_state"]
        kept = {*latest(states)}
        files = [one for one in files if one.path not in states or one.path in kept]
    names = {their for their, our in (columns or {}).items() if our in ("run", "family")}
    tables = [
        _with_names(read_file(one.path, text={"run", "family", *names})[1], one, columns)
        for one in files
    ]
    return pd.concat(tables, ignore_index=True), kinds


def _with_names(
    table: pd.DataFrame, found: Found, columns: Mapping[str, str] | None
) -> pd.DataFrame:
    """Give rows the names that the path of their file has."""
    if not found.names:
        return table
    ours = {(columns or {}).get(str(name), plain_word(name)) for name in table.columns}
    is_log = "metric" in table and "last_step" in table
    twice = [name for name in found.names if name in ours and not (is_log and name == "run")]
    several = is_log and len(table["run"].unique()) > 1
    if twice or several:
        what = "several runs" if several else f"a column {twice[0]} of its own"
        raise DataError(
            f"{found.path} has {what}; write * in the path in the place of "
            f"{{{'run' if several else twice[0]}}}."
        )
    return table.assign(**found.names)


def _refuse_log_options(options: Mapping[str, object]) -> None:
    for name, value in options.items():
        if value is not None:
            raise DataError(
                f"{name}= goes with logs of training (trainer_state.json, Weights & Biases, "
                "TensorBoard); a table says such things in its columns."
            )


def _warned(checked: pd.DataFrame, hint: str) -> pd.DataFrame:
    warn_of_readings(checked, RunsWarning)
    if "finished" in checked and not checked["finished"].all():
        names = ", ".join(repr(run) for run in checked["run"][~checked["finished"]])
        verb = "look unfinished" if hint else "are unfinished"
        warn_of_runs(
            f"these runs {verb}: {names}{hint}; they stay in the table with finished = False."
        )
    return checked
