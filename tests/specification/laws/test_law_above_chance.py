import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.errors import SpecError
from bayes_scaling.specification.laws.above_chance import LAW, curve
from bayes_scaling.specification.shelf import load_model

CURVES = st.fixed_dictionaries(
    {
        "log_alpha": st.floats(-4, 2),
        "k": st.floats(0.01, 2),
        "floor_share": st.floats(0, 0.99),
        "chance": st.floats(0, 0.9),
    }
)


def quoted(given):
    """The law as it is written down, from what people quote."""
    natural = LAW.to_natural(given)
    g = given["chance"]
    f = natural["c"] / (1 - g)
    return natural, g, f


@given(CURVES, st.floats(-3, 3))
def test_the_law_is_the_formula_that_people_quote(given, x):
    natural, g, f = quoted(given)
    h = natural["alpha"] * np.exp(x) ** -natural["k"]
    error = (1 - g) * (1 - (1 - f) * np.exp(-h))
    assert np.exp(curve(x, **given)) == pytest.approx(error, rel=1e-9)


@given(CURVES, st.floats(-3, 3))
def test_without_a_floor_it_is_the_reports_law_of_accuracies(given, x):
    plain = {**given, "floor_share": 0.0}
    accuracy = 1 - np.exp(curve(x, **plain))
    above = (accuracy - given["chance"]) / (1 - given["chance"])
    h = np.exp(given["log_alpha"] - given["k"] * x)
    assert above == pytest.approx(np.exp(-h), rel=1e-9, abs=1e-12)


@given(CURVES)
def test_the_share_is_that_of_the_error_at_the_reference(given):
    natural, _, _ = quoted(given)
    level = np.exp(curve(0.0, **given))
    assert natural["c"] == pytest.approx(given["floor_share"] * level, rel=1e-9)


@given(CURVES)
def test_the_error_ends_at_its_floor_and_begins_at_what_a_guess_gets_wrong(given):
    natural, g, _ = quoted(given)
    far = 60 / given["k"]
    assert np.exp(curve(far, **given)) == pytest.approx(natural["c"], rel=1e-9, abs=1e-20)
    assert np.exp(curve(-far, **given)) == pytest.approx(1 - g, rel=1e-12)


@given(st.floats(0.01, 2), st.floats(0, 0.9))
def test_once_errors_are_small_it_is_a_power_law(k, chance):
    far = 40 / k
    given = {"log_alpha": 0.0, "k": k, "floor_share": 0.0, "chance": chance}
    assert curve(far, **given) == pytest.approx(np.log(1 - chance) - k * far, abs=1e-9)


@given(CURVES, st.floats(-1e3, 1e3), st.floats(0, 1e3))
def test_more_compute_never_hurts(given, x, step):
    lower, higher = curve(x + step, **given), curve(x, **given)
    assert lower <= higher + 1e-12 * (1 + abs(higher))


@given(CURVES)
def test_it_is_finite_silent_and_an_error_rate_a_thousand_folds_away(given):
    far = np.array([-1e3, -30.0, 0.0, 30.0, 1e3])
    found = curve(far, **given)
    assert np.isfinite(found).all()
    assert (found <= np.log1p(-given["chance"]) + 1e-12).all()


@pytest.mark.parametrize("floor_share", [0.0, 0.6])
def test_the_gradient_is_right_far_on_both_sides(floor_share):
    x = np.array([-200.0, -20.0, -1.0, 0.0, 3.0, 40.0])
    inputs = [pt.dscalar("log_alpha"), pt.dscalar("k")]
    total = curve(x, *inputs, floor_share, 0.25).sum()
    gradient = pytensor.function(inputs, pt.grad(total, inputs))

    def at(log_alpha, k):
        return curve(x, log_alpha, k, floor_share, 0.25).sum()

    step = 1e-6
    by_hand = [
        (at(-0.5 + step, 0.3) - at(-0.5 - step, 0.3)) / (2 * step),
        (at(-0.5, 0.3 + step) - at(-0.5, 0.3 - step)) / (2 * step),
    ]
    np.testing.assert_allclose(gradient(-0.5, 0.3), by_hand, rtol=1e-5)


@pytest.mark.parametrize("chance", [1.0, -0.1, 1.5])
def test_chance_lies_from_zero_to_below_one(chance):
    with pytest.raises(SpecError, match=r"priors.chance: expected a number from 0 up to"):
        load_model("loss_above_chance").with_priors(chance=chance)


def test_chance_is_a_number():
    prior = {"dist": "Beta", "alpha": 1.0, "beta": 3.0}
    with pytest.raises(
        SpecError, match=r"priors.chance: has to be a number, such as chance = 0.25"
    ):
        load_model("loss_above_chance").with_priors(chance=prior)
