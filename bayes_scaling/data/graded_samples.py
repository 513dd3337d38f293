"""Counts from records that hold each sample's grade: a list of them a problem, or a row a sample.

LiveCodeBench writes ``graded_list``, a list of true and false for each ``question_id``; others call
it ``correct``, ``score`` or ``is_corrects``.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.data.cells import is_missing
from bayes_scaling.data.column_names import plain_word
from bayes_scaling.data.notices import tell
from bayes_scaling.errors import DataError

PROBLEMS = (
    *("problem", "problem_id", "question_id", "task_id", "doc_id", "unique_id", "instance_id"),
    *("qid", "pid", "uid", "id", "idx", "index", "orig_dset_idx", "example_id", "sample_id"),
    *("question", "prompt", "problem_name", "name"),
)
GRADES = (
    *("passed", "correct", "is_correct", "success", "solved", "resolved", "graded", "is_passed"),
    *("pass", "right", "accepted", "acc", "exact_match"),
)
FLAGS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
KEPT = (
    *("run", "family", "compute", "compute_from", "params", "tokens", "benchmark", "bucket"),
    *("level", "difficulty", "n_samples", "n_correct"),
)


def count_samples(
    table: pd.DataFrame, columns: Mapping[str, str] | None = None, metric: str | None = None
) -> pd.DataFrame:
    """Count the grades of each problem, where a table holds grades and no counts.

    Parameters
    ----------
    table : DataFrame
    columns : mapping of str to str, optional
        From the table's names to ours: one that is mapped to problem names the problems.
    metric : str, optional
        The column of the grades, where there are several.

    Returns
    -------
    DataFrame
        With problem, n_samples and n_correct; the table as it is where it holds no grades.

    Raises
    ------
    DataError
        If several columns hold grades and none is chosen, or nothing names the problems.

    Examples
    --------
    >>> table = pd.DataFrame({"question_id": ["a", "b"], "graded_list": [[True, False], [False]]})
    >>> count_samples(table).to_numpy().tolist()
    [['a', 2, 1], ['b', 1, 0]]
    """
    mapped = {*(columns or {}).values()}
    named = {plain_word(name) for name in table.columns} | mapped
    if {"n_samples", "n_correct"} & named:
        return table
    lists = [str(name) for name in table.columns if _are_lists_of_grades(table[name])]
    if lists:
        return _of_lists(table, _choose(lists, metric), columns)
    known = [str(name) for name in table.columns if plain_word(name) in GRADES]
    grades = [name for name in known if _are_grades(table[name].tolist())]
    if not grades or (metric is None and _problem_of(table, columns) is None):
        return table
    return _of_rows(table, _choose(grades, metric), columns)


def is_graded(table: pd.DataFrame) -> bool:
    """Whether a table has a column of lists of grades."""
    return any(_are_lists_of_grades(table[name]) for name in table.columns)


def _choose(found: list[str], wanted: str | None) -> str:
    if wanted is not None and wanted in found:
        return wanted
    if wanted is not None or len(found) > 1:
        raise DataError(
            f"the grades of samples are in {', '.join(found)}; choose one with metric={found[0]!r}."
        )
    return found[0]


def _problem_of(table: pd.DataFrame, columns: Mapping[str, str] | None) -> str | None:
    given = [theirs for theirs, ours in (columns or {}).items() if ours == "problem"]
    words = {plain_word(name): str(name) for name in table.columns}
    return given[0] if given else next((words[name] for name in PROBLEMS if name in words), None)


def _demand_problem(table: pd.DataFrame, columns: Mapping[str, str] | None) -> str:
    problem = _problem_of(table, columns)
    if problem is None:
        raise DataError(
            f"the samples are graded, and no column names their problems; the table has: "
            f"{', '.join(map(str, table.columns))}. Say which it is with "
            "columns={'your name': 'problem'}."
        )
    return problem


def _of_lists(table: pd.DataFrame, grades: str, columns: Mapping[str, str] | None) -> pd.DataFrame:
    problem = _demand_problem(table, columns)
    lists = table[grades].tolist()
    empty = [row for row, cell in enumerate(lists) if not len(cell)]
    if empty:
        raise DataError(
            f"row {empty[0] + 1} (problem {table[problem].iloc[empty[0]]!r}), column {grades!r}: "
            "there are no samples; leave the problem out."
        )
    counted = table[_kept(table, columns, problem)].assign(
        n_samples=[len(cell) for cell in lists],
        n_correct=[sum(map(int, cell)) for cell in lists],
    )
    return _renamed(counted, problem, columns)


def _of_rows(table: pd.DataFrame, grades: str, columns: Mapping[str, str] | None) -> pd.DataFrame:
    problem = _demand_problem(table, columns)
    filters = sorted(set(map(str, table["filter"]))) if "filter" in table else []
    if len(filters) > 1:
        raise DataError(
            f"the rows stand there once for each filter ({', '.join(filters)}), and would be "
            "counted as samples; give the rows of one filter."
        )
    kept = _kept(table, columns, problem)
    right = [int(float(FLAGS.get(str(cell).lower(), cell))) for cell in table[grades]]
    counted = table[kept].assign(n_samples=1, n_correct=right)
    summed = counted.groupby(kept, sort=False, dropna=False, as_index=False).sum()
    sentence = (
        f"each row is taken for a sample, right where {grades!r} says so: the {len(table)} rows of "
        f"the table are counted by {' and '.join(kept)}."
    )
    renamed = _renamed(summed, problem, columns)
    return tell(renamed, [("a row a sample", "n_correct", sentence)])


def _kept(table: pd.DataFrame, columns: Mapping[str, str] | None, problem: str) -> list[str]:
    named = {*(columns or {}), problem}
    return [str(name) for name in table.columns if name in named or plain_word(name) in KEPT]


def _renamed(
    counted: pd.DataFrame, problem: str, columns: Mapping[str, str] | None
) -> pd.DataFrame:
    if problem in (columns or {}):
        return counted
    return counted.rename(columns={problem: "problem"})


def _are_lists_of_grades(cells: "pd.Series[Any]") -> bool:
    if cells.dtype != object:
        return False
    lists = cells.tolist()
    if not lists or not all(isinstance(cell, list | tuple | np.ndarray) for cell in lists):
        return False
    inside = [grade for cell in lists for grade in cell]
    return bool(inside) and _are_grades(inside)


def _are_grades(values: list[Any]) -> bool:
    """Whether values are all true or false, or all 1 or 0."""
    if not values or any(is_missing(value) for value in values):
        return False
    if all(isinstance(value, bool | np.bool_) for value in values):
        return True
    if all(isinstance(value, str) for value in values):
        return all(value.lower() in FLAGS for value in values)
    return all(isinstance(value, int | float | np.number) and value in (0, 1) for value in values)
