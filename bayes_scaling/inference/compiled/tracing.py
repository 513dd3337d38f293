"""From a `pm.Model` to functions of one flat point and one flat array of data.

With point q and data d: the log density and its gradient by q, the outputs at q, and the lengths of
all dimensions, which depend on d alone.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.pytensorf import compile as compile_graph
from pytensor.graph import ancestors, clone_replace, rewrite_graph

from bayes_scaling.inference.compiled.layouts import Layout
from bayes_scaling.inference.packing import PACKED


@dataclass(frozen=True)
class Traced:
    """Functions that numba has compiled, to be called from compiled code, and their layout."""

    density: Callable[..., Any]
    expand: Callable[..., Any]
    measure: Callable[..., Any]
    layout: Layout


def trace(model: pm.Model, outputs: Sequence[str]) -> Traced:
    """Turn a model into functions.

    Parameters
    ----------
    model : pm.Model
        All its data are one flat array, as `bayes_scaling.inference.variables.unpack` makes it.
    outputs : sequence of str
        Names of the variables that are kept.
    """
    data = model[PACKED]
    values = {rv: model.rvs_to_values[rv] for rv in model.free_RVs}
    given = pt.vector("given", shape=data.type.shape)
    shapes = {rv: _shape(rv, data, given) for rv in values}
    shapes = dict(sorted(shapes.items(), key=lambda own: _length([own[1]]) is None))
    point = pt.vector("point", shape=(_length(shapes.values()),))
    parts = _cut(point, shapes)
    logp = rewrite_graph(model.logp(), include=["canonicalize", "stabilize"])
    slopes = pt.grad(logp, [values[rv] for rv in shapes])
    slope = pt.concatenate([own.ravel() for own in slopes])
    kept = {var.name: var for var in model.unobserved_value_vars if var.name in set(outputs)}
    kept = {name: kept[name] for name in outputs}
    replaced = {values[rv]: part for rv, part in parts.items()} | {data: given}
    found = clone_replace([logp, slope, *kept.values()], replaced)
    flat = pt.concatenate([value.ravel() for value in found[2:]])
    return Traced(
        density=_compiled([point, given], found[:2]),
        expand=_compiled([point, given], [flat]),
        measure=_compiled([given], [_lengths(shapes, kept, values, {data: given})]),
        layout=Layout(
            variables={values[rv].name: rv.type.ndim for rv in shapes},
            starts=_starts(model),
            outputs={name: var.type.ndim for name, var in kept.items()},
        ),
    )


def _compiled(inputs: list[Any], outputs: list[Any]) -> Callable[..., Any]:
    """Compile to numba's own function; kept code holds all of it, so PyTensor keeps none."""
    with pytensor.config.change_flags(numba__cache=False):
        made = compile_graph(inputs, outputs, mode="NUMBA", on_unused_input="ignore")
    jitted: Callable[..., Any] = made.vm.jit_fn
    return jitted


def _shape(rv: Any, data: Any, given: Any) -> tuple[Any, ...]:
    """Return the lengths of a variable: numbers, or functions of the data that are given."""
    if None not in rv.type.shape:
        return tuple(rv.type.shape)
    size = rv.owner.op.size_param(rv.owner)
    if data in ancestors([size]):
        size = clone_replace(size, {data: given})
        return tuple(size[axis] for axis in range(rv.type.ndim))
    return tuple(int(length) for length in pytensor.function([], rv.shape)())


def _cut(point: Any, shapes: Mapping[Any, tuple[Any, ...]]) -> dict[Any, Any]:
    parts, start = {}, 0
    for rv, shape in shapes.items():
        stop = start + math.prod(shape)
        parts[rv] = point[start:stop].reshape(shape, ndim=len(shape))
        start = stop
    return parts


def _length(shapes: Iterable[tuple[Any, ...]]) -> int | None:
    """Return how many numbers there are, if the data don't tell."""
    total = sum(math.prod(shape) for shape in shapes)
    return total if isinstance(total, int) else None


def _lengths(
    shapes: Mapping[Any, tuple[Any, ...]],
    kept: Mapping[str, Any],
    values: Mapping[Any, Any],
    replaced: Mapping[Any, Any],
) -> Any:
    """All lengths as one vector: of the variables, then of the outputs at any point."""
    anywhere = {values[rv]: pt.zeros(shape) for rv, shape in shapes.items()} | dict(replaced)
    own = [pt.as_tensor(length) for shape in shapes.values() for length in shape]
    at_outputs = clone_replace([var.shape for var in kept.values()], anywhere)
    whole = pt.concatenate([pt.stack(own) if own else pt.zeros(0), *at_outputs])
    return pt.cast(whole, "float64")


def _starts(model: pm.Model) -> dict[str, list[float]]:
    """Return where each unconstrained variable starts: a number where that is one."""
    found = {}
    for name, value in model.initial_point().items():
        flat = np.ravel(value)
        same = len(flat) > 0 and bool(np.all(flat == flat[0]))
        found[name] = flat[:1].tolist() if same else flat.tolist()
    return found
