import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad

from bayes_scaling.specification.discrepancy import (
    KERNELS,
    Discrepancy,
    brownian,
    covariance,
    integrated_brownian,
    positions,
    rbf,
    square_root,
)

PLACES = st.lists(st.floats(-4, 4), min_size=1, max_size=12).map(
    lambda places: np.array(places)[:, None]
)
ANCHORED = {"integrated_brownian": integrated_brownian, "brownian": brownian}


def term(kernel):
    length = 2.0 if KERNELS[kernel].needs_length else None
    return Discrepancy("amplitude", kernel, ("compute",), 0.01, length=length)


@pytest.mark.parametrize("kernel", KERNELS)
@given(places=PLACES)
def test_no_combination_of_places_has_negative_variance(kernel, places):
    matrix = covariance(term(kernel), places, places)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() >= -1e-12 * max(1.0, np.trace(matrix))


@pytest.mark.parametrize(("s", "t"), [(1.0, 1.0), (0.5, 2.0), (2.0, 0.5), (-1.5, -0.3)])
def test_integrated_brownian_motion_integrates_brownian_motion(s, t):
    def inner(u, v):
        return min(u, v)

    integral = dblquad(inner, 0, abs(s), 0, abs(t), epsabs=1e-7)[0]
    assert integrated_brownian(np.array(s), np.array(t)) == pytest.approx(integral, abs=1e-6)


@pytest.mark.parametrize("kernel", ANCHORED.values(), ids=ANCHORED)
@given(far=st.floats(0, 5))
def test_nothing_is_left_of_the_law_at_the_anchor(kernel, far):
    places = np.array([-far, 0.0, far])
    np.testing.assert_array_equal(kernel(np.array(0.0), places), 0.0)


@pytest.mark.parametrize("kernel", ANCHORED.values(), ids=ANCHORED)
@given(s=st.floats(0, 5), t=st.floats(0, 5))
def test_the_two_sides_of_the_anchor_are_independent_and_alike(kernel, s, t):
    s, t = np.array(s), np.array(t)
    assert kernel(s, -t) == 0.0
    assert kernel(-s, -t) == kernel(s, t)
    assert kernel(s, t) == kernel(t, s)


@given(t=st.floats(0.1, 5))
def test_the_slope_is_zero_at_the_anchor(t):
    step = 1e-6
    slope = integrated_brownian(np.array(step), np.array(t)) / step
    assert slope == pytest.approx(0.0, abs=step * t)


@given(s=st.floats(0.01, 5), t=st.floats(0.01, 5))
def test_slopes_have_the_covariance_of_brownian_motion(s, t):
    h = 1e-3
    rows, columns = np.array([s + h, s - h]), np.array([t + h, t - h])
    corners = integrated_brownian(rows[:, None], columns[None, :])
    mixed = (corners[0, 0] - corners[0, 1] - corners[1, 0] + corners[1, 1]) / (4 * h * h)
    assert mixed == pytest.approx(min(s, t), abs=h)


def test_kernels_at_numbers():
    assert integrated_brownian(np.array(1.0), np.array(3.0)) == pytest.approx(8 / 6)
    assert brownian(np.array(1.5), np.array(0.5)) == 0.5
    assert rbf(np.array(1.0), np.array(3.0), 2.0) == pytest.approx(math.exp(-0.5))


def test_positions_are_decades_from_the_smallest_run():
    compute = np.array([1e18, 1e19, 3e20, 1e17])
    np.testing.assert_allclose(
        positions(term("integrated_brownian"), compute, 1e18), [0, 1, np.log10(300), -1]
    )


def test_positions_of_an_rbf_are_folds():
    np.testing.assert_allclose(positions(term("rbf"), np.array([1.0, np.e**2]), 1.0), [0, 2])


def test_the_covariance_has_a_row_for_each_place():
    s, t = np.array([[0.5], [1.0], [2.0]]), np.array([[1.5], [3.0]])
    matrix = covariance(term("integrated_brownian"), s, t)
    assert matrix.shape == (3, 2)
    assert matrix[2, 0] == integrated_brownian(np.array(2.0), np.array(1.5))


@pytest.mark.parametrize("kernel", KERNELS)
@given(places=PLACES)
def test_the_square_root_squares_to_the_covariance(kernel, places):
    matrix = covariance(term(kernel), places, places)
    root = square_root(matrix)
    assert root.shape[1] <= len(places)
    np.testing.assert_allclose(root @ root.T, matrix, atol=1e-9 * max(1.0, np.trace(matrix)))


@given(places=st.lists(st.tuples(*[st.floats(-4, 4)] * 2), min_size=1, max_size=8).map(np.array))
def test_a_kernel_over_two_covariates_adds_walks_and_multiplies_folds(places):
    for kernel, joined in (
        ("integrated_brownian", np.add),
        ("brownian", np.add),
        ("rbf", np.multiply),
    ):
        one, other = (covariance(term(kernel), axis, axis) for axis in places.T[:, :, None])
        both = covariance(term(kernel), places, places)
        np.testing.assert_allclose(both, joined(one, other), atol=1e-12)
