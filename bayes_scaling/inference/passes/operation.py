"""The kernel as an operation of PyTensor, so that PyMC and nutpie can use it."""

from collections.abc import Callable
from typing import Any

import pytensor.tensor as pt
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from bayes_scaling.inference.passes.kernel import evaluate

DIFFERENTIABLE = 3


class CountDensity(Op):  # type: ignore[misc]
    """Log density of all counts given root, mean and zeta; its gradient comes with it.

    Inputs and outputs are those of `kernel.evaluate`.
    """

    __props__ = ("link",)

    _evaluate: Callable[..., tuple[Any, ...]] = staticmethod(evaluate)

    def __init__(self, link: int) -> None:
        self.link = link

    def make_node(self, *inputs: Any) -> Apply:
        """Make the node of a graph."""
        given = [pt.as_tensor_variable(value) for value in inputs]
        matrices = [pt.matrix(dtype="float64", shape=value.type.shape) for value in given[:3]]
        return Apply(self, given, [pt.scalar(dtype="float64"), *matrices])

    def perform(self, _: Apply, inputs: list[Any], outputs: list[Any]) -> None:
        """Compute in Python's own time."""
        for storage, value in zip(outputs, self._evaluate(*inputs, self.link), strict=True):
            storage[0] = value

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Turn the gradient of the density into those by the first three inputs."""
        own = [cotangents[0] * slope for slope in outputs[1:]]
        return own + [disconnected_type()] * (len(inputs) - DIFFERENTIABLE)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Say that only the density is differentiated, by the first three inputs."""
        return [[place < DIFFERENTIABLE, False, False, False] for place in range(len(node.inputs))]


@register_funcify_default_op_cache_key(CountDensity)  # type: ignore[untyped-decorator]
def _compiled(op: CountDensity, **_: Any) -> tuple[Callable[..., Any], int]:
    link = op.link

    @numba_njit
    def count_density(root, mean, zeta, y, w, c, n):  # type: ignore[no-untyped-def]
        return evaluate(root, mean, zeta, y, w, c, n, link)

    return count_density, 1
