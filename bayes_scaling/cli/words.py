"""What is said on stderr, and pairs of words that were typed."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from bayes_scaling.errors import BayesScalingError

SAVED = ".nc"
_said: set[str] = set()
_answers: list[str] = []

# What the package says in Python, and how it is typed; where there is no option, none is named.
PHRASES = [
    (re.compile(pattern), typed)
    for pattern, typed in (
        (r"columns=\{'your name': (['\"])(.+?)\1\}", r'--columns "THEIRS=\2"'),
        (r"columns=\{(['\"])(.+?)\1: (['\"])(.+?)\3\}", r'--columns "\2=\4"'),
        (r"pass compute=\{(['\"])(.+?)\1: '(.+?)', \.\.\.\}", r'give --compute "\2=\3"'),
        (r"steps=\{run: planned\} settles it", "--steps RUN=PLANNED settles it"),
        (r"pass steps=\{(['\"])(.+?)\1: (\S+?), \.\.\.\}", r'give --steps "\2=\3"'),
        (r"(?:(?<=^)|(?<=: ))(compute|steps)\['(.+?)'\]: ", r"--\1 \2: "),
        (r"\bmodel='(\w+)'", r"--model \1"),
        (r"\bkeep='(\w+)'", r"--keep \1"),
        (r"with a model of losses", "with --model loss"),
        (r"\bread_runs reads it", "--model loss reads it"),
        (r"\bread_passes reads it", "--model pass_rate reads it"),
        (r"name them: \{'first': path, .+?\}", "give their files or folders names of their own"),
        (r"form_buckets\(passes, 'split'\)", "--buckets split"),
        (r"\bbuckets='split'", "--buckets split"),
        (r"\bbuckets=(\d+)", r"--buckets \1"),
        (r"\ballow='(\w+)'", r"--allow \1"),
        (r"\b(filter|metric|tests)=(['\"])(.+?)\2", r"--read \1=\3"),
        (r"\b(filter|metric|tests)=(?=[,.])", r"--read \1=NAME"),
        (r"\b(filter|metric|tests)=(?= goes)", r"--read \1"),
        (r"\bfar=True\b", "--far"),
        (r"transfer\(fit, width=\.\.\.\)", "bayes-scaling transfer"),
        (r"\bcompute= is by run", "compute is given by run"),
        (r"\bin compute= too", "in --compute or --run-compute too"),
        (r"\b(columns|compute|steps)=(?= goes)", r"--\1"),
        (r"(?:(?<=^)|(?<=: ))random_seed: ", "--seed: "),
        (r"(?:(?<=^)|(?<=: ))(columns|draws|hardest|jobs|keep|steps): ", r"--\1: "),
    )
]


def as_typed(text: str) -> str:
    """Put a sentence of the package into the words of the command line.

    Examples
    --------
    >>> as_typed("Other names are mapped with columns={'bpb': 'loss'}.")
    'Other names are mapped with --columns "bpb=loss".'
    """
    for pattern, typed in PHRASES:
        text = pattern.sub(typed, text)
    return text


def forget() -> None:
    """Begin a command, in which nothing was said yet."""
    _said.clear()
    _answers.clear()


def answer(text: str) -> None:
    """Write a JSON document to stdout, the only one of a command."""
    _answers.append(text)
    typer.echo(text)


def is_answered() -> bool:
    """Whether a command has written its JSON document."""
    return bool(_answers)


def note(text: str) -> None:
    """Write a line to stderr, once a command: what is said before a fit is in its notes too."""
    text = as_typed(text)
    if text not in _said:
        _said.add(text)
        typer.echo(f"note: {text}", err=True)


def as_source(typed: str | Sequence[str]) -> Any:
    """Turn the paths that were typed into what readers take: one path, or a list of several."""
    paths = [typed] if isinstance(typed, str) else list(typed)
    return paths[0] if len(paths) == 1 else paths


def saved_fit(typed: str | Sequence[str]) -> str | None:
    """Return the path of a saved fit, if one was typed, alone; else raises BayesScalingError."""
    paths = [typed] if isinstance(typed, str) else list(typed)
    fits = [path for path in paths if Path(path).suffix.lower() == SAVED]
    if fits and len(paths) > 1:
        raise BayesScalingError(
            f"{fits[0]} is a saved fit, and was given with {len(paths) - 1} other files; give one "
            "fit, or tables and logs."
        )
    return fits[0] if fits else None


def lacks(model: str, verb: str) -> bool:
    """Whether a verb can't be done with what a model is of."""
    from bayes_scaling.responses import RESPONSES
    from bayes_scaling.specification.shelf import load_model

    return verb in RESPONSES[load_model(model).response].lacks


def read_pairs(option: str, texts: Sequence[str] | None) -> dict[str, str] | None:
    """Read what was typed as names joined by =; None if nothing was."""
    pairs = {}
    for text in texts or ():
        name, equals, value = text.rpartition("=")
        if not (name and equals and value):
            raise BayesScalingError(f"{option}: expected two names joined by =, got {text!r}.")
        pairs[name] = value
    return pairs or None


def demand_amounts(option: str, name: str, values: Sequence[str]) -> None:
    """Refuse before a fit what would be refused after it."""
    from bayes_scaling.data import amount_of

    for value in values:
        try:
            amount_of(name, value)
        except BayesScalingError as error:
            raise BayesScalingError(f"{option}: {error}") from None
