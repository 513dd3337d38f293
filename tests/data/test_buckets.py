from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from chance import count_bounds, z
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy import stats

from bayes_scaling.data import (
    PassesWarning,
    check_passes,
    default_buckets,
    form_buckets,
    unit_keys,
)
from bayes_scaling.data.difficulty import (
    DEVIATION_SD,
    PROBLEM_SD,
    RUN_SD,
    find_mode,
    score_difficulty,
)
from bayes_scaling.errors import DataError


def simulate(rng, *, problems=120, runs=1, samples=5):
    """Draw counts of the pass-rate model; the column `true` is the pass rate behind each."""
    x = np.linspace(-2.5, 2.5, runs) if runs > 1 else np.zeros(1)
    z, k = rng.normal(0.5, 1.5, (problems, 1)), rng.normal(0.18, 0.08, (problems, 1))
    true = np.exp(-np.exp(z - k * x + rng.normal(0, 0.3, (problems, runs))))
    return pd.DataFrame(
        {
            "run": np.tile([f"run {m}" for m in range(runs)], problems),
            "compute": np.tile(1e20 * np.exp(x), problems),
            "problem": np.repeat([f"p{i:03d}" for i in range(problems)], runs),
            "n_samples": samples,
            "n_correct": rng.binomial(samples, true).ravel(),
            "true": true.ravel(),
        }
    )


def sizes(table):
    return table.groupby("bucket")["problem"].nunique().to_dict()


def test_buckets_hold_problems_of_like_difficulty():
    table = simulate(np.random.default_rng(1), runs=4, samples=2000)
    formed = form_buckets(table, 4)
    assert sizes(formed) == dict.fromkeys("1234", 30)
    hardness = -np.log(-np.log(formed["true"])).groupby(formed["problem"]).mean()
    of_problem = formed.groupby("problem")["bucket"].first()
    edges = [hardness[of_problem == label].quantile([0.05, 0.95]).tolist() for label in "1234"]
    assert all(low[0] > high[1] for low, high in pairwise(edges))


def test_the_rest_of_the_table_stays():
    table = simulate(np.random.default_rng(1), runs=2).assign(level=3)
    before = table.copy(deep=True)
    formed = form_buckets(table, 3)
    assert_frame_equal(table, before)
    assert_frame_equal(formed.drop(columns="bucket"), check_passes(table))
    assert_frame_equal(check_passes(formed), formed)
    assert_frame_equal(form_buckets(formed, 3), formed)


SHUFFLED = simulate(np.random.default_rng(2), problems=13, runs=3, samples=4).iloc[2:]


@settings(max_examples=12, deadline=None)
@given(st.permutations(range(len(SHUFFLED))), st.sampled_from([2, 6, "split"]))
def test_the_order_of_rows_does_not_matter(order, buckets):
    expected = form_buckets(SHUFFLED, buckets, hardest=2)
    formed = form_buckets(SHUFFLED.iloc[order], buckets, hardest=2)
    keys = unit_keys(expected)
    assert formed["problem"].tolist() == SHUFFLED["problem"].iloc[order].tolist()
    assert_frame_equal(
        formed.sort_values(keys, ignore_index=True), expected.sort_values(keys, ignore_index=True)
    )


def flat(problems, **columns):
    table = {"run": "m", "compute": 1e20, "problem": list(problems), "n_samples": 10}
    return pd.DataFrame(table | {"n_correct": 5} | columns)


def test_ties_go_by_name():
    for problems in ("dacb", "bcda"):
        formed = form_buckets(flat(problems), 2).set_index("problem")["bucket"]
        assert formed.sort_index().tolist() == ["1", "1", "2", "2"]


@pytest.mark.parametrize(
    ("problems", "asked", "expected"),
    [(13, 6, [3, 2, 2, 2, 2, 2]), (7, 6, [3, 2, 2]), (3, 6, [3]), (1, 6, [1]), (6, 1, [6])],
)
def test_two_problems_a_bucket_at_least(problems, asked, expected):
    table = flat("abcdefghijklm"[:problems], n_correct=np.arange(problems) % 11)
    assert list(sizes(form_buckets(table, asked)).values()) == expected


def test_the_hardest_stand_apart():
    formed = form_buckets(flat("abcdef", n_correct=[0, 9, 3, 8, 1, 6]), 2, hardest=2)
    assert formed["bucket"].tolist() == ["hardest", "1", "2", "1", "hardest", "2"]


def test_given_buckets():
    table = flat(["1", "2", "3"])
    given = {1: "easy", "2": "hard", "3": "hard", "4": "not there"}
    assert form_buckets(table, given)["bucket"].tolist() == ["easy", "hard", "hard"]
    with pytest.raises(DataError, match=r"1 of 3 problems have no bucket, the first is '3'"):
        form_buckets(table, {"1": "a", "2": "a"})
    with pytest.raises(DataError, match="hardest= goes with buckets that are formed"):
        form_buckets(table, given, hardest=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"buckets": 0}, "buckets: got 0; write a positive integer, 'split', or a mapping"),
        ({"buckets": "splt"}, "buckets: got 'splt'"),
        ({"buckets": True}, "buckets: got True"),
        ({"buckets": 2.0}, "buckets: got 2.0"),
        ({"hardest": 0}, "hardest: got 0; write how many problems"),
        ({"hardest": 4}, "hardest: got 4, but there are 4 problems; ask fewer"),
        ({"buckets": "split", "random_seed": -1}, "random_seed: got -1; write an integer of 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(DataError, match=message):
        form_buckets(flat("abcd"), **arguments)


def test_a_split_shares_the_samples_out():
    table = simulate(np.random.default_rng(3), runs=2, samples=7)
    table.loc[::3, ["n_samples", "n_correct"]] = 1
    kept = form_buckets(table, "split")
    assert (kept["n_samples"] == table["n_samples"] - table["n_samples"] // 2).all()
    drawn = table["n_correct"] - kept["n_correct"]
    assert ((drawn >= 0) & (drawn <= table["n_samples"] // 2)).all()
    assert ((kept["n_correct"] >= 0) & (kept["n_correct"] <= kept["n_samples"])).all()
    assert_frame_equal(form_buckets(table, "split"), kept)
    other = form_buckets(table, "split", random_seed=1)
    assert (other["n_correct"] != kept["n_correct"]).any()


def test_a_split_is_a_draw_without_replacement():
    table = flat(map(str, range(1000)), n_correct=4)
    kept = [form_buckets(table, "split", random_seed=seed)["n_correct"] for seed in range(4)]
    seen = np.bincount(np.concatenate(kept), minlength=6)
    # Of 10 samples with 4 right, 5 stay: C(4, c) C(6, 5 - c) / C(10, 5).
    low, high = count_bounds(4000, np.array([6, 60, 120, 60, 6, 0]) / 252)
    assert ((low <= seen) & (seen <= high)).all()


def test_one_sample_each_cannot_be_split():
    table = flat("abcd", n_samples=1, n_correct=[0, 1, 0, 1])
    with pytest.warns(PassesWarning, match="one sample, which can't be split") as seen:
        formed = form_buckets(table, "split")
    assert seen[0].filename == __file__
    assert_frame_equal(formed.drop(columns="bucket"), check_passes(table))
    assert set(formed["bucket"]) == {"1"}
    with pytest.raises(DataError, match="can't be split to find the hardest"):
        form_buckets(table, "split", hardest=1)


def test_too_many_samples_to_split():
    with pytest.raises(DataError, match="takes up to 999,999,999 samples a row, got 1,000,000,000"):
        form_buckets(flat("ab", n_samples=10**9), "split")


@pytest.mark.parametrize(("samples", "expected"), [(1, "split"), (20, "split"), (21, 6)])
def test_the_default(samples, expected):
    assert default_buckets(flat("abc", n_samples=[samples, samples, 100])) == expected


def test_buckets_on_the_fitted_counts_are_biased_and_a_split_is_not():
    rng = np.random.default_rng(4)
    errors = {6: [], "split": []}
    for _ in range(25):
        table = simulate(rng)
        for buckets, found in errors.items():
            formed = form_buckets(table, buckets)
            excess = formed["n_correct"] / formed["n_samples"] - formed["true"]
            found.append(excess.groupby(formed["bucket"]).mean())
    naive, split = (pd.concat(found, axis=1) for found in errors.values())
    assert naive.loc["1"].mean() > 0.1
    assert naive.loc["6"].mean() < -0.03
    error = split.std(axis=1) / np.sqrt(25)
    margin = stats.t(24).isf(stats.norm.sf(z(6)))  # six buckets, each with an error of its own
    assert (split.mean(axis=1).abs() < margin * error).all()


def test_a_problem_that_only_large_runs_tried_does_not_look_easy():
    rates = {"small": 0.1, "large": 0.8}
    rows = [
        {"run": run, "compute": 1e20 if run == "small" else 1e22, "problem": f"p{i:02d}",
         "n_samples": 1000, "n_correct": round(1000 * rates[run] ** (0.5 + i / 10))}
        for i in range(20) for run in rates
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    without = table[(table["run"] == "large") | ~table["problem"].isin(["p15", "p16"])]
    assert set(form_buckets(without, 4).query("problem == 'p15'")["bucket"]) == {"4"}
    rate = without["n_correct"] / without["n_samples"]
    pooled = rate.groupby(without["problem"]).mean()
    assert pooled["p15"] > pooled["p06"]


COUNTS = st.integers(1, 6).flatmap(
    lambda runs: st.lists(
        st.lists(
            st.integers(0, 6).flatmap(
                lambda power: st.tuples(st.just(10**power), st.integers(0, 10**power))
            ),
            min_size=runs,
            max_size=runs,
        ),
        min_size=1,
        max_size=8,
    )
)


def log_density(n, c, z, t, eps):
    h = np.exp(z[:, None] + t + eps)
    failures = np.where(n > c, (n - c) * np.log(-np.expm1(-h)), 0.0)
    priors = (z**2).sum() / PROBLEM_SD**2 + (t**2).sum() / RUN_SD**2
    return (failures - c * h).sum() - (priors + (eps**2).sum() / DEVIATION_SD**2) / 2


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_scores_are_the_mode(counts):
    n, c = np.array(counts, dtype=float).transpose(2, 0, 1)
    z, t, eta = find_mode(n, c)
    assert (score_difficulty(n, c) == z).all()
    parts = [z, t, eta - z[:, None] - t]
    top = log_density(n, c, *parts)
    for i, part in enumerate(parts):
        for cell in np.ndindex(part.shape):
            for step in (-1e-3, 1e-3):
                moved = [each.copy() for each in parts]
                moved[i][cell] += step
                assert log_density(n, c, *moved) < top


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.data())
def test_one_more_right_answer_never_makes_a_problem_look_harder(counts, data):
    n, c = np.array(counts, dtype=float).transpose(2, 0, 1)
    i = data.draw(st.integers(0, len(n) - 1))
    m = data.draw(st.integers(0, n.shape[1] - 1))
    more = c.copy()
    more[i, m] = min(c[i, m] + 1, n[i, m])
    assert score_difficulty(n, more)[i] <= score_difficulty(n, c)[i] + 1e-9


def test_few_samples_shrink_to_the_middle():
    n = np.array([[1.0], [10], [100], [1000]])
    none, all_ = score_difficulty(n, 0 * n), score_difficulty(n, n)
    assert (np.diff(none) > 0).all()
    assert (np.diff(all_) < 0).all()


def test_a_run_that_did_not_try_a_problem_says_nothing():
    n, c = np.array([[10.0, 0], [10, 0], [10, 0]]), np.array([[1.0, 0], [5, 0], [9, 0]])
    assert score_difficulty(n, c) == pytest.approx(score_difficulty(n[:, :1], c[:, :1]), abs=1e-9)
