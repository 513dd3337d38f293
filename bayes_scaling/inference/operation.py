"""Compiled code as operations of PyTensor, so that PyMC and nutpie can use it."""

import inspect
import zlib
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from bayes_scaling.inference import factors, packing, regression, weights


class Kernel(Op):  # type: ignore[misc]
    """Compiled code that takes the inputs, then the operation's properties.

    Attributes
    ----------
    evaluate : callable
    differentiable : int
        How many of the inputs, the first ones, it has derivatives by.
    modules : tuple of module
        Where the code is: a kept compiled function is of no use once they change.
    """

    __props__: tuple[str, ...] = ()
    evaluate: ClassVar[Callable[..., tuple[Any, ...]]]
    differentiable: ClassVar[int]
    modules: ClassVar[tuple[Any, ...]]

    @property
    def constants(self) -> tuple[Any, ...]:
        """The operation's properties."""
        return tuple(getattr(self, name) for name in self.__props__)

    def make_node(self, *inputs: Any) -> Apply:
        """Make the node of a graph."""
        given = [pt.as_tensor_variable(value) for value in inputs]
        return Apply(self, given, self.returns(*given))

    @abstractmethod
    def returns(self, *inputs: Any) -> list[Any]:
        """Make variables of the types that `evaluate` returns."""

    def perform(self, _: Apply, inputs: list[Any], outputs: list[Any]) -> None:
        """Compute in Python's own time."""
        found = self.evaluate(*inputs, *self.constants)
        for storage, value in zip(outputs, found, strict=True):
            storage[0] = value

    def constant_inputs(self, count: int) -> list[Any]:
        """Return what stands for the derivatives by inputs that have none."""
        return [disconnected_type()] * (count - self.differentiable)


class Part(Kernel):
    """One of the arrays that were packed into one: `packing.BY_RANK`."""

    __props__ = ("ranks", "place")
    differentiable = 0
    modules = (packing,)
    view_map: ClassVar[dict[int, list[int]]] = {0: [0]}

    def __init__(self, ranks: tuple[int, ...], place: int) -> None:
        self.ranks, self.place = ranks, place

    @property
    def evaluate(self) -> Callable[..., Any]:  # type: ignore[override]
        """The function for its number of axes."""
        return packing.BY_RANK[self.ranks[self.place]]

    def returns(self, *_: Any) -> list[Any]:
        """Make an array of unknown lengths."""
        return [pt.tensor(dtype="float64", shape=(None,) * self.ranks[self.place])]

    def perform(self, _: Apply, inputs: list[Any], outputs: list[Any]) -> None:
        """Compute in Python's own time."""
        outputs[0][0] = self.evaluate(*inputs, *self.constants)

    def pullback(self, inputs: Any, *_: Any) -> list[Any]:
        """Return none: data have no derivatives."""
        return self.constant_inputs(len(inputs))

    def connection_pattern(self, _: Apply) -> list[list[bool]]:
        """Say so."""
        return [[False]]


class Density(Kernel):
    """A log density that returns its derivatives by the differentiable inputs with it."""

    def returns(self, *inputs: Any) -> list[Any]:
        """Make a number, and slopes like the inputs."""
        slopes = [value.type() for value in inputs[: self.differentiable]]
        return [pt.scalar(dtype="float64"), *slopes]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Turn the gradient of the density into those by the inputs."""
        own = [cotangents[0] * slope for slope in outputs[1:]]
        return own + self.constant_inputs(len(inputs))

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Say that only the density is differentiated, by the first inputs."""
        rest = [False] * self.differentiable
        return [[place < self.differentiable, *rest] for place in range(len(node.inputs))]


class Weights(Kernel):
    """Weights of discrepancies from whitened coordinates: `weights.weigh`."""

    evaluate = staticmethod(weights.weigh)
    differentiable = 4
    modules = (factors, weights)

    def returns(self, *inputs: Any) -> list[Any]:
        """Make offsets of the runs, weights, and the log density of the coordinates."""
        return [inputs[0].type(), inputs[3].type(), pt.scalar(dtype="float64")]

    def infer_shape(self, node: Any, shapes: Any) -> list[Any]:  # noqa: ARG002
        """Say that offsets are like the residuals and weights like the coordinates."""
        return [shapes[0], shapes[3], ()]

    def pullback(self, inputs: Any, _: Any, cotangents: Any) -> list[Any]:
        """Turn derivatives by offsets and density into those by the inputs."""
        by_outputs = [cotangents[0], cotangents[2]]
        return [*WeightsGradient()(*inputs, *by_outputs), *self.constant_inputs(len(inputs))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Say that offsets and density are differentiated, by the first inputs."""
        each = [place < self.differentiable for place in range(len(node.inputs))]
        return [[own, False, own] for own in each]


class WeightsGradient(Kernel):
    """`weights.pull_weights_back` as an operation."""

    evaluate = staticmethod(weights.pull_weights_back)
    differentiable = 0
    modules = (factors, weights)

    def returns(self, *inputs: Any) -> list[Any]:
        """Make derivatives by residual, variance, amplitude and coordinates."""
        return [value.type() for value in inputs[: Weights.differentiable]]


class Regression(Kernel):
    """Centres of whitened parameters as linear functions of gaps: `regression.regress`."""

    evaluate = staticmethod(regression.regress)
    differentiable = 3
    modules = (factors, regression)

    def returns(self, *inputs: Any) -> list[Any]:
        """Make coefficients, constants and diagonal."""
        return [pt.tensor3(dtype="float64"), inputs[1].type(), inputs[1].type()]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Turn derivatives by what it returns into those by the inputs."""
        by_outputs = [
            output.zeros_like() if isinstance(slope.type, DisconnectedType) else slope
            for output, slope in zip(outputs, cotangents, strict=True)
        ]
        return [*RegressionGradient()(*inputs, *by_outputs), *self.constant_inputs(len(inputs))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Say that the first inputs are differentiated."""
        return [[place < self.differentiable] * 3 for place in range(len(node.inputs))]


class RegressionGradient(Kernel):
    """`regression.pull_back` as an operation."""

    evaluate = staticmethod(regression.pull_back)
    differentiable = 0
    modules = (factors, regression)

    def returns(self, *inputs: Any) -> list[Any]:
        """Make derivatives by variance, mean and standard deviation."""
        return [value.type() for value in inputs[: Regression.differentiable]]


@register_funcify_default_op_cache_key(Kernel)  # type: ignore[untyped-decorator]
def _compiled(op: Kernel, **_: Any) -> tuple[Callable[..., Any], int]:
    evaluate, constants = op.evaluate, op.constants

    @numba_njit
    def kernel(*inputs):  # type: ignore[no-untyped-def]
        return evaluate(*(inputs + constants))

    sources = "".join(inspect.getsource(module) for module in op.modules)
    return kernel, zlib.crc32(sources.encode())
