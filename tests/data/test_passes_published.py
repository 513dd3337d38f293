"""Published pass counts, where there is a folder of them."""

import pandas as pd
import pytest

from bayes_scaling.data import check_table, form_buckets, read_passes, restrict_solved_by_all
from bayes_scaling.errors import DataError

COLUMNS = {"model": "run", "flops": "compute", "problem_id": "problem"}


@pytest.fixture(scope="module")
def pythia_math(data_dir):
    path = data_dir / "pythia_math_pass_counts" / "pass_counts.csv"
    return read_passes(path, columns=COLUMNS)


def test_pythia_math(pythia_math):
    assert len(pythia_math) == 7 * 128
    assert set(pythia_math["n_samples"]) == {10_000}
    assert restrict_solved_by_all(pythia_math)["problem"].nunique() == 34
    solved = pythia_math.groupby("problem")["n_correct"].sum() > 0
    assert solved.sum() == 116
    assert [remark.topic for remark in check_table(pythia_math)] == ["one axis", "never solved"]


def test_buckets_of_pythia_math_order_runs_that_formed_none(pythia_math):
    small = pythia_math.query("compute < 2e21")
    formed = form_buckets(small, hardest=15)
    of_problem = formed.groupby("problem")["bucket"].first()
    assert of_problem.value_counts().sort_index().tolist() == [19, 19, 19, 19, 19, 18, 15]
    large = pythia_math[pythia_math["run"] == "pythia-12b"].set_index("problem")
    rate = (large["n_correct"] / large["n_samples"]).groupby(of_problem).mean()
    assert rate["1"] > rate["2"] > rate["3"] > rate["5"] > rate["hardest"]


def test_pythia_checkpoints(data_dir):
    path = data_dir / "pythia_math_checkpoint_pass_counts" / "pass_counts.csv"
    raw = pd.read_csv(path)
    with pytest.raises(DataError, match=r"pass_counts\.csv: run 'pythia-14m', .* is there twice"):
        read_passes(path, columns=COLUMNS)
    raw["run"] = raw["model"] + " step " + raw["step"].astype(str)
    names = {theirs: ours for theirs, ours in COLUMNS.items() if ours != "run"}
    passes = read_passes(raw, columns=names)
    assert len(passes) == 9097
    assert passes["n_samples"].max() > 3_000_000
    level = form_buckets(passes).groupby("bucket")["level"].mean()
    assert level["6"] > level["1"]
    split = form_buckets(passes, "split")
    assert (split["n_samples"] == passes["n_samples"] - passes["n_samples"] // 2).all()


def test_evalperf_code(data_dir):
    path = data_dir / "evalperf_code_pass_counts" / "pass_counts.csv"
    raw = pd.read_csv(path).query("flops.notna() and prompt == 'plain'")
    passes = read_passes(raw, columns=COLUMNS)
    assert passes["run"].nunique() == 10
    assert set(passes["benchmark"]) == {"humaneval", "mbpp"}
    secret = pd.read_csv(path).drop(columns=["family", "params", "tokens"])
    with pytest.raises(DataError, match=r"row 1181 .*, column 'compute': missing or NaN"):
        read_passes(secret, columns=COLUMNS)
