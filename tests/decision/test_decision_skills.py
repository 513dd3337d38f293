"""Whether a score turns, and whether a skill accelerates."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.decision.shapes import KINDS, kinds_of
from bayes_scaling.errors import DataError

POINTS = np.geomspace(1.0, 1e4, 41)
X = np.linspace(-1, 1, 41)


@pytest.fixture(scope="module")
def emerging():
    table = pd.DataFrame(
        {
            "run": list("abcdef"),
            "compute": [1e19, 1e20, 1e21, 1e22, 1e23, 3e23],
            "n_correct": [124, 128, 119, 140, 250, 330],
            "n_items": 500,
            "chance": 0.25,
            "task": "arithmetic",
        }
    )
    return bs.fit("score_emergence", table, random_seed=1)


@pytest.mark.parametrize(
    ("curve", "kind"),
    [
        (0.5 + 0.2 * X, "rises"),
        (0.5 - 0.2 * X, "falls"),
        (0.5 + 0.005 * X, "flat"),
        (0.5 + 0.2 * (X + 0.5) ** 2, "turns in the data"),
        (0.5 - 0.2 * (X + 0.5) ** 2, "turns in the data"),
        (0.5 + 0.2 * (X - 0.5) ** 2, "turns beyond the data"),
        (0.5 + 0.2 * X + 0.004 * np.cos(20 * X), "rises"),
    ],
)
def test_a_curve_is_what_it_looks_like(curve, kind):
    kinds, where = kinds_of(POINTS, curve[None, :], last=100.0, least=0.02)
    assert KINDS[int(kinds[0])] == kind
    if "turns" in kind:
        vertex = -0.5 if "in" in kind else 0.5
        assert np.log10(where[0]) == pytest.approx(2 * (vertex + 1), abs=0.11)
    else:
        assert np.isnan(where[0])


def test_shapes_are_all_there_is(fit_falling):
    found = bs.shape(fit_falling, up_to=1e24).summary()
    np.testing.assert_allclose(found[["posterior", "prior"]].sum(), 1.0)


def test_three_falling_points_leave_room_for_a_reversal(fit_falling):
    """The report's own case: a tenth at least by the fourth model, and what of it is prior."""
    found = bs.shape(fit_falling, up_to=3.1e23)
    beyond = found.probability("turns beyond the data")
    assert beyond > 0.1
    assert found.probability("falls") > beyond
    assert "before the data that was" in found.notes[0]


def test_the_farther_one_looks_the_likelier_a_turn(fit_falling):
    near, far = (
        bs.shape(fit_falling, up_to=end).probability("turns beyond the data")
        for end in (3e22, 1e25)
    )
    assert far > near


def test_what_the_law_says_before_the_data_is_the_prior(fit_falling):
    """The prior's shapes don't depend on the scores, only on where the runs are."""
    other = bs.fit(
        "score_u_shape", fit_falling.table.assign(n_correct=[150, 180, 220]), random_seed=1
    )
    ours, theirs = (bs.shape(own, up_to=1e24).summary()["prior"] for own in (fit_falling, other))
    np.testing.assert_array_equal(ours, theirs)


def test_a_score_at_chance_is_not_identified(emerging):
    table = emerging.table.iloc[:3]
    found = bs.emergence(bs.fit("score_emergence", table, random_seed=1))
    assert not found.identified
    assert np.isnan(found.summary()["accelerated"].iloc[0])
    assert found.resolution == pytest.approx(2 * np.sqrt(0.25 * 0.75 / 500))
    assert "nothing says yet whether it accelerates" in " ".join(found.notes)


def test_a_skill_is_above_chance_where_it_was_seen_to_be(emerging):
    found = bs.emergence(emerging)
    assert found.identified
    assert 1e22 < found.reached < 1e23  # 0.28 at the one, 0.50 at the other
    assert np.all(np.diff(found.above) > -0.05)
    assert found.above[-1] > 0.99


def test_figures_say_what_the_records_say(fit_falling, emerging):
    shape, found = bs.shape(fit_falling, up_to=1e24), bs.emergence(emerging)
    said = [text.get_text() for text in bs.plot_shape(shape).get_legend().get_texts()]
    assert any(f"falls: {shape.probability('falls'):.2f}" in text for text in said)
    said = [text.get_text() for text in bs.plot_emergence(found).get_legend().get_texts()]
    assert any(f"P(accelerates): {found.accelerated:.2f}" in text for text in said)


def test_wrong_calls_are_told(fit_falling, fit_cerebras):
    with pytest.raises(DataError, match="expected a fit of scores"):
        bs.shape(fit_cerebras)
    with pytest.raises(DataError, match="look at least as far as the largest fitted run"):
        bs.shape(fit_falling, up_to=1e20)
    with pytest.raises(DataError, match="least: expected a number between 0 and 1"):
        bs.shape(fit_falling, least=2)
    with pytest.raises(DataError, match="kind: 'up' is not known"):
        bs.shape(fit_falling).probability("up")
    with pytest.raises(DataError, match="has no exponent that may grow; fit score_emergence"):
        bs.emergence(fit_falling)
