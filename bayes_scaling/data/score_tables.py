"""What a checked table of scores is, and what makes a table not one."""

from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data.cells import Rows, as_table, is_missing, read_cells, text_column
from bayes_scaling.data.compute import as_float
from bayes_scaling.data.tables import check_runs
from bayes_scaling.errors import DataError

COLUMNS = (
    "run",
    "family",
    "compute",
    "compute_from",
    "params",
    "tokens",
    "task",
    "n_items",
    "n_correct",
    "score",
    "score_se",
    "chance",
    "nll",
)
OWN = ("n_items", "n_correct", "score", "score_se", "chance", "nll")
LARGEST = 2**53
LEAST_ITEMS = 2  # that a standard error may stand for
STAND_IN = 1.0  # in the place of a loss: runs are checked as those of losses are


def check_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Check a table of scores and put it in its standard form.

    Checking a checked table gives the same table again.

    Parameters
    ----------
    table : DataFrame
        A row a run and task: ``n_items`` and ``n_correct``, or ``score`` (the share that is right)
        with ``n_items`` or its standard error ``score_se``; and ``compute`` (FLOP, or text), or
        ``params`` and ``tokens``. Optional: ``run``, ``task``, ``family``, ``chance`` (of a guess;
        0 where answers are free), ``nll`` (mean negative log-likelihood of the reference answers,
        nats; for models that read it). It is not changed.

    Returns
    -------
    DataFrame
        A fresh table, index 0 to n - 1. Each task of each family of models is a ladder of its own,
        which ``family`` names. A score with a standard error counts as so many items that a
        binomial has that standard error, ``p (1 - p) / se^2``.

    Raises
    ------
    DataError
        If a cell isn't what it can be (the message names the row and the run), or a run and task
        are there twice.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"run": ["S", "M"], "compute": [1e19, 1e20], "task": "BoolQ",
    ...                       "score": [0.55, 0.6], "score_se": 0.01, "chance": 0.5})
    >>> check_scores(table)[["run", "family", "n_items", "n_correct", "chance"]]
      run family  n_items  n_correct  chance
    0   S  BoolQ     2475       1361     0.5
    1   M  BoolQ     2400       1440     0.5
    """
    raw = as_table(table, "scores", "a row a run and task", COLUMNS)
    _demand_counts(raw)
    named = raw.assign(family=_ladders(raw), loss=STAND_IN)
    runs = check_runs(named.drop(columns=[*OWN], errors="ignore")).drop(columns="loss")
    rows = Rows(names={"run": runs["run"].tolist()})
    items, correct = _counts(raw, rows)
    if "loss" in raw:
        runs["loss"] = raw["loss"].to_numpy()
    found = runs.assign(n_items=items, n_correct=correct, chance=_chances(raw, rows))
    if "nll" in raw:
        found["nll"] = read_cells(raw["nll"], _nll, rows)
    found = found.astype({"n_items": "int64", "n_correct": "int64"})
    found.attrs = dict(runs.attrs)
    return found


def _demand_counts(raw: pd.DataFrame) -> None:
    has = set(raw.columns)
    if {"n_items", "n_correct"} <= has or ("score" in has and {"n_items", "score_se"} & has):
        return
    raise DataError(
        "models of scores need n_correct and n_items, or score with n_items or its standard error "
        f"score_se; the table has: {', '.join(raw.columns)}. Without either nothing says how far "
        "a score is from luck. Other names are mapped with columns={'your name': 'n_items'}."
    )


def _ladders(raw: pd.DataFrame) -> list[str]:
    """Name the ladder of each row: its task, and its family of models where there are several."""
    count = len(raw)
    tasks = text_column(raw, "task", Rows()) if "task" in raw else None
    families = text_column(raw, "family", Rows()) if "family" in raw else None
    if tasks is None:
        return ["score"] * count if families is None else list(families)
    if families is None or len(set(families)) == 1:
        return list(tasks)
    return [
        family if family == task or family.endswith(f", {task}") else f"{family}, {task}"
        for family, task in zip(families, tasks, strict=True)
    ]


def _counts(raw: pd.DataFrame, rows: Rows) -> tuple[Array, Array]:
    if {"n_items", "n_correct"} <= set(raw.columns):
        items = np.array(read_cells(raw["n_items"], _n_items, rows))
        correct = np.array(read_cells(raw["n_correct"], _n_correct, rows))
    else:
        scores = np.array(read_cells(raw["score"], _share("a score"), rows))
        if "n_items" in raw:
            items = np.array(read_cells(raw["n_items"], _n_items, rows))
        else:
            errors = np.array(read_cells(raw["score_se"], _error, rows))
            items = np.maximum(np.round(scores * (1 - scores) / errors**2), LEAST_ITEMS)
        correct = np.round(scores * items)
    more = correct > items
    if more.any():
        row = int(more.argmax())
        raise DataError(
            f"{rows[row]}: n_correct is {correct[row]:.0f} but n_items only {items[row]:.0f}; at "
            "most all items can be right."
        )
    return items, correct


def _chances(raw: pd.DataFrame, rows: Rows) -> Array:
    if "chance" not in raw:
        return np.zeros(len(raw))
    cells = raw["chance"].where(~raw["chance"].map(is_missing), 0.0)
    return np.array(read_cells(cells, _share("a chance level", below=True), rows))


def _n_items(value: object) -> float:
    number = _whole(value, "n_items")
    if number < 1:
        raise DataError(f"got {number:.0f}; a task has 1 item or more.")
    return number


def _n_correct(value: object) -> float:
    number = _whole(value, "n_correct")
    if number < 0:
        raise DataError(f"got {number:.0f}; a count can't be negative.")
    return number


def _whole(value: object, name: str) -> float:
    if is_missing(value):
        raise DataError(f"the cell is empty; fill in {name}, or leave the row out.")
    number = as_float(value, "a count of items", "write a whole number")
    if not (number.is_integer() and abs(number) <= LARGEST):
        raise DataError(f"got {number:g}; a count of items is a whole number.")
    return number


def _share(what: str, *, below: bool = False) -> Any:
    def read(value: object) -> float:
        number = as_float(value, what, "write a number from 0 to 1")
        if not 0 <= number <= 1 or (below and number == 1):
            said = "from 0 up to, not including, 1" if below else "from 0 to 1"
            raise DataError(f"got {number:g}; {what} is a number {said}. Divide per cent by 100.")
        return number

    return read


def _error(value: object) -> float:
    number = as_float(value, "a standard error", "write a positive number")
    if not 0 < number < 1:
        raise DataError(
            f"got {number:g}; the standard error of a score is a number between 0 and 1. Where "
            "all or no items are right, give n_items in its place."
        )
    return number


def _nll(value: object) -> float:
    number = as_float(value, "a negative log-likelihood", "write a positive number of nats")
    if not (np.isfinite(number) and number > 0):
        raise DataError(f"got {number:g}; a negative log-likelihood is positive, in nats.")
    return number
