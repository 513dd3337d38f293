"""A model's compiled code in this process: found on disk, or compiled and kept there."""

import ctypes
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np

from bayes_scaling.arrays import Array
from bayes_scaling.inference.compiled.folders import LOG, read_parts, write_parts
from bayes_scaling.inference.compiled.keys import key_of
from bayes_scaling.inference.compiled.layouts import Layout, Shapes
from bayes_scaling.inference.compiled.machine_code import Loaded, MachineCode, load
from bayes_scaling.inference.compiled.recipes import Recipe

KINDS = ("density", "expand", "measure")
LAYOUT = "layout"
MEASURE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p)


@dataclass(frozen=True)
class Code:
    """C functions of a model: log density and gradient, the outputs, and the lengths of both."""

    density: Loaded
    expand: Loaded
    measure: Loaded
    layout: Layout

    def shapes(self, data: Array) -> tuple[Shapes, Shapes]:
        """Return the shapes of the variables and of the outputs, which the data tell."""
        lengths = np.zeros(self.layout.dimensions)
        MEASURE(self.measure.address)(len(lengths), lengths.ctypes.data, data.ctypes.data)
        return self.layout.shapes(lengths.astype(int).tolist())


@lru_cache(maxsize=32)
def find_code(recipe: Recipe) -> Code:
    """Find the code of a recipe; it is kept for the process's life.

    Code of a model whose law isn't in the package's files is compiled in each process: its name
    doesn't tell what it does.
    """
    if not recipe.is_shipped:
        return _compile(recipe)[0]
    key = key_of(recipe)
    kept = read_parts(key)
    found = _load(kept) if kept else None
    if found is None:
        found, parts = _compile(recipe)
        if parts:
            write_parts(key, parts)
    return found


def _load(parts: Mapping[str, bytes]) -> Code | None:
    """Load what was kept, if this process can."""
    try:
        said = json.loads(parts[LAYOUT])
        made = {
            kind: load(MachineCode(**said["codes"][kind], content=parts[kind])) for kind in KINDS
        }
        return Code(**made, layout=Layout(**said["layout"]))
    except Exception as error:
        LOG.info("kept code: it can't be used and is made anew: %r", error)
        return None


def _compile(recipe: Recipe) -> tuple[Code, Mapping[str, bytes]]:
    """Compile a model; return its code, and that as bytes where it can be kept."""
    from bayes_scaling.inference.compiled.callbacks import compile_callback
    from bayes_scaling.inference.compiled.tracing import trace

    traced = trace(recipe.build(), recipe.outputs)
    made = {kind: compile_callback(kind, getattr(traced, kind)) for kind in KINDS}
    loaded = {
        kind: load(code) if isinstance(code, MachineCode) else Loaded(code, None)
        for kind, code in made.items()
    }
    code = Code(**loaded, layout=traced.layout)
    known = {kind: own for kind, own in made.items() if isinstance(own, MachineCode)}
    if len(known) < len(KINDS):
        return code, {}
    codes = {kind: {"name": own.name, "symbols": own.symbols} for kind, own in known.items()}
    said = json.dumps({"layout": asdict(traced.layout), "codes": codes})
    return code, {LAYOUT: said.encode(), **{kind: own.content for kind, own in known.items()}}
