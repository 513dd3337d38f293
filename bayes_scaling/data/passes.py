"""Tables of pass counts, from whatever people have on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bayes_scaling.data.by_run import Computes, attach_compute
from bayes_scaling.data.cells import find_twice
from bayes_scaling.data.column_names import plain_word
from bayes_scaling.data.graded_samples import count_samples
from bayes_scaling.data.mapping import demand_columns, map_columns
from bayes_scaling.data.notices import READINGS, PassesWarning, readings_of, warn_of_readings
from bayes_scaling.data.pass_tables import COLUMNS, check_passes, unit_keys
from bayes_scaling.data.readers import LOGS, SAMPLE_LOGS, find_format, read_file
from bayes_scaling.data.readers.big_code import read_big_code
from bayes_scaling.data.readers.evalplus import read_evalplus
from bayes_scaling.data.readers.human_eval import read_human_eval
from bayes_scaling.data.readers.inspect_logs import read_inspect
from bayes_scaling.data.readers.lm_eval import read_lm_eval
from bayes_scaling.data.scaled import check_along, own_columns
from bayes_scaling.data.sources import Found, Source, find_files, name_run, received
from bayes_scaling.errors import DataError

NAMES = ("run", "family", "problem", "benchmark", "bucket")
KNOWN = (*COLUMNS, "level")
TABLES = frozenset({"csv", "parquet", "json", "json lines"})
A_TABLE = frozenset({"a DataFrame"})
# Which formats an option is for.
OPTIONS = {
    "tests": frozenset({"EvalPlus"}),
    "filter": frozenset({"lm-evaluation-harness"}),
    "metric": frozenset({"lm-evaluation-harness", "inspect-ai"}) | TABLES,
    "columns": TABLES,
}


def read_passes(
    source: pd.DataFrame | Source,
    *,
    columns: Mapping[str, str] | None = None,
    compute: Computes | None = None,
    tests: str | None = None,
    filter: str | None = None,
    metric: str | None = None,
    along: str | None = None,
) -> pd.DataFrame:
    """Read pass counts into a checked table, a row for every run and problem.

    Parameters
    ----------
    source : DataFrame, str, Path, list of them, or mapping of run to path
        A table; or paths or globs of tables (CSV and its kin, parquet, JSON lines, JSON records;
        ``.gz`` too) and of results of samples: human-eval (``*_results.jsonl``), EvalPlus
        (``*eval_results.json``, either layout), BigCodeBench, LiveCodeBench (``*_eval_all.json``),
        lm-evaluation-harness (``samples_*.jsonl``) or inspect-ai (``.eval``, ``.json``; needs
        ``bayes-scaling[inspect]``). The content tells which. A table may hold grades in the place
        of counts: a list of true and false for each problem, or a row a sample. ``"-"`` is standard
        input. In a path ``{run}`` and ``{family}`` stand for any text and name the runs:
        ``"out/{run}/samples_*.jsonl"``. A file that doesn't name its run is named so, or by the
        mapping; or else after its folder if it is of lm-evaluation-harness or has a name that tools
        give to all ('samples', 'results'), and after itself otherwise.
    columns : mapping of str to str, optional
        For tables: from their names to ours, such as ``{"task_id": "problem"}``. A column that
        already has the name is replaced. Units that their names of compute, params and tokens give
        are honoured, as `read_runs` does.
    compute : mapping of run to FLOP or text, str, Path or DataFrame, optional
        The compute of each run, where the table has no such column. A table (or its path, such as
        that of the runs' losses) has the columns ``run`` and ``compute``, or ``run``, ``params``
        and ``tokens`` (then compute is 6 x params x tokens), and perhaps ``family``.
    tests : {'plus', 'base'}, optional
        For EvalPlus: which tests a sample must pass; by default plus, which includes base.
    filter : str, optional
        For lm-evaluation-harness: the filter whose answers count, where there are several. Files
        of early 2024 don't name their filters; there it is the number of a block, by default 1.
    metric : str, optional
        For lm-evaluation-harness: the metric that counts. By default pass@k of the smallest k, from
        which the number of right samples is recovered, or else the only metric that is 0 or 1
        everywhere (one sample a problem). For inspect-ai: the scorer, where there are several. For
        tables: the column that holds the grades of samples.
    along : str, optional
        The column that runs are ordered along instead of compute, such as ``examples``: positive
        amounts, as numbers or text. The table needs no compute then.

    Returns
    -------
    DataFrame
        As `check_passes` describes it. Epochs of inspect-ai are samples; its tasks, and those of
        lm-evaluation-harness, are benchmarks, and its ``doc_id`` is the problem.

    Raises
    ------
    DataError
        If there is no such file, it is empty or broken (the message names the file and line), an
        option is for another format, a run has no compute, a run and problem are there twice, or
        the table is not fit for use (see `check_passes`).

    Warns
    -----
    PassesWarning
        If samples without a score are left out, or pass@k leaves the number of right samples open:
        pass@2 is 1 for n and for n - 1 right of n. If a column was read as its name says.

    Examples
    --------
    >>> table = pd.DataFrame({"run": ["1B", "1B"], "task_id": ["HumanEval/0", "HumanEval/1"],
    ...                       "n_samples": 200, "n_correct": [31, 0]})
    >>> passes = read_passes(table, columns={"task_id": "problem"}, compute={"1B": "1.8 ZFLOP"})
    >>> passes[["run", "compute", "problem", "n_samples", "n_correct"]]
      run       compute      problem  n_samples  n_correct
    0  1B  1.800000e+21  HumanEval/0        200         31
    1  1B  1.800000e+21  HumanEval/1        200          0
    """
    demand_columns(columns)
    options = {"tests": tests, "filter": filter, "metric": metric}
    if isinstance(source, pd.DataFrame):
        _refuse_options(options, {"a DataFrame"})
        counted = count_samples(source, columns, metric)
        mapped = map_columns(counted, columns, (*KNOWN, *own_columns(along)))
        passes = check_along(attach_compute(mapped, compute), along, check_passes)
        return warn_of_readings(passes, PassesWarning)
    with received(source) as place:
        files = find_files(place, "passes")
        formats = [find_format(one.path) for one in files]
        _refuse_options({**options, "columns": columns}, set(formats))
        tables = []
        for one, form in zip(files, formats, strict=True):
            if form in LOGS:
                raise DataError(f"{one.path} is a log of training ({form}); read_runs reads it.")
            if form in SAMPLE_LOGS:
                raw = _read_samples(one.path, form, options)
            else:
                raw = _read_table(one.path, columns, metric, along)
            try:
                named = _name_run(raw, one, form)
                tables.append(check_along(attach_compute(named, compute), along, check_passes))
            except DataError as error:
                raise DataError(f"{one.path}: {error}") from error
        joined = _join([one.path for one in files], tables, along)
    return warn_of_readings(joined, PassesWarning)


def _refuse_options(options: Mapping[str, object], formats: set[str]) -> None:
    for name, value in options.items():
        allowed = OPTIONS[name] | (A_TABLE if OPTIONS[name] >= TABLES else frozenset())
        if value is not None and not allowed & formats:
            raise DataError(
                f"{name}= goes with {' or '.join(sorted(OPTIONS[name]))}, got "
                f"{' and '.join(sorted(formats))}; leave it out."
            )


def _read_samples(path: Path, form: str, options: Mapping[str, str | None]) -> pd.DataFrame:
    if form == "human-eval":
        return read_human_eval(path)
    if form == "EvalPlus":
        return read_evalplus(path, options["tests"])
    if form == "BigCodeBench":
        return read_big_code(path)
    if form == "inspect-ai":
        return read_inspect(path, options["metric"])
    return read_lm_eval(path, options["filter"], options["metric"])


def _read_table(
    path: Path, columns: Mapping[str, str] | None, metric: str | None, along: str | None
) -> pd.DataFrame:
    theirs = {name for name, ours in (columns or {}).items() if ours in NAMES}
    raw = read_file(path, text={*NAMES, *theirs})[1]
    try:
        return map_columns(
            count_samples(raw, columns, metric), columns, (*KNOWN, *own_columns(along))
        )
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _name_run(table: pd.DataFrame, found: Found, form: str) -> pd.DataFrame:
    has_run = any(plain_word(name) == "run" for name in table.columns)
    if found.run is not None and has_run and form not in SAMPLE_LOGS:
        raise DataError(
            f"the table has a column run of its own; give its path without the name {found.run!r}."
        )
    names = found.names
    if "run" not in names and not has_run:
        folder = found.path.absolute().parent.name
        names["run"] = folder if form == "lm-evaluation-harness" else name_run(found.path)
    return table.assign(**names)


def _join(paths: Sequence[Path], tables: Sequence[pd.DataFrame], along: str | None) -> pd.DataFrame:
    if len(tables) == 1:
        return tables[0]
    joined = pd.concat(tables, ignore_index=True)
    said = [one for table in tables for one in readings_of(table)]
    joined.attrs = {READINGS: list(dict.fromkeys(said))} if said else {}
    keys = joined[unit_keys(joined)]
    if twice := find_twice(keys):
        first, second = twice
        file_of = [
            path for path, table in zip(paths, tables, strict=True) for _ in range(len(table))
        ]
        raise DataError(
            f"run {keys['run'].iloc[second]!r}, problem {keys['problem'].iloc[second]!r} is in "
            f"{file_of[first]} and in {file_of[second]}; a run and problem have one row. If these "
            "are two runs, name them: {'first': path, 'second': path}, or write {run} for the "
            "part of the path that names them."
        )
    return check_along(joined, along, check_passes)
