import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from pass_files import counted, lines, write

from bayes_scaling.data import check_passes, read_passes, read_runs
from bayes_scaling.errors import DataError

COMPUTE = {"70M": 1e20, "160M": 1e21, "m": 1e20}


def test_tables(tmp_path):
    table = pd.DataFrame(
        {
            "model": ["007", "007"],
            "flops": ["1 EFLOP", "1 EFLOP"],
            "task_id": ["01", "02"],
            "n_samples": [4, 4],
            "n_correct": [1, 0],
        }
    )
    columns = {"model": "run", "flops": "compute", "task_id": "problem"}
    expected = read_passes(table, columns=columns)
    assert counted(expected) == {("007", "01"): (4, 1), ("007", "02"): (4, 0)}
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    table.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    table.to_json(tmp_path / "t.json", orient="records")
    for suffix in ("csv", "parquet", "jsonl", "json"):
        assert_frame_equal(read_passes(tmp_path / f"t.{suffix}", columns=columns), expected)


@pytest.mark.parametrize("form", ["glob", "list", "tuple", "mapping"])
def test_several_files_without_runs(tmp_path, form):
    small = write(tmp_path / "70M.csv", "problem,n_samples,n_correct\np,4,1\nq,4,0\n")
    large = write(tmp_path / "160M" / "results.csv", "problem,n_samples,n_correct\np,4,3\n")
    source = {
        "glob": tmp_path / "**" / "*.csv",
        "list": [str(small), large],
        "tuple": (small, tmp_path / "160M" / "*.csv"),
        "mapping": {"70M": small, "160M": str(large)},
    }[form]
    expected = {("70M", "p"): (4, 1), ("70M", "q"): (4, 0), ("160M", "p"): (4, 3)}
    assert counted(read_passes(source, compute=COMPUTE)) == expected


def test_the_same_run_and_problem_in_two_files(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name / "m.csv", "problem,n_samples,n_correct\np,4,1\n")
    with pytest.raises(DataError, match=r"'m', problem 'p' is in .*a.m\.csv and in .*b.m\.csv;"):
        read_passes(tmp_path / "*" / "m.csv", compute=COMPUTE)
    named = {"70M": tmp_path / "a" / "m.csv", "160M": tmp_path / "b" / "m.csv"}
    assert len(read_passes(named, compute=COMPUTE)) == 2


def test_a_bad_row_names_its_file_and_its_row_there(tmp_path):
    write(tmp_path / "a.csv", "run,compute,problem,n_samples,n_correct\na,1e18,p,4,1\n")
    write(tmp_path / "b.csv", "run,compute,problem,n_samples,n_correct\nb,1e18,p,4,5\n")
    with pytest.raises(DataError, match=r"b\.csv: row 1 \(run 'b', problem 'p'\): n_correct is 5"):
        read_passes(tmp_path / "*.csv")
    with pytest.raises(DataError, match=r"a\.csv: the table has a column run of its own"):
        read_passes({"70M": tmp_path / "a.csv"})
    with pytest.raises(DataError, match=r"a\.csv: columns: 'id' isn't in the table"):
        read_passes(tmp_path / "a.csv", columns={"id": "problem"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "run,compute,problem,n_samples,n_correct\n", "the table has no rows"),
        ("a.jsonl", " \n", "is empty"),
        ("a.json", "[]", "the table has no rows"),
        ("a.xlsx", "PK", r"suffix '.xlsx', which isn't known"),
        ("a.jsonl", '{"run": "a"}\n{"run": ', "line 2 isn't JSON"),
        ("trainer_state.json", "{}", r"is a log of training \(trainer_state\); read_runs reads it"),
    ],
)
def test_bad_files(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message) as error:
        read_passes(write(tmp_path / name, content))
    assert name in str(error.value)


@pytest.mark.parametrize("source", [3, None, [], {}, [3.0]])
def test_not_a_source(source):
    with pytest.raises(
        DataError, match="passes must be a pandas DataFrame, a path or a glob, a li"
    ):
        read_passes(source)


def test_options_of_other_formats(tmp_path):
    table = check_passes(
        pd.DataFrame(
            {"run": "m", "compute": 1e18, "problem": ["p"], "n_samples": 1, "n_correct": 1}
        )
    )
    with pytest.raises(DataError, match="tests= goes with EvalPlus, got a DataFrame"):
        read_passes(table, tests="plus")
    table.to_csv(tmp_path / "m.csv")
    with pytest.raises(DataError, match="filter= goes with lm-evaluation-harness, got csv"):
        read_passes(tmp_path / "m.csv", filter="none")
    path = write(tmp_path / "m.jsonl", lines([{"task_id": "p", "passed": True}]))
    with pytest.raises(DataError, match=r"columns= goes with csv or json or .*, got human-eval"):
        read_passes(path, columns={"task_id": "problem"}, compute=COMPUTE)


def test_runs_are_not_passes(tmp_path):
    path = write(tmp_path / "m.jsonl", lines([{"task_id": "p", "passed": True}]))
    with pytest.raises(DataError, match=r"holds counts of samples \(human-eval\); read_passes re"):
        read_runs(path)
