from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from bayes_scaling.inference.diagnosis import Diagnosis, diagnose

CHAINS, DRAWS = 4, 500
GOOD = Diagnosis(
    rhat=1.001,
    ess_bulk=1500.0,
    ess_tail=1200.0,
    worst="level",
    divergences=0,
    draws=4000,
    bfmi=0.9,
    gradient_evaluations=50_000,
    target_accept=0.95,
)


def noise(seed=0):
    return np.random.default_rng(seed).standard_normal((CHAINS, DRAWS))


def judged(level=None, energy=None, diverging=0, **others):
    """Diagnose draws that are independent but for what is given."""
    dims = ("chain", "draw")
    posterior = {"level": noise(1) if level is None else level, "sigma": noise(2), **others}
    shape = posterior["level"].shape
    divergent = np.arange(np.prod(shape)).reshape(shape) < diverging
    energy = np.random.default_rng(3).standard_normal(shape) if energy is None else energy
    return diagnose(
        xr.Dataset(
            {k: (dims, v[:, : shape[1]]) if v.ndim == 2 else v for k, v in posterior.items()}
        ),
        xr.Dataset({"energy": (dims, energy), "diverging": (dims, divergent)}),
        gradient_evaluations=1,
        target_accept=0.95,
    )


def test_independent_draws_have_converged():
    verdict = judged()
    assert verdict.converged
    assert verdict.problems == ()
    assert str(verdict).startswith("Converged (R-hat 1.00")
    assert verdict.draws == CHAINS * DRAWS


def test_a_chain_elsewhere_is_seen():
    verdict = judged(level=noise() + np.array([[3.0], [0.0], [0.0], [0.0]]))
    assert not verdict.converged
    assert verdict.worst == "level"
    assert verdict.rhat > 1.2
    assert f"R-hat reaches {verdict.rhat:.3f}, it should be below 1.01." in str(verdict)


@pytest.mark.parametrize("where", [np.zeros(CHAINS), np.arange(CHAINS)], ids=["alike", "apart"])
def test_chains_that_never_move_are_seen(where):
    verdict = judged(level=np.broadcast_to(where[:, None], (CHAINS, DRAWS)).astype(float))
    assert verdict.rhat > 1e6
    assert verdict.ess_bulk < 2 * CHAINS
    assert len(verdict.problems) == 2


def test_slow_chains_are_seen():
    walk = np.cumsum(noise(), axis=1)
    verdict = judged(level=0.99 * walk / walk.std() + 0.1 * noise(5))
    assert "The effective sample size of level is" in str(verdict)
    assert "it should exceed 400." in str(verdict)


def test_a_quantity_of_each_family_is_named():
    stuck = np.stack([noise(1), np.cumsum(noise(2), axis=1)], axis=-1)
    array = xr.DataArray(stuck, dims=("chain", "draw", "family"), coords={"family": ["a", "b"]})
    assert judged(level=noise(4), elasticity=array).worst == "elasticity[b]"


@pytest.mark.parametrize(("count", "converged"), [(2, True), (3, False)])
def test_a_divergent_draw_in_a_thousand_is_tolerated(count, converged):
    verdict = judged(diverging=count)
    assert verdict.converged is converged
    assert (f"{count} of 2000 draws diverged." in str(verdict)) is not converged


def test_an_energy_that_barely_moves_is_seen():
    verdict = judged(energy=np.cumsum(noise(), axis=1))
    assert verdict.bfmi < 0.3
    assert f"E-BFMI is {verdict.bfmi:.2f}, it should exceed 0.3." in str(verdict)


@pytest.mark.parametrize("draws", [1, 3])
def test_a_handful_of_draws_says_nothing(draws):
    verdict = judged(level=noise()[:, :draws])
    assert not verdict.converged
    assert verdict.ess_bulk == 0
    assert verdict.draws == CHAINS * draws


def test_numbers_that_are_none_do_not_pass():
    broken = noise()
    broken[0, 0] = np.nan
    assert not judged(level=broken).converged


@pytest.mark.parametrize(
    "change",
    [
        {"rhat": 1.01},
        {"rhat": float("nan")},
        {"ess_bulk": 400.0},
        {"ess_tail": 400.0},
        {"ess_tail": float("nan")},
        {"divergences": 5},
        {"bfmi": 0.3},
    ],
)
def test_each_rule_has_one_sentence(change):
    verdict = replace(GOOD, **change)
    assert len(verdict.problems) == 1
    assert str(verdict) == f"NOT CONVERGED: {verdict.problems[0]}"


def test_a_second_try_is_said():
    assert str(replace(GOOD, retried=True)).startswith("Converged on the second try (")
    assert str(replace(GOOD, retried=True, rhat=2.0)).startswith("NOT CONVERGED on the second try:")


def test_json_keeps_every_field():
    verdict = replace(GOOD, rhat=np.inf, retried=True)
    assert Diagnosis.from_json(verdict.to_json()) == verdict


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rhat": 1.0102}, "R-hat reaches 1.0102, it should be below 1.01."),
        ({"rhat": 1.01003}, "R-hat reaches 1.01003, it should be below 1.01."),
        ({"ess_bulk": 399.7}, "is 399.7, it should exceed 400."),
        ({"bfmi": 0.2987}, "E-BFMI is 0.299, it should exceed 0.3."),
    ],
)
def test_a_problem_has_the_digit_that_decides(changes, said):
    assert said in str(replace(GOOD, **changes))


def test_what_converged_looks_so():
    assert "R-hat 1.0098," in str(replace(GOOD, rhat=1.0098))
