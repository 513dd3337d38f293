"""A fit is saved as one file, whole, and reads back as it was."""

import dataclasses
import json
import resource
import tempfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.data import PassesWarning, RunsWarning
from bayes_scaling.errors import OutputError, SavedFitError
from bayes_scaling.inference import saving

HERE = Path(__file__).parent
ODD = {
    "loss_unit": ["nats", None, "nats", "nats", "nats"],
    "loss_se": [0.01, np.nan, 0.0, 0.002, 0.002],
    "finished": True,
    "note": ["ü", '"quoted"', None, "null", ""],
    "warm": [True, False, True, False, True],
    "seed": range(5),
    "optim/lr": [0.01, np.nan, np.inf, 0.002, 0.002],
    "row": [{"arch": {"vocab": 205, 1: [None]}}, None, [[250, 4.05], ["a"]], (), "text"],
    "index": [1, "two", None, 3.0, True],
    "chain": pd.Categorical(["b", "a", None, "a", "c"], ["c", "b", "a"], ordered=True),
    "run_effect": [10**30, 1, -1, 2**63, 0],
    "family_of_run": pd.array([True, None, False, True, True], dtype="boolean"),
    "compute/": pd.array([1, None, 2**60, 4, 5], dtype="Int64"),
    "": [b"\xff\x00", b"", None, b"a", b"b"],
    "a\nb": pd.to_datetime(["2026-01-02", None, "2026-03-04", "2026-01-02", "2026-01-02"]),
    "when": pd.to_datetime(["2026-10-25"] * 5).tz_localize("Europe/Berlin") + pd.Timedelta("2h"),
    "small": np.array([0.1, 0.2, 0.3, 0.4, 0.5], dtype="float32"),
    "list": [np.array([1, 2]), np.array([0.5]), None, np.array([]), np.array([3])],
    "cost": [Decimal("1.10"), None, date(2026, 1, 2), datetime(2026, 1, 2), time(3, 4)],
}
NAMES = ["two\nlines", "ünïcödé \N{BLACK STAR}", "\u200b", "nan", "x" * 5000]


@pytest.fixture(scope="module")
def odd_fit(fit_cerebras):
    """A fit of runs with columns of every kind."""
    small = bs.example("cerebras_gpt").query("compute < 2e21")
    runs = small.assign(run=NAMES, family="a/b\n", **ODD)
    return bs.fit("loss", runs, random_seed=1, draws=100, tune=200, chains=2)


@pytest.fixture
def saved(odd_fit, tmp_path):
    return odd_fit.save(tmp_path / "fit.nc")


def edit(path, change):
    """Change a saved file behind the package's back."""
    with h5py.File(path, "r+") as file:
        change(file)


def rehash(path):
    """Make an edited file consistent again, as another version of the package would write it."""
    with xr.open_datatree(path, engine="h5netcdf") as stored:
        digest = saving.contents_hash(stored.load())
    edit(path, lambda file: file.attrs.__setitem__("contents_hash", digest))


def test_everything_comes_back(odd_fit, saved):
    back = bs.load_fit(saved)
    for group in ("posterior", "sample_stats", "observed_data", "constant_data"):
        xr.testing.assert_identical(
            back.posterior[group].to_dataset(), odd_fit.posterior[group].to_dataset()
        )
    assert back.spec == odd_fit.spec
    assert back.spec.name == "loss"
    assert back.diagnosis == odd_fit.diagnosis
    assert back.random_seed == odd_fit.random_seed
    assert back.versions == odd_fit.versions
    assert back.families == odd_fit.families
    one, other = back.design, odd_fit.design
    assert (one.runs, one.families) == (other.runs, other.families)
    np.testing.assert_array_equal(one.scale, other.scale)
    for name in ("references", "observed"):
        for key, values in getattr(other, name).items():
            np.testing.assert_array_equal(getattr(one, name)[key], values)
    for name, root in other.roots.items():
        np.testing.assert_array_equal(one.roots[name].rows, root.rows)
        np.testing.assert_array_equal(one.roots[name].left_out, root.left_out)
    pd.testing.assert_frame_equal(back.summary(), odd_fit.summary())


def test_every_kind_of_column_comes_back(odd_fit, saved):
    back = bs.load_fit(saved)
    pd.testing.assert_frame_equal(back.table, odd_fit.table)
    for name in ODD:
        assert repr(back.table[name].tolist()) == repr(odd_fit.table[name].tolist())
    assert back.data_hash == odd_fit.data_hash
    assert back.response_hash == odd_fit.response_hash


@pytest.mark.parametrize(
    "odd",
    [
        [object(), 1],
        [{1, 2}, None],
        [1j, 2j],
        [10**5000, 1],
        pd.period_range("2026", periods=2, freq="D"),
        [{"a": object()}, None],
    ],
)
def test_what_no_file_can_hold_is_left_out_with_a_word_before_the_fit(odd):
    table = pd.DataFrame({"compute": [1e18, 1e19], "loss": [3.0, 2.5], "own": odd})
    with pytest.warns(RunsWarning, match="column 'own' is left out: it holds what can't be saved"):
        checked = bs.read_runs(table)
    assert "own" not in checked
    counts = table.drop(columns="loss").assign(run="a", problem=["x", "y"], compute=1e18)
    with pytest.warns(PassesWarning, match="column 'own' is left out"):
        assert "own" not in bs.read_passes(counts.assign(n_samples=2, n_correct=1))


def test_a_fit_of_counts_keeps_the_users_columns(fit_passes, tmp_path):
    passes = fit_passes.table
    own = {"optim/lr": [{"lr": [0.1]}] * len(passes), "problem/row": np.arange(len(passes))}
    fit = dataclasses.replace(fit_passes, table=passes.assign(**own))
    back = bs.load_fit(fit.save(tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(back.table, fit.table)
    assert back.data_hash == fit.data_hash


def test_a_forecast_from_the_loaded_fit_is_the_same(odd_fit, saved):
    one = bs.predict(odd_fit, compute=[1e22, 3e23])
    other = bs.predict(bs.load_fit(saved), compute=[1e22, 3e23])
    xr.testing.assert_identical(one.draws, other.draws)
    pd.testing.assert_frame_equal(one.summary(), other.summary())
    assert one.notes == other.notes


def test_saving_leaves_the_fit_as_it_was(odd_fit, saved):
    assert set(odd_fit.posterior.children) == set(saving.ARRAYS)
    assert odd_fit.posterior.attrs == {}


def test_a_second_generation_is_the_same_file_by_value(saved, tmp_path):
    again = bs.load_fit(saved).save(tmp_path / "again.nc")
    hashes = [xr.open_datatree(path).attrs["contents_hash"] for path in (saved, again)]
    assert hashes[0] == hashes[1]


def test_a_given_reference_comes_back(odd_fit, tmp_path):
    fit = bs.fit("loss", odd_fit.table, random_seed=1, draws=10, chains=1, reference=1e20)
    back = bs.load_fit(fit.save(tmp_path / "fit.nc"))
    assert list(back.reference) == [1e20]


def test_a_file_of_schema_1_stays_readable():
    fit = bs.load_fit(HERE / "fit_schema_1.nc")
    assert fit.spec.name == "loss"
    assert len(fit.table) == 5
    assert not fit.diagnosis.converged
    forecast = bs.predict(fit, compute=2.3e22)
    assert forecast.summary()["median"].between(1.4, 1.8).all()
    assert forecast.notes[0].startswith("NOT CONVERGED on the second try")


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SavedFitError, match=r"none\.nc: no such file"):
        bs.load_fit(tmp_path / "none.nc")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_said(saved, share):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SavedFitError, match="truncated, or not a netCDF file"):
        bs.load_fit(saved)


def test_a_file_of_another_kind_is_said(tmp_path):
    path = tmp_path / "ladder.csv"
    path.write_text("compute,loss\n1e18,2\n")
    with pytest.raises(SavedFitError, match="truncated, or not a netCDF file"):
        bs.load_fit(path)


def test_a_netcdf_of_something_else_is_said(tmp_path):
    path = tmp_path / "weather.nc"
    xr.Dataset({"rain": ("day", [0.0, 3.0])}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(SavedFitError, match="not a fit of bayes_scaling"):
        bs.load_fit(path)


def change_a_draw(file):
    file["posterior/level"][0, 0] += 1e-9


def change_a_loss(file):
    text = file["runs/table"][()].decode()
    assert "2.608" in text
    file["runs/table"][()] = text.replace("2.608", "2.618")


def change_the_spec(file):
    file.attrs["spec_text"] = file.attrs["spec_text"].replace("nu = 5.0", "nu = 9.0")


def change_the_verdict(file):
    said = json.loads(file.attrs["diagnosis"]) | {"divergences": 0, "ess_bulk": 9999.0}
    file.attrs["diagnosis"] = json.dumps(said)


@pytest.mark.parametrize(
    "change",
    [change_a_draw, change_a_loss, change_the_spec, change_the_verdict],
)
def test_a_changed_file_is_said(saved, change):
    edit(saved, change)
    with pytest.raises(SavedFitError, match="the contents don't match their hash"):
        bs.load_fit(saved)


def test_a_file_that_lacks_a_part_is_said(saved):
    edit(saved, lambda file: file.__delitem__("sample_stats"))
    with pytest.raises(SavedFitError, match=r"incomplete, lacks sample_stats\."):
        bs.load_fit(saved)


def test_a_file_that_lacks_an_attribute_is_said(saved):
    edit(saved, lambda file: file.attrs.__delitem__("versions"))
    rehash(saved)
    with pytest.raises(SavedFitError, match="incomplete, lacks 'versions'"):
        bs.load_fit(saved)


def test_a_newer_file_is_said(saved):
    edit(saved, lambda file: file.attrs.__setitem__("bayes_scaling_schema", saving.SCHEMA + 1))
    with pytest.raises(SavedFitError, match=r"written by a newer version \(schema 3"):
        bs.load_fit(saved)


@pytest.fixture
def refuge(tmp_path_factory, monkeypatch):
    """The system's folder of temporary files."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def is_kept(message, refuge, fit):
    """Whether the one file in the refuge is the fit, and the message names it."""
    (kept,) = refuge.rglob("*.*")
    return f"The fit is kept in {kept}" in message and bs.load_fit(kept).data_hash == fit.data_hash


@pytest.mark.parametrize("place", ["nowhere/fit.nc", "folder", "x" * 300, "/proc/fit.nc"])
def test_a_fit_that_cannot_stand_where_it_was_asked_for_is_kept(odd_fit, tmp_path, refuge, place):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=r"can't be written: ") as caught:
        odd_fit.save(tmp_path / place)
    assert is_kept(str(caught.value), refuge, odd_fit)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_save_that_fails_half_way_leaves_the_old_file(saved, monkeypatch, refuge):
    before = saved.read_bytes()
    write = Path.write_bytes

    def fail(self, data):
        write(self, data)
        if self.parent == saved.parent:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    fit = bs.load_fit(saved)
    with pytest.raises(OutputError, match="can't be written: No space left on device") as caught:
        fit.save(saved)
    assert is_kept(str(caught.value), refuge, fit)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_disk_that_is_full_is_said(odd_fit, tmp_path, refuge):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"can't be written: .*it is lost when the program"):
            odd_fit.save(tmp_path / "fit.nc")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
    assert [path for path in refuge.rglob("*") if path.is_file()] == []


def test_a_saved_fit_is_as_readable_as_any_new_file(saved):
    plain = saved.with_name("plain.txt")
    plain.write_text("")
    assert saved.stat().st_mode == plain.stat().st_mode
