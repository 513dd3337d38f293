"""Tables of scores: what they may be, and what each that isn't one is told."""

import json

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.data import check_scores, read_scores
from bayes_scaling.errors import DataError

TABLE = pd.DataFrame(
    {
        "run": ["S", "M", "L"],
        "compute": [1e19, 1e20, 1e21],
        "n_correct": [50, 60, 80],
        "n_items": 100,
        "chance": 0.25,
    }
)
RESULTS = {
    "results": {
        "arc_easy": {"alias": "arc_easy", "acc,none": 0.6, "acc_stderr,none": 0.01},
        "gsm8k": {"exact_match,strict": 0.1, "exact_match_stderr,strict": 0.008},
    },
    "n-samples": {
        "arc_easy": {"original": 2376, "effective": 2376},
        "gsm8k": {"original": 1319, "effective": 1319},
    },
    "versions": {},
}


def test_a_checked_table_is_the_same_checked_again():
    table = pd.concat([TABLE.assign(task=task) for task in ("a", "b")])
    table = pd.concat([table.assign(family=name) for name in ("x", "y")])
    once = check_scores(table)
    pd.testing.assert_frame_equal(check_scores(once), once)
    assert list(once["family"].unique()) == ["x, a", "x, b", "y, a", "y, b"]


def test_a_task_of_one_family_of_models_is_called_by_its_name():
    table = check_scores(TABLE.assign(task="BoolQ", family="GPT"))
    assert set(table["family"]) == {"BoolQ"}


def test_a_standard_error_says_how_many_items_there_are():
    share = np.array([0.5, 0.6, 0.8])
    table = TABLE.drop(columns=["n_correct", "n_items"])
    error = np.sqrt(share * (1 - share) / 2000)
    found = check_scores(table.assign(score=share, score_se=error))
    assert found["n_items"].tolist() == [2000, 2000, 2000]
    assert found["n_correct"].tolist() == [1000, 1200, 1600]


def test_no_chance_is_that_of_free_answers():
    assert check_scores(TABLE.drop(columns="chance"))["chance"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"chance": 1.2}, r"row 1 \(run 'S'\), column 'chance': got 1.2; a chance level is a"),
        ({"chance": 1.0}, r"up to, not including, 1"),
        ({"chance": 25}, r"Divide per cent by 100"),
        ({"n_items": [100, 100, 70]}, r"row 3 \(run 'L'\): n_correct is 80 but n_items only 70"),
        ({"n_items": [100, 0, 100]}, r"column 'n_items': got 0; a task has 1 item or more"),
        ({"n_correct": [50, -1, 80]}, r"got -1; a count can't be negative"),
        ({"n_correct": [50, 60.5, 80]}, r"got 60.5; a count of items is a whole number"),
        ({"n_correct": [50, None, 80]}, r"row 2 .*the cell is empty; fill in n_correct"),
        ({"run": ["S", "S", "L"]}, r"run id 'S' .*is there twice, in rows 1 and 2"),
        ({"nll": [1.0, 0.0, 2.0]}, r"got 0; a negative log-likelihood is positive"),
        ({"compute": [1e19, -1, 1e21]}, r"row 2"),
    ],
)
def test_a_bad_cell_is_named(cells, said):
    with pytest.raises(DataError, match=said):
        check_scores(TABLE.assign(**cells))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"score": 0.5}, "Without either nothing says how far a score is from luck"),
        ({"score": 50, "score_se": 0.01}, "a score is a number from 0 to 1. Divide per cent"),
        ({"score": 1.0, "score_se": 0.0}, "Where all or no items are right, give n_items"),
    ],
)
def test_a_score_needs_its_items_or_its_error(cells, said):
    table = TABLE.drop(columns=["n_correct", "n_items"])
    with pytest.raises(DataError, match=said):
        check_scores(table.assign(**cells))


def test_the_averages_of_lm_evaluation_harness_are_read(tmp_path):
    for size in ("70m", "160m"):
        folder = tmp_path / size
        folder.mkdir()
        (folder / "results_2026-01-01.json").write_text(json.dumps(RESULTS))
    place = str(tmp_path / "*" / "results_*.json")
    found = read_scores(place, compute={"70m": 1e20, "160m": 3e20})
    arc = found[found["family"] == "arc_easy"]
    assert arc["n_items"].tolist() == [2376, 2376]
    assert arc["n_correct"].tolist() == [1426, 1426]
    assert set(found[found["family"] == "gsm8k"]["n_correct"]) == {132}


def test_a_metric_that_a_task_lacks_is_refused(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps(RESULTS))
    with pytest.raises(DataError, match=r"metric: 'acc_norm' is not known of task 'arc_easy'"):
        read_scores(path, compute={tmp_path.name: 1e20}, metric="acc_norm")


def test_a_task_without_items_or_error_is_refused(tmp_path):
    content = {"results": {"t": {"acc": 0.5}}, "versions": {}}
    path = tmp_path / "results.json"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"task 't' says neither how many items"):
        read_scores(path, compute={tmp_path.name: 1e20})


def test_a_log_of_training_holds_no_scores(tmp_path):
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps({"log_history": [{"loss": 2.0, "step": 1}], "global_step": 1}))
    with pytest.raises(DataError, match="holds no scores"):
        read_scores(path)


def test_a_table_on_disk_is_the_table(tmp_path):
    path = tmp_path / "scores.csv"
    TABLE.rename(columns={"run": "model"}).to_csv(path, index=False)
    found = read_scores(path, columns={"model": "run"})
    pd.testing.assert_frame_equal(found, check_scores(TABLE), check_dtype=False)
