"""The law of sweeps: a bowl about an optimum that drifts."""

import numpy as np
import pytest

from bayes_scaling.errors import SpecError
from bayes_scaling.specification.laws.bowl import bowl
from bayes_scaling.specification.laws.optimum_drift import LAW, OCTAVE
from bayes_scaling.specification.laws.optimum_drift_tokens import LAW as LAW_TOKENS
from bayes_scaling.specification.shelf import load_model
from bayes_scaling.specification.spec import parse_spec

OWN = {
    "level": 3.0,
    "elasticity": 0.1,
    "lift": 0.02,
    "optimum": 1.5,
    "drift": -0.8,
    "shift": 0.1,
    "curvature": 0.04,
    "asymmetry": 0.5,
}
TOKENS = {
    "elasticity_tokens": 0.1,
    "elasticity_batch": -0.02,
    "drift_tokens": -0.3,
    "drift_batch": 0.5,
}


def test_a_bowl_is_least_at_its_optimum_with_the_stated_curvature():
    at = np.array([-1e-3, 0.0, 1e-3])
    low, middle, high = bowl(at, 0.3, 0.7)
    assert middle == pytest.approx(0, abs=1e-15)
    assert (low + high - 2 * middle) / 1e-6 == pytest.approx(0.3, rel=1e-3)


def test_a_bowl_rises_like_powers_far_out_and_is_mirrored_by_its_asymmetry():
    far = np.array([-200.0, -199.0, 199.0, 200.0])
    values = bowl(far, 0.3, 0.7)
    assert values[0] - values[1] == pytest.approx(np.sqrt(0.3) * np.exp(-0.35))
    assert values[3] - values[2] == pytest.approx(np.sqrt(0.3) * np.exp(0.35))
    np.testing.assert_allclose(bowl(far, 0.3, 0.7), bowl(-far, 0.3, -0.7))


def test_the_optimum_drifts_by_the_octaves_of_each_doubling():
    rates = np.linspace(-6, 6, 24001)
    for doublings in (0, 1, 3):
        curve = LAW.curve(doublings * OCTAVE, rates * OCTAVE, **OWN)
        assert rates[curve.argmin()] == pytest.approx(1.6 - 0.8 * doublings, abs=1e-3)
        assert curve.min() == pytest.approx(np.log(3) + 0.02 - 0.1 * doublings * OCTAVE, abs=1e-6)


def test_tokens_and_batch_move_the_optimum_too():
    rates = np.linspace(-6, 6, 24001)
    at = (1 * OCTAVE, 2 * OCTAVE, 3 * OCTAVE)
    curve = LAW_TOKENS.curve(*at, rates * OCTAVE, **OWN, **TOKENS)
    assert rates[curve.argmin()] == pytest.approx(1.6 - 0.8 - 0.6 + 1.5, abs=1e-3)
    flat = dict.fromkeys(TOKENS, 0.0)
    np.testing.assert_allclose(
        LAW_TOKENS.curve(*at, rates, **OWN, **flat), LAW.curve(at[0], rates, **OWN)
    )


def test_only_sweeps_have_settings_and_they_need_students_noise():
    text = load_model("optimum_drift").text
    with pytest.raises(SpecError, match="needs student_t"):
        parse_spec(text.replace('"student_t"', '"normal"').replace("nu = 5.0", ""), name="own")
    text = load_model("loss").text
    with pytest.raises(SpecError, match="is of no sweep, so it has no settings"):
        parse_spec(
            text.replace("[priors.elasticity]", '[priors.elasticity]\nover = "setting"'), name="own"
        )
