import json
import warnings

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bayes_scaling.data import RunsWarning, read_runs
from bayes_scaling.errors import DataError


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def trainer_state(path, log, **state):
    state = {"global_step": 100, "max_steps": 100, "total_flos": 3e18} | state
    return write(path, json.dumps(state | {"log_history": log}))


def tensorboard(path, rows):
    timed = [(1.7e9 + place, *row) if len(row) == 2 else row for place, row in enumerate(rows)]
    return write(path, "Wall time,Step,Value\n" + "".join(f"{t},{s},{v}\n" for t, s, v in timed))


def test_trainer_state(tmp_path):
    log = [
        {"loss": 4.0, "step": 50, "epoch": 0.5},
        {"eval_loss": 3.5, "step": 50},
        {"loss": 3.0, "step": 100},
        {"eval_loss": 3.1, "eval_runtime": 2.0, "step": 100},
        {"train_loss": 3.6, "total_flos": 3e18, "step": 100},
    ]
    trainer_state(tmp_path / "small" / "trainer_state.json", log, num_input_tokens_seen=5000)
    runs = read_runs(tmp_path / "small" / "trainer_state.json")
    assert runs.to_dict("records") == [
        {
            "run": "small",
            "compute": 3e18,
            "compute_from": "total_flos",
            "tokens": 5000.0,
            "loss": 3.1,
            "finished": True,
            "last_step": 100.0,
            "metric": "eval_loss",
        }
    ]
    train = read_runs(tmp_path / "small" / "trainer_state.json", metric="loss")
    assert train["loss"].tolist() == [3.0]


def test_trainer_states_without_evaluation(tmp_path):
    for name, loss in [("a", 3.0), ("b", 2.5)]:
        trainer_state(tmp_path / name / "trainer_state.json", [{"loss": loss, "step": 100}])
    runs = read_runs(tmp_path / "*" / "trainer_state.json")
    assert runs["loss"].tolist() == [3.0, 2.5]
    assert runs["metric"].tolist() == ["loss", "loss"]
    assert "tokens" not in runs


def test_evaluated_and_not_evaluated_runs_do_not_mix(tmp_path):
    trainer_state(tmp_path / "a" / "trainer_state.json", [{"loss": 3.0, "eval_loss": 3.1}])
    trainer_state(tmp_path / "b" / "trainer_state.json", [{"loss": 2.5}])
    with pytest.raises(DataError, match=r"run 'b' never logged 'eval_loss' \(it has: loss\)"):
        read_runs(tmp_path / "*" / "trainer_state.json")
    both = read_runs(tmp_path / "*" / "trainer_state.json", metric="loss")
    assert both["loss"].tolist() == [3.0, 2.5]


def test_the_last_checkpoint_is_read(tmp_path):
    for step, loss in [(900, 2.6), (1000, 2.5), (50, 4.0)]:
        folder = tmp_path / "small" / f"checkpoint-{step}"
        trainer_state(
            folder / "trainer_state.json", [{"loss": loss}], global_step=step, max_steps=1000
        )
    runs = read_runs(tmp_path / "*" / "checkpoint-*" / "trainer_state.json")
    assert runs[["run", "loss", "last_step"]].to_numpy().tolist() == [["small", 2.5, 1000.0]]
    # The state in the run's own folder is written at the end.
    trainer_state(tmp_path / "small" / "trainer_state.json", [{"loss": 2.4}], global_step=1000)
    assert read_runs(tmp_path / "**" / "trainer_state.json")["loss"].tolist() == [2.4]


def test_an_unfinished_trainer_state_is_said(tmp_path):
    trainer_state(tmp_path / "a" / "trainer_state.json", [{"loss": 3.0}])
    trainer_state(tmp_path / "b" / "trainer_state.json", [{"loss": 2.5}], global_step=99)
    with pytest.warns(RunsWarning, match="these runs are unfinished: 'b'; they stay") as caught:
        runs = read_runs(tmp_path / "*" / "trainer_state.json")
    assert runs["finished"].tolist() == [True, False]
    assert len(caught) == 1
    assert caught[0].filename == __file__
    # Other plans may be said: 99 steps of 100 are within 1 %.
    again = read_runs(tmp_path / "*" / "trainer_state.json", steps={"a": 100, "b": 100})
    assert again["finished"].tolist() == [True, True]


def test_compute_for_a_trainer_state_that_did_not_count(tmp_path):
    path = tmp_path / "a" / "trainer_state.json"
    trainer_state(path, [{"loss": 3.0}], total_flos=0, max_steps=-1)
    with pytest.raises(DataError, match="compute has no entry for 'a'"):
        read_runs(path)
    runs = read_runs(path, compute={"a": "1 EFLOP"})
    assert runs["compute"].tolist() == [1e18]
    assert runs["compute_from"].tolist() == ["given"]
    assert runs["finished"].tolist() == [True]


def test_renamed_trainer_states_are_known_by_their_logs(tmp_path):
    trainer_state(tmp_path / "small.json", [{"loss": 3.0}])
    trainer_state(tmp_path / "big.json", [{"loss": 2.5}])
    assert read_runs(tmp_path / "*.json")["run"].tolist() == ["big", "small"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "isn't a trainer state: it has no 'log_history'"),
        ("[1]", "isn't a trainer state: it has no 'log_history'"),
        ('{"log_history": [], "global_step": 1}', "has an empty log"),
        ('{"log_history": [1, {"step": 3}], "global_step": 1}', "has an empty log"),
        ('{"log_history": [{"loss": 3}], "total_flos": 1}', "has no 'global_step' above zero"),
        ('{"log_history": [{"loss": NaN}], "global_step": 5, "total_flos": 1}', "missing or NaN"),
        ('{"log_history": [', "isn't JSON"),
    ],
)
def test_bad_trainer_states(tmp_path, content, message):
    write(tmp_path / "trainer_state.json", content)
    with pytest.raises(DataError, match=message):
        read_runs(tmp_path / "trainer_state.json")


WANDB = """\
"Step","small - _step","small - train/loss","small - train/loss__MIN","small - train/loss__MAX",\
"big - v2 - train/loss","big - v2 - train/loss__MIN","big - v2 - train/loss__MAX"
"0","0","9.5","9.5","9.5","9.4","9.4","9.4"
"500","500","3.25","3.2","3.3","","",""
"1000","1000","3.0","2.9","3.1","2.75","2.7","2.8"
"1010","","","","","2.5","2.4","2.6"
"""
COMPUTE = {"small": "3 EFLOP", "big - v2": 3e19}


def test_wandb(tmp_path):
    runs = read_runs(write(tmp_path / "chart.csv", WANDB), compute=COMPUTE)
    expected = pd.DataFrame(
        {
            "run": ["small", "big - v2"],
            "compute": [3e18, 3e19],
            "compute_from": ["given", "given"],
            "loss": [3.0, 2.5],
            "finished": [True, True],
            "metric": ["train/loss", "train/loss"],
            "last_step": [1000.0, 1010.0],
        }
    )
    assert_frame_equal(runs, expected)


def test_wandb_without_ranges(tmp_path):
    path = write(tmp_path / "chart.csv", "Step,a - loss,b - loss\n1,3,\n2,2.9,2.5\n")
    assert read_runs(path, compute={"a": 1e18, "b": 1e19})["loss"].tolist() == [2.9, 2.5]


def test_the_compute_of_every_run_is_needed(tmp_path):
    path = write(tmp_path / "chart.csv", WANDB)
    message = r"chart\.csv: compute has no entry for 'small', 'big - v2', and the logs don't say"
    with pytest.raises(DataError, match=message):
        read_runs(path)
    with pytest.raises(DataError, match="compute has no entry for 'big - v2'"):
        read_runs(path, compute={"small": 1e18})
    with pytest.raises(DataError, match=r"entry for run 'smal', which isn't .*mean 'small'\?"):
        read_runs(path, compute=COMPUTE | {"smal": 1e18})
    with pytest.raises(DataError, match=r"compute\['small'\]: 'lots' isn't an amount of compute"):
        read_runs(path, compute=COMPUTE | {"small": "lots"})


def test_maps_by_run(tmp_path):
    path = write(tmp_path / "c.csv", "Step,125 - loss\n1,3\n")
    assert read_runs(path, compute={125: 1e18})["run"].tolist() == ["125"]
    with pytest.raises(DataError, match=r"compute must be a mapping of runs.*, got float"):
        read_runs(path, compute=1e18)


def test_several_metrics(tmp_path):
    path = write(tmp_path / "c.csv", "Step,a - loss,a - eval/loss,b - loss\n1,3,3.1,2\n")
    with pytest.raises(DataError, match="hold several metrics: eval/loss, loss; say which"):
        read_runs(path, compute={"a": 1e18, "b": 1e19})
    runs = read_runs(path, compute={"a": 1e18, "b": 1e19}, metric="loss")
    assert runs["loss"].tolist() == [3.0, 2.0]
    with pytest.raises(DataError, match=r"run 'b' never logged 'eval/loss' \(it has: loss\)"):
        read_runs(path, compute={"a": 1e18}, metric="eval/loss")
    with pytest.raises(DataError, match=r"metric 'los' isn't in the logs; .*mean 'loss'\?"):
        read_runs(path, compute={"a": 1e18}, metric="los")


def test_a_run_that_looks_unfinished(tmp_path):
    path = write(tmp_path / "c.csv", "Step,a - loss,b - loss\n0,9,9\n89,3,2.5\n100,2.9,\n")
    costs = {"a": 1e18, "b": 1e19}
    with pytest.warns(RunsWarning, match=r"these runs look unfinished: 'b' \(their logs end well"):
        runs = read_runs(path, compute=costs)
    assert runs["finished"].tolist() == [True, False]
    # A dearer run that ends later says nothing of the cheaper one.
    assert read_runs(path, compute={"a": 1e19, "b": 1e18})["finished"].all()
    assert read_runs(path, compute=costs, steps={"a": 100, "b": 89})["finished"].all()
    with pytest.warns(RunsWarning, match="these runs are unfinished: 'a', 'b';"):
        read_runs(path, compute=costs, steps={"a": 200, "b": "1K"})
    edge = write(tmp_path / "d.csv", "Step,a - loss,b - loss\n0,9,9\n90,3,2.5\n100,2.9,\n")
    assert read_runs(edge, compute=costs)["finished"].all()


def test_planned_steps_are_of_the_runs_in_the_log(tmp_path):
    path = write(tmp_path / "chart.csv", WANDB)
    with pytest.raises(DataError, match="steps has an entry for run 'x'"):
        read_runs(path, compute=COMPUTE, steps={"x": 10})
    with pytest.raises(DataError, match="steps has no entry for 'big - v2'"):
        read_runs(path, compute=COMPUTE, steps={"small": 10})
    with pytest.raises(DataError, match=r"steps\['small'\]: 'all' isn't a count"):
        read_runs(path, compute=COMPUTE, steps={"small": "all", "big - v2": 10})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Step,a - loss\n1,2\n3,diverged\n", "row 2, column 'a - loss': 'diverged' isn't a number"),
        ("Step,a - loss\n1,2\n3,NaN\n", r"row 1 \(run 'a'\), column 'loss': missing or NaN"),
        ("Step,a - loss\n1,2\n3,Infinity\n", r"row 1 \(run 'a'\), column 'loss': got inf"),
        ("Step,a - loss\n1,\n3,\n", r"run 'a' never logged 'loss' \(its log is empty\)"),
        ("Step,a - loss\n", r"run 'a' never logged 'loss' \(its log is empty\)"),
        ("Step,a - loss,a - loss\n1,2,3\n", "column 'a - loss' is there twice"),
        ("Step,a - _step\n1,2\n", "has no column '<run> - <metric>'"),
    ],
)
def test_bad_wandb_exports(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_runs(write(tmp_path / "chart.csv", content), compute={"a": 1e18})


def test_tensorboard(tmp_path):
    tensorboard(tmp_path / "run-small_v1-tag-train_loss.csv", [(0, 9.0), (100, 3.0)])
    tensorboard(tmp_path / "run-big-tag-train_loss.csv", [(0, 9.0), (95, 2.7), (100, 2.6)])
    compute = {"small_v1": 1e18, "big": 1e19}
    runs = read_runs(tmp_path / "run-*.csv", compute=compute, metric="train/loss")
    assert runs["run"].tolist() == ["big", "small_v1"]
    assert runs["loss"].tolist() == [2.6, 3.0]
    assert runs["compute"].tolist() == [1e19, 1e18]
    assert runs["last_step"].tolist() == [100.0, 100.0]


def test_tensorboard_under_a_name_of_ones_own(tmp_path):
    path = tensorboard(tmp_path / "small.csv", [(100, 3.5), (100, 3.0)])
    runs = read_runs(path, compute={"small": 1e18})
    assert runs["run"].tolist() == ["small"]
    assert runs["loss"].tolist() == [3.0]


def test_a_run_in_two_logs(tmp_path):
    for folder in ("x", "y"):
        tensorboard(tmp_path / folder / "small.csv", [(100, 3.0)])
    with pytest.raises(DataError, match="run 'small' is in the logs more than once"):
        read_runs(tmp_path / "*" / "small.csv", compute={"small": 1e18})


@pytest.mark.parametrize(
    ("rows", "message"),
    [([], "has no rows"), ([(1, "x")], "a cell that isn't a number"), ([(1, "nan")], "NaN")],
)
def test_bad_tensorboard_exports(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        read_runs(tensorboard(tmp_path / "a.csv", rows), compute={"a": 1e18})


def test_a_finished_ladder_is_read_in_silence(tmp_path):
    path = write(tmp_path / "chart.csv", WANDB)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_runs(path, compute=COMPUTE)
