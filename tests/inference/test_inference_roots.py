"""A few weights stand for the discrepancy at any number of runs, and at targets."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.inference.blocks import lay_out
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.discrepancies import rows_at
from bayes_scaling.inference.older_fits import with_weights_of_losses
from bayes_scaling.inference.places import along
from bayes_scaling.inference.precisions import draw_precisions
from bayes_scaling.inference.predictive import discrepancy_at, flat_values, law_at
from bayes_scaling.inference.roots import LEFT_OUT, find_roots, kept_roots, lay_roots, rank_of
from bayes_scaling.specification.spec import parse_spec

LOSS = bs.load_model("loss")
POOLED = bs.load_model("loss_families")
WIGGLY = parse_spec(
    LOSS.text.replace('"integrated_brownian"', '"rbf"\nlength = 1.0'), name="wiggly"
)
TWICE = parse_spec(
    LOSS.text
    + LOSS.text[LOSS.text.index("[[discrepancy]]") :].replace(
        '"integrated_brownian"', '"rbf"\nlength = 4.0'
    ),
    name="twice",
)
DRAWS = 40_000


def ladder(count, decades=4.0, **columns):
    compute = np.geomspace(1e18, 10.0 ** (18 + decades), count)
    waves = 0.01 * np.sin(7 * np.arange(count))
    loss = 1.2 + 1.3 * (compute / 1e20) ** -0.15 * np.exp(waves)
    return pd.DataFrame({"compute": compute, "loss": loss, **columns})


def design_of(table, spec=LOSS):
    return make_design(spec, check_runs(table))


@pytest.mark.parametrize("spec", [LOSS, WIGGLY, TWICE], ids=lambda spec: spec.name)
@pytest.mark.parametrize("count", [3, 9, 40, 300])
def test_what_the_weights_leave_out_is_small_beside_the_noise(spec, count):
    design = design_of(ladder(count), spec)
    (roots,) = find_roots(spec, design)
    for term, root in zip(spec.discrepancy, roots, strict=True):
        left = design.covariance(term) - root.rows @ root.rows.T
        np.testing.assert_allclose(np.diag(left), root.left_out, atol=1e-12)
        assert np.linalg.eigvalsh(left).min() > -1e-9
        sigma, amplitude = np.exp(-5.3), np.exp(-4.42)  # medians of the priors
        # The medians behind the rank are of 2,000 fixed draws.
        assert amplitude * np.sqrt(root.left_out.max()) < 1.1 * LEFT_OUT * sigma
        assert root.rows.shape[1] <= rank_of([roots])
    assert rank_of([roots]) <= 32


@pytest.mark.parametrize("spec", [LOSS, POOLED], ids=lambda spec: spec.name)
def test_a_small_ladder_loses_nothing(spec):
    design = design_of(ladder(9, family="one"), spec)
    assert rank_of(find_roots(spec, design)) == 8
    ((root,),) = find_roots(spec, design)
    unit = design.covariance(spec.discrepancy[0])
    np.testing.assert_allclose(root.rows @ root.rows.T, unit, atol=1e-11)


def test_what_is_laid_out_are_the_roots_of_each_block():
    table = pd.concat([ladder(9, family="a"), ladder(5, 2.0, family="b"), ladder(1, family="c")])
    design = design_of(table.assign(loss_se=0.01), POOLED)
    roots = find_roots(POOLED, design)
    laid, blocks = lay_roots(POOLED, design, roots), lay_out(POOLED, design)
    assert laid["root"].shape == (3, 9, max(rank_of([block]) for block in roots))
    for block, (root,) in enumerate(roots):
        own = laid["root"][block]
        count = len(root.rows)
        np.testing.assert_allclose((own @ own.T)[:count, :count], root.rows @ root.rows.T)
        assert not own[count:].any()
        weighed = own * laid["share"][block][:, None]
        np.testing.assert_allclose(laid["gram"][block], own.T @ weighed)
    assert (laid["share"][blocks.mask == 0] == 0).all()
    assert (laid["share"][blocks.mask == 1] < 0.99).all()


@pytest.mark.parametrize("spec", [LOSS, TWICE], ids=lambda spec: spec.name)
def test_elsewhere_the_weights_say_what_the_dense_covariance_says(spec):
    design = design_of(ladder(40), spec)
    targets, runs = along("compute", [1e17, 3e19, 1e22, 1e24]), design.places
    design = replace(design, roots=kept_roots(spec, design))
    for term in spec.discrepancy:
        root = design.roots[term.name]
        rows = rows_at(design, term, np.arange(40), targets)
        between = design.covariance_between(term, targets, runs)
        np.testing.assert_allclose(rows @ root.rows.T, between, atol=1e-3 * abs(between).max())


@pytest.mark.parametrize("spec", [LOSS, TWICE], ids=lambda spec: spec.name)
def test_the_discrepancy_at_targets_is_the_dense_conditional(spec):
    """With 200 runs and 40,000 draws of known parameters; see the margins below."""
    design = design_of(ladder(200), spec)
    names = [term.name for term in spec.discrepancy]
    known = {"level": 2.5, "elasticity": 0.08, "floor_share": 0.5, "sigma": 0.005, "nu": 5.0}
    known |= dict.fromkeys(names, 0.012)
    values = {name: np.full(DRAWS, value) for name, value in known.items()}
    values["precision"] = np.tile(np.random.default_rng(1).gamma(2.5, 0.4, 200), (DRAWS, 1))
    design = replace(design, roots=kept_roots(spec, design))
    named = {name: (("chain", "draw", "run")[: 1 + v.ndim], v[None]) for name, v in values.items()}
    drawn = with_weights_of_losses(spec, design, xr.Dataset(named), random_seed=3)
    values, _ = flat_values(spec, drawn)
    targets, runs = along("compute", [1e17, 1e20, 1e22, 1e24]), design.places
    found = discrepancy_at(spec, design, values, targets, np.random.default_rng(2))
    among, between, rest = (
        sum(0.012**2 * design.covariance_between(term, *pair) for term in spec.discrepancy)
        for pair in ((runs, runs), (targets, runs), (targets, targets))
    )
    gap = np.log(design.observed["y"]) - law_at(spec, design, values, runs)[0]
    among = among + np.diag(0.005**2 / values["precision"][0])
    gain = np.linalg.solve(among, between.T).T
    sd = np.sqrt(np.diag(rest - gain @ between.T))
    # What is left out moves them by less than 2 % of sd; five standard errors of a mean of 40,000
    # draws are 2.5 % of sd, and of their standard deviation 1.8 %.
    assert (abs(found.mean(axis=0) - gain @ gap) < 0.045 * sd).all()
    np.testing.assert_allclose(found.std(axis=0), sd, rtol=0.04)


def test_precisions_are_gamma_variables_given_what_is_left_of_the_residuals():
    design = design_of(ladder(6))
    known = {"level": 2.5, "elasticity": 0.08, "floor_share": 0.5, "sigma": 0.005, "nu": 5.0}
    values = {name: np.full(DRAWS, value) for name, value in (known | {"amplitude": 0.02}).items()}
    weights = np.random.default_rng(3).normal(size=rank_of(find_roots(LOSS, design)))
    found = draw_precisions(
        LOSS, design, values, np.tile(weights, (DRAWS, 1, 1)), np.random.default_rng(4)
    )
    ((root,),) = find_roots(LOSS, design)
    law = law_at(LOSS, design, values, design.places)[0]
    offset = 0.02 * root.rows @ weights
    squares = ((np.log(design.observed["y"]) - law - offset) / 0.005) ** 2
    for run, own in enumerate(squares):
        exact = stats.gamma(3.0, scale=2 / (5.0 + own))
        assert stats.kstest(found[:, run], exact.cdf).pvalue > 1e-5  # 6 runs: 1 in 16,000
