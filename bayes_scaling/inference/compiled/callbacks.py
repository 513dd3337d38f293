"""The C functions that the sampler calls.

They read the point and the data through bare pointers, so numba compiles no checks and no copies of
whole arrays, and they close over nothing but compiled functions, so their code can be kept. The
data's first number says how many there are.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic

from bayes_scaling.inference.compiled.machine_code import MachineCode

NUMBA: Any = numba  # its annotations leave these out
INTEGER, DOUBLES = NUMBA.types.uint64, NUMBA.types.CPointer(NUMBA.types.double)
ADDRESS, STATUS = NUMBA.types.voidptr, NUMBA.types.int64
SIGNATURES = {
    "density": STATUS(INTEGER, DOUBLES, DOUBLES, DOUBLES, ADDRESS),
    "expand": STATUS(INTEGER, INTEGER, DOUBLES, DOUBLES, ADDRESS),
    "measure": STATUS(INTEGER, DOUBLES, ADDRESS),
}
NOT_FINITE = 4
INTRINSIC = "llvm."
ALIVE: list[Any] = []  # code whose address was given away


@intrinsic
def as_doubles(typing_context: Any, address: Any) -> Any:  # noqa: ARG001
    """Read a void pointer as one to doubles."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(signature.return_type))

    return DOUBLES(address), codegen


def _density(of_point: Callable[..., Any]) -> Callable[..., int]:
    carray, is_finite = NUMBA.carray, np.isfinite

    def density(dim, x_, slope_, value_, data_):  # type: ignore[no-untyped-def]
        numbers: Any = as_doubles(data_)  # type: ignore[call-arg]
        value, slope = of_point(carray(x_, (dim,)), carray(numbers, (int(numbers[0]),)))
        if not is_finite(value[()]):
            return NOT_FINITE
        value_[0] = value[()]
        for i in range(dim):
            slope_[i] = slope[i]
            if not is_finite(slope[i]):
                return NOT_FINITE
        return 0

    return density


def _expand(of_point: Callable[..., Any]) -> Callable[..., int]:
    carray = NUMBA.carray

    def expand(dim, count, x_, out_, data_):  # type: ignore[no-untyped-def]
        numbers: Any = as_doubles(data_)  # type: ignore[call-arg]
        (values,) = of_point(carray(x_, (dim,)), carray(numbers, (int(numbers[0]),)))
        for i in range(count):
            out_[i] = values[i]
        return 0

    return expand


def _measure(of_data: Callable[..., Any]) -> Callable[..., int]:
    carray = NUMBA.carray

    def measure(count, out_, data_):  # type: ignore[no-untyped-def]
        numbers: Any = as_doubles(data_)  # type: ignore[call-arg]
        (lengths,) = of_data(carray(numbers, (int(numbers[0]),)))
        for i in range(count):
            out_[i] = lengths[i]
        return 0

    return measure


WRAPPERS = {"density": _density, "expand": _expand, "measure": _measure}


def compile_callback(kind: str, function: Callable[..., Any]) -> MachineCode | int:
    """Wrap a compiled function; return its machine code, or an address where that can't be kept.

    What numba compiled last is linked to what it compiled before, and so may differ in last bits
    from the same code alone. Machine code that is returned is to be loaded in this process too.
    """
    made: Any = NUMBA.cfunc(SIGNATURES[kind])(WRAPPERS[kind](function))
    library = made._library
    if library.has_dynamic_globals:
        ALIVE.append(made)
        return int(made.address)
    _, _, (content, _) = library.serialize_using_object_code()
    module = library._final_module
    needed = sorted(own.name for own in module.functions if own.is_declaration)
    symbols = [name for name in needed if not name.startswith(INTRINSIC)]
    return MachineCode(made.native_name, tuple(symbols), content)
