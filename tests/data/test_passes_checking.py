import numpy as np
import pandas as pd
import pytest

from bayes_scaling.data import check_table, form_buckets
from bayes_scaling.errors import DataError

COMPUTE = [1e18, 3e18, 1e19, 3e19, 1e20]
PROBLEMS = ["a", "b", "c", "d", "e", "f"]
RATES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


def counts(samples=200, growth=(1.0, 1.1, 1.2, 1.3, 1.4), **columns):
    correct = np.round(np.outer(growth, RATES) * samples).astype(int)
    table = {
        "run": np.repeat(list("vwxyz"), len(PROBLEMS)),
        "compute": np.repeat(COMPUTE, len(PROBLEMS)),
        "problem": np.tile(PROBLEMS, len(COMPUTE)),
        "n_samples": samples,
        "n_correct": correct.ravel(),
    }
    return pd.DataFrame(table | columns)


def only(table):
    remarks = check_table(table)
    assert len(remarks) == 1, remarks
    return remarks[0]


def topics(table):
    return [remark.topic for remark in check_table(table)]


def test_good_counts_get_no_remark():
    assert check_table(counts()) == ()
    assert check_table(form_buckets(counts(), 3)) == ()


def test_few_scales():
    remark = only(counts().query("run < 'z'"))
    assert remark.topic == "few scales"
    assert remark.message.startswith(
        "the ladder has 4 distinct computes; with fewer than 5 how fast pass rates rise"
    )
    assert "the ladder has one compute" in str(check_table(counts().query("run == 'v'"))[0])


def test_conventions_of_compute():
    sizes = counts().assign(params=np.sqrt(counts()["compute"] / 6))
    sizes["tokens"] = sizes["compute"] / 6 / sizes["params"]
    assert topics(sizes) == ["collinear"]
    sizes.loc[sizes["run"] == "v", "compute"] = None
    assert topics(sizes) == ["collinear", "mixed compute"]


def test_never_solved():
    table = counts()
    table.loc[table["problem"].isin(["a", "c"]), "n_correct"] = 0
    remark = only(table)
    assert remark.topic == "never solved"
    assert "the ladder has problems that no run solved, 2 of 6: 'a', 'c'." in remark.message
    nothing = only(counts(n_correct=0))
    assert nothing.message.startswith("no run of the ladder solved any problem")


def test_always_solved():
    table = counts()
    table.loc[table["problem"] == "f", "n_correct"] = 200
    remark = only(table)
    assert remark.topic == "always solved"
    assert "solved in every sample, 1 of 6: 'f'. They tell nothing about the rise" in str(remark)


def test_unbalanced():
    remark = only(counts().drop(index=[0, 1, 8]))
    assert remark.topic == "unbalanced"
    assert "3 of 30 pairs of a run and a problem are missing; run 'v' tried 4 of 6" in str(remark)


def test_few_samples():
    remark = only(counts(samples=20))
    assert remark.topic == "few samples"
    assert "a median of 20 samples" in remark.message
    assert check_table(counts(samples=30)) == ()
    single = counts(n_samples=1, n_correct=np.tile([0, 1, 0, 0, 1, 1, 1, 0], 4)[:30])
    assert any(
        "has one sample for a problem and run" in str(remark) for remark in check_table(single)
    )


def test_buckets_formed_on_the_counts_that_are_fitted():
    table = counts(samples=10)
    assert topics(form_buckets(table, 3)) == ["few samples", "same counts"]
    assert topics(form_buckets(table, 2, hardest=2)) == ["few samples", "same counts"]
    other = dict(zip(PROBLEMS, ["1", "2", "1", "2", "1", "2"], strict=True))
    assert topics(form_buckets(table, other)) == ["few samples"]
    assert topics(form_buckets(counts(samples=200), 3)) == []


def test_a_run_entered_twice():
    twin = counts().query("run == 'y'").assign(run="y again")
    remark = only(pd.concat([counts(), twin]))
    assert remark.topic == "pseudo-replicates"
    assert "runs 'y', 'y again' of the ladder have the same counts" in remark.message


def test_falls():
    remark = only(counts(growth=(1.0, 1.3, 1.2, 1.1, 1.4)))
    assert remark.topic == "falls"
    assert "on the same problems: 'y' (0.385, 'w' has 0.455)." in remark.message
    # A fall that so few samples may give by luck is not remarked.
    assert topics(counts(samples=10, growth=(1.0, 1.3, 1.2, 1.1, 1.4))) == ["few samples"]


def test_a_fall_is_judged_on_the_problems_that_both_tried():
    easy_first = counts()[lambda t: (t["run"] != "v") | (t["problem"] > "c")]
    assert topics(easy_first) == ["unbalanced"]


def test_families_and_benchmarks_are_ladders_of_their_own():
    table = pd.concat([counts(benchmark="math"), counts(samples=5, benchmark="code")])
    table["family"] = "x"
    remark = only(table)
    assert remark.message.startswith("family 'x', benchmark 'code' has a median of 5 samples")


def test_a_table_that_is_none_is_refused():
    with pytest.raises(DataError, match="column 'n_correct' is missing"):
        check_table(counts().drop(columns="n_correct"))
