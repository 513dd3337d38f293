"""A command that is refused: exit 2, one sentence on stderr, nothing on stdout, no traceback."""

from dataclasses import replace

from typer.testing import CliRunner

from bayes_scaling.cli import app


def forbid_sampling(monkeypatch, error=AssertionError):
    """Make the sampler, of whichever form, one that must not be reached: it raises the error."""
    from bayes_scaling.inference import forms

    def sample(*args, **kwargs):
        raise error("the sampler was reached")

    def form_of(*given):
        return replace(forms.form_of(*given), sample=sample)

    for room in ("inference", "inference.passes"):
        monkeypatch.setattr(f"bayes_scaling.{room}.fitting.form_of", form_of)


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
