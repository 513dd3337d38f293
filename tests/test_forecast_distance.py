import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from refusals import forbid_sampling
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app
from bayes_scaling.errors import DataError
from bayes_scaling.evaluation import backtesting
from bayes_scaling.forecasting import FAR, demand_near, distance_record, farthest, record_at
from bayes_scaling.registry.refitting import predict_again

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
LARGEST = 1.1e21  # of the ladder that is fitted
SEAL = {"question": "?", "resolves": "."}


def at(distance):
    return LARGEST * 10**distance


@pytest.fixture(scope="module")
def far(fit_cerebras):
    largest = fit_cerebras.design.scale.max()
    assert largest == LARGEST
    return bs.predict(fit_cerebras, compute=[at(1.0), at(2.6), at(3.0)])


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_record_is_what_the_benchmark_makes_of_its_forecasts(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    found = importlib.util.spec_from_file_location("it", BENCHMARKS / "distance_record.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    table = pd.read_csv(BENCHMARKS / "results" / "ladders.csv")
    made = module.tabulate(table[table["model"] == module.MODEL])
    shipped = distance_record()
    pd.testing.assert_frame_equal(shipped, made, rtol=1e-3, check_dtype=False)
    assert FAR in shipped["above"].to_numpy()
    assert (shipped["above"].iloc[1:].to_numpy() == shipped["upto"].iloc[:-1].to_numpy()).all()


@pytest.mark.parametrize("place", range(6))
def test_a_distance_is_found_in_its_bin(place):
    row = distance_record().iloc[place]
    end = row["above"] + 4.0 if np.isinf(row["upto"]) else row["upto"]
    said = record_at(row["above"] + 1e-9)
    assert said == record_at(end)
    assert f"{row['forecasts']:.0f} forecasts were judged at" in said
    assert f"held {100 * row['coverage_90']:.0f} % of the truths" in said
    few = ", too few to claim calibration" if row["sources"] < 5 else ""
    assert said.endswith(f"({row['sources']:.0f} sources{few}).")
    assert ("too few" in said) == (row["above"] == FAR)


def test_inside_a_ladder_there_is_no_record():
    assert record_at(0.0) == record_at(-1.0) == ""


def test_only_far_targets_are_said_to_be(fit_cerebras, far):
    assert farthest(far.targets) == pytest.approx(3.0)
    (said,) = (note for note in far.notes if note.startswith("Far"))
    assert said == (
        "Far: more than 2.5 decades beyond the fitted runs: 4.38e+23 FLOP (2.60 decades), "
        f"1.1e+24 FLOP (3.00 decades). {record_at(3.0)}"
    )
    near = bs.predict(fit_cerebras, compute=at(2.49))
    assert farthest(near.targets) is None
    assert not any(note.startswith("Far") for note in near.notes)


def test_counts_have_no_record(fit_passes):
    largest = fit_passes.design.scale.max()
    notes = bs.predict(fit_passes, compute=largest * 1e3).notes
    assert any(note.endswith("There is no record of such forecasts there.") for note in notes)


@pytest.mark.parametrize("place", [0, 1])
def test_what_lies_too_far_is_refused(fit_cerebras, place):
    targets = [at(1.0), at(8.1)][:: 1 - 2 * place]
    with pytest.raises(
        DataError,
        match=r"the target 1\.38e\+29 FLOP lies 8\.1 decades beyond the largest fitted run, which "
        r"has 1\.1e\+21\. .* far=True forecasts it all the same",
    ):
        bs.predict(fit_cerebras, compute=targets)
    notes = bs.predict(fit_cerebras, compute=targets, far=True).notes
    assert any("(8.10 decades)" in note for note in notes)
    bs.predict(fit_cerebras, compute=at(7.99))


@pytest.mark.parametrize(
    ("number", "decades", "meant"),
    [(2.3, 18, "2.3e21"), (0.5, 19, "5e21"), (23, 17, "2.3e21"), (1, 18, "1e22")],
)
def test_a_forgotten_exponent_is_refused(fit_cerebras, number, decades, meant):
    with pytest.raises(DataError) as caught:
        bs.predict(fit_cerebras, compute=number)
    assert str(caught.value) == (
        f"compute: {number} FLOP is {decades} decades below the smallest run, which has 2.6e+18; "
        f"was {meant} meant? If it is meant, far=True forecasts it all the same."
    )
    assert "downward" in bs.predict(fit_cerebras, compute=number, far=True).notes[-1]
    bs.predict(fit_cerebras, compute=2.7e12)


def test_counts_are_refused_alike(fit_passes):
    largest = float(fit_passes.design.scale.max())
    for compute, said in ((largest * 1e9, "9.0 decades beyond"), (2.3, "meant?")):
        with pytest.raises(DataError, match=said):
            bs.predict(fit_passes, compute=compute)
    assert len(bs.predict(fit_passes, compute=largest * 1e9, far=True).targets) == 1


def test_each_target_is_held_against_its_own_ladder():
    small, large = np.array([1e10, 1e20]), np.array([1e12, 1e22])
    demand_near(np.array([9e19, 9e29]), small, large)
    with pytest.raises(DataError, match=r"2e\+20 FLOP lies 8\.3 decades"):
        demand_near(np.array([2e20, 9e29]), small, large)
    with pytest.raises(DataError, match=r"9e\+13 FLOP is 6 decades below"):
        demand_near(np.array([1e11, 9e13]), small, large)


def test_a_backtest_never_refuses_for_distance(fit_cerebras, monkeypatch):
    monkeypatch.setattr(backtesting, "fit_runs", lambda *_, **__: fit_cerebras)
    compute = [*fit_cerebras.design.scale, at(8.5)]
    table = pd.DataFrame({"compute": compute, "loss": np.linspace(2.6, 1.5, len(compute))})
    result = bs.backtest("loss", table, cutoffs=[2 * LARGEST], random_seed=1)
    assert result.forecasts["distance"].tolist() == pytest.approx([8.5])


def test_a_seal_says_it_and_is_made_again(fit_cerebras, ledger):
    forecast = bs.predict(fit_cerebras, compute=[at(9.0)], far=True)
    (record,) = bs.register(forecast, ledger, **SEAL)
    assert any(note.startswith("Far: more than 2.5 decades") for note in record.content["notes"])
    assert record.content["target"]["distance"] == pytest.approx(9.0)
    again, _ = predict_again(record, fit_cerebras)
    np.testing.assert_array_equal(again.draws["run"], forecast.draws["run"])


def test_the_figure_says_it(far, fit_cerebras):
    ax = bs.plot_forecast(far)
    assert ax.get_title(loc="left") == "Far: 3.0 decades beyond the fitted runs"
    ax = bs.plot_forecast(bs.predict(fit_cerebras, compute=at(9), far=True))
    assert ax.get_title(loc="left") == "Far: 9.0 decades beyond the fitted runs"
    assert bs.plot_forecast(bs.predict(fit_cerebras, compute=at(1))).get_title(loc="left") == ""


def test_the_figure_of_counts_says_it(fit_passes):
    far = bs.predict(fit_passes, compute=float(fit_passes.design.scale.max()) * 1e3)
    said = "Far: 3.0 decades beyond the fitted runs"
    assert bs.plot_pass_rate(far, by="all")[0].get_title(loc="left").startswith(said)


def test_the_report_says_it(far, fit_cerebras, tmp_path):
    page = bs.report(fit_cerebras, far, path=tmp_path / "far.html").read_text()
    assert "That is far, 3.00 decades beyond the largest fitted run" in page
    assert page.count("too few to claim calibration") == 2  # among the notes, and under trust
    near = bs.predict(fit_cerebras, compute=at(1.2))
    page = bs.report(fit_cerebras, near, path=tmp_path / "near.html").read_text()
    assert "123 forecasts were judged at 1 to 1.5 decades" in page
    assert "That is far" not in page


def test_the_command_line_says_it_and_asks(fit_cerebras, tmp_path):
    saved = fit_cerebras.save(tmp_path / "fit.nc")
    result = run("forecast", saved, "--at", at(1), "--at", at(3))
    rows = [line for line in result.stdout.splitlines() if "e24" in line or "e22" in line]
    assert ["(far)" in row for row in rows] == [False, True]
    assert "last fitted run. Far: more than 2.5. Of published ladders, 11 forec" in result.stdout
    assert "note: Far: more than 2.5 decades" in result.stderr
    told = json.loads(run("forecast", saved, "--at", at(3), "--json").stdout)["notes"]
    assert any(note.startswith("Far") for note in told)
    for command in (["forecast"], ["report"], ["register", "--question", "?", "--resolves", "."]):
        result = run(command[0], saved, *command[1:], "--at", "2.3")
        assert result.exit_code == 2
        assert "was 2.3e21 meant? If it is meant, --far forecasts it all the same." in result.stderr
    assert run("forecast", saved, "--at", at(9), "--far").exit_code == 0


def test_the_command_line_asks_before_it_fits(tmp_path, monkeypatch):
    forbid_sampling(monkeypatch)
    ladder = tmp_path / "ladder.csv"
    bs.example("cerebras_gpt").query("compute < 2e21").to_csv(ladder, index=False)
    result = run("forecast", ladder, "--at", "2.3")
    assert result.exit_code == 2
    assert "was 2.3e21 meant?" in result.stderr
    assert "the sampler was" in str(run("forecast", ladder, "--at", "2.3", "--far").exception)
