"""How much memory draws take, and a refusal where the machine has less."""

import math
import os
from contextlib import suppress
from pathlib import Path

from bayes_scaling.errors import BayesScalingError

BYTES = 8
GIGA = 2**30
STATISTICS = 24  # numbers that the sampler keeps of a draw, beside the model's own
COPIES = 4  # of all draws at a time: the sampler's, the posterior's, those of the diagnosis
CONTROL_GROUPS = ("memory.max", "memory/memory.limit_in_bytes")


def memory_of_machine() -> float:
    """Bytes that a program may use: the machine's, or its container's; infinite where unknown."""
    found = [math.inf]
    with suppress(AttributeError, OSError, ValueError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for name in CONTROL_GROUPS:
        with suppress(OSError, ValueError):
            found.append(float((Path("/sys/fs/cgroup") / name).read_text()))
    return min(limit for limit in found if limit > 0)


def demand_memory(what: str, numbers: float, remedy: str) -> None:
    """Refuse what needs more memory than there is; raises BayesScalingError.

    Parameters
    ----------
    what : str
        The argument and what it asks for, as the start of a sentence.
    numbers : float
        How many floating point numbers are held at a time.
    remedy : str
        What to do, as the last sentence.
    """
    needed, there = numbers * BYTES, memory_of_machine()
    if needed > there:
        raise BayesScalingError(
            f"{what} need about {needed / GIGA:,.0f} GiB of memory, and there are "
            f"{there / GIGA:,.0f} GiB. {remedy}"
        )


def demand_memory_for_draws(
    kept: int, *, draws: int, tune: int, chains: int, times: int = 2
) -> None:
    """Refuse to sample draws that don't fit; `kept` is how many numbers the model has of each.

    A second try has up to so many times the draws.
    """
    each = chains * (times * draws + tune)
    demand_memory(
        f"draws: {chains} chains of {draws} draws after {tune} of tuning",
        COPIES * each * (kept + STATISTICS),
        "Ask for fewer: 1000 draws of each of four chains are enough for most questions.",
    )
