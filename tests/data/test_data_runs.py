import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bayes_scaling.data import RunsWarning, check_runs, read_runs
from bayes_scaling.errors import DataError


def ladder(**columns):
    return pd.DataFrame({"run": ["a", "b"], "compute": [1e18, 1e19], "loss": [3.0, 2.5]} | columns)


def test_a_dataframe_is_checked_and_left_alone():
    table = ladder(compute=["1 EFLOP", "0.1 PF-days"])
    before = table.copy(deep=True)
    runs = read_runs(table)
    assert runs["compute"].tolist() == [1e18, 8.64e18]
    assert_frame_equal(table, before)
    runs.loc[0, "loss"] = 9.0
    assert_frame_equal(table, before)


def test_reading_what_was_read():
    runs = read_runs(ladder())
    assert_frame_equal(read_runs(runs), runs)
    assert_frame_equal(check_runs(runs), runs)


def test_other_names(tmp_path):
    table = ladder().rename(columns={"run": "name", "loss": "val_loss", "compute": "flops"})
    names = {"name": "run", "val_loss": "loss", "flops": "compute"}
    before = table.copy(deep=True)
    assert_frame_equal(read_runs(table, columns=names), check_runs(ladder()))
    assert_frame_equal(table, before)
    table.assign(name=["01", "02"]).to_csv(tmp_path / "l.csv", index=False)
    assert read_runs(tmp_path / "l.csv", columns=names)["run"].tolist() == ["01", "02"]


def test_a_mapped_column_replaces_the_one_of_that_name():
    table = ladder(val_loss=[3.5, 2.9])
    runs = read_runs(table, columns={"val_loss": "loss"})
    assert runs["loss"].tolist() == [3.5, 2.9]
    assert "val_loss" not in runs


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"lss": "loss"}, r"columns: 'lss' isn't in the table; .*Did you mean 'loss'\?"),
        ({"loss": "los"}, r"columns: 'los' isn't a column of ours; .*Did you mean 'loss'\?"),
        ({"loss": "run", "compute": "run"}, "two names are mapped to the same column"),
    ],
)
def test_bad_column_maps(columns, message):
    with pytest.raises(DataError, match=message):
        read_runs(ladder(), columns=columns)


@pytest.mark.parametrize("source", [{"loss": [1.0]}, [1], None, 3])
def test_not_a_source(source):
    with pytest.raises(
        DataError, match="runs must be a pandas DataFrame, a path or a glob, a list"
    ):
        read_runs(source)


@pytest.mark.parametrize("option", [{"compute": {"a": 1e18}}, {"steps": {"a": 10}}])
def test_options_for_logs_are_refused_for_tables(option, tmp_path):
    match = f"{next(iter(option))}= goes with logs of training"
    with pytest.raises(DataError, match=match):
        read_runs(ladder(), **option)
    ladder().to_csv(tmp_path / "l.csv", index=False)
    with pytest.raises(DataError, match=match):
        read_runs(tmp_path / "l.csv", **option)


def test_unfinished_runs_of_a_table_are_said():
    with pytest.warns(RunsWarning, match="these runs are unfinished: 'b'; they stay in the table"):
        runs = read_runs(ladder(finished=[True, False]))
    assert runs["run"].tolist() == ["a", "b"]
    assert runs["finished"].tolist() == [True, False]
