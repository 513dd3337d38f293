"""Buckets of problems of like difficulty, formed before the fit."""

import zlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Index
from bayes_scaling.data.difficulty import score_difficulty
from bayes_scaling.data.notices import warn_of_passes
from bayes_scaling.data.pass_tables import (
    PROBLEM_KEYS,
    RUN_KEYS,
    check_passes,
    keys_of,
    unit_keys,
)
from bayes_scaling.errors import DataError, suggest

USUAL = 6
FEW_SAMPLES = 20
SPLIT: Literal["split"] = "split"
HARDEST = "hardest"
LIKE = 9  # decimals of a difficulty; closer ones are ties
MOST_SPLIT = 10**9 - 1  # of NumPy's hypergeometric draws


def form_buckets(
    passes: pd.DataFrame,
    buckets: int | str | Mapping[str, str] = USUAL,
    *,
    hardest: int | None = None,
    random_seed: int = 0,
) -> pd.DataFrame:
    """Sort problems into buckets by how hard they were for the runs of a table.

    Only the runs that are fitted belong in the table: a target that helps to form the buckets has
    been seen. Problems are ranked by their difficulty on the scale of ln(-ln p), given the
    runs that tried them and shrunken to the middle where samples are few (the formula is in
    `bayes_scaling.data.difficulty`); a problem that only large runs tried does not look easy for
    that. Ties go by name. Buckets are of equal size but for one problem. The order of the rows does
    not matter.

    Buckets formed on the counts that are then fitted sort partly by luck, and show the easiest too
    easy. In simulation the mean pass rate of the easiest of six came out too high by 0.13 at 5
    samples of one run, 0.04 of four runs and 0.02 of eight; by 0.04, 0.01 and 0.005 at 20 samples;
    by 0.01 or less at 100. ``'split'`` is free of that.

    Parameters
    ----------
    passes : DataFrame
        As `check_passes` takes it: the runs to be fitted.
    buckets : int, 'split' or mapping of str to str
        How many buckets; or ``'split'``: six buckets, formed on half of the samples of every row,
        drawn without replacement; the table that comes back holds the other half. Or the bucket of
        each problem. Fewer buckets are formed where there would be fewer than two problems in each.
    hardest : int, optional
        So many of the hardest problems get a bucket of their own, called 'hardest'.
    random_seed : int
        Of the split.

    Returns
    -------
    DataFrame
        The table in the order of its rows, with the column ``bucket``: '1' (easiest), '2', ..., and
        'hardest'; or as given. Of a split, with n - floor(n / 2) of each row's n samples.

    Raises
    ------
    DataError
        If an argument is out of range, a problem has no bucket in the mapping, or the table is not
        fit for use (see `check_passes`).

    Warns
    -----
    PassesWarning
        If ``'split'`` is asked of a table with one sample in every row, which can't be split: all
        problems are one bucket, and the counts stay.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"run": "1B", "compute": 1e21, "problem": list("abcd"),
    ...                       "n_samples": 200, "n_correct": [3, 150, 0, 170]})
    >>> form_buckets(table, 2)["bucket"].tolist()
    ['2', '1', '2', '1']
    """
    checked = check_passes(passes)
    if isinstance(buckets, Mapping):
        if hardest is not None:
            raise DataError("hardest= goes with buckets that are formed; these are given.")
        return _with_buckets(checked, _given(checked, buckets))
    count = _demand_count(buckets)
    kept = formed = checked
    if buckets == SPLIT:
        if (checked["n_samples"] == 1).all():
            return _one_bucket(checked, hardest)
        formed, kept = _split(checked, random_seed)
    return _with_buckets(kept, _by_rank(_rank(formed), count, hardest))


def default_buckets(passes: pd.DataFrame) -> int | Literal["split"]:
    """Choose how buckets are formed where nothing is said: six, by a split where samples are few.

    Parameters
    ----------
    passes : DataFrame
        A checked table of pass counts.

    Returns
    -------
    int or 'split'
        'split' if the median of ``n_samples`` is 20 or less, 6 otherwise.
    """
    return SPLIT if passes["n_samples"].median() <= FEW_SAMPLES else USUAL


def _demand_count(buckets: object) -> int:
    if buckets == SPLIT:
        return USUAL
    if isinstance(buckets, bool) or not isinstance(buckets, int | np.integer) or buckets < 1:
        raise DataError(
            f"buckets: got {buckets!r}; write a positive integer, 'split', or a mapping of "
            "problems to buckets."
        )
    return int(buckets)


def _demand_seed(seed: object) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise DataError(f"random_seed: got {seed!r}; write an integer of 0 or more.")
    return int(seed)


def _given(checked: pd.DataFrame, buckets: Mapping[str, str]) -> "pd.Series[str]":
    named = {str(problem): str(label) for problem, label in buckets.items()}
    problems = checked[keys_of(checked, PROBLEM_KEYS)].drop_duplicates()
    without = [name for name in problems["problem"] if name not in named]
    if without:
        raise DataError(
            f"buckets: {len(without)} of {len(problems)} problems have no bucket, the first is "
            f"{without[0]!r}; {suggest(without[0], list(named)[:20])}"
        )
    labels = [named[name] for name in problems["problem"]]
    return pd.Series(labels, index=pd.MultiIndex.from_frame(problems))


def _one_bucket(checked: pd.DataFrame, hardest: int | None) -> pd.DataFrame:
    if hardest is not None:
        raise DataError(
            "hardest: every row has one sample, which can't be split to find the hardest problems; "
            "form buckets on the same counts (buckets=6), or give the bucket of each problem."
        )
    warn_of_passes(
        "every row has one sample, which can't be split to form buckets: all problems are one "
        "bucket. Give the bucket of each problem if you know it from elsewhere."
    )
    return _with_buckets(checked, pd.Series("1", index=_rank(checked)))


def _split(checked: pd.DataFrame, random_seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw half of each row's samples; return the halves that form buckets and that are fitted."""
    if checked["n_samples"].max() > MOST_SPLIT:
        raise DataError(
            f"buckets='split' takes up to {MOST_SPLIT:,} samples a row, got "
            f"{checked['n_samples'].max():,}; so many need no split: buckets={USUAL}."
        )
    # In the order of the names, so that the same row gets the same draw wherever it stands.
    ordered = checked.sort_values(unit_keys(checked), kind="stable")
    n, c = ordered["n_samples"].to_numpy(), ordered["n_correct"].to_numpy()
    # From the counts too: simulated tables that share a seed are split independently.
    seed = [_demand_seed(random_seed), zlib.crc32(np.stack([n, c]).tobytes())]
    drawn = np.random.default_rng(seed).hypergeometric(c, n - c, n // 2)
    correct = pd.Series(drawn, index=ordered.index)
    halves = {"n_samples": checked["n_samples"] // 2, "n_correct": correct}
    rests = {name: checked[name] - half for name, half in halves.items()}
    return checked.assign(**halves), checked.assign(**rests)


def _rank(passes: pd.DataFrame) -> pd.MultiIndex:
    """Order the problems of a table from the easiest to the hardest."""
    ordered = passes.sort_values(unit_keys(passes), kind="stable")
    problems = pd.MultiIndex.from_frame(ordered[keys_of(ordered, PROBLEM_KEYS)])
    runs = pd.MultiIndex.from_frame(ordered[keys_of(ordered, RUN_KEYS)])
    row, column = problems.factorize()[0], runs.factorize()[0]
    names, columns = problems.unique(), runs.unique()
    n, c = np.zeros((2, len(names), len(columns)))
    n[row, column], c[row, column] = ordered["n_samples"], ordered["n_correct"]
    difficulty = score_difficulty(n, c).round(LIKE)
    by_name = np.argsort(names.argsort())
    return names[np.lexsort((by_name, difficulty))]


def _by_rank(ranked: pd.MultiIndex, count: int, hardest: int | None) -> "pd.Series[str]":
    apart = 0 if hardest is None else _demand_hardest(hardest)
    rest = len(ranked) - apart
    if rest < 1:
        raise DataError(f"hardest: got {hardest}, but there are {len(ranked)} problems; ask fewer.")
    formed = max(1, min(count, rest // 2))
    place: Index = np.arange(rest) * formed // rest
    labels = [str(number + 1) for number in place] + [HARDEST] * apart
    return pd.Series(labels, index=ranked)


def _demand_hardest(hardest: object) -> int:
    if isinstance(hardest, bool) or not isinstance(hardest, int | np.integer) or hardest < 1:
        raise DataError(f"hardest: got {hardest!r}; write how many problems, a positive integer.")
    return int(hardest)


def _with_buckets(passes: pd.DataFrame, of_problem: "pd.Series[str]") -> pd.DataFrame:
    keys = pd.MultiIndex.from_frame(passes[keys_of(passes, PROBLEM_KEYS)])
    table = passes.drop(columns="bucket", errors="ignore")
    place = table.columns.get_loc("problem")
    assert isinstance(place, int)
    table.insert(place + 1, "bucket", of_problem.loc[keys].to_numpy())
    return table
