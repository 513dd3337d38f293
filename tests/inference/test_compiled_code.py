"""Machine code that is kept: what it computes, when it is found again, and when it must not be."""

import ctypes
import logging
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from typer.testing import CliRunner

from bayes_scaling.cli import app
from bayes_scaling.inference import nuts
from bayes_scaling.inference.compiled import codes, folders, keys, machine_code, nutpie_models
from bayes_scaling.inference.compiled.codes import find_code
from bayes_scaling.inference.compiled.folders import kept_files, read_parts, write_parts
from bayes_scaling.inference.compiled.layouts import Layout
from bayes_scaling.inference.compiled.recipes import Recipe
from bayes_scaling.inference.packing import pack
from bayes_scaling.inference.variables import unpack
from bayes_scaling.specification.laws import LAWS, power

pytestmark = pytest.mark.afresh

EVALUATE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)
THREE, FIVE = {"y": np.array([1.0, -2.0, 0.5])}, {"y": np.linspace(0.0, 2.0, 5)}
SETTINGS = {"random_seed": 1, "draws": 50, "tune": 50, "chains": 2, "target_accept": 0.8}


def build():
    """A mean for each datum, about it by a shared scale."""
    with pm.Model() as model:
        y = unpack(THREE)["y"]
        mean = pm.Flat("mean", shape=(y.shape[0],))
        scale = pm.HalfNormal("scale", 1.0)
        pm.Deterministic("double", 2 * mean)
        pm.Potential(
            "density", -0.5 * ((mean - y) ** 2).sum() / scale**2 - y.shape[0] * pt.log(scale)
        )
    return model


def recipe(make=build, structure="toy", functions=(power.curve,)):
    return Recipe(structure, (), functions, ("double", "scale"), make)


def never():
    raise AssertionError("compiled again")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for kept code, in a process that knows none."""
    monkeypatch.setenv(folders.VARIABLE, str(tmp_path / "code"))
    find_code.cache_clear()
    yield tmp_path / "code"
    find_code.cache_clear()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The toy model's file, and draws of the process that compiled it."""
    place = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(folders.VARIABLE, str(place))
        find_code.cache_clear()
        drawn = nuts.draw(recipe(), THREE, **SETTINGS)
        (path,) = kept_files()
        find_code.cache_clear()
    return path, drawn


@pytest.fixture
def kept(compiled):
    """The toy model's file."""
    return compiled[0]


@pytest.fixture
def compiles(kept, monkeypatch):
    """Count what is compiled, and take the toy's code for it."""
    parts, calls = folders._unpack(kept.stem, kept.read_bytes()), []

    def compile_toy(recipe):
        calls.append(recipe)
        return codes._load(parts), parts

    monkeypatch.setattr(codes, "_compile", compile_toy)
    return calls


@pytest.fixture
def warm(folder, kept):
    """A folder that holds the toy model."""
    folder.mkdir()
    return Path(shutil.copy(kept, folder))


def density(code, arrays, point):
    data, value, slope = pack(arrays), np.zeros(1), np.zeros(len(point))
    pointers = [array.ctypes.data for array in (point, slope, value, data)]
    status = EVALUATE(code.density.address)(len(point), *pointers)
    return status, value[0], slope


@pytest.mark.parametrize("arrays", [THREE, FIVE], ids=["three", "five"])
def test_one_compile_serves_data_of_any_length(warm, arrays):
    code, y = find_code(recipe(never)), arrays["y"]
    assert code.shapes(pack(arrays)) == (
        {"scale_log__": (), "mean": (len(y),)},
        {"double": (len(y),), "scale": ()},
    )
    point = np.append(-0.4, y + 0.3)
    gap, scale = point[1:] - y, np.exp(point[0])
    half_normal = 0.5 * np.log(2 / np.pi) - 0.5 * scale**2 + point[0]
    expected = -0.5 * (gap**2).sum() / scale**2 - len(y) * point[0] + half_normal
    by_scale = (gap**2).sum() / scale**2 - len(y) - scale**2 + 1
    status, value, slope = density(code, arrays, point)
    assert status == 0
    assert value == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose(slope, np.append(by_scale, -gap / scale**2), atol=1e-12)


def test_a_density_that_is_not_finite_is_a_status_and_no_number(warm):
    status, _, _ = density(find_code(recipe(never)), THREE, np.array([800.0, 1.0, 2.0, 3.0]))
    assert status != 0


def test_the_process_that_compiles_draws_what_later_ones_draw(compiled, warm):
    first, later = compiled[1], nuts.draw(recipe(never), THREE, **SETTINGS)
    for name in ("double", "scale"):
        np.testing.assert_array_equal(first.values[name], later.values[name])
    assert first.gradient_evaluations == later.gradient_evaluations


def test_another_process_loads_a_fit_of_losses_without_pymc_and_draws_the_same(
    fit_cerebras, pytestconfig
):
    code = (
        "import sys, pytest, shifting, bayes_scaling as bs\n"
        f"shifting.shift_seeds(pytest.MonkeyPatch(), {pytestconfig.getoption('--seed-shift')})\n"
        "small = bs.example('cerebras_gpt').query('compute < 2e21')\n"
        f"fit = bs.fit('loss', small, random_seed={fit_cerebras.random_seed})\n"
        "print(repr(float(fit.posterior['posterior']['level'].sum())))\n"
        "print({'pymc', 'pytensor'} & sys.modules.keys())\n"
    )
    tests = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=tests
    )
    level, heavy = out.stdout.splitlines()
    assert float(level) == float(fit_cerebras.posterior["posterior"]["level"].sum())
    assert heavy == "set()"


@pytest.mark.parametrize(
    "harm",
    [
        lambda content: [content[:0]],
        lambda content: [content[: len(content) // 2]],
        lambda content: [content[:-1], bytes([content[-1] ^ 1])],
        lambda content: [b"{}\n", content],
        lambda content: [b"[1]\n", content],
        lambda content: [content.replace(b'"layout"', b'"lay out"', 1)],
    ],
    ids=["empty", "truncated", "one bit", "another head", "no head", "other parts"],
)
def test_a_damaged_file_is_made_anew(warm, compiles, harm, caplog):
    content = warm.read_bytes()
    warm.write_bytes(b"".join(harm(content)))
    with caplog.at_level(logging.INFO, logger="bayes_scaling"):
        find_code(recipe())
    assert len(compiles) == 1
    assert len(caplog.messages) == 1
    assert warm.read_bytes() == content


def test_code_that_needs_what_the_process_lacks_is_made_anew(warm, monkeypatch):
    monkeypatch.setattr(machine_code, "_missing", lambda _: ["no_such_function"])
    with pytest.raises(machine_code.MissingSymbolError, match="no_such_function"):
        machine_code.load(machine_code.MachineCode("f", (), b""))
    assert codes._load(read_parts(warm.stem)) is None


@pytest.mark.parametrize("place", ["a file", "below a file", "open to all"])
def test_a_folder_that_cannot_be_used_means_compiling(folder, kept, place, caplog, monkeypatch):
    if place == "open to all":
        folder.mkdir()
        shutil.copy(kept, folder)
        folder.chmod(0o777)
    else:
        folder.write_text("no folder")
    if place == "below a file":
        monkeypatch.setenv(folders.VARIABLE, str(folder / "below"))
    with caplog.at_level(logging.INFO, logger="bayes_scaling"):
        assert read_parts(kept.stem) is None
        write_parts(kept.stem, {"a": b"1"})
    assert caplog.messages
    assert read_parts(kept.stem) is None


def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch, caplog):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with caplog.at_level(logging.INFO, logger="bayes_scaling"):
        write_parts("0" * 64, {"a": b"1"})
    assert list(folder.iterdir()) == []
    assert "No space left on device" in caplog.text


def test_many_at_once_read_and_write_whole_files(folder):
    def work(number):
        write_parts("0" * 64, {"a": bytes([number]) * 100_000})
        return read_parts("0" * 64)["a"]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(64)))
    assert all(len(part) == 100_000 and len(set(part)) == 1 for part in found)


@pytest.mark.parametrize("name", ["processor", "_version"])
def test_another_processor_or_another_nutpie_finds_nothing(warm, monkeypatch, name):
    assert keys.key_of(recipe()) == warm.stem
    monkeypatch.setattr(keys, name, lambda *_: "another")
    assert keys.key_of(recipe()) != warm.stem
    assert read_parts(keys.key_of(recipe())) is None


@pytest.mark.parametrize("name", [*LAWS, "__init__", "elementwise"])
def test_an_edited_law_is_compiled_anew(folder, compiles, tmp_path, monkeypatch, name):
    for room in ("inference", "specification"):
        shutil.copytree(keys.PACKAGE / room, tmp_path / room)
    monkeypatch.setattr(keys, "PACKAGE", tmp_path)
    for text in ("", "", "\n# another law\n"):
        law = tmp_path / "specification" / "laws" / f"{name}.py"
        law.write_text(law.read_text() + text)
        keys.source_hash.cache_clear()
        find_code.cache_clear()
        find_code(recipe())
    keys.source_hash.cache_clear()
    assert len(compiles) == 2
    assert len(kept_files()) == 2


def test_the_hash_is_of_what_graphs_are_made_of():
    sources = keys.sources(keys.PACKAGE)
    names = {str(path.relative_to(keys.PACKAGE)) for path in sources}
    assert {
        "inference/graph.py",
        "inference/weights.py",
        "inference/passes/joint.py",
        "inference/compiled/tracing.py",
        "inference/packing.py",
        *(f"specification/laws/{law}.py" for law in (*LAWS, "__init__", "shared")),
        "specification/noise.py",
    } <= names
    assert "inference/saving.py" not in names


def laws_of_one_name():
    def law(x, level, elasticity):
        return level - elasticity * x

    first = law

    def law(x, level, elasticity):
        return level - 2 * elasticity * x

    return first, law


def test_two_laws_of_one_name_share_nothing_and_are_not_kept(folder, compiles):
    one, other = (recipe(functions=(law,)) for law in laws_of_one_name())
    assert one != other
    find_code(one)
    find_code(other)
    assert compiles == [one, other]
    assert kept_files() == []


def test_what_was_unused_for_longest_makes_room(folder, monkeypatch):
    names = [str(number) * 64 for number in range(4)]
    for number, name in enumerate(names[:3]):
        write_parts(name, {"a": bytes(800)})
        os.utime(folder / f"{name}{folders.SUFFIX}", (number, number))
    read_parts(names[0])
    monkeypatch.setattr(folders, "LIMIT", sum(path.stat().st_size for path in kept_files()))
    write_parts(names[3], {"a": bytes(800)})
    assert {path.stem for path in kept_files()} == {names[0], names[2], names[3]}


def test_what_a_killed_process_left_goes_after_a_day(folder):
    folder.mkdir()
    old, new = (folder / f".{name}{folders.DRAFT}" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    write_parts("0" * 64, {"a": b"1"})
    assert not old.exists()
    assert new.exists()


def test_the_command_says_where_code_is_and_clears_nothing_else(warm):
    (warm.parent / "notes.txt").write_text("mine")
    said = CliRunner().invoke(app, ["cache"])
    assert said.stdout == (
        f"1 compiled models, {warm.stat().st_size / 1e6:.1f} MB, in {warm.parent}.\n"
    )
    assert CliRunner().invoke(app, ["cache", "--clear"]).exit_code == 0
    assert [path.name for path in warm.parent.iterdir()] == ["notes.txt"]


def test_a_nutpie_of_another_inside_compiles_the_same_density_itself(warm, monkeypatch):
    monkeypatch.setattr(nutpie_models, "FITS", False)
    drawn = nuts.draw(recipe(), THREE, **SETTINGS)
    assert drawn.values["double"].shape == (2, 50, 3)
    theirs = nuts._compiled_by_nutpie(recipe(), ((3,),)).with_data(data=pack(THREE))
    mean, log_scale, slope, value = np.array([0.3, -1.0, 0.2]), 0.7, np.zeros(4), np.zeros(1)
    point = np.append(mean, log_scale)  # nutpie keeps the model's own order
    pointers = [array.ctypes.data for array in (point, slope, value, theirs.user_data)]
    assert EVALUATE(theirs.compiled_logp_func.address)(4, *pointers) == 0
    _, own, own_slope = density(find_code(recipe(never)), THREE, np.append(log_scale, mean))
    assert own == pytest.approx(value[0], abs=1e-12)
    np.testing.assert_allclose(own_slope, np.append(slope[-1], slope[:-1]), atol=1e-12)


def test_a_numba_of_another_inside_leaves_the_model_to_nutpie(monkeypatch):
    def renamed(recipe):
        raise AttributeError("'CFunc' object has no attribute '_library'")

    monkeypatch.setattr(nuts, "find_code", renamed)
    theirs = nuts._compiled_by_nutpie(recipe(), ((3,),))
    model, _, _ = nuts._ready(recipe(), THREE)
    assert model.compiled_logp_func is theirs.compiled_logp_func


def test_a_chain_starts_where_the_seed_says():
    layout = Layout({"a": 1, "b": 0}, {"a": [2.0], "b": [-1.0]}, {})
    shapes = {"a": (3,), "b": ()}
    start = layout.start(shapes, 5)
    np.testing.assert_array_equal(start, layout.start(shapes, 5))
    assert np.all(np.abs(start - [2.0, 2.0, 2.0, -1.0]) <= 1.0)
    assert np.any(start != layout.start(shapes, 6))
