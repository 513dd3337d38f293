"""The report says what the records say, and refuses what it can't."""

import dataclasses
import re
import shutil
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from report_reader import SCRIPT, TARGETS, WRITTEN, Reader

import bayes_scaling as bs
from bayes_scaling import registry
from bayes_scaling.errors import BayesScalingError, LedgerError, OutputError
from bayes_scaling.reporting.assumptions import state_assumptions
from bayes_scaling.reporting.tables import decimals, fixed

SECONDS = 10
NO_SEAL = "No seal vouches for the numbers below."


def test_the_answer_comes_first_and_is_the_forecast(page, forecast):
    row = forecast.summary().iloc[1]
    sentence = (
        f"will reach a loss between {row['q05']:.3f} and {row['q95']:.3f} nats per token with "
        f"probability 90 %; the median is {row['median']:.3f}."
    )
    assert sentence in page.text
    assert page.text.index(sentence) < page.text.index("What was assumed")


def test_all_targets_and_kinds_are_in_tables(page, forecast):
    for row in forecast.summary().itertuples():
        assert f"{row.q05:.3f} to {row.q95:.3f}" in page.text
    for kind in ("run", "expected", "law"):
        row = forecast.summary(kind=kind).iloc[1]
        assert f"{row['q05']:.3f} to {row['q95']:.3f}" in page.text


def test_notes_and_remarks_are_said(page, forecast, fit_cerebras):
    for said in (*forecast.notes, *map(str, bs.check(fit_cerebras.table))):
        assert said in page.text


def test_posteriors_stand_beside_priors(page, fit_cerebras):
    summary = fit_cerebras.summary()
    for name in ("level", "elasticity", "floor_share", "sigma", "amplitude"):
        row = summary.loc[name]
        assert f"{row['q05']:.3g} to {row['q95']:.3g}" in page.text
        assert f"{row['sd_ratio']:.2f}" in page.text
    assert "pinned at 5" in page.text


def test_the_sampler_is_judged_by_the_rules_of_the_diagnosis(page, fit_cerebras):
    diagnosis = fit_cerebras.diagnosis
    assert str(diagnosis) in page.text
    assert f"{diagnosis.rhat:.3f} below 1.01 yes" in page.text


def test_the_backtest_is_read_at_this_distance(page, backtest, forecast):
    distance = forecast.targets["distance"].iloc[1]
    rows = backtest.forecasts[backtest.forecasts["distance"].between(1, 1.5)]
    assert 1 < distance <= 1.5
    share = f"{100 * rows['covered_90'].mean():.0f} %"
    assert f"1 to 1.5 decades beyond the last fitted run, it held {share} of 2." in page.text
    assert "another model than the one of this report" in page.text


def test_the_comparison_names_the_best_of_each_question(page):
    assert "runs, loss interpolates best: it foretells runs that were left out" in page.text
    assert "loss_power (whose fit did not converge) extrapolates best" in page.text
    assert "loss_power 11.00 −1.25 0.75 0.20 0.0125 −1.75 1 NO" in page.text


def test_provenance_is_whole(page, fit_cerebras):
    for text in (fit_cerebras.data_hash, fit_cerebras.response_hash, *fit_cerebras.versions):
        assert text in page.text
    (spec,) = (text for tag, text in page.texts if tag == "pre")
    assert spec == fit_cerebras.spec.text.strip()


def test_a_sealed_forecast_is_shown_with_its_record(page, ledger):
    records = registry.read_ledger(ledger)
    assert f"Which loss? {SCRIPT}" in page.text
    assert all(record.hash in page.text for record in records)
    assert "The numbers of this report are those that were sealed." in page.text
    assert "2 records and the side files hold." in page.text
    assert "This forecast is sealed: record 1 of forecasts.jsonl, record 2 of" in page.text
    assert NO_SEAL not in page.text


@pytest.fixture(scope="module")
def resolved(ledger, tmp_path_factory):
    """A ledger in which the 13B model's loss is known."""
    folder = tmp_path_factory.mktemp("resolved")
    shutil.copytree(ledger.parent, folder, dirs_exist_ok=True)
    registry.resolve(folder / ledger.name, {2: 1.572}, author="a team")
    return folder / ledger.name


@pytest.fixture(scope="module")
def later(fit_cerebras, resolved, backtest, tmp_path_factory):
    """A report of another forecast from the same fit, one of its targets very far."""
    other = bs.predict(fit_cerebras, compute=[*TARGETS, 1e25], random_seed=2)
    path = tmp_path_factory.mktemp("later") / "report.html"
    bs.report(fit_cerebras, other, backtest=backtest, registered=resolved, path=path)
    return Reader(path.read_text())


def test_other_numbers_than_the_sealed_ones_are_said(later, forecast):
    row = forecast.summary().iloc[1]
    was = f"{row['median']:.4g} ({row['q05']:.4g} to {row['q95']:.4g})"
    said = "The numbers of this report are not those that were sealed: median and 90 % interval of "
    assert f"{said}one new run were {was}, here they are" in later.text
    first = later.text[: later.text.index("The answer")]
    assert NO_SEAL in first
    assert f"Record 2 of forecasts.jsonl: {said}" in first
    assert "The target that this report speaks of first isn't one that was sealed." in first
    assert "This forecast is sealed" not in later.text


@pytest.fixture
def written(tmp_path, undrawn):
    """What a person reads of a report with these arguments."""

    def write(*arguments, **options):
        path = bs.report(*arguments, path=tmp_path / "report.html", **options)
        return Reader(path.read_text()).text

    return write


def test_one_sealed_target_of_several_is_not_the_headline(written, fit_cerebras, ledger):
    further = bs.predict(fit_cerebras, compute=[TARGETS[0], TARGETS[1], 1e23])
    text = written(fit_cerebras, further, registered=ledger)
    assert NO_SEAL in text
    assert "This forecast is sealed" not in text


def test_a_record_of_something_else_is_not_claimed(written, fit_cerebras, forecast, ledger):
    (first, second) = registry.read_ledger(ledger)
    runs = fit_cerebras.table.assign(loss=lambda runs: runs["loss"] + 0.01)
    others = replace(fit_cerebras, table=runs)
    spec = replace(fit_cerebras.spec, text=f"{fit_cerebras.spec.text}# another")
    modelled = replace(fit_cerebras, spec=spec)
    for fit, said in ((others, "made from other data"), (modelled, "made with another model")):
        text = written(fit, bs.predict(fit, compute=TARGETS), registered=second)
        assert f"{NO_SEAL} Record 2 of forecasts.jsonl: It was {said}." in text
        assert f"Record 2 of forecasts.jsonl: It was {said}." in written(fit, registered=second)
    far = written(fit_cerebras, bs.predict(fit_cerebras, compute=1e25), registered=[first])
    assert "Record 1 of forecasts.jsonl: It forecasts another target." in far
    assert NO_SEAL in written(fit_cerebras, forecast, registered=first)
    assert NO_SEAL not in written(fit_cerebras, forecast, registered=second)


def test_a_ledger_that_does_not_hold_vouches_for_nothing(
    written, fit_cerebras, forecast, ledger, tmp_path
):
    shutil.copytree(ledger.parent, tmp_path / "edited")
    edited = tmp_path / "edited" / ledger.name
    records = registry.read_ledger(edited)
    edited.write_bytes(edited.read_bytes().replace(b"a team", b"no team"))
    for given in (edited, records):
        text = written(fit_cerebras, forecast, registered=given)
        assert f"{NO_SEAL} Record 1 of forecasts.jsonl: The ledger doesn't hold." in text
        assert "This forecast is sealed" not in text
        assert "those that were sealed" not in text


def test_what_is_no_text_does_not_stop_a_report(written, fit_cerebras, forecast, tmp_path):
    words = {"question": "Which \ud800 loss?", "resolves": "The model card.", "author": "a team"}
    records = bs.register(forecast, tmp_path / "forecasts.jsonl", **words)
    assert r"Which \ud800 loss?" in written(fit_cerebras, forecast, registered=records)


def test_a_record_that_is_not_in_its_ledger_vouches_for_nothing(
    written, fit_cerebras, forecast, ledger
):
    record = replace(registry.read_ledger(ledger)[1], hash="f" * 64)
    text = written(fit_cerebras, forecast, registered=record)
    assert f"{NO_SEAL} Record 2 of forecasts.jsonl: The ledger doesn't hold this record." in text


def test_an_outcome_is_shown(later):
    assert "resolved: 1.572 (record 3" in later.text


def test_a_distance_without_forecasts_is_said(later):
    assert "None of them is as far out as this forecast" in later.text


def test_a_target_inside_the_ladder_is_not_said_to_be_far_out(written, fit_cerebras, backtest):
    inside = bs.predict(fit_cerebras, compute=1e20)
    text = written(fit_cerebras, inside, backtest=backtest)
    assert "The target of this forecast isn't beyond its ladder, as theirs are" in text
    assert "None of them is as far out" not in text


def test_standard_errors_and_a_pinned_floor_are_said(fit_cerebras):
    plain = state_assumptions(fit_cerebras)
    assert (plain.has_errors, plain.is_floor_learned) == (False, True)
    design = fit_cerebras.design.with_observed(relative_se=np.array([0.01, 0, 0, 0, 0]))
    assert state_assumptions(replace(fit_cerebras, design=design)).has_errors
    pinned = fit_cerebras.spec.with_priors(floor_share=0.5)
    stated = state_assumptions(replace(fit_cerebras, spec=pinned))
    assert not stated.is_floor_learned
    (said,) = stated.floor
    assert said.startswith("The floor (floor_share) is pinned at 0.5: it rests on that number")


def test_a_record_of_an_outcome_is_no_forecast(fit_cerebras, forecast, resolved, tmp_path):
    outcome = registry.read_ledger(resolved)[-1]
    with pytest.raises(LedgerError, match="expected a forecast"):
        bs.report(fit_cerebras, forecast, registered=outcome, path=tmp_path / "report.html")


@pytest.fixture(scope="module")
def dubious(spiteful, tmp_path_factory):
    """A report of a fit that did not converge, with names that look like markup."""
    bad = replace(spiteful, diagnosis=replace(spiteful.diagnosis, rhat=1.2))
    path = tmp_path_factory.mktemp("dubious") / "report.html"
    return Reader(bs.report(bad, bs.predict(bad, compute=2.3e22), path=path).read_text())


def test_names_that_look_like_markup_are_text(dubious, spiteful):
    assert dubious.faults == []
    assert dubious.all("script") == []
    for run in spiteful.table["run"]:
        assert run in dubious.text
    assert dubious.text.count(f"$\\frac$ {SCRIPT}") >= 2


def test_a_fit_that_did_not_converge_says_so_before_any_number(dubious):
    text = dubious.text
    assert text.index("did not converge") < re.search(r"\d", text).start()
    assert "R-hat reaches 1.200" in text
    assert any(tag == "title" and said.startswith("Not converged: ") for tag, said in dubious.texts)


def test_the_same_records_give_the_same_bytes(
    full, fit_cerebras, forecast, backtest, compared, ledger, tmp_path
):
    given = {"backtest": backtest, "compare": compared, "registered": ledger, "written": WRITTEN}
    start = time.process_time()
    again = bs.report(fit_cerebras, forecast, **given, path=tmp_path / "again.html")
    assert time.process_time() - start < SECONDS
    assert again.read_bytes() == full.read_bytes()


def test_it_bears_its_date(page, fit_cerebras, undrawn, tmp_path):
    assert "Written on 1 December 2026." in page.text
    with pytest.raises(BayesScalingError, match="written: expected a date, got 'today'"):
        bs.report(fit_cerebras, written="today", path=tmp_path / "report.html")


def test_no_calibration_is_drawn_of_few_forecasts(page, backtest, fit_cerebras, undrawn, tmp_path):
    few, many = (
        "Below: where truths fell",
        dataclasses.replace(
            backtest, forecasts=pd.concat([backtest.forecasts] * 4, ignore_index=True)
        ),
    )
    assert few not in page.text
    path = bs.report(fit_cerebras, backtest=many, path=tmp_path / "report.html")
    assert few in path.read_text()


def test_it_speaks_plainly(page):
    assert "kind run" not in page.text
    assert "centre of centre" not in page.text


def test_a_fit_alone_is_described_and_what_is_missing_is_said(fit_cerebras, undrawn, tmp_path):
    path = bs.report(fit_cerebras, path=tmp_path / "report.html")
    found = Reader(path.read_text())
    assert found.faults == []
    assert "Fit of the loss of Cerebras-GPT" in found.text
    last = bs.predict(fit_cerebras, compute=1.1e21).summary().iloc[0]
    low, high = (fixed(decimals(last["q05"], last["q95"]))(last[q]) for q in ("q05", "q95"))
    assert f"{low} to {high}" in found.text
    assert "under other priors" not in found.text
    for missing in (
        "it forecasts no larger run",
        "No backtest was given",
        "No other model was compared",
        "not sealed in a ledger",
    ):
        assert missing in found.text


def test_a_place_that_cannot_be_written_is_refused_before_the_work(fit_cerebras, tmp_path):
    with pytest.raises(OutputError, match="it is a folder"):
        bs.report(fit_cerebras, path=tmp_path)
    with pytest.raises(OutputError, match="there is no folder"):
        bs.report(fit_cerebras, path=tmp_path / "absent" / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_record_is_refused(fit_cerebras, forecast, tmp_path):
    other = bs.predict(replace(fit_cerebras), compute=2.3e22)
    path = tmp_path / "report.html"
    cases = [
        ((forecast,), {}, "fit: expected a fit, as fit returns it, got Forecast"),
        ((fit_cerebras, fit_cerebras), {}, "forecast: expected a Forecast"),
        ((fit_cerebras, other), {}, "made from another fit; give the forecast's own"),
        ((fit_cerebras, forecast), {"backtest": 3}, "backtest: expected a Backtest, as backtest"),
        ((fit_cerebras, forecast), {"compare": pd.DataFrame()}, "without its columns"),
        ((fit_cerebras, forecast), {"registered": [3]}, "registered: expected a record"),
    ]
    for arguments, options, message in cases:
        with pytest.raises(BayesScalingError, match=message):
            bs.report(*arguments, path=path, **options)
    assert not path.exists()


def test_a_ledger_without_this_forecast_is_refused(fit_cerebras, ledger, tmp_path):
    other = bs.predict(fit_cerebras, compute=1e22)
    with pytest.raises(LedgerError, match="is of this model, data and target"):
        bs.report(fit_cerebras, other, registered=ledger, path=tmp_path / "report.html")
