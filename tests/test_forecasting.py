import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from chance import is_drawn_from, of_covariance, of_quantile, of_sd, z
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.data import check_runs
from bayes_scaling.errors import BayesScalingError, DataError, OutputError
from bayes_scaling.forecasting import Forecast, floor_ratio
from bayes_scaling.inference.design import make_design
from bayes_scaling.inference.diagnosis import Diagnosis
from bayes_scaling.inference.fitting import Fit
from bayes_scaling.inference.older_fits import with_weights_of_losses
from bayes_scaling.inference.roots import kept_roots
from bayes_scaling.specification.spec import parse_spec

BIG = 2.3e22
LOSS = bs.load_model("loss")
NORMAL = parse_spec(
    LOSS.text.replace('"student_t"', '"normal"').replace("nu = 5.0", ""), name="normal"
)
LADDER = pd.DataFrame(
    {"compute": [1e18, 1e19, 1e20, 1e20, 1e21], "loss": [3.05, 2.7, 2.48, 2.5, 2.31]}
)
LAW = {"level": 2.55, "elasticity": 0.06, "floor_share": 0.45}
CONVERGED = Diagnosis(1.0, 1e4, 1e4, "level", 0, 4000, 1.0, 50_000, 0.95)
MANY = 20_000


def known(spec, runs, draws=MANY, reference=1e20, **values):
    """A fit whose every draw has the parameters that are given: no sampling, no uncertainty."""
    table = check_runs(runs)
    values = {k: np.asarray(v, dtype=float) for k, v in values.items()}
    dims = {0: (), 1: ("family",)}
    posterior = xr.Dataset(
        {
            name: (
                ("chain", "draw", *(("run",) if name == "precision" else dims[value.ndim])),
                np.broadcast_to(value, (1, draws, *value.shape)),
            )
            for name, value in values.items()
        }
    )
    design = make_design(spec, table, reference)
    design = replace(design, roots=kept_roots(spec, design))
    posterior = with_weights_of_losses(spec, design, posterior, random_seed=1)
    return Fit(
        spec=spec,
        table=table,
        posterior=xr.DataTree.from_dict({"posterior": posterior}),
        diagnosis=CONVERGED,
        design=design,
        random_seed=1,
        versions={},
    )


def log_law(compute, reference=1e20, level=2.55, elasticity=0.06, floor_share=0.45):
    a, c = level * (1 - floor_share), level * floor_share
    return np.log(a * (np.asarray(compute) / reference) ** -(elasticity / (1 - floor_share)) + c)


def integrated_brownian(one, other):
    s, t = np.log10(np.asarray(one)[:, None] / 1e18), np.log10(np.asarray(other)[None, :] / 1e18)
    near, far = np.minimum(abs(s), abs(t)), np.maximum(abs(s), abs(t))
    return np.where(s * t > 0, near**2 * (3 * far - near) / 6, 0.0)


def conditional(targets, amplitude, variance):
    """Mean and covariance of log expected loss at targets given LADDER, in closed form."""
    x = LADDER["compute"].to_numpy()
    residual = np.log(LADDER["loss"].to_numpy()) - log_law(x)
    among = amplitude**2 * integrated_brownian(x, x) + np.diag(np.broadcast_to(variance, len(x)))
    between = amplitude**2 * integrated_brownian(targets, x)
    gain = np.linalg.solve(among, between.T).T
    rest = amplitude**2 * integrated_brownian(targets, targets) - gain @ between.T
    return log_law(targets) + gain @ residual, rest


@pytest.fixture(scope="module")
def forecast(fit_cerebras):
    return bs.predict(fit_cerebras, compute=[BIG, 3e21])


def variances(forecast, kind):
    return np.log(forecast.draws[kind]).var(("chain", "draw")).values


def test_cerebras_is_forecast(forecast):
    table = forecast.summary()
    assert list(table.columns) == (
        [
            "family",
            "compute",
            "distance",
            "group",
            "quantity",
            "median",
            "mean",
            "sd",
            "q05",
            "q25",
            "q75",
            "q95",
        ]
    )
    row = table.iloc[0]
    assert row["q05"] < 1.572 < row["q95"]
    assert 0.05 < row["q95"] - row["q05"] < 0.4
    assert row["q05"] < row["q25"] < row["median"] < row["q75"] < row["q95"]
    assert forecast.draws["run"].dims == ("chain", "draw", "target")
    assert dict(forecast.draws.sizes) == {"chain": 4, "draw": 1000, "target": 2}


def test_distance_is_in_decades_beyond_the_last_run(fit_cerebras):
    last = fit_cerebras.table["compute"].max()
    targets = [last * 100, last, last / 10]
    forecast = bs.predict(fit_cerebras, compute=targets)
    np.testing.assert_allclose(forecast.targets["distance"], [2.0, 0.0, -1.0], atol=1e-12)


def test_a_run_differs_from_what_runs_reach_on_average_by_noise(forecast):
    """Draw by draw, by Student's t in units of the draw's own sigma."""
    noise = np.log(forecast.draws["run"] / forecast.draws["expected"])
    sigma = forecast.fit.posterior["posterior"]["sigma"]
    assert is_drawn_from(noise / sigma, stats.t(5).cdf)


def test_near_the_data_law_and_discrepancy_are_known_better_together_than_apart(forecast):
    assert variances(forecast, "expected")[1] < 0.5 * variances(forecast, "law")[1]  # 0.18, to 5 %


def test_the_run_adds_noise_that_is_independent(fit_cerebras):
    fit = known(NORMAL, LADDER, **LAW, sigma=0.01, amplitude=0.02)
    forecast = bs.predict(fit, compute=[1e22, 2e22])
    noise = np.log(forecast.draws["run"] / forecast.draws["expected"]).values[0]
    assert noise.std(axis=0) == pytest.approx(0.01, rel=of_sd(MANY))
    assert abs(np.corrcoef(noise.T)[0, 1]) < z() / np.sqrt(MANY)


def test_student_noise_is_drawn_with_its_own_tails():
    fit = known(LOSS, LADDER, **LAW, sigma=0.01, amplitude=0.02, precision=np.ones(5))
    forecast = bs.predict(fit, compute=1e22)
    noise = np.log(forecast.draws["run"] / forecast.draws["expected"]).values.ravel()
    assert is_drawn_from(noise / 0.01, stats.t(5).cdf)


TARGETS = np.array([1e17, 1e18, 3e19, 1e20, 1e21, 1e22, 1e24])


@pytest.mark.parametrize("sigma", [0.002, 0.05])
def test_the_expected_loss_is_the_gaussian_process_conditional(sigma):
    fit = known(NORMAL, LADDER, **LAW, sigma=sigma, amplitude=0.03)
    log_expected = np.log(bs.predict(fit, compute=TARGETS).draws["expected"].values[0])
    mean, covariance = conditional(TARGETS, 0.03, sigma**2)
    sd = np.sqrt(np.diag(covariance))
    assert (np.abs(log_expected.mean(axis=0) - mean) <= z(7) * sd / np.sqrt(MANY) + 1e-7).all()
    seen = np.cov(log_expected.T)
    margin = of_covariance(covariance, MANY) + 1e-5 * covariance.max()  # of the jitter
    assert (np.abs(seen - covariance) <= margin).all()


def test_a_run_that_is_known_badly_counts_less():
    precision = np.array([1.0, 1.0, 0.01, 4.0, 1.0])
    runs = LADDER.assign(loss_se=[0.0, 0.05, 0.0, 0.0, 0.1])
    fit = known(LOSS, runs, **LAW, sigma=0.01, amplitude=0.03, precision=precision)
    log_expected = np.log(bs.predict(fit, compute=TARGETS).draws["expected"].values[0])
    variance = (0.01**2 + (runs["loss_se"] / runs["loss"]) ** 2) / precision
    mean, covariance = conditional(TARGETS, 0.03, variance)
    sd = np.sqrt(np.diag(covariance))
    assert (np.abs(log_expected.mean(axis=0) - mean) <= z(7) * sd / np.sqrt(MANY) + 1e-7).all()
    np.testing.assert_allclose(log_expected.std(axis=0), sd, rtol=of_sd(MANY, 7), atol=1e-5)


def test_without_noise_the_expected_loss_goes_through_the_runs():
    runs = LADDER.drop(index=3)
    fit = known(NORMAL, runs, draws=200, **LAW, sigma=1e-7, amplitude=0.03)
    table = bs.predict(fit, compute=runs["compute"].iloc[1:].to_numpy()).summary(kind="expected")
    np.testing.assert_allclose(table["median"], runs["loss"].iloc[1:], rtol=1e-5)
    assert (table["sd"] < 1e-4).all()


@pytest.mark.parametrize("spec", [LOSS.with_priors(amplitude=0), NORMAL.with_priors(amplitude=0)])
def test_without_a_discrepancy_the_law_is_all_there_is_to_expect(spec):
    forecast = bs.predict(known(spec, LADDER, draws=10, **LAW, sigma=0.01), compute=[1e17, 1e23])
    xr.testing.assert_equal(
        forecast.draws["law"].rename("same"), forecast.draws["expected"].rename("same")
    )
    np.testing.assert_allclose(np.log(forecast.draws["law"].values[0, 0]), log_law([1e17, 1e23]))


def test_targets_are_drawn_together():
    fit = known(NORMAL, LADDER, **LAW, sigma=0.005, amplitude=0.03)
    near, far, below = (
        np.log(bs.predict(fit, compute=[1e22, 1e23, 1e16]).draws["expected"]).values[0].T
    )
    _, covariance = conditional(np.array([1e22, 1e23]), 0.03, 0.005**2)
    rho = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert rho > 0.8
    error = z() / np.sqrt(MANY)
    assert np.corrcoef(near, far)[0, 1] == pytest.approx(rho, abs=(1 - rho**2) * error)
    assert abs(np.corrcoef(below, far)[0, 1]) < error


def test_a_forecast_does_not_depend_on_the_other_targets():
    fit = known(NORMAL, LADDER, **LAW, sigma=0.005, amplitude=0.03)
    alone = bs.predict(fit, compute=1e23).summary()
    among = bs.predict(fit, compute=[1e19, 1e23, 1e24, 1e23]).summary()
    _, variance = conditional(np.array([1e23]), 0.03, 0.005**2)
    sd = np.sqrt(variance[0, 0] + 0.005**2)
    for name, q in {"median": 0.5, "q05": 0.05, "q95": 0.95}.items():
        margin = np.sqrt(2) * of_quantile(q, sd, MANY, 4)
        for place in (1, 3):
            assert np.log(among[name].iloc[place] / alone[name].iloc[0]) == pytest.approx(
                0.0, abs=margin
            )


TWO_FAMILIES = pd.concat(
    [
        LADDER.assign(family="long"),
        pd.DataFrame({"family": "short", "compute": [1e19, 1e20], "loss": [3.3, 3.0]}),
    ],
    ignore_index=True,
)
FAMILY_SPEC = bs.load_model("loss_families")


@pytest.fixture(scope="module")
def two_families():
    return known(
        FAMILY_SPEC,
        TWO_FAMILIES,
        draws=2000,
        reference={"long": 1e20, "short": 3e19},
        level=[2.55, 3.1],
        elasticity=[0.06, 0.07],
        floor_share=[0.45, 0.5],
        sigma=0.005,
        amplitude=0.03,
        precision=np.ones(7),
    )


def test_each_family_has_its_own_law_and_discrepancy(two_families):
    forecast = bs.predict(two_families, compute=[1e23, 1e23], family=["long", "short"])
    law = np.log(forecast.draws["law"].values[0, 0])
    short = log_law(1e23, 3e19, level=3.1, elasticity=0.07, floor_share=0.5)
    np.testing.assert_allclose(law, [log_law(1e23), short])
    np.testing.assert_allclose(forecast.targets["distance"], [2.0, 3.0])
    pair = np.log(forecast.draws["expected"].values[0])
    assert abs(np.corrcoef(pair.T)[0, 1]) < z() / np.sqrt(2000)
    mean, covariance = conditional([1e23], 0.03, 0.005**2)
    assert pair[:, 0].mean() == pytest.approx(mean[0], abs=5 * np.sqrt(covariance[0, 0] / 2000))


def test_targets_may_come_as_a_table(two_families):
    table = pd.DataFrame({"family": ["short", "long"], "compute": ["1 ZFLOP", 1e23]})
    before = table.copy()
    forecast = bs.predict(two_families, table)
    pd.testing.assert_frame_equal(table, before)
    assert list(forecast.targets["family"]) == ["short", "long"]
    assert list(forecast.targets["compute"]) == [1e21, 1e23]
    same = bs.predict(two_families, compute=["1 ZFLOP", 1e23], family=["short", "long"])
    xr.testing.assert_identical(forecast.draws, same.draws)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"compute": 1e23}, "family: the fit has 2 families, say which one"),
        ({"compute": 1e23, "family": "lon"}, "'lon' has no run in the fit, so its level is unkn"),
        ({"compute": 1e23, "family": "lon"}, "Did you mean 'long'"),
        ({"compute": [1e23, 1e24], "family": ["long"]}, "family: 1 families for 2 targets"),
        ({}, "say where to forecast: give compute="),
        ({"targets": pd.DataFrame({"compute": [1e23]}), "compute": 1e23}, "not both"),
        ({"targets": 1e23}, "expected a DataFrame, got float"),
        ({"targets": pd.DataFrame({"flops": [1e23], 3: [1]})}, "lacks the column compute; it has"),
        ({"compute": [], "family": "long"}, "no target given"),
        ({"compute": "many", "family": "long"}, "isn't an amount of compute"),
        ({"compute": -1e23, "family": "long"}, "positive and finite"),
        ({"compute": [1e23, float("nan")], "family": "long"}, "positive and finite"),
        ({"compute": 1e23, "family": "long", "random_seed": -1}, "random_seed: expected zero or m"),
    ],
)
def test_a_target_that_cannot_be_forecast_is_refused(two_families, arguments, said):
    with pytest.raises(BayesScalingError, match=said):
        bs.predict(two_families, **arguments)


def test_one_ladder_needs_no_family_but_takes_its_name(fit_cerebras):
    named = bs.predict(fit_cerebras, compute=BIG, family=fit_cerebras.families[0])
    xr.testing.assert_identical(named.draws, bs.predict(fit_cerebras, compute=BIG).draws)
    with pytest.raises(DataError, match="'Pythia' has no run in the fit"):
        bs.predict(fit_cerebras, compute=BIG, family="Pythia")


def test_the_fit_s_seed_is_the_default(fit_cerebras, forecast):
    same = bs.predict(fit_cerebras, compute=[BIG, 3e21])
    xr.testing.assert_identical(same.draws, forecast.draws)
    given = bs.predict(fit_cerebras, compute=[BIG, 3e21], random_seed=1)
    xr.testing.assert_identical(given.draws, forecast.draws)
    other = bs.predict(fit_cerebras, compute=[BIG, 3e21], random_seed=2)
    assert not (other.draws["run"] == forecast.draws["run"]).any()
    xr.testing.assert_identical(other.draws["law"], forecast.draws["law"])


def test_quantiles_are_named_by_their_decimals(forecast):
    table = forecast.quantile([0.005, 0.05, 0.5, 0.975])
    assert list(table.columns[5:]) == ["q005", "q05", "q50", "q975"]
    runs = forecast.draws["run"].values.reshape(-1, 2)
    np.testing.assert_allclose(table["q975"], np.quantile(runs, 0.975, axis=0))
    summary = forecast.summary(prob=0.95)
    assert list(summary.columns[-2:]) == ["q025", "q975"]
    np.testing.assert_array_equal(summary["q975"], table["q975"])
    assert forecast.quantile(0.5)["q50"].equals(table["q50"])


def test_the_kind_of_interval_can_be_chosen(forecast):
    for kind in ("law", "expected", "run"):
        draws = forecast.draws[kind].values.reshape(-1, 2)
        table = forecast.summary(prob=0.9, kind=kind)
        np.testing.assert_allclose(table["q05"], np.quantile(draws, 0.05, axis=0))
        np.testing.assert_allclose(table["mean"], draws.mean(axis=0))
        share = forecast.probability(below=1.6, kind=kind)
        np.testing.assert_allclose(share, (draws < 1.6).mean(axis=0))


def test_probabilities_add_up(forecast):
    low, high = 1.55, 1.62
    below = forecast.probability(below=low)
    between = forecast.probability(below=high, above=low)
    above = forecast.probability(above=high)
    np.testing.assert_allclose(below + between + above, 1.0)
    assert below.index.tolist() == [BIG, 3e21]
    assert below.iloc[0] > below.iloc[1]
    median = forecast.summary()["median"]
    assert forecast.probability(below=median.iloc[0]).iloc[0] == 0.5


@pytest.mark.parametrize("bad", [0, 1, -0.5, 1.5, float("nan")])
def test_a_probability_outside_zero_and_one_is_refused(forecast, bad):
    with pytest.raises(BayesScalingError, match="prob: expected a number between 0 and 1"):
        forecast.summary(prob=bad)
    with pytest.raises(BayesScalingError, match="q: expected a number between 0 and 1"):
        forecast.quantile([0.5, bad])


def test_a_question_without_a_number_is_refused(forecast):
    with pytest.raises(BayesScalingError, match=r"give below=, above=, or both"):
        forecast.probability()
    with pytest.raises(BayesScalingError, match="below: expected a finite number, got nan"):
        forecast.probability(below=float("nan"))


@pytest.mark.parametrize("ask", ["summary", "quantile", "probability"])
def test_an_unknown_kind_is_named_with_the_nearest(forecast, ask):
    given = {"quantile": {"q": 0.5}, "probability": {"below": 1.6}}.get(ask, {})
    with pytest.raises(BayesScalingError, match=r"kind: 'runs' is not known.*mean 'run'\?"):
        getattr(forecast, ask)(kind="runs", **given)


def test_five_runs_leave_the_floor_to_the_prior(forecast, fit_cerebras):
    (note,) = forecast.notes
    assert note.endswith("; the floor comes from the prior.")
    (ratio,) = floor_ratio(fit_cerebras).values()
    assert f"posterior sd / prior sd = {ratio:.2f}" in note
    share = fit_cerebras.posterior["posterior"]["floor_share"]
    assert ratio == pytest.approx(float(share.std()) / fit_cerebras.prior_sd["floor_share"])


def test_a_floor_that_the_data_show_is_the_data_s():
    compute = 10 ** np.arange(17.0, 26.0)
    loss = 0.6 * (compute / 1e21) ** -0.25 + 1.9
    rng = np.random.default_rng(1)
    noise = np.exp(0.001 * rng.standard_normal(len(compute)))
    runs = pd.DataFrame({"compute": compute, "loss": loss * noise}).head(8)
    fit = bs.fit("loss", runs, random_seed=1)
    assert floor_ratio(fit)["ladder"] < 0.5  # 0.17, with a spread of 0.01 over data and draws
    assert not any("comes from the prior" in said for said in bs.predict(fit, compute=1e26).notes)
    row = bs.predict(fit, compute=1e25).summary().iloc[0]
    width = np.log(row["q95"] / row["q05"])  # 3.3 standard deviations
    assert abs(np.log(row["median"] / loss[-1])) < 1.5 * width


def test_the_floor_of_each_family_is_said(two_families):
    said = bs.predict(two_families, compute=1e22, family="short").notes
    assert said == ("Floor share of short: posterior sd / prior sd = 0.00.",)


@pytest.mark.parametrize("pin", [{"c": 1.2}, {"floor_share": 0.45}])
def test_a_pinned_floor_comes_from_nobody_else(pin):
    spec = LOSS.with_priors(**pin)
    own = {"floor_share": 1.2 / 2.55} if "c" in pin else {}
    values = {"level": 2.55, "elasticity": 0.06, **own}
    fit = known(spec, LADDER, 10, **values, sigma=0.01, amplitude=0.01, precision=np.ones(5))
    assert floor_ratio(fit) == {}
    assert bs.predict(fit, compute=1e22).notes == ()


def test_a_law_without_a_floor_has_no_note():
    spec = bs.load_model("loss_power")
    values = {"level": 2.55, "elasticity": 0.06}
    fit = known(spec, LADDER, 10, **values, sigma=0.01, amplitude=0.01, precision=np.ones(5))
    forecast = bs.predict(fit, compute=1e22)
    assert forecast.notes == ()
    assert np.log(forecast.draws["law"].values[0, 0, 0]) == pytest.approx(
        np.log(2.55) - 0.06 * np.log(100)
    )


def test_a_target_below_the_ladder_is_said():
    fit = known(NORMAL, LADDER, draws=2000, **LAW, sigma=0.01, amplitude=0.03)
    notes = bs.predict(fit, compute=[1e17, 1e19]).notes
    assert notes[-1] == (
        "The target 1e+17 FLOP lies below every fitted run (the smallest has 1e+18 FLOP): "
        "this is an extrapolation downward."
    )
    assert not any("downward" in note for note in bs.predict(fit, compute=1e18).notes)


def test_a_fit_that_did_not_converge_never_forecasts_without_saying_so(fit_cerebras):
    bad = replace(fit_cerebras, diagnosis=replace(CONVERGED, rhat=1.2, retried=True))
    assert bs.predict(bad, compute=BIG).notes[0] == str(bad.diagnosis)
    assert "NOT CONVERGED" in str(bad.diagnosis)


def test_a_forecast_of_few_effective_draws_is_said(fit_cerebras):
    slow = fit_cerebras.posterior.copy()
    drawn = slow["posterior"].to_dataset()
    slow["posterior"] = xr.DataTree(drawn.isel(draw=np.repeat(np.arange(20), 50)))
    notes = bs.predict(replace(fit_cerebras, posterior=slow), compute=BIG).notes
    assert any("rests on an effective sample of" in note for note in notes)


def test_tables_are_written(forecast, tmp_path):
    path = forecast.to_csv(tmp_path / "forecast.csv", kind="law")
    back = pd.read_csv(path)
    pd.testing.assert_frame_equal(back, forecast.summary(kind="law"), check_exact=False)
    records = json.loads(forecast.to_json(str(tmp_path / "forecast.json")).read_text())
    assert [record["compute"] for record in records] == [BIG, 3e21]
    assert records[0]["median"] == pytest.approx(forecast.summary()["median"].iloc[0])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["forecast.csv", "forecast.json"]


@pytest.mark.parametrize("write", [Forecast.to_csv, Forecast.to_json])
def test_a_path_that_cannot_be_written_is_said(forecast, tmp_path, write):
    with pytest.raises(OutputError, match="can't be written"):
        write(forecast, tmp_path / "nowhere" / "forecast")
    with pytest.raises(OutputError, match="can't be written"):
        write(forecast, tmp_path)
    assert list(tmp_path.iterdir()) == []
