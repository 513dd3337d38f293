import json
import re

import joblib
import numpy as np
import pandas as pd
import pytest
from chance import count_bounds, is_drawn_from
from joblib.parallel import ThreadingBackend

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, DataError, OutputError
from bayes_scaling.evaluation import backtesting
from bayes_scaling.evaluation.backtesting import COLUMNS

QUICK = {"random_seed": 1, "baseline": "power_law"}
FEW = {"draws": 300, "tune": 300}


def ladder(name, size=6, **columns):
    compute = np.geomspace(1e18, 1e21, size)
    loss = 2 * (compute / 1e19) ** -0.1 + 0.5 + 0.01 * np.cos(np.arange(size) + len(name))
    return pd.DataFrame({"ladder": name, "compute": compute, "loss": loss} | columns)


@pytest.fixture(scope="module")
def three():
    return pd.concat([ladder("a"), ladder("bb", 8), ladder("ccc", 4)], ignore_index=True)


def frames_equal(one, other):
    pd.testing.assert_frame_equal(one.forecasts, other.forecasts)
    pd.testing.assert_frame_equal(one.skipped, other.skipped)


def test_default_cutoffs(three):
    result = bs.backtest(None, three, **QUICK)
    computes = dict(iter(three.groupby("ladder")["compute"]))
    fitted = {
        name: [int((computes[name] <= cutoff).sum()) for cutoff in cutoffs.unique()]
        for name, cutoffs in result.forecasts.groupby("ladder")["cutoff"]
    }
    assert fitted == {"a": [4, 5], "bb": [4, 5, 6]}
    assert len(result.forecasts) == (2 + 1) + (4 + 3 + 2)
    assert list(result.forecasts) == [name for name in COLUMNS if name != "source"]


def test_the_pilot_has_348_forecasts(data_dir):
    table = pd.read_csv(data_dir / "ladders" / "ladders.csv")
    result = bs.backtest(None, table, random_seed=1, baseline="last_value")
    assert len(result.forecasts) == 348
    assert result.forecasts["distance"].between(0, 2.5).all()
    assert result.summary("source")["n"].sum() == result.summary("distance")["n"].sum() == 348
    assert result.skipped.empty


def test_short_ladders_are_counted(three):
    result = bs.backtest(None, three, **QUICK)
    assert result.skipped["ladder"].tolist() == ["ccc"]
    assert result.skipped["why"].item().startswith("4 runs; by default 4 at least are fitted")
    cut = bs.backtest(None, three, cutoffs=[2e18, 1.1e20, 1e20, "1e21"], **QUICK)
    reasons = cut.skipped.query("ladder == 'a'")["why"].tolist()
    assert reasons == [
        "1 distinct computes up to the cutoff; a fit needs 3",
        "the same runs as up to the cutoff before",
        "no run beyond the cutoff",
    ]
    assert len(cut.skipped) + cut.forecasts.groupby(["ladder", "cutoff"]).ngroups == 12


def test_a_backend_whose_results_come_together_will_do(three):
    class Together(ThreadingBackend):
        supports_return_generator = False

    joblib.register_parallel_backend("together", Together)
    with joblib.parallel_config(backend="together"):
        there = bs.backtest(None, three, jobs=2, **QUICK)
    frames_equal(there, bs.backtest(None, three, **QUICK))


def test_nothing_to_forecast_is_said():
    result = bs.backtest(None, ladder("a", 3), **QUICK)
    assert result.forecasts.empty
    with pytest.raises(ValueError, match="1 cutoffs were skipped"):
        result.summary()


def test_runs_of_one_compute_are_never_parted(three):
    twins = three.query("ladder == 'bb'").iloc[[3]].assign(loss=2.2)
    runs = pd.concat([twins, three.query("ladder == 'bb'")], ignore_index=True)
    result = bs.backtest(None, runs, **QUICK)
    assert (result.forecasts["compute"] > result.forecasts["cutoff"] * (1 + 1e-9)).all()
    at = twins["compute"].item()
    direct = bs.backtest(None, runs, cutoffs=[at], **QUICK).forecasts
    assert len(direct) == 4
    later = bs.backtest(None, runs, cutoffs=[at * 0.999], **QUICK).forecasts
    assert (later["compute"] == at).sum() == 2


def test_horizon(three):
    near = bs.backtest(None, three, horizon=0.5, **QUICK).forecasts
    every = bs.backtest(None, three, **QUICK).forecasts
    assert len(near) == (every["distance"] <= 0.5).sum() < len(every)
    with pytest.raises(DataError, match="positive number of decades"):
        bs.backtest(None, three, horizon=0, **QUICK)


def test_order_of_ladders_and_rows_does_not_matter(three):
    every = bs.backtest(None, three, random_seed=1, baseline="huber_bootstrap").forecasts
    alone = three.query("ladder == 'bb'").iloc[::-1]
    own = bs.backtest(None, alone, random_seed=1, baseline="huber_bootstrap").forecasts
    shared = every.query("ladder == 'bb'").reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, own)
    other = bs.backtest(None, alone, random_seed=2, baseline="huber_bootstrap").forecasts
    assert (other["crps"] != own["crps"]).all()


def test_ladders_by_family_and_source(three):
    runs = three.rename(columns={"ladder": "family"}).assign(source="s")
    result = bs.backtest(None, runs, **QUICK)
    assert set(result.forecasts["ladder"]) == {"a", "bb"}
    assert list(result.forecasts) == list(COLUMNS)
    assert result.summary("source")["n"].to_dict() == {"s": 12}


def test_resume_is_as_if_never_interrupted(three, tmp_path, monkeypatch):
    path, whole = tmp_path / "done.jsonl", bs.backtest(None, three, **QUICK)
    one, calls = backtesting._forecast_split, []

    def failing(split, *rest):
        calls.append(split.ladder)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return one(split, *rest)

    monkeypatch.setattr(backtesting, "_forecast_split", failing)
    with pytest.raises(KeyboardInterrupt):
        bs.backtest(None, three, save=path, **QUICK)
    assert len(path.read_text().splitlines()) == 3
    with path.open("a") as file:
        file.write('{"ladder": "bb", "cut')
    seen = []
    again = bs.backtest(
        None, three, save=path, progress=lambda *counts: seen.append(counts), **QUICK
    )
    assert seen == [(3, 5), (4, 5), (5, 5)]
    frames_equal(again, whole)
    monkeypatch.setattr(backtesting, "_forecast_split", None)
    frames_equal(bs.backtest(None, three, save=path, **QUICK), whole)


def test_resume_refuses_something_else(three, tmp_path):
    path = tmp_path / "done.jsonl"
    bs.backtest(None, three, save=path, **QUICK)
    with pytest.raises(OutputError, match="another data, and can't be gone on with"):
        bs.backtest(None, three.assign(loss=three["loss"] + 0.01), save=path, **QUICK)
    with pytest.raises(OutputError, match="another random_seed"):
        bs.backtest(None, three, save=path, random_seed=2, baseline="power_law")
    with pytest.raises(OutputError, match="another model"):
        bs.backtest(None, three, save=path, random_seed=1, baseline="last_value")
    header = json.loads(path.read_text().splitlines()[0])
    assert {"model", "data", "random_seed", "version"} <= header.keys()


@pytest.mark.parametrize("text", ["my notes", "my notes\n", "[1]\n", '{"a": 1}\nmore'])
def test_a_file_of_something_else_is_left_alone(three, tmp_path, text):
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(OutputError, match=re.escape("is not a saved backtest")):
        bs.backtest(None, three, save=path, **QUICK)
    assert path.read_text() == text


def test_bad_input(three):
    with pytest.raises(ValueError, match="give a model, or a baseline"):
        bs.backtest(None, three, random_seed=1)
    with pytest.raises(DataError, match="Did you mean 'power_law'"):
        bs.backtest(None, three, random_seed=1, baseline="powerlaw")
    with pytest.raises(DataError, match="cutoffs: expected a sequence"):
        bs.backtest(None, three, cutoffs="1e20", **QUICK)
    with pytest.raises(DataError, match="ladder: some rows have none"):
        bs.backtest(None, three.assign(ladder=[None, *three["ladder"][1:]]), **QUICK)
    with pytest.raises(DataError, match="ended before it was planned to"):
        bs.backtest(None, three.assign(finished=[False] + [True] * 17), **QUICK)


def test_a_model_forecasts_as_predict_does(fit_cerebras, monkeypatch):
    monkeypatch.setattr(backtesting, "fit_runs", lambda *_, **__: fit_cerebras)
    runs = bs.example("cerebras_gpt")
    result = bs.backtest("loss", runs, cutoffs=["1.2e21"], random_seed=1).forecasts
    expected = bs.predict(fit_cerebras, compute=result["compute"]).summary()
    for name in ("q05", "median", "q95", "distance"):
        np.testing.assert_allclose(result[name], expected[name], rtol=1e-6)


def test_a_target_that_leaks_into_the_fit_is_caught():
    """On ladders that no power law describes, only a leak can make the errors small.

    A leak halves them; sixty ladders know the ratio to a tenth.
    """
    rng = np.random.default_rng(1)
    runs = pd.concat([ladder(f"l{i}", 6) for i in range(60)], ignore_index=True)
    runs["loss"] *= np.exp(0.03 * rng.standard_normal(len(runs)))
    honest = bs.backtest(None, runs, **QUICK).summary()
    split = backtesting.split_ladders

    def leak(*args):
        splits, skips = split(*args)
        return [
            type(s)(s.ladder, s.cutoff, pd.concat([s.fitted, s.targets]), s.targets) for s in splits
        ], skips

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backtesting, "split_ladders", leak)
        leaking = bs.backtest(None, runs, **QUICK)
    assert (leaking.forecasts["distance"] <= 0).any()
    assert leaking.summary()["crps"].item() < 0.8 * honest["crps"].item()


@pytest.fixture(scope="module")
def simulated():
    """Ladders drawn from the model itself, with the C0 that a fit of the first four runs has."""
    design = pd.DataFrame({"compute": np.geomspace(1e18, 1e22, 7)})
    drawn = bs.simulate("loss", design, random_seed=6, size=200, reference=1e19)
    return drawn.assign(ladder=drawn["simulation"].astype(str))[["ladder", "compute", "loss"]]


@pytest.mark.slow
def test_on_its_own_data_the_model_is_calibrated(simulated):
    result = bs.backtest(
        "loss", simulated, cutoffs=[2.5e20], random_seed=1, fit_options={"draws": 500}
    )
    last = result.forecasts.groupby("ladder").tail(1)
    assert len(last) == 200
    for name, nominal in {"covered_50": 0.5, "covered_80": 0.8, "covered_90": 0.9}.items():
        low, high = count_bounds(len(last), nominal)
        assert low <= last[name].sum() <= high
    assert is_drawn_from(last["pit"], "uniform")


def test_a_dask_cluster_gives_the_same(three):
    distributed = pytest.importorskip("distributed", reason="the cluster of this test is Dask's")
    here = bs.backtest(None, three, **QUICK)
    local = {"n_workers": 2, "threads_per_worker": 1, "processes": False}
    with (
        distributed.LocalCluster(**local, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        there = bs.backtest(None, three, jobs=2, **QUICK)
    frames_equal(here, there)


@pytest.mark.parametrize("jobs", [0, 1.5, None, True, "two"])
def test_jobs_are_a_number_of_workers(three, jobs, tmp_path):
    with pytest.raises(BayesScalingError, match="jobs: expected a number of worker processes, or"):
        bs.backtest("loss", three, random_seed=1, jobs=jobs, save=tmp_path / "save.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"draws": 0}, "draws: expected a positive integer, got 0"),
        ({"chains": 0}, "chains: expected a positive integer, got 0"),
        ({"draw": 10}, "fit_options: 'draw' is not known; .* Did you mean 'draws'"),
    ],
)
def test_options_of_the_fits_are_looked_at_first(three, options, said, tmp_path):
    with pytest.raises(BayesScalingError, match=said):
        bs.backtest("loss", three, random_seed=1, fit_options=options, save=tmp_path / "save.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_jobs_do_not_matter(three):
    one, two = (
        bs.backtest("loss", three, random_seed=1, jobs=jobs, fit_options=FEW) for jobs in (1, 2)
    )
    frames_equal(one, two)
