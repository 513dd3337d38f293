"""The key of kept code: a hash of all that the code depends on."""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bayes_scaling.inference.compiled.machine_code import processor
from bayes_scaling.inference.compiled.origins import PACKAGE
from bayes_scaling.inference.compiled.recipes import Recipe

FORMAT = 1
SOURCES = tuple(PACKAGE / room for room in ("inference", "specification"))
MAKERS = ("pymc", "pytensor", "nutpie", "numba", "llvmlite", "numpy")


def key_of(recipe: Recipe) -> str:
    """Hash what a recipe says, the sources that turn it into code, and what compiles these."""
    said = recipe.structure, recipe.sizes, recipe.origins, recipe.outputs
    made_by = tuple((name, _version(name)) for name in MAKERS)
    python = platform.python_implementation(), platform.python_version()
    whole = repr((FORMAT, said, source_hash(SOURCES), made_by, python, processor()))
    return hashlib.sha256(whole.encode()).hexdigest()


@cache
def source_hash(folders: tuple[Path, ...]) -> str:
    """Hash the names and contents of all modules in folders."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            found.update(f"{path.relative_to(folder.parent)}\n".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
