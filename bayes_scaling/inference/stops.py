"""What stops the sampler, as one of our errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from bayes_scaling.errors import SamplingError

PANIC = "PanicException"  # of Rust: no Exception, and not to be imported from anywhere


@contextmanager
def explained_stops() -> Iterator[None]:
    """Turn what the sampler raises into a SamplingError; an interrupt from the keyboard passes."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, RuntimeError) and type(error).__name__ != PANIC:
            raise
        first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise SamplingError(
            f"the sampler stopped: {first}. That happens where priors or numbers lie so far apart "
            "that no density is finite: look at the widths of the model's priors, and at the "
            "smallest and largest numbers of the table."
        ) from error
