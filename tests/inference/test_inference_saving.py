"""A fit is saved as one file, whole, and reads back as it was."""

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
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
}


@pytest.fixture(scope="module")
def odd_fit(fit_cerebras):
    """A fit of runs with columns of every kind."""
    runs = bs.example("cerebras_gpt").query("compute < 2e21").assign(**ODD)
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
    for one, other in zip(vars(back.design).values(), vars(odd_fit.design).values(), strict=True):
        np.testing.assert_array_equal(one, other)
    pd.testing.assert_frame_equal(back.summary(), odd_fit.summary())


def test_every_kind_of_column_comes_back(odd_fit, saved):
    back = bs.load_fit(saved)
    pd.testing.assert_frame_equal(
        back.runs, odd_fit.runs.astype({"seed": float}), check_dtype=False
    )
    assert back.data_hash == odd_fit.data_hash
    assert back.response_hash == odd_fit.response_hash


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
    fit = bs.fit("loss", odd_fit.runs, random_seed=1, draws=10, chains=1, reference=1e20)
    back = bs.load_fit(fit.save(tmp_path / "fit.nc"))
    assert list(back.reference) == [1e20]


def test_a_file_of_schema_1_stays_readable():
    fit = bs.load_fit(HERE / "fit_schema_1.nc")
    assert fit.spec.name == "loss"
    assert len(fit.runs) == 5
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
    file["runs/loss"][2] *= 1.01


def change_a_kind(file):
    file["runs/warm"].attrs["kind"] = "number"


def change_the_spec(file):
    file.attrs["spec_text"] = file.attrs["spec_text"].replace("nu = 5.0", "nu = 9.0")


def change_the_verdict(file):
    said = json.loads(file.attrs["diagnosis"]) | {"divergences": 0, "ess_bulk": 9999.0}
    file.attrs["diagnosis"] = json.dumps(said)


@pytest.mark.parametrize(
    "change",
    [change_a_draw, change_a_loss, change_a_kind, change_the_spec, change_the_verdict],
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
    with pytest.raises(SavedFitError, match=r"written by a newer version \(schema 2"):
        bs.load_fit(saved)


def test_a_folder_that_is_not_there_is_said(odd_fit, tmp_path):
    with pytest.raises(OutputError, match="can't be written"):
        odd_fit.save(tmp_path / "nowhere" / "fit.nc")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_the_file_is_said(odd_fit, tmp_path):
    path = tmp_path / "fit.nc"
    path.mkdir()
    with pytest.raises(OutputError, match=r"fit\.nc: can't be written"):
        odd_fit.save(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_save_that_fails_half_way_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()
    write = xr.DataTree.to_netcdf

    def fail(self, path, **options):
        write(self, path, **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.DataTree, "to_netcdf", fail)
    with pytest.raises(OutputError, match="can't be written: No space left on device"):
        bs.load_fit(saved).save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_saved_fit_is_as_readable_as_any_new_file(saved):
    plain = saved.with_name("plain.txt")
    plain.write_text("")
    assert saved.stat().st_mode == plain.stat().st_mode
