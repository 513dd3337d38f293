import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_scaling as bs
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation import comparison, leaving_out
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.evaluation.leaving_out import leave_out, units_of
from bayes_scaling.inference.fitting import fit_runs

FEW = {"draws": 20, "tune": 40}

MU, SD = 0.9, 0.5  # of the log level, before any run


def exact(model, runs):
    """Log density of each run given the others, in closed form."""
    mean, total = model.normal(runs["compute"])
    inverse = np.linalg.inv(total)
    gap = (inverse @ (np.log(runs["loss"].to_numpy()) - mean)) / np.diag(inverse)
    return stats.norm.logpdf(gap, scale=np.diag(inverse) ** -0.5)


def seen(model, runs):
    """The same with the level's posterior from all runs, the run itself included."""
    mean, total = model.normal(runs["compute"])
    inverse = np.linalg.inv(total - SD**2)
    level, sd = model.level(runs)
    share = inverse.sum(axis=1) / np.diag(inverse)
    gap = inverse @ (np.log(runs["loss"].to_numpy()) - mean + MU - level) / np.diag(inverse)
    return stats.norm.logpdf(gap, scale=np.sqrt(1 / np.diag(inverse) + (share * sd) ** 2))


@pytest.fixture(autouse=True)
def by_hand(monkeypatch, conjugate):
    monkeypatch.setattr(leaving_out, "fit_runs", conjugate.fit)


def test_leave_one_out_is_the_closed_form(conjugate, ladder):
    fitted = conjugate.fit(None, ladder)
    found = leave_out(fitted, units_of(fitted, "run"))
    np.testing.assert_allclose(found.elpd.elpd_i, exact(conjugate, ladder), atol=0.03)
    assert found.bad_k_after == 0


def test_a_bad_pareto_k_is_refitted(conjugate, ladder):
    runs = ladder.assign(loss=ladder["loss"] * np.where(np.arange(7) == 6, 1.25, 1.0))
    fitted = conjugate.fit(None, runs, draws=300)
    found = leave_out(fitted, units_of(fitted, "run"))
    assert found.bad_k > 0
    assert found.bad_k_after == 0
    np.testing.assert_allclose(found.elpd.elpd_i, exact(conjugate, runs), rtol=0.05, atol=0.05)


def test_what_a_refit_cannot_mend_is_counted(conjugate, ladder, monkeypatch):
    runs = ladder.iloc[[0, 3, 6]].assign(loss=lambda rows: rows["loss"] * [1.0, 1.0, 1.25])
    fitted = conjugate.fit(None, runs, draws=300)
    found = leave_out(fitted, units_of(fitted, "run"))
    assert found.bad_k == found.bad_k_after > 0
    assert np.isfinite(found.elpd.elpd_i).all()


def test_a_family_keeps_its_smallest_run():
    pair = pd.concat([bs.example("cerebras_gpt"), bs.example("pythia").iloc[::-1]])
    design = comparison_design(pair)
    units = units_of(design, "family")
    assert [len(rows) for rows in units.values()] == [6, len(pair) - 8]
    left = set(range(len(pair))) - set(np.concatenate(list(units.values())))
    smallest = pair.reset_index(drop=True).groupby("family")["compute"].idxmin()
    assert left == set(smallest)


class Stub:
    """What `units_of` reads of a fit."""

    def __init__(self, design):
        self.design, self.families = design, design.families


def comparison_design(runs):
    from bayes_scaling.data import check_runs
    from bayes_scaling.inference.design import make_design

    return Stub(make_design(bs.load_model("loss_families"), check_runs(runs)))


def judged(spec, runs, **_):
    score = -3.0 if spec.name == "steeper" else -2.0
    rows = pd.DataFrame({"log_score": [score, score - 1], "crps": [0.1, 0.3]})
    rows = rows.assign(converged=[True, spec.name != "steeper"])
    return Backtest(spec.name, rows, pd.DataFrame())


def test_compare(conjugate, steeper, ladder, monkeypatch):
    monkeypatch.setattr(comparison, "backtest", judged)
    fits = {"steeper": steeper.fit(None, ladder), "true": conjugate.fit(None, ladder)}
    table = bs.compare(fits)
    each = {"true": exact(conjugate, ladder), "steeper": exact(steeper, ladder)}
    best, other = sorted(each, key=lambda name: -each[name].sum())  # seven runs may favour either
    assert table.index.tolist() == [best, other]
    for name, row in table.iterrows():
        assert row["interpolation_elpd"] == pytest.approx(each[name].sum(), abs=0.1)
    apart = each[other] - each[best]
    assert table.loc[other, "difference"] == pytest.approx(apart.sum(), abs=0.1)
    se = np.sqrt(7 * np.var(apart, ddof=1))
    assert table.loc[other, "difference_se"] == pytest.approx(se, rel=0.1)
    assert table["weight"].sum() == pytest.approx(1)
    for name, model in {"true": conjugate, "steeper": steeper}.items():
        effective = seen(model, ladder).sum() - each[name].sum()
        assert table.loc[name, "p_eff"] == pytest.approx(effective, abs=0.1)
    assert table.loc["steeper", "extrapolation_log_score"] == -3.5
    assert table.loc["true", "extrapolation_crps"] == pytest.approx(0.2)
    assert (table["extrapolation_n"] == 2).all()
    assert table.loc["steeper", "extrapolation_not_converged"] == 1
    assert table.loc["true", "extrapolation_not_converged"] == 0


def test_a_short_ladder_has_no_extrapolation(conjugate, steeper, ladder):
    few = ladder.iloc[:4]
    table = bs.compare({"a": conjugate.fit(None, few), "b": steeper.fit(None, few)})
    assert (table["extrapolation_n"] == 0).all()
    assert (table["extrapolation_skipped"] > 0).all()
    assert table[["extrapolation_log_score", "extrapolation_crps"]].isna().all(axis=None)


def test_a_missing_score_is_not_averaged_away(conjugate, steeper, ladder, monkeypatch):
    rows = pd.DataFrame({"log_score": [1.0, np.nan], "crps": [0.1, 0.2], "converged": True})
    result = Backtest("m", rows, pd.DataFrame())
    monkeypatch.setattr(comparison, "backtest", lambda *_, **__: result)
    table = bs.compare({"a": conjugate.fit(None, ladder), "b": steeper.fit(None, ladder)})
    assert table["extrapolation_log_score"].isna().all()
    assert np.allclose(table["extrapolation_crps"], 0.15)


def test_refusals(conjugate, ladder):
    one = conjugate.fit(None, ladder)
    other = conjugate.fit(None, ladder.assign(loss=ladder["loss"] + 0.01))
    with pytest.raises(DataError, match="one and other were fitted to different responses"):
        bs.compare({"one": one, "other": other})
    with pytest.raises(DataError, match="expected two or more by name, got 1"):
        bs.compare({"one": one})
    with pytest.raises(ValueError, match="Did you mean 'family'"):
        bs.compare({"one": one, "same": one}, unit="famly")
    with pytest.raises(DataError, match="model of loss, which has no problem to leave out"):
        bs.compare({"one": one, "same": one}, unit="problem")
    with pytest.raises(DataError, match="cutoffs: "):
        bs.compare({"one": one, "same": one}, cutoffs=["soon"])
    with pytest.raises(DataError, match="with 1 family to leave out there is nothing to compare"):
        bs.compare({"one": one, "same": one}, unit="family")


@pytest.mark.slow
def test_importance_sampling_agrees_with_exact_refits(fit_cerebras, monkeypatch):
    monkeypatch.setattr(leaving_out, "fit_runs", fit_runs)
    units = units_of(fit_cerebras, "run")
    sampled = leave_out(fit_cerebras, units)
    monkeypatch.setattr(leaving_out, "BAD_K", -1.0)
    refitted = leave_out(fit_cerebras, units)
    assert refitted.bad_k == 5
    np.testing.assert_allclose(sampled.elpd.elpd_i, refitted.elpd.elpd_i, atol=0.3)


@pytest.mark.slow
def test_compare_families(monkeypatch):
    monkeypatch.setattr(leaving_out, "fit_runs", fit_runs)
    runs = pd.concat([bs.example("cerebras_gpt"), bs.example("pythia")])
    pooled = bs.load_model("loss_families")
    specs = {"pooled": pooled, "law only": pooled.with_priors(amplitude=0)}
    options = {"draws": 500}
    fits = {name: bs.fit(spec, runs, random_seed=1, **options) for name, spec in specs.items()}
    table = bs.compare(fits, unit="family", cutoffs=["1.2e21"], fit_options=options)
    assert np.isfinite(table["interpolation_elpd"]).all()
    assert (table["extrapolation_n"] == 4).all()


def test_a_reference_that_was_given_is_that_of_the_refits(fit_cerebras):
    assert comparison._given_reference(fit_cerebras) == {}
    top = fit_runs(fit_cerebras.spec, fit_cerebras.table, random_seed=1, reference=1.1e21, **FEW)
    (given,) = comparison._given_reference(top)["reference"].values()
    assert given == 1.1e21
    again = fit_runs(
        top.spec, top.table.iloc[:4], random_seed=1, **comparison._given_reference(top), **FEW
    )
    assert again.reference.tolist() == [1.1e21]
