"""Whatever stops the sampler is one of our errors, but for an interrupt from the keyboard."""

import nutpie
import pytest

from bayes_scaling.errors import SamplingError
from bayes_scaling.inference import nuts
from bayes_scaling.inference.stops import explained_stops

pytestmark = pytest.mark.afresh

SETTINGS = {"random_seed": 1, "draws": 10, "tune": 10, "chains": 1, "target_accept": 0.8}


class PanicException(BaseException):
    """What a panic in Rust is in Python."""


class Running:
    """A sampler that stops."""

    def __init__(self, error):
        self.error = error
        self.cancelled = False

    def wait(self):
        raise self.error

    def cancel(self):
        self.cancelled = True


@pytest.fixture
def stopped(monkeypatch):
    """Run the sampler, which stops with an error; return how it was left."""

    def run(error):
        running = Running(error)
        monkeypatch.setattr(nutpie, "sample", lambda *_, **__: running)
        monkeypatch.setattr(nuts, "_ready", lambda *_: (None, (), dict))
        try:
            nuts.draw(None, {}, **SETTINGS)
        finally:
            assert running.cancelled

    return run


@pytest.mark.parametrize(
    "error", [PanicException("range end out of bounds.\nat 1"), RuntimeError("range end out of b")]
)
def test_a_panic_is_one_of_our_errors(stopped, error):
    with pytest.raises(SamplingError, match=r"^the sampler stopped: range end out of b") as caught:
        stopped(error)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_an_error_without_words_is_named():
    said = pytest.raises(SamplingError, match="the sampler stopped: PanicException")
    with said, explained_stops():
        raise PanicException


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), TypeError("ours")])
def test_others_pass(stopped, error):
    with pytest.raises(type(error)) as caught:
        stopped(error)
    assert caught.value is error
