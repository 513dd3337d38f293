"""Pass rates along a loss: one that is known, and one that is forecast itself."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling import registry
from bayes_scaling.cli import app
from bayes_scaling.errors import BayesScalingError, DataError, LedgerError
from bayes_scaling.inference.passes.design import make_pass_design
from bayes_scaling.inference.passes.predictive import KINDS

LOSSES = {1e20: 3.0, 8e20: 2.6, 5e21: 2.3, 4e22: 2.1, 1e24: 1.9}
SPEC = bs.load_model("pass_rate_loss")


@pytest.fixture(scope="module")
def counts(pass_counts):
    """The counts that other tests fit, with a loss of each run."""
    return pass_counts.assign(loss=pass_counts["compute"].map(LOSSES))


@pytest.fixture(scope="module")
def fit(counts):
    small = counts.query("compute < 1e24")
    return bs.fit(SPEC, small, random_seed=1, draws=600, tune=400, reference=2e21)


@pytest.fixture(scope="module")
def losses(fit_cerebras):
    """A forecast of a loss, at two targets that the counts' runs lie below."""
    return bs.predict(fit_cerebras, compute=[2.3e22, 1e23])


def certain(losses, *values):
    """Return the forecast with no doubt left."""
    own = {kind: draws * 0 + np.array(values) for kind, draws in losses.draws.data_vars.items()}
    return replace(losses, draws=losses.draws.assign(own))


def test_runs_give_the_losses_that_counts_lack(counts, fit):
    runs = counts.drop_duplicates("run")[["run", "loss"]].assign(loss_unit="nats per token")
    small = counts.query("compute < 1e24").drop(columns="loss")
    settings = {"draws": 600, "tune": 400, "reference": 2e21}
    joined = bs.fit(SPEC, small, runs=runs, random_seed=1, **settings)
    assert joined.table["loss"].tolist() == fit.table["loss"].tolist()
    np.testing.assert_array_equal(
        joined.posterior["posterior"]["k"].values, fit.posterior["posterior"]["k"].values
    )


def test_the_design_orders_runs_by_what_their_losses_stand_for(fit):
    design = fit.design
    np.testing.assert_allclose(design.places.measured["loss"], sorted(LOSSES.values())[:0:-1])
    assert design.scale[0] == pytest.approx(1e20)
    assert design.scale[-1] == pytest.approx(4e22)
    assert np.all(np.diff(design.scale) > 0)


def test_along_a_power_of_compute_the_model_is_that_of_compute(pass_counts):
    """Where L - E is a power of compute the two designs are one, and so are their roots."""
    small = pass_counts.query("compute < 1e24")
    above = (small["compute"] / small["compute"].max()) ** -0.2
    along_loss = make_pass_design(SPEC, small.assign(loss=1 + above), 2e21)
    along = make_pass_design(bs.load_model("pass_rate"), small, 2e21)
    np.testing.assert_allclose(along_loss.x[0], along.x[0], atol=1e-9)
    for own, other in zip(SPEC.discrepancy, bs.load_model("pass_rate").discrepancy, strict=True):
        ours = along_loss.covariance(replace(own, along=("loss",)))
        np.testing.assert_allclose(ours, along.covariance(other), atol=1e-9)


def test_a_lower_loss_passes_more(fit):
    forecast = bs.predict(fit, loss=[2.2, 2.0, 1.8])
    assert list(forecast.targets) == ["family", "loss", "distance"]
    medians = forecast.quantile(0.5, of="pass_rate", kind="law")["q50"]
    assert np.all(np.diff(medians) > 0)
    assert np.all(np.diff(forecast.targets["distance"]) > 0)


def test_a_target_above_every_run_is_an_extrapolation_downward(fit):
    notes = bs.predict(fit, loss=3.5).notes
    assert any("below every fitted run (the smallest has 3 loss)" in note for note in notes)


def test_a_target_at_the_floor_is_refused(fit):
    with pytest.raises(DataError, match=r"loss: 1.05 isn't above 1.05.*floor_of_smallest"):
        bs.predict(fit, loss=1.05)


def test_a_saved_fit_forecasts_the_same(fit, tmp_path):
    again = bs.load_fit(fit.save(tmp_path / "fit.nc"))
    ours, theirs = (bs.predict(own, loss=1.9).values() for own in (fit, again))
    np.testing.assert_array_equal(ours, theirs)


def test_a_loss_without_doubt_is_one_that_is_known(fit, losses):
    chained = bs.chain(certain(losses, 2.0, 1.8), fit)
    known = bs.predict(fit, loss=[2.0, 1.8])
    assert list(chained.targets) == ["family", "compute", "loss", "distance"]
    assert chained.targets["loss"].tolist() == [2.0, 1.8]
    np.testing.assert_allclose(chained.draws["law"], known.draws["law"], rtol=1e-12)
    for kind in ("expected", "run"):
        ours, theirs = (np.log(own.draws[kind].values) for own in (chained, known))
        count = ours.shape[0] * ours.shape[1]
        apart = (ours - theirs).mean(axis=(0, 1))  # the same parameters, other fresh noise
        error = (ours - theirs).std(axis=(0, 1)) / np.sqrt(count)
        assert np.all(np.abs(apart) < 6 * error)
        ratio = ours.std(axis=(0, 1)) / theirs.std(axis=(0, 1))
        assert np.all(np.abs(np.log(ratio)) < 6 / np.sqrt(count))


def test_targets_of_one_draw_share_a_discrepancy(fit, losses):
    """Two targets at one place have the same expected rate, draw by draw."""
    chained = bs.chain(certain(losses, 1.9, 1.9), fit)
    expected = chained.draws["expected"].values
    np.testing.assert_allclose(expected[:, :, 0], expected[:, :, 1], rtol=1e-5)


def test_doubt_of_the_loss_is_handed_on_draw_by_draw(fit, losses):
    """Losses that are one of two values give, in each draw, the law at the one or at the other."""
    known = certain(losses, 2.0, 1.9)
    share = 0.3
    raised = np.random.default_rng(1).uniform(size=known.draws["law"].shape) < share
    doubted, low, high = (
        bs.chain(replace(known, draws=known.draws + extra), fit).draws["law"].to_numpy()
        for extra in (0.2 * raised, 0.0, 0.2)
    )
    is_low, is_high = (np.isclose(doubted, own, rtol=1e-9).all(axis=(-1)) for own in (low, high))
    assert np.all(is_low != is_high)
    count = is_high[..., 0].size
    margin = 5 * np.sqrt(share * (1 - share) / count)
    assert np.all(np.abs(is_high.mean(axis=(0, 1)) - share) < margin)


def test_each_kind_goes_along_its_own_draws(fit, losses):
    drawn = {kind: losses.draws[kind] * 0 + 2.4 - 0.2 * i for i, kind in enumerate(KINDS)}
    chained = bs.chain(replace(losses, draws=losses.draws.assign(drawn)), fit)
    law = bs.predict(fit, loss=2.4).draws["law"].values
    np.testing.assert_allclose(chained.draws["law"].values[:, :, :1], law, rtol=1e-12)
    assert chained.targets["loss"].tolist() == pytest.approx([2.0, 2.0])
    run, expected = (chained.values(kind=kind).mean() for kind in ("run", "expected"))
    assert run > expected > chained.values(kind="law").mean()


def test_draws_below_the_floor_are_said_or_refused(fit, losses):
    few = certain(losses, 2.0, 2.0)
    few.draws["run"][0, :30, 1] = 1.0
    (note,) = (note for note in bs.chain(few, fit).notes if "at or below" in note)
    assert note.startswith("0.75 % of draws of the loss lie at or below the floor of its link")
    with pytest.raises(DataError, match=r"100 % of the forecast loss lies at or below 1.05"):
        bs.chain(certain(losses, 2.0, 1.0), fit)


def test_a_chain_needs_a_loss_and_counts_along_it(fit, fit_passes, losses):
    with pytest.raises(DataError, match="fit: pass_rate forecasts along compute, not along a loss"):
        bs.chain(losses, fit_passes)
    with pytest.raises(DataError, match="losses: expected a forecast of a loss"):
        bs.chain(bs.predict(fit, loss=2.0), fit)


def test_another_unit_or_another_validation_set_is_refused(fit, losses):
    bits = replace(fit, table=fit.table.assign(loss_unit="bits per byte"))
    with pytest.raises(DataError, match="forecast in nats per token, but the counts"):
        bs.chain(losses, bits)
    named = losses.fit.table.assign(run=[*fit.design.runs, "another"])
    other = replace(losses, fit=replace(losses.fit, table=named))
    with pytest.raises(DataError, match=r"losses: run .* in the ladder of the loss and 3 beside"):
        bs.chain(other, fit)


BAD = {
    "loss: pass_rate_loss forecasts along the loss": lambda t: t.drop(columns="loss"),
    "loss: run .* has no number": lambda t: t.assign(loss=t["loss"].where(t["loss"] < 3)),
    "loss: run .* has two, 2 and 3": lambda t: t.assign(
        loss=t["loss"].where((t["loss"] < 3) | (t["problem"] != t["problem"].iloc[0]), 2.0)
    ),
    "loss: all runs have 2": lambda t: t.assign(loss=2.0),
    "loss: run .* has -1": lambda t: t.assign(loss=t["loss"].replace(3.0, -1.0)),
}


@pytest.mark.parametrize("message", BAD)
def test_losses_that_no_run_can_have_are_refused(counts, message):
    table = BAD[message](counts.query("compute < 1e24"))
    with pytest.raises(DataError, match=message):
        make_pass_design(SPEC, bs.read_passes(table))


def test_runs_have_to_name_those_of_the_counts(counts):
    small = counts.query("compute < 1e24").drop(columns="loss")
    runs = counts.drop_duplicates("run")[["run", "loss"]]
    name = small["run"].iloc[0]
    with pytest.raises(DataError, match=f"runs: run '{name}' has no loss"):
        bs.fit(SPEC, small, runs=runs[runs["run"] != name], random_seed=1)
    twice = pd.concat([runs, runs.assign(loss=runs["loss"] + 1)])
    with pytest.raises(DataError, match=f"runs: run '{name}' has 2 rows"):
        bs.fit(SPEC, small, runs=twice, random_seed=1)
    with pytest.raises(DataError, match="the counts have a column loss already"):
        bs.fit(SPEC, counts, runs=runs, random_seed=1)
    with pytest.raises(DataError, match="runs: loss is a model of losses"):
        bs.fit("loss", bs.example("pythia"), runs=runs, random_seed=1)


def test_a_figure_goes_along_the_loss_or_the_compute_that_is_forecast(fit, losses, counts):
    known = bs.plot_pass_rate(bs.predict(fit, loss=1.9), truth=counts, by="all")[0]
    assert (known.get_xscale(), known.xaxis_inverted(), known.get_xlabel()) == (
        "linear",
        True,
        "Loss",
    )
    chained = bs.plot_pass_rate(bs.chain(certain(losses, 2.0, 1.9), fit), by="all")[0]
    assert (chained.get_xscale(), chained.xaxis_inverted()) == ("log", False)
    assert chained.get_xlabel() == "Training compute (FLOP)"


def test_probabilities_of_a_chain_are_by_compute(fit, losses):
    chance = bs.chain(certain(losses, 2.0, 1.9), fit).probability(above=0.5)
    assert chance.index.name == "compute"
    assert chance.index.tolist() == [2.3e22, 1e23]


def test_a_report_says_the_loss_of_its_target(fit, losses, tmp_path):
    page = bs.report(fit, bs.predict(fit, loss=1.9), path=tmp_path / "known.html").read_text()
    assert "a loss of 1.9" in " ".join(page.split())
    page = bs.report(fit, bs.chain(losses, fit), path=tmp_path / "chained.html").read_text()
    assert "Along the forecast loss (median and 90 %)" in page


def test_a_mixture_over_floors_draws_from_each_with_its_weight(fit, losses):
    low, high = bs.chain(certain(losses, 2.0, 1.9), fit), bs.chain(certain(losses, 1.7, 1.6), fit)
    mixed = bs.mix({"low": low, "high": high}, {"low": 1, "high": 3})
    assert mixed.weights.to_numpy().tolist() == [[0.25, 0.75]] * 2
    drawn, own = (one.draws["law"].values.reshape(-1, 2, 24) for one in (mixed, high))
    is_high = [tuple(draw) in {tuple(one) for one in own[:, 0]} for draw in drawn[:, 0]]
    assert np.mean(is_high) == pytest.approx(0.75, abs=1 / len(drawn))
    between = mixed.quantile(0.5)["q50"]
    assert (between < high.quantile(0.5)["q50"]).all()
    assert (between > low.quantile(0.5)["q50"]).all()
    alone = bs.mix({"low": low, "high": high}, {"low": 1, "high": 0})
    pd.testing.assert_frame_equal(alone.quantile([0.05, 0.95]), low.quantile([0.05, 0.95]))
    assert bs.mix({"low": low, "high": high}).weights.to_numpy().tolist() == [[0.5, 0.5]] * 2


def test_what_cannot_be_mixed_is_refused(fit, fit_passes):
    one, other = bs.predict(fit, loss=1.9), bs.predict(fit, loss=1.8)
    refused = {
        "fits: expected two or more": ({"one": one}, None),
        "forecasts: one and other are at other targets": ({"one": one, "other": other}, None),
        "forecasts: expected forecasts by name, got a list": ([one, other], None),
        "expected what predict or chain returns, got a Fit under 'b'": ({"a": one, "b": fit}, None),
        "weights: expected one of each of a, b": ({"a": one, "b": one}, {"a": 1}),
        "weights: expected numbers from 0": ({"a": one, "b": one}, {"a": 0, "b": 0}),
    }
    for sentence, (forecasts, weights) in refused.items():
        with pytest.raises(DataError, match=sentence):
            bs.mix(forecasts, weights)


WORDS = {"question": "Its rate?", "resolves": "The card.", "author": "a team"}


def test_a_chain_is_sealed_with_both_fits_scored_and_made_again(fit, losses, ledger):
    chained = bs.chain(losses, fit, random_seed=5)
    first, second = bs.register(chained, ledger, of="neg_log_pass", **WORDS)
    sealed = first.content["model"]
    assert sealed["data_hash"] == fit.data_hash
    assert sealed["losses"]["data_hash"] == losses.fit.data_hash
    assert sealed["losses"]["spec"] == losses.fit.spec.text
    assert (sealed["forecast_seed"], sealed["losses"]["forecast_seed"]) == (5, 1)
    assert first.content["target"]["compute"] == 2.3e22
    assert first.content["cutoff"] == fit.table["compute"].max()
    assert set(first.content["files"]) == {"data", "draws", "losses"}
    assert registry.verify(ledger).holds
    again = registry.rerun(second)
    assert again.identical
    np.testing.assert_array_equal(again.forecast.draws["run"], chained.draws["run"])
    middle = float(first.quantiles["run"][0.5])
    assert bs.score(ledger, {1: middle}).loc[1, "covered_50"]


def test_a_chain_is_made_again_from_data_that_are_handed_in(fit, losses, ledger):
    (record, _) = bs.register(bs.chain(losses, fit), ledger, keep_data=False, **WORDS)
    with pytest.raises(LedgerError, match=r"without its data; hand them in with data="):
        registry.rerun(record)
    with pytest.raises(LedgerError, match=r"without its losses; hand them in with losses="):
        registry.rerun(record, fit.table)
    with pytest.raises(LedgerError, match=r"losses: these aren't the runs that record 1"):
        registry.rerun(record, fit.table, losses=losses.fit.table.iloc[:4])
    assert registry.rerun(record, fit.table, losses=losses.fit.table).identical


def test_a_record_of_one_fit_goes_along_no_loss(fit, losses, ledger):
    (record,) = bs.register(bs.predict(fit, loss=1.9), ledger, **WORDS)
    with pytest.raises(LedgerError, match="record 1 goes along no loss that was forecast"):
        registry.rerun(record, losses=losses.fit.table)


def test_problems_that_were_averaged_over_are_sealed(fit, losses, ledger):
    few = bs.chain(losses, fit, restrict="solved_by_all")
    assert 0 < few.chosen.sum() < len(few.chosen)
    (record, _) = bs.register(few, ledger, **WORDS)
    again = registry.rerun(record)
    assert again.identical
    assert again.forecast.chosen.tolist() == few.chosen.tolist()


def test_targets_that_only_a_family_tells_apart_are_not_sealed(fit, losses, ledger):
    chained = bs.chain(losses, fit)
    table = losses.targets.assign(compute=1e23)
    doubled = replace(chained, losses=replace(losses, targets=table))
    with pytest.raises(BayesScalingError, match="differ by the family of the loss alone"):
        bs.register(doubled, ledger, **WORDS)


def test_the_command_line_seals_a_chain_and_makes_it_again(fit, losses, tmp_path):
    rates, ladder = fit.save(tmp_path / "rates.nc"), losses.fit.save(tmp_path / "losses.nc")
    ledger = str(tmp_path / "chain.jsonl")
    asked = ["register", str(rates), "--loss", str(ladder), "--at", "2.3e22", "--ledger", ledger]
    asked += ["--of", "pass_rate", "--by", "bucket", "--event", "pass_rate > 0.5"]
    asked += ["--question", "Its rate?", "--resolves", "The card."]
    found = CliRunner().invoke(app, asked)
    assert found.exit_code == 0, found.output
    records = registry.read_ledger(ledger)
    groups = bs.predict(fit, loss=1.9).summary(by="bucket")["group"].unique()
    assert [one.content["target"]["group"] for one in records] == list(groups)
    found = CliRunner().invoke(app, ["rerun", ledger, "--record", "2", "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["identical"]
    refused = CliRunner().invoke(app, [*asked[:-8], "--event", "loss < 1", *asked[-4:]])
    assert refused.exit_code == 2


def test_the_command_line_forecasts_along_a_loss(fit, losses, tmp_path):
    rates, ladder = fit.save(tmp_path / "rates.nc"), losses.fit.save(tmp_path / "losses.nc")
    found = CliRunner().invoke(app, ["forecast", str(rates), "--at-loss", "1.9", "--json"])
    assert found.exit_code == 0, found.output
    (row, *_) = json.loads(found.stdout)["targets"]
    own = bs.predict(fit, loss=1.9).summary().iloc[0]
    assert (row["loss"], row["q05"]) == (1.9, pytest.approx(own["q05"]))
    asked = ["forecast", str(rates), "--loss", str(ladder), "--at", "2.3e22"]
    found = CliRunner().invoke(app, asked)
    assert found.exit_code == 0, found.output
    header = next(line for line in found.stdout.splitlines() if "target (FLOP)" in line)
    assert "target (loss)" in header


REFUSED = {
    "--at: say where to forecast": [],
    "--at-loss: give computes or losses": ["--at", "1e24", "--at-loss", "1.9"],
    "--at: pass_rate_loss goes along a loss": ["--at", "1e24"],
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_the_command_line_says_what_a_target_lacks(fit, tmp_path, sentence):
    rates = fit.save(tmp_path / "rates.nc")
    found = CliRunner().invoke(app, ["forecast", str(rates), *REFUSED[sentence]])
    assert found.exit_code == 2
    assert f"bayes-scaling: {sentence}" in found.stderr
