"""Logs and tables as people have them: the right numbers, and what is said of them."""

import gzip
import io
import json
import sys

import pandas as pd
import pytest

from bayes_scaling.data import PassesWarning, RunsWarning, check_table, read_passes, read_runs
from bayes_scaling.errors import DataError


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def said(read, *arguments, **options):
    """Read, and return the table with all that was said of it."""
    with pytest.warns((RunsWarning, PassesWarning)) as caught:
        table = read(*arguments, **options)
    return table, [str(one.message) for one in caught]


RESUMED = "1700000000,6000,2.10\n1700001000,12000,1.98\n1700002000,0,1.96\n1700004000,8000,1.87\n"
SMALL = "1700000000,6000,2.40\n1700001000,12000,2.30\n"


def test_the_same_columns_as_other_tools_write_them(tmp_path):
    rows = "0,6000,loss,2.10,1700000000\n1,0,loss,1.96,1700002000\n2,12000,loss,1.98,1700001000\n"
    text = f",step,tag,value,wall_time\n{rows}3,12000,acc,0.5,1700001000\n"
    path = write(tmp_path / "d12.csv", text)
    runs, _ = said(read_runs, path, compute={"d12": 1e19}, metric="loss")
    assert runs[["run", "loss"]].to_numpy().tolist() == [["d12", 1.96]]
    several = "run,wall_time,step,value\na,1,10,3.0\nb,1,10,2.5\n"
    path = write(tmp_path / "all.csv", several)
    assert read_runs(path, compute={"a": 1e18, "b": 1e19})["loss"].tolist() == [3.0, 2.5]


@pytest.mark.parametrize("shuffled", [False, True])
def test_the_last_entry_in_wall_time_counts(tmp_path, shuffled):  # F06
    rows = RESUMED.splitlines(keepends=True)
    text = "Wall time,Step,Value\n" + "".join(sorted(rows, key=len) if shuffled else rows)
    write(tmp_path / "run-d12-tag-val_loss.csv", text)
    write(tmp_path / "run-d8-tag-val_loss.csv", f"Wall time,Step,Value\n{SMALL}")
    runs, notes = said(read_runs, tmp_path / "*.csv", compute={"d12": 1e19, "d8": 1e18})
    assert dict(zip(runs["run"], runs["loss"], strict=True)) == {"d12": 1.87, "d8": 2.30}
    assert runs["finished"].tolist() == [True, True]
    assert notes == [
        "the steps of run 'd12' go back, as those of a run that was resumed do: the loss is 1.87, "
        "the last in time (step 8000); at step 12000, before, it was 1.98."
    ]
    assert "steps go back" in {remark.topic for remark in check_table(runs)}


def test_the_last_entry_of_a_chart_and_of_a_state(tmp_path):
    chart = write(tmp_path / "chart.csv", "Step,a - loss\n600,2.1\n1200,1.98\n0,1.96\n800,1.87\n")
    runs, notes = said(read_runs, chart, compute={"a": 1e19})
    assert runs["loss"].tolist() == [1.87]
    assert "(step 800); at step 1200, before, it was 1.98." in notes[0]
    log = [{"eval_loss": loss, "step": step} for step, loss in ((60, 2.1), (120, 1.98), (80, 1.87))]
    state = {"log_history": log, "global_step": 80, "max_steps": 80, "total_flos": 1e18}
    runs, notes = said(read_runs, write(tmp_path / "a" / "trainer_state.json", json.dumps(state)))
    assert runs["loss"].tolist() == [1.87]
    assert "(step 80); at step 120, before, it was 1.98." in notes[0]


def test_a_log_that_stands_newest_first(tmp_path):
    path = write(tmp_path / "chart.csv", "Step,a - loss\n300,2.1\n200,2.5\n100,3.1\n")
    assert read_runs(path, compute={"a": 1e18})["loss"].tolist() == [2.1]


def test_a_loss_that_was_logged_long_before_the_end_is_said(tmp_path):
    log = [{"eval_loss": 2.5, "step": 500}, {"loss": 2.2, "step": 1000}]
    state = {"log_history": log, "global_step": 1000, "max_steps": 1000, "total_flos": 1e18}
    path = write(tmp_path / "a" / "trainer_state.json", json.dumps(state))
    _, notes = said(read_runs, path)
    assert notes == [
        "eval_loss of 'a' was last logged at step 500 of 1000: its loss isn't that of the end of "
        "training. Evaluate once more at the end, or choose another metric."
    ]
    assert read_runs(path, metric="loss")["loss"].tolist() == [2.2]


RUNS_TABLE = (
    '"Name","State","Tags","model/params","train/tokens","eval/loss"\n'
    '"d8","finished","","85000000","1700000000","3.21"\n'
    '"d12","crashed","","190000000","3800000000","3.45"\n'
    '"d12","finished","","190000000","3800000000","2.95"\n'
    '"d16","running","","400000000","8000000000","2.90"\n'
    '"d20","failed","","700000000","14000000000","NaN"\n'
)
OURS = {"Name": "run", "model/params": "params", "train/tokens": "tokens", "eval/loss": "loss"}


@pytest.mark.parametrize("mapped", [{}, {"State": "finished"}])
def test_the_states_of_a_table_of_runs(tmp_path, mapped):  # F09
    path = write(tmp_path / "runs_table.csv", RUNS_TABLE)
    runs, notes = said(read_runs, path, columns=OURS | mapped)
    assert runs[["run", "loss", "finished"]].to_numpy().tolist() == [
        ["d8", 3.21, True],
        ["d12", 2.95, True],
        ["d16", 2.90, False],
    ]
    assert notes == [
        "row 2 is an attempt at run 'd12' that crashed (loss 3.45); it is left out, and row 3 "
        "(loss 2.95), which finished, counts.",
        "row 5 (run 'd20') failed and has no loss; it is left out.",
        "these runs are unfinished: 'd16'; they stay in the table with finished = False.",
    ]


def test_states_that_leave_it_open(tmp_path):
    twice = RUNS_TABLE.replace('"d12","finished"', '"d12","killed"')
    match = "rows 2 and 3; the first is crashed and the second killed: keep the row of the attempt"
    with pytest.raises(DataError, match=match):
        read_runs(write(tmp_path / "t.csv", twice), columns=OURS)
    both = RUNS_TABLE.replace("crashed", "finished")
    with pytest.raises(DataError, match="replicates have their own run ids"):
        read_runs(write(tmp_path / "t.csv", both), columns=OURS)
    other = RUNS_TABLE.replace("crashed", "California").replace('"d12","finished"', '"d13","Ohio"')
    with pytest.raises(DataError, match=r"row 5 \(run 'd20'\), column 'loss': missing or NaN"):
        read_runs(write(tmp_path / "t.csv", other), columns=OURS)


GROUPED = (
    '"Relative Time (Process)","Group: d8 - eval/loss","Group: d8 - eval/loss__MIN",'
    '"Group: d8 - eval/loss__MAX"\n"60","3.5","3.4","3.6"\n"120","3.2","3.1","3.3"\n'
)


def test_a_chart_of_groups_by_time(tmp_path):
    path = write(tmp_path / "chart.csv", GROUPED)
    runs, notes = said(read_runs, path, compute={"Group: d8": 1e18})
    assert runs["loss"].tolist() == [3.2]
    assert "last_step" not in runs
    assert notes[0].startswith("'Group: d8' is a group of runs by its name (Group), and its loss")
    assert notes[1].startswith("the axis of the chart is 'Relative Time (Process)', in seconds, ")
    match = "steps: the log of run 'Group: d8' is not by step"
    with pytest.raises(DataError, match=match):
        read_runs(path, compute={"Group: d8": 1e18}, steps={"Group: d8": 100})


def test_a_chart_by_time_with_its_steps(tmp_path):
    text = "Relative Time (Wall),a - _step,a - loss\n60,100,3.5\n120,200,3.2\n"
    runs = read_runs(write(tmp_path / "chart.csv", text), compute={"a": 1e18}, steps={"a": 200})
    assert runs[["last_step", "finished"]].to_numpy().tolist() == [[200.0, True]]


# What paths name.


def test_runs_are_named_by_any_part_of_their_path(tmp_path, monkeypatch):
    for run, loss in (("d8", 3.0), ("d12", 2.5)):
        text = f"Wall time,Step,Value\n1,100,{loss}\n"
        write(tmp_path / "sweep" / f"exp-{run}-v2" / "seed0" / "run-.-tag-loss.csv", text)
    compute = {"d8": 1e18, "d12": 1e19}
    pattern = tmp_path / "sweep" / "exp-{run}-v2" / "*" / "run-*.csv"
    expected = {"d8": 3.0, "d12": 2.5}
    for source in (pattern, str(pattern), [pattern], tmp_path / "**" / "exp-{run}-*" / "*" / "*"):
        runs = read_runs(source, compute=compute)
        assert dict(zip(runs["run"], runs["loss"], strict=True)) == expected
    monkeypatch.chdir(tmp_path)
    assert set(read_runs("sweep/exp-{run}-v2/**/*.csv", compute=compute)["run"]) == {"d8", "d12"}
    with pytest.raises(DataError, match=r"more than once; .* or write \{run\} for the part"):
        read_runs("sweep/*/*/run-*.csv", compute={"seed0": 1e18})
    named = {run: tmp_path / "sweep" / f"exp-{run}-v2" / "seed0" / "*.csv" for run in compute}
    assert set(read_runs(named, compute=compute)["run"]) == {"d8", "d12"}
    with pytest.raises(DataError, match="names the run twice"):
        read_runs("{run}/{run}/*.csv")
    with pytest.raises(DataError, match=r"\{run\}/nothing.csv matches no file"):
        read_runs("{run}/nothing.csv")


def test_families_and_counts_are_named_by_their_path(tmp_path):
    for family in ("A", "B"):
        write(tmp_path / family / "d8.csv", "compute,loss\n1e18,3.0\n")
    runs = read_runs(tmp_path / "{family}" / "{run}.csv")
    assert runs[["family", "run"]].to_numpy().tolist() == [["A", "d8"], ["B", "d8"]]
    text = "compute,problem,n_samples,n_correct\n1e18,x,4,1\n"
    for run in ("a", "b"):
        write(tmp_path / f"eval_{run}_t0.2" / "results.csv", text)
    passes = read_passes(tmp_path / "eval_{run}_t*" / "results.csv")
    assert passes["run"].tolist() == ["a", "b"]


def test_a_table_that_names_its_runs_is_not_named_by_its_path(tmp_path):
    write(tmp_path / "d8" / "t.csv", "Run,compute,loss\na,1e18,3.0\n")
    with pytest.raises(DataError, match=r"has a column run of its own; write \* in the path"):
        read_runs(tmp_path / "{run}" / "t.csv")
    write(tmp_path / "d8" / "chart.csv", "Step,a - loss,b - loss\n1,3,2\n")
    with pytest.raises(DataError, match="has several runs"):
        read_runs(tmp_path / "{run}" / "chart.csv")


def test_a_list_of_paths(tmp_path):
    paths = [write(tmp_path / f"{run}.csv", "compute,loss\n1e18,3.0\n") for run in "ab"]
    tables = [write(tmp_path / f"t{run}.csv", f"run,compute,loss\n{run},1e18,3\n") for run in "ab"]
    assert read_runs(tables)["run"].tolist() == ["a", "b"]
    assert read_runs([*tables, tmp_path / "t*.csv"])["run"].tolist() == ["a", "b"]
    assert read_runs(dict(zip("xy", paths, strict=True)))["run"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    "content",
    [
        b"run,compute,loss\na,1e18,3.0\n",
        b'[{"run": "a", "compute": 1e18, "loss": 3.0}]',
        b'{"run": "a", "compute": 1e18, "loss": 3.0}\n{"run": "b", "compute": 1e19, "loss": 2}\n',
        gzip.compress(b"run;compute;loss\na;1e18;3,0\n", mtime=0),
    ],
)
def test_standard_input(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert read_runs("-")["loss"].iloc[0] == 3.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "^standard input is empty"),
        (b"run,compute,loss\na,1e18,low\n", r"^standard input: row 1 \(run 'a'\), column 'loss'"),
        (b"prose", "^standard input isn't a table"),
    ],
)
def test_bad_standard_input(monkeypatch, content, message):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    with pytest.raises(DataError, match=message):
        read_runs("-")


# Several configurations at one compute.

GRID = pd.DataFrame(
    {
        "run": list("abcdef"),
        "compute": [1e18, 1.01e18, 1e18, 1e19, 1e20, 1e21],
        "loss": [3.0, 3.3, 3.6, 2.6, 2.3, 2.1],
        "learning_rate": [1e-3, 1e-2, 1e-1, 1e-3, 1e-3, 1e-3],
    }
)


def test_configurations_are_no_replicates():
    remarks = {remark.topic: remark.message for remark in check_table(GRID)}
    assert remarks["configurations"] == (
        "in the ladder runs of one compute lie further apart than replicates do (2%): 'a' (3) and "
        "'c' (3.6) at 1e+18 FLOP, and differ in learning_rate. As replicates they widen every "
        "interval to hold all of them; keep='best' keeps the best configuration at each compute."
    )
    best, notes = said(read_runs, GRID, keep="best")
    assert best["run"].tolist() == ["a", "d", "e", "f"]
    assert notes[0].startswith(
        "of runs at one compute the one with the lowest loss is kept: 4 of 6, without 'b', 'c'."
    )
    assert "configurations" in {remark.topic for remark in check_table(best)}  # it is said again
    with pytest.raises(DataError, match=r"keep: got 'bst'; allowed: all, best. Did you mean 'be"):
        read_runs(GRID, keep="bst")


@pytest.mark.parametrize(
    "columns",
    [
        {"loss": [3.0, 3.02, 3.05, 2.6, 2.3, 2.1]},  # replicates
        {"loss_se": [0.1] * 6, "loss": [3.0, 3.3, 3.3, 2.6, 2.3, 2.1]},  # known to be unsure
        {"finished": [True, False, False, True, True, True]},
        {"compute": [1e18, 1.1e18, 1.3e18, 1e19, 1e20, 1e21]},
    ],
)
def test_what_is_no_configuration(columns):
    assert "configurations" not in {one.topic for one in check_table(GRID.assign(**columns))}


def test_the_best_is_one_that_finished():
    unfinished = GRID.assign(finished=[False, True, True, True, True, False])
    best, _ = said(read_runs, unfinished, keep="best")
    assert best["run"].tolist() == ["b", "d", "e", "f"]
    families = GRID.assign(family=list("xyxxxx"))
    assert said(read_runs, families, keep="best")[0]["run"].tolist() == ["a", "b", "d", "e", "f"]
