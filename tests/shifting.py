"""Other draws for the same tests: a number is added to every seed, wherever it is given.

All draws of the package and of its tests begin in two functions, NumPy's `default_rng` and the
sampler. The shift is made there, so it reaches the examples of docstrings, the command line's
default and the seeds that functions choose for themselves.
"""

import numpy as np


def unshifted_rng(seed):
    """A generator that no shift changes: for a test that keeps numbers of one set of draws."""
    return np.random.Generator(np.random.PCG64(seed))


def shifted(seed, by):
    """Add a number to a seed, or to the first of several; what is no number stays."""
    if isinstance(seed, (list, tuple)):
        return [shifted(seed[0], by), *seed[1:]]
    return int(seed) + by if isinstance(seed, (int, np.integer)) else seed


def shift_seeds(patch, by):
    """Add a number to every seed from here on, in this process."""
    import nutpie

    make, sample = np.random.default_rng, nutpie.sample
    patch.setattr(np.random, "default_rng", lambda seed=None: make(shifted(seed, by)))
    patch.setattr(
        nutpie,
        "sample",
        lambda *given, seed, **rest: sample(*given, seed=shifted(seed, by), **rest),
    )
