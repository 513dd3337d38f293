"""The laws of scores, at their limits."""

import numpy as np
import pytest

from bayes_scaling.specification.laws import bent_line, growing_exponent, u_shape

X = np.linspace(-40, 40, 401)
U = {"distractor": -6.0, "gap": 10.0, "width": 1.0, "late_width": 1.5}


def test_without_a_fall_a_u_shape_only_rises():
    assert np.all(np.diff(u_shape.curve(X, fall=0.0, rise=2.0, **U)) >= 0)


def test_a_u_shape_starts_at_a_guess_goes_down_and_ends_above():
    eta = u_shape.curve(X, fall=1.5, rise=2.0, **U)
    assert eta[0] == pytest.approx(0.0, abs=1e-6)
    assert eta.min() == pytest.approx(-1.5, abs=0.1)
    assert eta[-1] == pytest.approx(2.0, abs=1e-6)
    down = np.diff(eta) < -1e-12
    assert down.any()
    assert not down[np.argmin(eta) :].any()


def test_before_the_true_task_comes_it_only_falls():
    eta = u_shape.curve(X[X < -2], fall=1.5, rise=2.0, **{**U, "gap": 100.0})
    assert np.all(np.diff(eta) <= 0)


def test_another_reference_shifts_both_tasks_alike():
    moved = u_shape.curve(X - 3, fall=1.5, rise=2.0, **{**U, "distractor": -9.0})
    np.testing.assert_allclose(moved, u_shape.curve(X, fall=1.5, rise=2.0, **U), atol=1e-12)


def test_a_bent_line_has_two_slopes():
    eta = bent_line.curve(X, level=0.3, slope=-0.2, bend=0.5, place=2.0, width=0.7)
    steps = np.diff(eta) / np.diff(X)
    assert steps[0] == pytest.approx(-0.2, abs=1e-9)
    assert steps[-1] == pytest.approx(0.3, abs=1e-9)


def test_a_bent_line_turns_where_its_slopes_cancel():
    fine = np.linspace(-5, 5, 20001)
    eta = bent_line.curve(fine, level=0.0, slope=-0.2, bend=0.5, place=0.0, width=0.7)
    share = 0.2 / 0.5  # of the bend that has come
    assert fine[eta.argmin()] == pytest.approx(0.7 * np.log(share / (1 - share)), abs=1e-3)


def test_without_an_extra_exponent_emergence_is_the_law_of_pass_rates():
    power = growing_exponent.curve(X, log_alpha=0.4, k=0.2, extra_k=0.0, place=1.0, width=1.0)
    np.testing.assert_allclose(power, 0.4 - 0.2 * X)


def test_the_exponent_grows_by_what_it_says():
    h = growing_exponent.curve(X, log_alpha=0.4, k=0.2, extra_k=0.3, place=1.0, width=0.5)
    steps = np.diff(h) / np.diff(X)
    assert steps[0] == pytest.approx(-0.2, abs=1e-9)
    assert steps[-1] == pytest.approx(-0.5, abs=1e-9)
