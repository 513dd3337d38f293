from fractions import Fraction
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.data import pass_at_k, restrict_solved_by_all
from bayes_scaling.errors import DataError

COUNTS = st.integers(1, 300).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))
)


@given(COUNTS)
def test_pass_at_k_is_its_definition(counts):
    n, c, k = counts
    exact = 1 - Fraction(comb(n - c, k), comb(n, k))
    assert pass_at_k(n, c, k) == pytest.approx(float(exact), rel=1e-12)


@given(COUNTS)
def test_samples_and_successes_change_places(counts):
    n, c, k = counts
    if c:
        assert pass_at_k(n, c, k) == pass_at_k(n, k, c)


@given(COUNTS)
def test_pass_at_k_is_unbiased(counts):
    n, _, k = counts
    p = 0.3
    chance = np.array([comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)])
    mean = float(chance @ pass_at_k(n, np.arange(n + 1), k))
    assert mean == pytest.approx(1 - (1 - p) ** k, rel=1e-9)


def test_ends():
    assert pass_at_k(5, 0, [1, 5]).tolist() == [0.0, 0.0]
    assert not np.signbit(pass_at_k(5, 0, 1))
    assert pass_at_k(5, 5, [1, 5]).tolist() == [1.0, 1.0]
    assert pass_at_k(200, [10, 40], 1).tolist() == pytest.approx([0.05, 0.2])


def test_small_chances_keep_their_digits():
    n = 10**9
    assert pass_at_k(n, 1, 1) == pytest.approx(1e-9, rel=1e-12)
    # One minus pass@k is (1 - k/n)(1 - k/(n - 1)) of two right samples.
    assert pass_at_k(n, 2, 10) == pytest.approx(20 / n - 90 / (n * (n - 1)), rel=1e-12)


def test_large_counts_end():
    assert pass_at_k(3_700_000, 1_000_000, 1_000_000) == 1.0
    middle = pass_at_k(10**6, 1000, 1000)
    assert middle == pytest.approx(1 - np.exp(1000 * np.log1p(-1000 / (10**6 - 499.5))), rel=1e-6)


def test_shapes_are_broadcast():
    assert pass_at_k(np.full((3, 1), 10), [1, 2], 1).shape == (3, 2)
    table = pd.DataFrame({"n": [4, 4], "c": [1, 2]})
    assert pass_at_k(table["n"], table["c"], 2).tolist() == pytest.approx([1 / 2, 5 / 6])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((10, 3, 11), "k: got 11 with n_samples 10; it must be from 1 to n_samples"),
        ((10, 3, [1, 0]), "k: got 0 with n_samples 10"),
        ((10, 11, 1), "n_correct: got 11 with n_samples 10; it must be from 0 to n_samples"),
        ((10, -1, 1), "n_correct: got -1"),
        ((10, 2.5, 1), "n_correct: got 2.5; it must be a whole number"),
        (([10, 20], [3, 3], [1, 30]), "k: got 30 with n_samples 20"),
        (("ten", 3, 1), "n_samples: expected whole numbers, got 'ten'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(DataError, match=message):
        pass_at_k(*arguments)


def counts(**columns):
    table = {
        "run": ["s", "s", "s", "l", "l", "l"],
        "compute": [1e18] * 3 + [1e19] * 3,
        "problem": ["a", "b", "c"] * 2,
        "n_samples": 10,
        "n_correct": [2, 0, 1, 5, 3, 0],
    }
    return pd.DataFrame(table | columns)


def test_solved_by_all():
    kept = restrict_solved_by_all(counts())
    assert kept["problem"].tolist() == ["a", "a"]
    assert kept.index.tolist() == [0, 1]
    # A problem that a run did not try was not solved by it.
    assert set(restrict_solved_by_all(counts(n_correct=1).iloc[1:])["problem"]) == {"b", "c"}
    two = pd.concat([counts(benchmark="x"), counts(benchmark="y", n_correct=1)])
    assert restrict_solved_by_all(two).groupby("benchmark").size().to_dict() == {"x": 2, "y": 6}


def test_nothing_is_solved_by_all():
    with pytest.raises(DataError, match="no problem was solved at least once by all 2 runs"):
        restrict_solved_by_all(counts(n_correct=[1, 1, 1, 0, 0, 0]))
