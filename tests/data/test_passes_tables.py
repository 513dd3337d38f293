import math

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bayes_scaling.data import check_passes, read_passes, response_hash, table_hash, unit_keys
from bayes_scaling.errors import DataError


def counts(**columns):
    table = {
        "run": ["s", "s", "l", "l"],
        "compute": [1e18, 1e18, 1e19, 1e19],
        "problem": ["p", "q", "p", "q"],
        "n_samples": [10, 10, 20, 20],
        "n_correct": [3, 0, 20, 1],
    }
    return pd.DataFrame(table | columns)


def test_the_standard_form():
    raw = counts(
        compute=["1 EFLOP", "1e18", "10 EFLOP", 1e19],
        problem=[7, 8.0, "7", "8"],
        n_correct=[3.0, 0.0, 20.0, 1.0],
        level=[1, 2, 1, 2],
    )
    before = raw.copy(deep=True)
    passes = check_passes(raw)
    assert_frame_equal(raw, before)
    assert list(passes) == [
        "run", "compute", "compute_from", "problem", "n_samples", "n_correct", "level",
    ]  # fmt: skip
    assert passes["compute"].tolist() == [1e18, 1e18, 1e19, 1e19]
    assert passes["problem"].tolist() == ["7", "8", "7", "8"]
    assert passes.dtypes[["n_samples", "n_correct"]].tolist() == [np.int64, np.int64]
    assert_frame_equal(check_passes(passes), passes)


def test_compute_from_params_and_tokens():
    raw = counts(params="1B", tokens=["2B", "2B", "20B", "20B"]).drop(columns="compute")
    passes = check_passes(raw)
    assert passes["compute"].tolist() == [1.2e19, 1.2e19, 1.2e20, 1.2e20]
    assert set(passes["compute_from"]) == {"6ND"}
    assert_frame_equal(check_passes(passes), passes)


def test_optional_columns_have_their_place():
    passes = check_passes(counts(bucket=1, benchmark="math", family="x", note=None))
    assert list(passes) == [
        "run", "family", "compute", "compute_from", "benchmark", "problem", "bucket",
        "n_samples", "n_correct", "note",
    ]  # fmt: skip
    assert passes["bucket"].tolist() == ["1"] * 4
    assert unit_keys(passes) == ["family", "run", "benchmark", "problem"]


def test_what_is_allowed():
    none, all_ = counts(n_correct=[0] * 4), counts(n_correct=[10, 10, 20, 20])
    assert check_passes(none)["n_correct"].sum() == 0
    assert (check_passes(all_)["n_correct"] == all_["n_samples"]).all()
    assert len(check_passes(counts().iloc[:1])) == 1
    assert len(check_passes(counts().drop(index=1))) == 3
    two = pd.concat([counts(benchmark="a"), counts(benchmark="b")])
    assert len(check_passes(two)) == 8
    assert len(check_passes(pd.concat([counts(family="a"), counts(family="b")]))) == 8


ROW = r"row 2 \(run 's', problem 'q'\)"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"n_correct": [3, 11, 20, 1]}, rf"{ROW}: n_correct is 11 but n_samples only 10"),
        ({"n_correct": [3, -1, 20, 1]}, rf"{ROW}, column 'n_correct': got -1; .*be negative"),
        ({"n_correct": [3, 0.5, 20, 1]}, rf"{ROW}, column 'n_correct': got 0.5; .*whole number"),
        ({"n_correct": [3, math.inf, 20, 1]}, rf"{ROW}, .* got inf; .*whole number"),
        ({"n_correct": [3, None, 20, 1]}, rf"{ROW}, column 'n_correct': the cell is empty"),
        ({"n_correct": [3, "many", 20, 1]}, rf"{ROW}, .*'many' isn't a count of samples"),
        ({"n_correct": [3, True, 20, 1]}, rf"{ROW}, .*True isn't a count of samples"),
        (
            {"n_samples": [10, 0, 20, 20]},
            rf"{ROW}, column 'n_samples': got 0; it must be 1 or more",
        ),
        ({"n_samples": [10, 10.5, 20, 20]}, rf"{ROW}, column 'n_samples': got 10.5; .*whole"),
        ({"n_samples": [10, None, 20, 20]}, rf"{ROW}, column 'n_samples': the cell is empty"),
        ({"n_samples": [10, 1e300, 20, 20]}, rf"{ROW}, column 'n_samples': got 1e\+300"),
        ({"compute": [1e18, None, 1e19, 1e19]}, rf"{ROW}, column 'compute': missing or NaN"),
        ({"compute": [1e18, -1, 1e19, 1e19]}, rf"{ROW}, column 'compute': got -1.0; .*positive"),
        (
            {"compute": [1e18, 2e18, 1e19, 1e19]},
            rf"{ROW}, column 'compute': got 2e\+18, but the run 's' has 1e\+18 in an earlier row",
        ),
        ({"run": ["s", None, "l", "l"]}, r"row 2, column 'run': the cell is empty"),
        ({"problem": ["p", " ", "p", "q"]}, r"row 2 \(run 's'\), column 'problem': the cell is em"),
        ({"benchmark": ["a", None, "a", "a"]}, rf"{ROW}, column 'benchmark': the cell is empty"),
        ({"bucket": ["1", None, "1", "2"]}, rf"{ROW}, column 'bucket': the cell is empty"),
        (
            {"bucket": ["1", "2", "3", "2"]},
            r"row 3 \(run 'l', problem 'p'\), column 'bucket': got 3, but the problem 'p' has 1",
        ),
        (
            {"problem": ["p", "p", "p", "q"]},
            "run 's', problem 'p' is there twice, in rows 1 and 2; .*run names of their own",
        ),
    ],
)
def test_bad_cells(columns, message):
    with pytest.raises(DataError, match=message):
        check_passes(counts(**columns))


@pytest.mark.parametrize("column", ["run", "problem", "n_samples", "n_correct", "compute"])
def test_missing_columns(column):
    with pytest.raises(DataError, match=f"column '{column}' is missing"):
        check_passes(counts().drop(columns=column))
    theirs = {"run": "model", "problem": "task_id", "n_correct": "passed", "compute": "flops"}
    near = theirs.get(column, "samples")
    with pytest.raises(DataError, match=f"Did you mean '{near}'"):
        check_passes(counts().rename(columns={column: near}))


def test_not_a_table():
    with pytest.raises(DataError, match="passes must be a pandas DataFrame, got list"):
        check_passes([1])
    with pytest.raises(DataError, match="no rows; it needs a row for every run and problem"):
        check_passes(counts().iloc[:0])


def test_names_in_the_index():
    grouped = counts().groupby(["run", "problem"]).first()
    expected = check_passes(counts()).sort_values(["run", "problem"], ignore_index=True)
    assert_frame_equal(check_passes(grouped), expected)


def test_compute_by_run():
    bare = counts().drop(columns="compute")
    computes = {"l": "10 EFLOP", "s": 1e18, "other": 5e18}
    assert_frame_equal(read_passes(bare, compute=computes), check_passes(counts()))
    table = pd.DataFrame({"run": ["l", "s"], "params": [2e8, 1e8], "tokens": [4e9, 2e9], "loss": 2})
    passes = read_passes(bare, compute=table)
    assert passes["compute"].tolist() == [1.2e18, 1.2e18, 4.8e18, 4.8e18]
    assert "loss" not in passes
    assert passes["params"].tolist() == [1e8, 1e8, 2e8, 2e8]


def test_compute_in_a_file(tmp_path):
    bare = counts(run=["01", "01", "02", "02"]).drop(columns="compute")
    (tmp_path / "runs.csv").write_text("run,family,compute\n01,x,1 EFLOP\n02,x,1e19\n")
    passes = read_passes(bare, compute=tmp_path / "runs.csv")
    assert passes["compute"].tolist() == [1e18, 1e18, 1e19, 1e19]
    assert set(passes["family"]) == {"x"}


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        ({"s": 1e18, "L": 1e19}, "compute: run 'l' has no entry; .*It has: L, s"),
        ({"s": 1e18, "l": "big"}, "column 'compute': 'big' isn't an amount of compute"),
        ({"s": 1e18, "l": None}, r"row 3 \(run 'l', problem 'p'\), column 'compute': missing"),
        ({}, "compute has no entries; every run needs its compute"),
        (3e18, "compute must be a mapping of runs to FLOP, a table or the path of one, got float"),
        (pd.DataFrame({"run": ["s", "l"]}), "must have the columns run and compute, or run, par"),
        (
            pd.DataFrame({"run": ["s", "l", "s"], "compute": 1e18}),
            "compute: run 's' has two entries; keep one",
        ),
    ],
)
def test_bad_compute_by_run(compute, message):
    with pytest.raises(DataError, match=message):
        read_passes(counts().drop(columns="compute"), compute=compute)


def test_compute_twice_or_without_runs():
    with pytest.raises(DataError, match=r"compute is in the table and in compute= too"):
        read_passes(counts(), compute={"s": 1e18, "l": 1e19})
    with pytest.raises(DataError, match="the table has no column 'run'"):
        read_passes(counts().drop(columns="run"), compute={"s": 1e18})


def test_hashes_of_counts():
    passes = check_passes(counts(benchmark="math"))
    keys = unit_keys(passes)
    response = ["n_samples", "n_correct"]
    shuffled = check_passes(passes.iloc[[2, 0, 3, 1]][passes.columns[::-1]])
    assert table_hash(shuffled) == table_hash(passes)
    assert response_hash(shuffled, response, keys) == response_hash(passes, response, keys)
    bucketed = passes.assign(bucket="1")
    assert response_hash(bucketed, response, keys) == response_hash(passes, response, keys)
    for column in [*keys, *response]:
        other = passes.copy()
        other.loc[1, column] = 7 if column in response else "other"
        assert response_hash(other, response, keys) != response_hash(passes, response, keys)
