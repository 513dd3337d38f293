import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.errors import DataError, SpecError
from bayes_scaling.inference.blocks import lay_out
from bayes_scaling.inference.coordinates import linearise
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.roots import find_roots

LOSS = bs.load_model("loss")
POOLED = bs.load_model("loss_families")
LADDER = pd.DataFrame({"compute": [2e18, 1e19, 1e19, 3e20], "loss": [3.0, 2.7, 2.71, 2.4]})
TWO = pd.concat(
    [
        LADDER.assign(family="b"),
        pd.DataFrame({"family": ["a"], "compute": [7e19], "loss": [2.5]}),
    ],
    ignore_index=True,
)


def design_of(table, spec=LOSS, reference=None):
    return make_design(spec, check_runs(table), reference)


def test_the_reference_is_the_middle_of_the_ladder_to_two_digits():
    middle = np.exp(np.log(LADDER["compute"]).mean())
    reference = design_of(LADDER).references["compute"][0]
    assert reference == float(f"{middle:.1e}")
    assert reference == pytest.approx(middle, rel=0.05)


def test_nothing_but_the_responses_depends_on_the_responses():
    one, other = design_of(LADDER), design_of(LADDER.assign(loss=[9.0, 1.0, 5.0, 2.0]))
    np.testing.assert_array_equal(one.references["compute"], other.references["compute"])
    np.testing.assert_array_equal(one.x[0], other.x[0])
    (term,) = LOSS.discrepancy
    np.testing.assert_array_equal(one.covariance(term), other.covariance(term))


def test_each_family_has_a_reference_of_its_own():
    design = design_of(TWO, POOLED)
    assert design.families == ("b", "a")
    references = design.references["compute"]
    assert list(references) == [design_of(LADDER).references["compute"][0], 7e19]
    (x,) = design.x
    np.testing.assert_allclose(x, np.log(TWO["compute"] / references[[0, 0, 0, 0, 1]]))
    assert x[-1] == 0.0


@pytest.mark.parametrize(
    ("given", "kept"), [(1e20, [1e20, 1e20]), ({"a": 1e18, "b": 1e19}, [1e19, 1e18])]
)
def test_a_reference_can_be_given(given, kept):
    np.testing.assert_array_equal(design_of(TWO, POOLED, given).references["compute"], kept)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ({"b": 1e19}, "reference: no entry for family 'a'"),
        (-1e19, "reference: got -1e\\+19; compute must be positive"),
        (float("nan"), "reference: got nan"),
        ({"a": 1e19, "b": 0}, "reference: got 0"),
        ("much", "reference: 'much' isn't an amount of compute"),
    ],
)
def test_a_reference_that_is_no_compute_is_refused(reference, said):
    with pytest.raises(DataError, match=said):
        design_of(TWO, POOLED, reference)


def test_replicates_share_the_discrepancy_and_families_do_not():
    (term,) = POOLED.discrepancy
    covariance = design_of(TWO, POOLED).covariance(term)
    np.testing.assert_array_equal(covariance[1], covariance[2])
    np.testing.assert_array_equal(covariance[0], 0.0)
    np.testing.assert_array_equal(covariance[:4, 4], 0.0)
    decades = np.log10(300 / 2)
    assert covariance[3, 3] == pytest.approx(decades**3 / 3)


def test_a_standard_error_becomes_relative_and_a_missing_one_zero():
    table = LADDER.assign(loss_se=[0.03, np.nan, 0.0, 0.012])
    np.testing.assert_allclose(design_of(table).observed["relative_se"], [0.01, 0.0, 0.0, 0.005])
    np.testing.assert_array_equal(design_of(LADDER).observed["relative_se"], 0.0)


def test_what_is_measured_badly_weighs_less():
    table = LADDER.assign(loss=[3.0, 2.7, 2.71, 2.2], loss_se=0.0)
    spec = LOSS.with_priors(amplitude=0)
    sure, unsure = (
        linearise(spec, design_of(table.assign(loss_se=[0, 0, 0, se])), [[]]).point[0]
        for se in (0, 2.0)
    )
    assert sure[0] < unsure[0]


def test_the_law_is_linearised_at_its_best_fit_also_where_the_floor_is_near():
    """About the smallest run the floor is far off, and a search that starts there may stray."""
    spec = bs.load_model("loss_error_rate")
    true = {"level": 0.09, "elasticity": 0.11, "floor_share": 0.84}
    x = np.log(np.array([2.6e18, 1.3e19, 6.1e19, 2.8e20, 1.1e21]) / 2e20)
    table = pd.DataFrame({"compute": 2e20 * np.exp(x), "loss": np.exp(spec.law.curve(x, **true))})
    design = design_of(table, spec, 2e20)
    found = linearise(spec, design, find_roots(spec, design))
    there = spec.law.anchored.inward(true, found.anchor[0])
    level, elasticity, floor_share = found.point[0]
    assert level == pytest.approx(np.log(there["level"]), abs=0.02)
    assert elasticity == pytest.approx(np.log(there["elasticity"]), abs=0.1)
    assert floor_share == pytest.approx(special.logit(there["floor_share"]), abs=0.2)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=30))
def test_blocks_lose_nothing_and_mask_the_rest(labels):
    table = pd.DataFrame({"family": labels, "compute": 1e19, "loss": 2.0})
    table = pd.concat([TWO, table], ignore_index=True)
    design = design_of(table, POOLED)
    blocks = lay_out(POOLED, design)
    values = np.arange(1.0, len(table) + 1)
    laid = blocks.lay(values)
    np.testing.assert_array_equal(laid[blocks.block, blocks.slot], values)
    np.testing.assert_array_equal(laid != 0, blocks.mask == 1)
    assert blocks.mask.sum() == len(table)
    assert blocks.shape[0] == len(design.families)


def test_several_families_are_no_single_ladder():
    with pytest.raises(DataError, match=r"loss describes one ladder, got 2 families \(b, a\)"):
        design_of(TWO)


def test_one_family_is_a_ladder_and_gives_it_its_name():
    assert design_of(LADDER.assign(family="mine")).families == ("mine",)
    assert design_of(LADDER).families == ("ladder",)


def test_pooling_needs_to_know_the_families():
    with pytest.raises(DataError, match="loss_families pools families, but the table has no col"):
        design_of(LADDER, POOLED)


def test_a_ladder_that_stands_alone_needs_three_computes():
    two = LADDER[LADDER["compute"] > 2e18]
    with pytest.raises(DataError, match="ladder has 2 distinct computes, loss needs at least 3"):
        design_of(two)
    with pytest.raises(DataError, match="all runs of ladder are at one compute"):
        design_of(two[two["compute"] == 1e19])


def test_a_family_of_one_run_leans_on_the_others():
    assert design_of(TWO, POOLED).families == ("b", "a")
    alone = TWO[TWO["family"] == "a"]
    with pytest.raises(DataError, match="all runs of a are at one compute"):
        design_of(alone, POOLED)
    short = TWO[(TWO["family"] == "a") | (TWO["compute"] == 1e19)]
    with pytest.raises(DataError, match="all runs of the largest family are at one compute"):
        design_of(short, POOLED)


def test_a_family_whose_slope_is_its_own_stands_alone():
    own = {"dist": "LogNormal", "over": "family", "mu": -2.5, "sigma": 0.5}
    with pytest.raises(DataError, match="all runs of a are at one compute"):
        design_of(TWO, POOLED.with_priors(elasticity=own))
    shared = {name: value for name, value in own.items() if name != "over"}
    assert design_of(TWO, POOLED.with_priors(elasticity=shared)).families == ("b", "a")


def test_a_pinned_floor_lies_below_every_loss():
    said = r"priors.c: the pinned floor 2.4 is not below the smallest loss, 2.4 \(run run 4\)"
    with pytest.raises(SpecError, match=said):
        design_of(LADDER, LOSS.with_priors(c=2.4))
    assert design_of(LADDER, LOSS.with_priors(c=2.39)).families == ("ladder",)
