"""Machine code as bytes: an object file as a linker knows it, and its way into a process."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys


@dataclass(frozen=True)
class MachineCode:
    """An object file with a function in it.

    Attributes
    ----------
    name : str
        Of the function.
    symbols : tuple of str
        What it needs of the process: functions of mathematics and of memory.
    content : bytes
        The object file.
    """

    name: str
    symbols: tuple[str, ...]
    content: bytes


@dataclass(frozen=True)
class Loaded:
    """A C function: its address, and what keeps the code there alive."""

    address: int
    owner: Any


class MissingSymbolError(Exception):
    """Machine code needs what this process doesn't have."""


def load(code: MachineCode) -> Loaded:
    """Load machine code by itself, so that nothing compiled in this process takes its place.

    Raises
    ------
    MissingSymbolError
        Here, since the linker would end the process.
    """
    rtsys.initialize(cpu_target.target_context)
    missing = _missing(code.symbols)
    if missing:
        cpu_target.target_context.refresh()
        missing = _missing(code.symbols)
    if missing:
        raise MissingSymbolError(", ".join(missing))
    target = llvm.Target.from_triple(llvm.get_process_triple())
    machine = target.create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.content))
    engine.finalize_object()
    return Loaded(engine.get_function_address(code.name), engine)


def processor() -> tuple[Any, ...]:
    """Return what code is made for: the platform, the processor and its features."""
    name: tuple[Any, ...] = cpu_target.target_context.codegen().magic_tuple()
    return name


def _missing(symbols: Iterable[str]) -> list[str]:
    return [name for name in symbols if llvm.address_of_symbol(name) is None]
