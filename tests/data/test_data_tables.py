import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from bayes_scaling.data import check_runs
from bayes_scaling.data.compute import LIMITS
from bayes_scaling.errors import DataError


def ladder(**columns):
    return pd.DataFrame(
        {"run": ["a", "b", "c"], "compute": [1e18, 1e19, 1e20], "loss": [3.0, 2.5, 2.2]} | columns
    )


def test_standard_form():
    raw = pd.DataFrame(
        {
            "width": [256, 512],
            "finished": ["yes", 0.0],
            "loss": ["2.5", 2.25],
            "tokens": ["2.22B", 5e9],
            "compute": ["3 ZFLOP", None],
            "loss_unit": ["bits per byte", None],
            "params": [111_000_000, "256M"],
            "family": [1, 2.0],
            "loss_se": [0.01, None],
            "run": [125, "b"],
        },
        index=[7, 3],
    )
    before = raw.copy(deep=True)
    expected = pd.DataFrame(
        {
            "run": ["125", "b"],
            "family": ["1", "2"],
            "compute": [3e21, 6 * 256e6 * 5e9],
            "compute_from": ["given", "6ND"],
            "params": [111e6, 256e6],
            "tokens": [2.22e9, 5e9],
            "loss": [2.5, 2.25],
            "loss_se": [0.01, math.nan],
            "loss_unit": ["bits per byte", None],
            "finished": [True, False],
            "width": [256, 512],
        }
    )
    assert_frame_equal(check_runs(raw), expected)
    assert_frame_equal(raw, before)


def test_optional_columns_come_only_where_given():
    checked = check_runs(pd.DataFrame({"compute": [1e20, 1e18], "loss": [2.0, 3.0]}))
    assert list(checked.columns) == ["run", "compute", "compute_from", "loss"]
    assert checked["run"].tolist() == ["run 1", "run 2"]
    assert checked["compute"].tolist() == [1e20, 1e18]


def test_missing_sizes_are_ordinary_where_compute_is_given():
    checked = check_runs(ladder(params=[1e8, None, 1e9], tokens=[1e9, 1e10, None]))
    assert checked["compute_from"].tolist() == ["given"] * 3
    assert checked["params"].isna().tolist() == [False, True, False]


def test_run_names_may_be_the_index():
    checked = check_runs(ladder().set_index("run"))
    assert checked["run"].tolist() == ["a", "b", "c"]


def test_the_source_of_compute_is_kept():
    checked = check_runs(ladder(compute_from=["total_flos", None, "6ND"]))
    assert checked["compute_from"].tolist() == ["total_flos", "given", "6ND"]
    with pytest.raises(DataError, match=r"row 2 .*'compute_from': got 'givn'; .* mean 'given'"):
        check_runs(ladder(compute_from=["given", "givn", "given"]))


@pytest.mark.parametrize("name", ["losss", "final_loss", "Lossy"])
def test_missing_loss(name):
    table = ladder().rename(columns={"loss": name})
    message = f"'loss' is missing; the table has: run, compute, {name}. Did you mean '{name}'?"
    with pytest.raises(DataError, match=re.escape(message)):
        check_runs(table)


def test_missing_compute():
    table = ladder().rename(columns={"compute": "FLOPs"})
    with pytest.raises(DataError, match=r"column 'compute' is missing, .*Did you mean 'FLOPs'\?"):
        check_runs(table)
    with pytest.raises(DataError, match=r"column 'compute' is missing, and so is 'params' or"):
        check_runs(pd.DataFrame({"params": [1e8], "loss": [3.0]}))


@pytest.mark.parametrize("column", ["compute", "params", "tokens", "loss", "loss_se"])
def test_wrong_type_names_the_row(column):
    table = ladder(**{column: [1.0, "lots", 2.0]})
    with pytest.raises(DataError, match=rf"row 2 \(run 'b'\), column '{column}': 'lots' isn't "):
        check_runs(table)


@pytest.mark.parametrize("column", ["compute", "params", "tokens", "loss"])
@pytest.mark.parametrize("value", [-1.0, 0.0, math.inf, "-1"])
def test_out_of_range_names_the_row(column, value):
    table = ladder(**{column: [1.0, 2.0, value]})
    match = rf"row 3 \(run 'c'\), column '{column}': got .* must be positive and finite"
    with pytest.raises(DataError, match=match):
        check_runs(table)


@pytest.mark.parametrize("column", ["compute", "loss"])
@pytest.mark.parametrize("value", [math.nan, None, pd.NA, " "])
def test_missing_number_names_the_row(column, value):
    table = ladder(**{column: [1.0, value, 2.0]})
    with pytest.raises(DataError, match=rf"row 2 \(run 'b'\), column '{column}': missing or NaN"):
        check_runs(table)


@pytest.mark.parametrize("value", [-0.1, math.inf])
def test_standard_error(value):
    assert check_runs(ladder(loss_se=[0.0, 0.1, None]))["loss_se"].iloc[0] == 0.0
    with pytest.raises(DataError, match=r"row 1 .*'loss_se': got .* finite and not negative"):
        check_runs(ladder(loss_se=[value, 0.1, 0.1]))


def test_finished_must_be_a_flag():
    with pytest.raises(DataError, match=r"row 2 .*'finished': got 'perhaps'; write true or false"):
        check_runs(ladder(finished=[True, "perhaps", False]))


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ([1, True, 1.0], "row 2 (run 'b'), column 'loss': True isn't a loss"),
        (["3", "low", "low"], "row 2 (run 'b'), column 'loss': 'low' isn't a loss"),
        ([3.0, -1.0, 2.0], "row 2 (run 'b'), column 'loss': got -1.0"),
        ([3, [2.5], [2.5]], "row 2 (run 'b'), column 'loss': [2.5] isn't a loss"),
        ([3.0, None, None], "row 2 (run 'b'), column 'loss': missing or NaN"),
    ],
)
def test_the_first_row_that_is_wrong_is_named(losses, message):
    with pytest.raises(DataError, match=re.escape(message)):
        check_runs(ladder(loss=losses))


@pytest.mark.parametrize("name", ["a\0b", 3 * "\0"])
def test_a_name_that_no_file_can_hold_is_refused(name):
    with pytest.raises(DataError, match=r"row 2, column 'run': got .*, which has a character that"):
        check_runs(ladder(run=["a", name, "c"]))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("loss", 1e300),
        ("loss", 1e-300),
        ("loss_se", 1e300),
        ("compute", 1e-300),
        ("compute", 1e300),
        ("params", 1e200),
        ("tokens", 1e-200),
    ],
)
def test_numbers_that_cannot_be_reckoned_with(column, value):
    cells = {"params": 1e9, "tokens": 1e10, "compute": 6e19, "loss": 2.0, "loss_se": 0.1}
    message = rf"row 1, column '{column}': got {re.escape(f'{value:g}')}; .* from .* to .* can be"
    with pytest.raises(DataError, match=message):
        check_runs(pd.DataFrame([cells | {column: value}]))


def test_no_product_of_counts_is_beyond_the_limits():
    low, high = LIMITS["a count"]
    assert LIMITS["compute"][0] <= 6 * low**2
    assert 6 * high**2 <= LIMITS["compute"][1]


def test_rows_without_a_run_id_are_named_by_number():
    with pytest.raises(DataError, match=r"^row 2, column 'loss'"):
        check_runs(pd.DataFrame({"compute": [1e18, 1e19], "loss": [3.0, -1.0]}))


@pytest.mark.parametrize("column", ["run", "family"])
def test_empty_names(column):
    with pytest.raises(DataError, match=rf"row 2.*, column '{column}': the cell is empty"):
        check_runs(ladder(**{column: ["a", None, "c"]}))


def test_run_ids_are_unique_within_a_family():
    match = "run id 'a' is there twice, in rows 1 and 3; replicates have their own run ids"
    with pytest.raises(DataError, match=match):
        check_runs(ladder(run=["a", "b", "a"]))
    with pytest.raises(DataError, match="run id 'a' of family 'x' is there twice, in rows 1 and 3"):
        check_runs(ladder(run=["a", "b", "a"], family=["x", "x", "x"]))
    kept = check_runs(ladder(run=["a", "b", "a"], family=["x", "x", "y"]))
    assert kept["run"].tolist() == ["a", "b", "a"]


@pytest.mark.parametrize("source", [{"loss": [1.0]}, [1, 2], None, pd.Series([1.0])])
def test_not_a_dataframe(source):
    with pytest.raises(DataError, match=f"a pandas DataFrame, got {type(source).__name__}"):
        check_runs(source)


def test_zero_rows():
    with pytest.raises(DataError, match="the table has no rows"):
        check_runs(ladder().iloc[:0])


def test_column_names():
    twice = pd.DataFrame([[1e18, 3.0, 3.0]], columns=["compute", "loss", "loss"])
    with pytest.raises(DataError, match="column 'loss' is there twice"):
        check_runs(twice)
    with pytest.raises(DataError, match="column names must be text"):
        check_runs(pd.DataFrame([[1e18, 3.0]]))


amounts = st.floats(min_value=1e-2, max_value=1e30)
rows = st.fixed_dictionaries(
    {
        "loss": st.floats(min_value=1e-6, max_value=1e6),
        "params": amounts,
        "tokens": amounts,
    },
    optional={
        "compute": st.one_of(st.none(), amounts, st.sampled_from(["3 ZFLOP", "40 PF-days"])),
        "loss_se": st.one_of(st.none(), st.floats(min_value=0, max_value=1)),
        "loss_unit": st.one_of(st.none(), st.just("bits per byte")),
        "width": st.integers(1, 100_000),
    },
)


@given(st.lists(rows, min_size=1, max_size=6))
def test_checking_twice_changes_nothing(records):
    raw = pd.DataFrame(records)
    before = raw.copy(deep=True)
    once = check_runs(raw)
    assert_frame_equal(check_runs(once), once)
    assert_frame_equal(raw, before)
    assert once["loss"].tolist() == [record["loss"] for record in records]
    assert np.isfinite(once["compute"]).all()
