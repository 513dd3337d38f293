"""Tables of scores, from whatever people have on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.data.by_run import attach_compute
from bayes_scaling.data.mapping import demand_columns, map_columns
from bayes_scaling.data.notices import RunsWarning, warn_of_readings
from bayes_scaling.data.readers import find_format, read_file
from bayes_scaling.data.readers.json_records import parse_json
from bayes_scaling.data.readers.lm_eval_results import is_lm_eval_results, read_lm_eval_results
from bayes_scaling.data.readers.text import plain_suffix
from bayes_scaling.data.scaled import check_along, own_columns
from bayes_scaling.data.score_tables import COLUMNS, check_scores
from bayes_scaling.data.sources import Source, find_files, name_source, received
from bayes_scaling.errors import DataError

KNOWN = (*COLUMNS, "width", "recipe", "loss", "loss_unit")
NAMES = ("run", "family", "task")
TABLES = frozenset({"csv", "parquet", "json lines", "json"})


def read_scores(
    source: pd.DataFrame | Source,
    *,
    columns: Mapping[str, str] | None = None,
    compute: Any = None,
    metric: str | None = None,
    along: str | None = None,
) -> pd.DataFrame:
    """Read scores into a checked table, a row a run and task.

    Parameters
    ----------
    source : DataFrame, str, Path, list of them, or mapping of run to path
        A table, or the path or glob of text tables, parquet or JSON lines, or of the averages that
        lm-evaluation-harness writes, ``results_*.json``. In a path ``{run}`` and ``{family}`` stand
        for any text, and name the runs.
    columns : mapping of str to str, optional
        For tables: from their names to ours, such as ``{"accuracy": "score"}``.
    compute : mapping of run to FLOP or text, str, Path or DataFrame, optional
        The compute of each run, where the table has none, as for `read_passes`.
    metric : str, optional
        For lm-evaluation-harness: the metric that is the score; by default ``acc``, or else
        ``exact_match`` and its kin.
    along : str, optional
        The column that runs are ordered along instead of compute, such as ``examples``: positive
        amounts, as numbers or text. The table needs no compute then.

    Returns
    -------
    DataFrame
        As `check_scores` describes it.

    Raises
    ------
    DataError
        If there is no such file, it is no such table, or a run has no compute.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"model": ["S", "M", "L"], "accuracy": [0.52, 0.6, 0.71],
    ...                       "n_items": 500, "compute": [1e19, 1e20, 1e21]})
    >>> names = {"model": "run", "accuracy": "score"}
    >>> read_scores(table, columns=names)["n_correct"].tolist()
    [260, 300, 355]
    """
    demand_columns(columns)
    if isinstance(source, pd.DataFrame):
        if metric is not None:
            raise DataError("metric: a table has one score; leave metric= away.")
        mapped = map_columns(source, columns, (*KNOWN, *own_columns(along)))
        checked = check_along(attach_compute(mapped, compute), along, check_scores)
        return warn_of_readings(checked, RunsWarning)
    with received(source) as place:
        parts = []
        for one in find_files(place, "scores"):
            table = _read_one(one.path, columns, metric, along)
            parts.append(table.assign(**one.names))
        try:
            joined = attach_compute(pd.concat(parts, ignore_index=True), compute)
            checked = check_along(joined, along, check_scores)
        except DataError as error:
            raise DataError(f"{name_source(place)}: {error}") from error
    return warn_of_readings(checked, RunsWarning)


def _read_one(
    path: Path, columns: Mapping[str, str] | None, metric: str | None, along: str | None
) -> pd.DataFrame:
    if plain_suffix(path) == ".json" and is_lm_eval_results(parse_json(path)):
        if columns:
            raise DataError(f"columns: {path} has no columns to map; leave columns= away.")
        folder = path.absolute().parent.name
        return read_lm_eval_results(path, metric).assign(run=folder)
    form = find_format(path)
    if form not in TABLES:
        raise DataError(
            f"{path} ({form}) holds no scores; give a table with n_correct and n_items, or the "
            "results_*.json of lm-evaluation-harness."
        )
    if metric is not None:
        raise DataError(f"metric: {path} is a table, which has one score; leave metric= away.")
    theirs = {name for name, ours in (columns or {}).items() if ours in NAMES}
    known = (*KNOWN, *own_columns(along))
    return map_columns(read_file(path, text={*NAMES, *theirs})[1], columns, known)
