"""A command that is refused: exit 2, one sentence on stderr, nothing on stdout, no traceback."""

from typer.testing import CliRunner

from bayes_scaling.cli import app

SAMPLERS = (
    "bayes_scaling.inference.fitting.sample",
    "bayes_scaling.inference.passes.fitting.sample_passes",
)


def forbid_sampling(monkeypatch):
    """Make the sampler one that must not be reached."""

    def sample(*args, **kwargs):
        raise AssertionError("the sampler was reached")

    for name in SAMPLERS:
        monkeypatch.setattr(name, sample)


def refused(*arguments):
    """Run, and return the one sentence."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 2, (result.output, result.exception)
    assert result.stdout == ""
    *notes, sentence = result.stderr.splitlines()
    assert all(note.startswith("note: ") for note in notes)
    assert sentence.startswith("bayes-scaling: ")
    assert sentence.endswith((".", "?"))
    return sentence
