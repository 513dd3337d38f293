import shutil

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.plotting import ledgers
from bayes_scaling.plotting.ledgers import PALE
from bayes_scaling.plotting.style import BLUE, VERMILLION
from bayes_scaling.registry import resolve, void

HOSTILE = r"$\frac{$ <script>alert(1)</script>" + "\n\x1b[2J"
QUESTIONS = ["6.7B on the Pile?", "13B?", HOSTILE, "never known?", "not yet?"]
LOSSES = {3: 1.9, 1: 1.704, 2: 1.572}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def five(fit_cerebras, tmp_path_factory):
    """Five forecasts: two inside, one far outside, one void, one open."""
    folder = tmp_path_factory.mktemp("drawn")
    forecast = bs.predict(fit_cerebras, compute=[6.3e21, 2.3e22, 3e22, 4e22, 5e22])
    ledger = folder / "forecasts.jsonl"
    bs.register(forecast, ledger, question=QUESTIONS, resolves="The model card.")
    resolve(ledger, LOSSES)
    void(ledger, 4, reason="cancelled")
    return ledger


@pytest.fixture
def drawn(five):
    return bs.plot_ledger(five)


def test_rows_are_in_order_of_resolution(drawn):
    labels = [label.get_text() for label in drawn[0].get_yticklabels()]
    assert [label.split(":")[0] for label in labels] == ["3", "1", "2", "4", "5"]
    assert labels[1] == "1: 6.7B on the Pile?"
    assert drawn[0].get_ylim()[0] > drawn[0].get_ylim()[1]
    assert drawn[0].get_xlabel() == "Loss (nats per token) of one new run"


def test_bars_are_the_sealed_intervals_in_the_colour_of_the_outcome(five, drawn):
    scores = bs.score(five)
    bars = {}
    for lines in drawn[0].collections:
        for segment in lines.get_segments():
            ends = tuple(segment[:, 0])
            bars.setdefault(int(segment[0, 1]), []).append((ends, tuple(lines.get_color()[0][:3])))
    colours = {colour: plt.matplotlib.colors.to_rgb(colour) for colour in (BLUE, VERMILLION, PALE)}
    fared = [VERMILLION, BLUE, BLUE, PALE, PALE]
    for row, (number, colour) in enumerate(zip([3, 1, 2, 4, 5], fared, strict=True)):
        said = scores.loc[number]
        assert bars[row] == [
            ((said["q05"], said["q95"]), colours[colour]),
            ((said["q25"], said["q75"]), colours[colour]),
        ]


def test_outcomes_are_circles_and_void_ones_crossed_out(drawn):
    points = {
        (line.get_marker(), x, y)
        for line in drawn[0].lines
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
        if np.isfinite(x)
    }
    assert {(x, y) for marker, x, y in points if marker == "o"} == {
        (1.9, 0),
        (1.704, 1),
        (1.572, 2),
    }
    assert [y for marker, _, y in points if marker == "x"] == [3]


def test_the_legend_counts(drawn):
    texts = [text.get_text() for text in drawn[0].get_legend().get_texts()]
    assert texts == [
        "50 and 90 % interval",
        "outcome",
        "inside 90 % (2)",
        "outside (1)",
        "open (1)",
        "void (1)",
    ]


def test_few_outcomes_have_no_calibration(drawn):
    assert not drawn[1].lines
    assert drawn[1].texts[0].get_text().startswith("3 outcomes so far")


def test_calibration_is_of_the_resolved(five, monkeypatch):
    monkeypatch.setattr(ledgers, "FEWEST", 3)
    line = bs.plot_ledger(five)[1].lines[-1]
    assert line.get_label() == "3 forecasts"
    assert line.get_ydata()[-1] == pytest.approx(2 / 3)


def test_hostile_text_is_text(drawn, tmp_path):
    label = drawn[0].get_yticklabels()[0]
    assert label.get_text() == r"3: $\frac{$ <script>alert(1)</script>…"
    assert not label.get_parse_math()
    drawn[0].figure.savefig(tmp_path / "ledger.svg")
    text = (tmp_path / "ledger.svg").read_text()
    assert "<script>" not in text
    assert "\x1b" not in text


def test_axes_in_and_out(five):
    axes = plt.subplots(1, 2)[1]
    assert list(bs.plot_ledger(five, axes)) == list(axes)
    with pytest.raises(ValueError, match="axes: expected two, got 1"):
        bs.plot_ledger(five, axes[:1])


def test_before_the_first_outcome(forecast_alone):
    axes = bs.plot_ledger(forecast_alone)
    assert axes[1].texts[0].get_text().startswith("no outcome yet")
    axes[0].figure.canvas.draw()


@pytest.fixture
def forecast_alone(fit_cerebras, tmp_path, monkeypatch):
    monkeypatch.setattr("bayes_scaling.registry.claims.BASELINES", {})
    forecast = bs.predict(fit_cerebras, compute=2.3e22)
    ledger = tmp_path / "alone.jsonl"
    bs.register(forecast, ledger, question="?", resolves="The model card.")
    return ledger


def test_many_rows_have_no_names(fit_cerebras, tmp_path, monkeypatch):
    monkeypatch.setattr("bayes_scaling.registry.claims.BASELINES", {})
    forecast = bs.predict(fit_cerebras, compute=np.geomspace(2e21, 4e22, 26).tolist())
    ledger = tmp_path / "many.jsonl"
    bs.register(forecast, ledger, question="?", resolves="The model card.", keep_data=False)
    axes = bs.plot_ledger(ledger)
    assert axes[0].get_ylabel() == "26 forecasts, in order of resolution"
    assert list(axes[0].get_yticks()) == []


def test_what_can_not_be_drawn_is_said(five, tmp_path):
    with pytest.raises(ValueError, match=r"has none of 'los'; allowed: loss\. Did you mean 'loss'"):
        bs.plot_ledger(five, metric="los")
    with pytest.raises(ValueError, match="there is no such ledger"):
        bs.plot_ledger(tmp_path / "none.jsonl")
    shutil.copytree(five.parent, tmp_path / "broken")
    broken = tmp_path / "broken" / five.name
    broken.write_bytes(broken.read_bytes()[:-5])
    with pytest.raises(ValueError, match="doesn't hold, so it isn't scored"):
        bs.plot_ledger(broken)
