"""`--seed-shift` reaches every draw, since nothing draws in any other way."""

import ast
from pathlib import Path

import numpy as np
import nutpie
import pytest
from shifting import shift_seeds

ROOT = Path(__file__).parents[1]
SOURCES = sorted(p for folder in ("bayes_scaling", "tests") for p in (ROOT / folder).rglob("*.py"))
OTHER_WAYS = {"random", "numpy.random"}
REACHED = {"default_rng", "Generator", "SeedSequence"}
UNREACHED = {
    "tests/ledger/crashing.py",  # when a writer is killed is left to chance
    "tests/shifting.py",  # unshifted_rng
}


def unreached(source):
    """Yield the lines of a text on which draws begin where the shift doesn't reach."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = OTHER_WAYS & {alias.name for alias in names}
            case ast.ImportFrom(module=module, names=names):
                found = module in OTHER_WAYS | {"nutpie"} or (
                    module == "numpy" and "random" in {alias.name for alias in names}
                )
            case ast.Attribute(value=ast.Attribute(attr="random"), attr=attr):
                found = attr not in REACHED
            case ast.keyword(arg="random_state", value=ast.Constant()):
                found = True
            case _:
                found = False
        if found:
            yield ast.unparse(node)


def test_nothing_draws_where_the_shift_does_not_reach():
    found = {str(path.relative_to(ROOT)): list(unreached(path.read_text())) for path in SOURCES}
    assert {path for path, lines in found.items() if lines} == UNREACHED


@pytest.mark.parametrize(
    "text",
    [
        "import random",
        "from random import random",
        "from numpy import random",
        "from numpy.random import default_rng",
        "from nutpie import sample",
        "np.random.normal(3)",
        "np.random.RandomState(3)",
        "table.sample(frac=1, random_state=3)",
    ],
)
def test_other_ways_to_draw_are_seen(text):
    assert list(unreached(f"def f():\n    {text}")) != []


def test_a_seed_is_shifted_wherever_it_is_given(monkeypatch):
    plain = [np.random.default_rng(seed).normal() for seed in (5, np.int64(5), [5, 4])]
    asked = []
    monkeypatch.setattr(nutpie, "sample", lambda *_, seed, **__: asked.append(seed))
    with pytest.MonkeyPatch.context() as patch:
        shift_seeds(patch, 2)
        found = [np.random.default_rng(seed).normal() for seed in (3, np.int64(3), [3, 4])]
        made = np.random.default_rng(3)
        assert np.random.default_rng(made) is made
        nutpie.sample(None, seed=3)
    assert found == plain
    assert asked == [5]
