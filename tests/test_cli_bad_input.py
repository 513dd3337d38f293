"""Bad input: exit 2, one sentence on stderr, nothing on stdout, nothing written, nothing fitted."""

import h5py
import pytest
from refusals import forbid_sampling, refused
from typer.testing import CliRunner

import bayes_scaling as bs
from bayes_scaling.cli import app
from bayes_scaling.specification.shelf import shelf

FINE = "run,compute,loss\na,1e18,3.0\nb,1e19,2.6\nc,1e20,2.3\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder, and a sampler that must not be reached."""
    forbid_sampling(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edited(*replacements):
    text = FINE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


LADDERS = {
    "missing column": (edited(("loss", "perplexity")), "column 'loss' is missing"),
    "wrong type": (edited(("2.6", "low")), "row 2 (run 'b'), column 'loss': 'low'"),
    "compute of the wrong type": (edited(("1e19", "many")), "row 2 (run 'b'), column 'compute'"),
    "negative loss": (edited(("2.6", "-2.6")), "row 2 (run 'b'), column 'loss': got -2.6"),
    "zero loss": (edited(("2.6", "0")), "row 2 (run 'b'), column 'loss': got 0"),
    "NaN loss": (edited(("2.6", "nan")), "row 2 (run 'b'), column 'loss': missing or NaN"),
    "infinite loss": (edited(("2.6", "inf")), "row 2 (run 'b'), column 'loss': got inf"),
    "negative compute": (
        edited(("1e19", "-1e19")),
        "row 2 (run 'b'), column 'compute': got -1e+19",
    ),
    "zero compute": (edited(("1e19", "0")), "row 2 (run 'b'), column 'compute': got 0"),
    "NaN compute": (edited(("1e19", "")), "row 2 (run 'b'), column 'compute': missing or NaN"),
    "infinite compute": (edited(("1e19", "inf")), "row 2 (run 'b'), column 'compute'"),
    "one compute": (edited(("1e19", "1e18"), ("1e20", "1e18")), "all runs of"),
    "two computes": (edited(("1e19", "1e18")), "2 distinct computes"),
    "run id twice": (edited(("b,", "a,")), "run id 'a' is there twice, in rows 1 and 2"),
    "empty file": ("", "empty"),
    "only a header": ("run,compute,loss\n", "no rows"),
    "not a table": ("\x00\x01\x02\xff", "table"),
    "two families": (
        "family,compute,loss\nx,1e18,3\nx,1e19,2.6\nx,1e20,2.3\ny,1e18,3\n",
        "describes one ladder, got 2 families",
    ),
}


@pytest.mark.parametrize("name", LADDERS)
@pytest.mark.parametrize("command", [["fit", "--out", "fit.nc"], ["forecast", "--at", "1e22"]])
def test_ladders(folder, name, command):
    text, said = LADDERS[name]
    (folder / "bad.csv").write_bytes(text.encode("latin-1"))
    assert said in refused(command[0], "bad.csv", *command[1:])
    assert [path.name for path in folder.iterdir()] == ["bad.csv"]


SPECS = {
    "key": ("title    =", "titel = 1\ntitle =", "titel"),
    "law": ('"power_floor"', '"power_flor"', "Did you mean 'power_floor'?"),
    "prior": ('dist = "LogitNormal"', 'dist = "LogitNormall"', "Did you mean 'LogitNormal'?"),
    "column": ('along = ["compute"]', 'along = ["computes"]', "Did you mean 'compute'?"),
    "response": ('response = "loss"', 'response = "los"', "Did you mean 'loss'?"),
    "argument": ("sigma = 0.7", "sigma = -0.7", "floor_share"),
    "toml": ("[priors]", "[priors", "not valid TOML"),
}


@pytest.mark.parametrize("name", SPECS)
def test_specs(folder, name):
    old, new, said = SPECS[name]
    text = (shelf() / "loss.toml").read_text()
    assert old in text
    (folder / "mine.toml").write_text(text.replace(old, new, 1))
    (folder / "fine.csv").write_text(FINE)
    sentence = refused("fit", "fine.csv", "--model", "mine.toml", "--out", "fit.nc")
    assert said in sentence
    assert "mine.toml" in sentence
    assert not (folder / "fit.nc").exists()


def test_a_pinned_floor_above_the_smallest_loss(folder):
    (folder / "mine.toml").write_text(bs.load_model("loss").with_priors(c=2.5).text)
    (folder / "fine.csv").write_text(FINE)
    sentence = refused("forecast", "fine.csv", "--at", "1e22", "--model", "mine.toml")
    assert "the pinned floor 2.5 is not below the smallest loss, 2.3 (run c)" in sentence


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--at", "much"], "--at: 'much' isn't an amount of compute"),
        (["--at", "-1e22"], "--at: got -1e+22"),
        (["--at", "1e22", "--kind", "runs"], "Did you mean 'run'?"),
        (["--at", "1e22", "--model", "los"], "Did you mean 'loss'?"),
        (["--at", "1e22", "--model", "absent.toml"], "absent.toml"),
        (["--at", "1e22", "--seed", "-1"], "--seed: expected zero"),
        (["--at", "1e22", "--draws", "0"], "draws: expected a positive integer, got 0"),
        (["--at", "1e22", "--family", "other"], "'other' has no run in the fit"),
        (["--at", "1e22", "--columns", "loss"], "--columns: expected two names joined by ="),
        (["--at", "1e22", "--columns", "lost=loss"], "Did you mean 'loss'?"),
        (["--at", "1e22", "--compute", "a=1e18"], "logs of training"),
        (["--at", "1e22", "--figure", "absent/out.png"], "can't be written"),
        (["--at", "1e22", "--figure", "out.docx"], "has to end in the name of a format"),
        (["--at", "1e22", "--figure", "folder.png"], "it is a folder"),
    ],
)
def test_options(folder, arguments, said):
    (folder / "fine.csv").write_text(FINE)
    (folder / "folder.png").mkdir()
    assert said in refused("forecast", "fine.csv", *arguments)
    assert {path.name for path in folder.iterdir()} == {"fine.csv", "folder.png"}


@pytest.mark.parametrize("out", ["absent/fit.nc", "fit.pickle", "folder.nc"])
def test_output_paths_are_looked_at_before_the_fit(folder, out):
    (folder / "fine.csv").write_text(FINE)
    (folder / "folder.nc").mkdir()
    assert out in refused("fit", "fine.csv", "--out", out)
    assert {path.name for path in folder.iterdir()} == {"fine.csv", "folder.nc"}


def test_the_figure_of_the_demo_is_looked_at_before_the_fit():
    assert "can't be written" in refused("demo", "--figure", "absent/out.png")


def newer(path):
    with h5py.File(path, "a") as file:
        file.attrs["bayes_scaling_schema"] = 99


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def altered(path):
    with h5py.File(path, "a") as file:
        file["posterior/level"][0, 0] += 0.1


def not_a_fit(path):
    path.write_text(FINE)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (newer, "written by a newer version"),
        (truncated, "truncated"),
        (altered, "the contents don't match their hash"),
        (not_a_fit, "not a netCDF file"),
    ],
)
def test_saved_fits(folder, fit_cerebras, spoil, said):
    path = fit_cerebras.save(folder / "fit.nc")
    spoil(path)
    assert said in refused("forecast", path, "--at", "1e22", "--figure", "out.png")
    assert [file.name for file in folder.iterdir()] == ["fit.nc"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "loss"], "--model: fit.nc is fitted already"),
        (["--draws", "10"], "--draws: fit.nc is fitted already"),
        (["--columns", "a=loss"], "--columns: fit.nc is fitted already"),
        (["--family", "Pythia"], "'Pythia' has no run in the fit"),
        (["--seed", "-1"], "--seed: expected zero"),
    ],
)
def test_options_that_a_saved_fit_refuses(folder, fit_cerebras, arguments, said):
    fit_cerebras.save(folder / "fit.nc")
    assert said in refused("forecast", "fit.nc", "--at", "1e22", *arguments)


@pytest.mark.parametrize("arguments", [["forcast"], ["fit"], ["register", "x.csv"], ["fit", "--x"]])
def test_bad_usage(arguments):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr


def test_memory_that_does_not_suffice_is_said(folder, monkeypatch):
    forbid_sampling(monkeypatch, MemoryError)
    (folder / "fine.csv").write_text(FINE)
    assert "the memory doesn't suffice; ask for fewer --draws" in refused("fit", "fine.csv")
