"""The best division of compute is that of each draw's law."""

import numpy as np
import pandas as pd
import pytest
from known_fits import FAILED, known
from scipy import optimize

import bayes_scaling as bs
from bayes_scaling.errors import DataError

LAW = bs.load_model("loss_params_tokens").with_priors(amplitude=0)
N0, D0 = 3e8, 6e9
E, A, B, ALPHA, BETA = 1.82, 482.0, 2085.0, 0.348, 0.366  # of Besiroglu et al. (2024)


def published(n, d):
    return E + A * n**-ALPHA + B * d**-BETA


def parts(floor=E, of_params=A, of_tokens=B, alpha=ALPHA, beta=BETA):
    """The law's own coordinates, from a law as it is published."""
    a, b = of_params * N0**-alpha, of_tokens * D0**-beta
    shares = {"floor_share": floor / (floor + a + b), "params_share": a / (a + b)}
    return {"level": floor + a + b, **shares, "alpha": alpha, "beta": beta, "sigma": 0.005}


def grid(**columns):
    rows = [(n, n * ratio) for n in (1e8, 3e8, 1e9) for ratio in (5.0, 20.0, 80.0)]
    runs = pd.DataFrame(rows, columns=["params", "tokens"])
    return runs.assign(loss=published(runs["params"], runs["tokens"]), **columns)


def fitted(runs=None, **options):
    where = {"reference": {"params": N0, "tokens": D0}, **options}
    return known(LAW, grid() if runs is None else runs, **where, **parts())


@pytest.fixture(scope="module")
def uncertain():
    rng = np.random.default_rng(1)
    many = 2000
    own = parts(alpha=rng.normal(ALPHA, 0.02, many), beta=rng.normal(BETA, 0.02, many))
    return known(LAW, grid(), {"params": N0, "tokens": D0}, **own)


@pytest.mark.parametrize("compute", [1e19, 5.76e23, 1e26])
def test_it_is_the_minimum_of_the_published_law(compute):
    best = bs.decision.optimal_allocation(fitted(), compute)
    found = optimize.minimize_scalar(
        lambda log_n: published(np.exp(log_n), compute / 6 / np.exp(log_n)),
        bracket=(np.log(1e8), np.log(1e10)),
        tol=1e-13,
    )
    table = best.summary().set_index("quantity")
    assert table.loc["params", "median"] == pytest.approx(np.exp(found.x), rel=1e-3)
    assert table.loc["loss", "median"] == pytest.approx(found.fun, rel=1e-9)
    spent = 6 * table.loc["params", "median"] * table.loc["tokens", "median"]
    assert spent == pytest.approx(compute)
    ratio = table.loc["tokens", "median"] / table.loc["params", "median"]
    assert table.loc["tokens_per_param", "median"] == pytest.approx(ratio)
    assert table.loc["regret", "q95"] == pytest.approx(0.0, abs=1e-12)
    assert table.loc["params_exponent", "median"] == pytest.approx(BETA / (ALPHA + BETA))


def test_each_draw_has_its_own_optimum(uncertain):
    best = bs.decision.optimal_allocation(uncertain, [1e21, 1e24])
    posterior = uncertain.posterior["posterior"].to_dataset()
    alpha, beta = (posterior[name].values[0] for name in ("alpha", "beta"))
    parts_fall = []
    for name, exponent, reference in (("params", alpha, N0), ("tokens", beta, D0)):
        share = posterior["params_share"].values[0]
        weight = share if name == "params" else 1 - share
        at = best.draws[name] / reference
        parts_fall.append(exponent[:, None] * weight[:, None] * at ** -exponent[:, None])
    np.testing.assert_allclose(parts_fall[0], parts_fall[1], rtol=1e-9)


def test_regret_is_what_another_size_costs(uncertain):
    best = bs.decision.optimal_allocation(uncertain, 1e22)
    table = best.regret([1e9, "7B"])
    assert table["params"].tolist() == [1e9, 7e9]
    np.testing.assert_allclose(6 * table["params"] * table["tokens"], 1e22)
    assert (table["q05"] >= 0).all()
    targets = table[["params", "tokens"]]
    drawn = bs.predict(uncertain, targets).values(kind="law") - best.draws["loss"]
    np.testing.assert_allclose(table["median"], np.median(drawn, axis=0))
    np.testing.assert_allclose(table["mean"], drawn.mean(axis=0))
    own = best.summary().set_index("quantity").loc["regret"]
    assert 0 <= own["median"] < table["median"].min()


def test_what_a_flop_is_counted_as():
    same = bs.decision.optimal_allocation(fitted(), 1e22, flop=6)
    half = bs.decision.optimal_allocation(fitted(), 5e21, flop=3)
    for name, drawn in same.draws.items():
        np.testing.assert_allclose(half.draws[name], drawn)
    runs = grid()
    runs["compute"] = 8 * runs["params"] * runs["tokens"]
    noted = bs.decision.optimal_allocation(fitted(runs), 1e21).notes
    assert noted[0].startswith("compute: the runs spent 8 FLOP for each parameter and token")
    assert "flop=8 counts as they do" in noted[0]
    assert bs.decision.optimal_allocation(fitted(), 1e21).notes == ()


def test_what_the_reader_has_to_know():
    far = bs.decision.optimal_allocation(fitted(), 1e25).notes
    assert far == ("Far: 1e+25 FLOP is 4.32 decades beyond the largest fitted run; more than 2.5.",)
    noted = bs.decision.optimal_allocation(fitted(diagnosis=FAILED), 1e21).notes
    assert noted[0].startswith("NOT CONVERGED")


def test_a_model_of_compute_knows_no_division(fit_cerebras):
    said = r"^fit: loss forecasts along compute, .* Fit loss_params_tokens to runs"
    with pytest.raises(DataError, match=said):
        bs.decision.optimal_allocation(fit_cerebras, 1e22)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"compute": "a lot"}, r"^compute: 'a lot' isn't an amount of compute"),
        ({"compute": -1.0}, r"^compute: got -1\.0; compute must be positive"),
        ({"compute": []}, r"^compute: none given\.$"),
        ({"compute": 1e22, "flop": 0}, r"^flop: expected a positive number, got 0\.$"),
        ({"compute": 1e22, "family": "other"}, r"^family: 'other' has no run in the fit"),
    ],
)
def test_bad_input(given, said):
    with pytest.raises(DataError, match=said):
        bs.decision.optimal_allocation(fitted(), **given)


def test_a_size_that_is_none():
    with pytest.raises(DataError, match=r"^params: 'seven' isn't a count"):
        bs.decision.optimal_allocation(fitted(), 1e22).regret("seven")
