"""Tables of another shape than ours: a sentence that says what one is, and what to give instead.

Counts where losses are wanted, rates without counts, a column a run, a table on its side.
"""

from collections.abc import Collection
from typing import Any

import pandas as pd

from bayes_scaling.data.amount_checks import RANGES
from bayes_scaling.data.column_names import plain_word
from bayes_scaling.data.compute import parse_compute
from bayes_scaling.data.graded_samples import PROBLEMS, is_graded
from bayes_scaling.data.remarks import listed
from bayes_scaling.errors import DataError

COUNTED = ("problem", "n_samples", "n_correct")
RATES = ("rate", "acc", "accuracy", "pass@", "pass_at", "score", "mean", "share", "exact_match")
STEPS = (
    *("step", "steps", "iteration", "iter", "global_step", "current_steps", "train_step"),
    *("_step", "training_step", "num_steps"),
)
FEWEST = 2  # columns that are of one kind


def describe_losses(raw: pd.DataFrame) -> str | None:
    """Say what a table without losses or compute is; None if that isn't known."""
    if "loss" not in raw and {"n_samples", "n_correct"} & set(raw.columns):
        return (
            f"the table holds counts by problem ({', '.join(_there(raw, COUNTED))}), and no loss; "
            "a model of pass rates fits them, such as model='pass_rate'."
        )
    if "loss" not in raw and is_graded(raw):
        return (
            "the table holds the grades of samples, and no loss; a model of pass rates fits their "
            "counts, such as model='pass_rate'."
        )
    if said := _on_its_side(raw, "loss", "loss"):
        return said
    if computes := _computes(raw):
        return (
            f"the table is wide: its columns {listed(list(map(repr, computes)))} are amounts of "
            "compute. Give a row for every run, with columns compute and loss, as pandas.melt "
            "makes them."
        )
    step = next((str(name) for name in raw.columns if plain_word(name) in STEPS), None)
    if step is not None and "loss" in raw and len(raw) > 1:
        return (
            f"the table is the log of a run, a row a step ({step!r}), and its compute is missing. "
            "Give a row a run: its last loss, and compute (or params and tokens)."
        )
    first = str(raw.columns[0])
    if plain_word(first) in STEPS and (runs := _numeric(raw, {first})):
        return (
            f"the table is a log with a column for every run ({listed(list(map(repr, runs)))}) by "
            f"{first!r}. Name the columns '{runs[0]} - loss' and so on, as an export of Weights & "
            "Biases does, and give the compute of each run; or give a row a run with its last loss."
        )
    return None


def describe_counts(raw: pd.DataFrame) -> str | None:
    """Say what a table without counts is; None if that isn't known."""
    if said := _on_its_side(raw, "n_correct", "n_correct"):
        return said
    if not any(plain_word(name) in PROBLEMS for name in raw.columns):
        return _a_column_a_problem(raw)
    texts = [str(name) for name in raw if _is_named(str(name)) and not _has_numbers(raw[name])]
    rates = [name for name in _numeric(raw, COUNTED) if _is_rate(name, raw[name])] + texts
    if "n_correct" not in raw and "n_samples" in raw and len(rates) == 1:
        return (
            f"column {rates[0]!r} holds rates; a model of passes is fitted to counts. Add a column "
            f"n_correct: n_samples times {rates[0]!r}, rounded to whole numbers."
        )
    runs = [name for name in _numeric(raw, COUNTED) if name not in KEPT]
    named = [name for name in rates if _is_named(name)]
    of_one = "run" not in raw or len(raw["run"].unique()) == 1
    if of_one and "n_correct" not in raw and len(runs) >= FEWEST and not named:
        return (
            f"the table is wide: it has a column for every run ({listed(list(map(repr, runs)))}). "
            "Give a row for every run and problem, with columns run, problem, n_samples and "
            "n_correct, as pandas.melt makes them."
        )
    if "n_samples" not in raw and "n_correct" not in raw and rates:
        return (
            f"column {rates[0]!r} holds rates, and of how many samples isn't said: without counts "
            "nobody knows how sure they are. Add n_samples, the samples of each problem, and "
            f"n_correct, which is n_samples times {rates[0]!r}, rounded to whole numbers."
        )
    return None


KEPT = ("compute", "params", "tokens", "bucket", "level", "benchmark", "family")


def demand_losses(raw: pd.DataFrame) -> None:
    """Refuse a table that is known to be something else; raises DataError."""
    lacks_compute = "compute" not in raw and not {"params", "tokens"} <= set(raw.columns)
    if ("loss" not in raw or lacks_compute) and (said := describe_losses(raw)):
        raise DataError(said)


def demand_counts(raw: pd.DataFrame) -> None:
    """Refuse a table that is known to be something else; raises DataError."""
    if not {"n_samples", "n_correct"} <= set(raw.columns) and (said := describe_counts(raw)):
        raise DataError(said)


def _a_column_a_problem(raw: pd.DataFrame) -> str | None:
    """Recognise a table with a column for every problem, which holds counts."""
    problems = [name for name in _numeric(raw, COUNTED) if name not in KEPT]
    cells = raw[problems]
    if len(problems) < FEWEST or {"loss", "n_samples", "n_correct"} & set(raw.columns):
        return None
    counts = cells.to_numpy(float)
    if not ((counts % 1 == 0) & (counts >= 0)).all() or counts.max() <= 1:
        return None
    return (
        f"the table is wide: it has a column for every problem ({listed(list(map(repr, problems)))}"
        "). Give a row for every run and problem, with columns run, problem, n_samples and "
        "n_correct, as pandas.melt makes them."
    )


def _there(raw: pd.DataFrame, names: Collection[str]) -> list[str]:
    return [name for name in names if name in raw]


def _on_its_side(raw: pd.DataFrame, wanted: str, what: str) -> str | None:
    """Recognise a table whose first column holds the names of ours."""
    first = raw.columns[0]
    names = [str(cell).strip().lower() for cell in raw[first].tolist()]
    if what in raw or wanted not in names or "compute" not in [*names, *raw.columns]:
        return None
    return (
        f"the table stands on its side: its first column, {str(first)!r}, holds the names "
        f"{listed(names)}. Give a row a run and a column for each of these, as "
        "table.set_index(...).T makes it."
    )


def _computes(raw: pd.DataFrame) -> list[str]:
    low, high = RANGES["compute"]
    found = []
    for name in raw.columns:
        try:
            if low <= parse_compute(str(name)) <= high:
                found.append(str(name))
        except DataError:
            continue
    return found if len(found) >= FEWEST else []


def _numeric(raw: pd.DataFrame, others: Collection[str]) -> list[str]:
    return [str(name) for name in raw if _has_numbers(raw[name]) and name not in others]


def _has_numbers(cells: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_numeric_dtype(cells))


def _is_named(name: str) -> bool:
    return any(word in name.lower() for word in RATES)


def _is_rate(name: str, cells: "pd.Series[Any]") -> bool:
    values = cells.dropna()
    inside = len(values) > 0 and bool(values.between(0, 100).all())
    return inside and (
        _is_named(name) or bool(values.between(0, 1).all() and (values % 1 != 0).any())
    )
