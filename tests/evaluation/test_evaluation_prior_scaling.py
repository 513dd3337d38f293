import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.evaluation.prior_scaling import weighted_quantile

TARGET = 1e22


def test_a_scaled_prior_moves_the_forecast_as_the_closed_form_does(conjugate, ladder):
    noisy = type(conjugate)(conjugate.spec.with_priors(sigma=0.6))
    away = np.exp(0.9 + 0.8 - conjugate.level(ladder)[0])  # 0.8 beyond the middle of the prior
    runs = ladder.assign(loss=ladder["loss"] * away)
    fitted = noisy.fit(None, runs, draws=10_000)
    forecast = bs.predict(fitted, compute=TARGET)
    row = bs.sensitivity(fitted, forecast, kind="law").iloc[0]
    ratio = forecast.draws["law"].values[:, :, 0] / fitted.posterior["posterior"]["level"].values
    middle, now = noisy.level(runs)
    for label, scale in (("wider", 0.5), ("narrower", 2.0)):
        mean, sd = noisy.level(runs, scale)
        assert row[f"median_{label}"] == pytest.approx(ratio.mean() * np.exp(mean), rel=0.01)
        width = np.exp(mean - middle) * np.sinh(1.645 * sd) / np.sinh(1.645 * now)
        assert row[f"width_{label}"] == pytest.approx(width, rel=0.06)
    assert abs(noisy.level(runs, 2.0)[0] - noisy.level(runs, 0.5)[0]) > 0.05
    assert row["sensitivity"] > 0.05


def test_a_prior_that_data_overwhelm_is_not_felt(conjugate, ladder):
    fitted = conjugate.fit(None, ladder)
    row = bs.sensitivity(fitted, bs.predict(fitted, compute=TARGET)).iloc[0]
    assert row["sensitivity"] < 0.01
    assert row["width_wider"] == pytest.approx(1, abs=0.02)
    assert row["median_wider"] == pytest.approx(row["median_narrower"], rel=1e-3)


def test_every_prior_and_target_has_a_row(fit_cerebras):
    forecast = bs.predict(fit_cerebras, compute=[3e21, 2.3e22])
    table = bs.sensitivity(fit_cerebras, forecast)
    assert sorted(set(table["prior"])) == sorted(fit_cerebras.spec.free)
    assert len(table) == 2 * len(fit_cerebras.spec.free)
    far = table.query("compute == 2.3e22").set_index("prior")
    assert far["sensitivity"]["level"] < 0.002 < far["sensitivity"]["floor_share"]


def test_only_the_forecast_of_the_fit(fit_cerebras, conjugate, ladder):
    other = conjugate.fit(None, ladder)
    with pytest.raises(ValueError, match="made from another fit; give the forecast's own"):
        bs.sensitivity(fit_cerebras, bs.predict(other, compute=TARGET))
    with pytest.raises(ValueError, match="Did you mean 'expected'"):
        bs.sensitivity(other, bs.predict(other, compute=TARGET), kind="expect")


def test_weighted_quantiles_are_those_of_repeated_draws():
    values = np.random.default_rng(1).standard_normal((200, 2))
    times = np.arange(200) % 4
    repeated = np.repeat(values, times, axis=0)
    found = weighted_quantile(values, times.astype(float), 0.3)
    expected = np.quantile(repeated, 0.3, axis=0, method="inverted_cdf")
    np.testing.assert_allclose(found, expected)
