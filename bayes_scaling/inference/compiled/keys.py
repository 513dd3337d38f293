"""The key of kept code: a hash of all that the code depends on."""

import hashlib
import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bayes_scaling.inference.compiled.machine_code import processor
from bayes_scaling.inference.compiled.origins import PACKAGE
from bayes_scaling.inference.compiled.recipes import Recipe

FORMAT = 1
ROOTS = (
    "inference/graph.py",
    "inference/passes/graph.py",
    "inference/compiled/callbacks.py",
    "inference/compiled/tracing.py",
)
ROOMS = re.compile(r"^ *(?:from|import) bayes_scaling\.((?:inference|specification)[\w.]*)", re.M)
MAKERS = ("pymc", "pytensor", "nutpie", "numba", "llvmlite", "numpy")


def key_of(recipe: Recipe) -> str:
    """Hash what a recipe says, the sources that turn it into code, and what compiles these."""
    said = recipe.structure, recipe.sizes, recipe.origins, recipe.outputs
    made_by = tuple((name, _version(name)) for name in MAKERS)
    python = platform.python_implementation(), platform.python_version()
    whole = repr((FORMAT, said, source_hash(PACKAGE), made_by, python, processor()))
    return hashlib.sha256(whole.encode()).hexdigest()


def sources(package: Path) -> list[Path]:
    """Find the modules that write graphs and kernels, and all that they import of their rooms."""
    left, seen = [package / root for root in ROOTS], set()
    while left:
        path = left.pop()
        if path not in seen and path.exists():
            seen.add(path)
            places = [package / name.replace(".", "/") for name in ROOMS.findall(path.read_text())]
            left += [place.with_suffix(".py") for place in places]
    return sorted(seen)


@cache
def source_hash(package: Path) -> str:
    """Hash names and contents of `sources`."""
    found = hashlib.sha256()
    for path in sources(package):
        found.update(f"{path.relative_to(package)}\n".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
