"""What a long fit says of itself while it runs."""

import io
import sys
from types import SimpleNamespace

from bayes_scaling.inference import watching
from bayes_scaling.inference.watching import ProgressLine, is_watched, watched


def said(text):
    return [part for part in text.split(watching.CLEAR) if part]


def test_it_says_beforehand_that_it_may_take_minutes():
    stream = io.StringIO()
    ProgressLine(stream)
    assert "a minute or two" in said(stream.getvalue())[0]


def test_what_is_left_follows_from_what_is_done():
    stream, times = io.StringIO(), iter([10.0, 40.0, 100.0])
    line = ProgressLine(stream, lambda: next(times))
    for done in (0, 250, 1000):
        line(done, 1000)
    assert said(stream.getvalue())[1:] == [
        "sampling:   0%",
        "sampling:  25%, about 1 min 30 s to go",
        "sampling: 100%",
    ]


def test_it_isnt_written_more_often_than_one_can_read():
    stream, times = io.StringIO(), iter([1.0, 1.01, 1.02, 1.03])
    line = ProgressLine(stream, lambda: next(times))
    for done in (1, 2, 3, 4):
        line(done, 4)
    assert len(said(stream.getvalue())) == 3  # before, the first and the last


def test_where_nobody_looks_on_nothing_is_said(capsys):
    with watched(None) as report:
        assert report is None
    assert capsys.readouterr().err == ""


def test_a_notebook_is_watched(monkeypatch, capsys):
    assert not is_watched()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert is_watched()
    with watched(None) as report:
        report(1, 2)
    told = capsys.readouterr().err
    assert said(told)[1] == "sampling:  50%"
    assert told.endswith(watching.CLEAR)


def test_true_shows_it_anywhere_false_nowhere_and_a_callable_is_called(capsys):
    with watched(False) as report:
        assert report is None
    with watched(True) as report:
        report(2, 2)
    assert "sampling: 100%" in said(capsys.readouterr().err)
    seen = []
    with watched(lambda *both: seen.append(both)) as report:
        report(1, 2)
    assert seen == [(1, 2)]
