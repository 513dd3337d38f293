"""The numbered examples run, without a warning, and show what their text says."""

import re
import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import bayes_scaling as bs

EXAMPLES = Path(__file__).parents[1] / "examples"
NUMBERED = {"01_forecast_a_loss", "02_change_a_prior"}


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    def run_example(name):
        monkeypatch.setattr(sys, "argv", [name, str(tmp_path)])
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        plt.close("all")
        return capsys.readouterr().out

    return run_example


def test_every_example_is_tested():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == NUMBERED


def test_forecast_a_loss(run, tmp_path, fit_cerebras):
    out = run("01_forecast_a_loss")
    for row in bs.predict(fit_cerebras, compute=[6.3e21, 2.3e22]).summary().itertuples():
        assert f"{row.median:.3f}" in out
    assert "the floor comes from the prior" in out
    assert (tmp_path / "forecast.png").read_bytes().startswith(b"\x89PNG")


def test_change_a_prior(run):
    out = run("02_change_a_prior")
    rows = re.findall(r"floor (?:inferred|= 1\.3) .*", out)
    medians = [float(row.split()[-3]) for row in rows]
    inferred, pinned = medians[:3], medians[3:]
    moved = [high - low for low, high in zip(inferred, pinned, strict=True)]
    assert 0 < moved[0] < moved[1] < moved[2]
    assert "{'c': 1.3, 'nu': 5.0}" in out
