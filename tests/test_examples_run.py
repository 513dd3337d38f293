"""The numbered examples run, without a warning, and show what their text says."""

import json
import re
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from scipy import special

import bayes_scaling as bs

EXAMPLES = Path(__file__).parents[1] / "examples"
NUMBERED = {
    "01_forecast_a_loss",
    "02_change_a_prior",
    "03_forecast_a_pass_rate",
    "04_register_and_score",
    "05_report",
    "06_spend_a_budget",
    "07_is_the_recipe_worth_it",
    "10_mup_transfer",
    "08_inverse_scaling",
    "09_emergence",
}

ROWS = r"(?m)^(?:sealed|updated) .*$"


GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
GALLERY_TOOLS = SimpleNamespace(**runpy.run_path(str(GALLERY.with_suffix(".py"))))


@pytest.fixture
def run(monkeypatch, tmp_path, pytestconfig):
    """Run an example cell by cell; what it says is what its page in the gallery shows."""

    def run_example(name):
        monkeypatch.setattr(sys, "argv", [name, str(tmp_path)])
        cells = list(GALLERY_TOOLS.run_cells(EXAMPLES / f"{name}.py", tmp_path))
        said = "".join(cell.said for cell in cells)
        kept = GALLERY / f"{name}.md"
        if kept.exists() and not pytestconfig.getoption("--seed-shift"):
            page = GALLERY_TOOLS.write_page(Path(f"{name}.py"), cells, tmp_path)
            assert shape_of(page) == shape_of(kept.read_text(encoding="utf-8"))
        return said

    return run_example


def shape_of(page):
    return GALLERY_TOOLS.shape_of(page)


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
    rows = re.findall(r"floor (?:open|known) .*", out)
    medians = [float(row.split()[-3]) for row in rows]
    open_, known = medians[:3], medians[3:]
    moved = [high - low for low, high in zip(open_, known, strict=True)]
    assert 0 < moved[0] < moved[1] < moved[2]
    assert "{'c': 1.3, 'nu': 5.0}" in out


def test_forecast_a_pass_rate(run, tmp_path):
    out = run("03_forecast_a_pass_rate")
    seen = float(re.search(r"seen: (0\.\d+) of the samples", out)[1])
    row = re.search(r"all +pass_rate .*", out)[0].split()
    low, middle, high = (special.logit(float(row[place])) for place in (5, 2, -1))
    assert abs(special.logit(seen) - middle) < 1.5 * (high - low)  # 4.9 standard deviations
    chance = float(re.search(r"1\.000000e\+24 +(\d\.\d+)\nName: probability", out)[1])
    assert (chance - 0.5) * (float(row[2]) - 0.5) >= 0
    assert re.search(r"Restricted to the \d+ problems .* are dropped", out)
    for name in ("pass_rate.png", "problems.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_register_and_score(run, tmp_path):
    out = run("04_register_and_score")
    ledger = tmp_path / "forecasts.jsonl"
    found = bs.score(ledger)
    assert found["status"].tolist() == ["resolved", "resolved"]
    assert f"head 2:{json.loads(ledger.read_text().splitlines()[2])['previous']}" in out
    assert "The first 2 are those of the head that was given; 2 records came later." in out
    assert "to the last digit" in out
    assert "Record 1 was changed, or record 2" in out
    widths = [float(row.split()[5]) - float(row.split()[1]) for row in re.findall(ROWS, out)]
    assert widths[1] < 0.8 * widths[0]
    assert (tmp_path / "ledger.png").read_bytes().startswith(b"\x89PNG")
    passes = bs.score(tmp_path / "pass_rates.jsonl")
    assert set(passes["metric"]) == {"neg_log_pass"}
    assert (passes["status"] == "resolved").all()
    assert out.count("to the last digit") == 2


def test_report(run, tmp_path, fit_cerebras):
    out = run("05_report")
    assert f"The report is in {tmp_path / 'report.html'}." in out
    row = bs.predict(fit_cerebras, compute=[6.3e21, 2.3e22]).summary().iloc[1]
    text = (tmp_path / "report.html").read_text()
    assert f"<strong>{row['q05']:.3f}</strong> and <strong>{row['q95']:.3f}</strong>" in text
    assert "The numbers of this report are those that were sealed." in text


def test_spend_a_budget(run, fit_cerebras):
    out = run("06_spend_a_budget")
    low, high = (float(value) for value in re.search(r"\nE .*", out)[0].split()[2:4])
    assert low - 0.1 < 1.82 < high + 0.1
    assert "params_exponent" in out
    needed = bs.decision.compute_for(fit_cerebras, loss=1.8).summary()["median"][0]
    assert f"{needed:.3g}" in out
    assert re.search(r"They never cross up to 1e\+25 FLOP with probability \d\.\d\d\.", out)
    assert len(re.findall(r" open ", out)) == 2


@pytest.mark.slow
def test_mup_transfer(run, tmp_path):
    out = run("10_mup_transfer")
    drifts = [float(row) for row in re.findall(r"drift (-?\d\.\d+) octaves", out)]
    assert drifts[0] > 0 > -0.5 > drifts[1]
    assert (tmp_path / "transfer_standard.png").read_bytes().startswith(b"\x89PNG")


def test_is_the_recipe_worth_it(run):
    out = run("07_is_the_recipe_worth_it")
    low, high = (float(value) for value in re.search(r"\n +muP .*", out)[0].split()[3:7:3])
    assert low < 1 < high
    hundredfold = re.findall(r"P\(worth 100 times the compute\) = (\S+)", out)
    assert [float(chance) < 0.2 for chance in hundredfold] == [True, True]
    assert re.search(r"at least \d+ times with probability 0.95", out)


def test_inverse_scaling(run):
    out = run("08_inverse_scaling")
    said = re.search(r"12B: \S+ \[(\S+), (\S+)\], measured (\S+)", out)
    low, high, seen = map(float, said.groups())
    assert low < seen < high
    for table in out.split("Up to")[1:]:
        rows = re.findall(r"(?m)(\d\.\d\d) +(\d\.\d\d)$", table)
        assert len(rows) == 5
        for column in zip(*rows, strict=True):
            assert sum(map(float, column)) == pytest.approx(1, abs=0.026)  # five rounded shares


def test_emergence(run):
    out = run("09_emergence")
    chances = re.findall(r"P\(accelerates\) (\d\.\d\d) \(prior (\d\.\d\d)\)", out)
    assert len(chances) == 4
    assert all(0 < float(prior) < 1 for _, prior in chances)
