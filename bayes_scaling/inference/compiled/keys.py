"""The key of kept code: a hash of all that the code depends on."""

import hashlib
import platform
import re
from collections.abc import Iterator
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
    "inference/plain_sampling.py",
    "inference/compiled/callbacks.py",
    "inference/compiled/tracing.py",
)
IMPORT = re.compile(r"^ *from bayes_scaling\.([\w.]+) import (\([^)]*\)|.*)", re.M)
ROOMS = ("inference", "responses", "specification")
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
        if path not in seen:
            seen.add(path)
            left += [found for found in _imported(package, path.read_text()) if found.exists()]
    return sorted(seen)


def _imported(package: Path, text: str) -> Iterator[Path]:
    """Yield the files that imports may name: a module, a folder's table, or one in the folder."""
    for module, names in IMPORT.findall(text):
        if module.startswith(ROOMS):
            place = package / module.replace(".", "/")
            yield place.with_suffix(".py")
            yield place / "__init__.py"
            yield from (place / f"{name}.py" for name in re.findall(r"\w+", names))


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
