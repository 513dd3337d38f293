"""A way to evaluate a graph a few times: it is neither rewritten nor compiled."""

from pytensor.compile.mode import Mode

INTERPRETED = Mode(linker="py", optimizer=None)
