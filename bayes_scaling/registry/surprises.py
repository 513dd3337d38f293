"""Outcomes that a sealed forecast held to be next to impossible: slips of the pen, or surprises."""

import warnings
from typing import TYPE_CHECKING

from bayes_scaling.data.notices import PACKAGE
from bayes_scaling.errors import LedgerError
from bayes_scaling.registry.records import Record

if TYPE_CHECKING:
    import numpy.typing as npt

UNLIKELY = 1e-4


class OutcomeWarning(UserWarning):
    """An outcome that the forecast gave next to no probability."""


def warn_of_surprise(record: Record, value: float) -> None:
    """Warn before an outcome is sealed that a forecast gives less than 1 in 10,000.

    Parameters
    ----------
    record : Record
        Of the forecast.
    value : float
        What was measured.

    Warns
    -----
    OutcomeWarning
        If the probability of an outcome at least as far out, on either side, is below 1e-4 by the
        mixture of densities that was sealed. Nothing is said where no density was sealed.
    """
    chance = tail_probability(record, value)
    if chance is None or chance >= UNLIKELY:
        return
    content = record.content
    sealed = dict(zip(content["levels"], content["quantiles"][content["scored"]], strict=True))
    warnings.warn(
        f"outcomes: record {record.number} gives {value:g} or beyond a probability of "
        f"{_small(chance)}, less than 1 in 10,000; its 90 % interval goes from {sealed[0.05]:.4g} "
        f"to {sealed[0.95]:.4g}. Is it the right number, in the unit of the forecast "
        f"({content['metric']['unit']})? If it isn't, a correction mends it.",
        OutcomeWarning,
        skip_file_prefixes=(PACKAGE,),
    )


def tail_probability(record: Record, value: float) -> float | None:
    """Probability of an outcome at least as far out, on either side: 2 min(F, 1 - F).

    F is the mixture of the sealed Student-t distributions, one a draw; None where none was sealed,
    or the file of the draws is gone.
    """
    import numpy as np
    from scipy import stats

    from bayes_scaling.registry.draws_and_data import read_side_file, unpack_arrays
    from bayes_scaling.registry.forecast_scores import SCALES

    try:
        arrays = unpack_arrays(read_side_file(record, "draws"))
    except LedgerError:
        return None
    parts = [arrays.get(f"density.{name}") for name in ("location", "scale", "nu")]
    if any(part is None for part in parts):
        return None
    location, scale, nu = (np.asarray(part, dtype=float).ravel() for part in parts)
    top = float(arrays.get("density.top", np.inf))
    seen = float(SCALES[record.content["metric"]["scale"]](value))

    def below(place: float) -> "npt.NDArray[np.float64]":
        return np.asarray(stats.t.cdf((place - location) / scale, nu))

    def above(place: float) -> "npt.NDArray[np.float64]":
        return np.asarray(stats.t.sf((place - location) / scale, nu))

    whole = below(top) if np.isfinite(top) else np.ones_like(location)
    beyond = np.maximum(above(seen) - above(top), 0) if np.isfinite(top) else above(seen)
    low, high = float((below(seen) / whole).mean()), float((beyond / whole).mean())
    return min(1.0, 2 * min(low, high))


def _small(chance: float) -> str:
    return f"{chance:.2g}" if chance > 1e-300 else "0"
