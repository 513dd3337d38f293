"""Whether a forecast has two humps, of which a median says little."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy import special, stats
from scipy.signal import find_peaks

from bayes_scaling.arrays import Array

GRID = np.linspace(-7.0, 7.0, 281)  # log odds
VALLEY = 0.75  # of the lower hump: what is shallower may be the draws' luck
SHARE = 0.1  # of all draws, that a hump has at least
EDGE = 1e-3
HUMPS = "humps"


def humps_of(draws: Array) -> list[tuple[float, float]]:
    """Find the humps of draws between 0 and 1: the share of draws in each, and where it is highest.

    The density is estimated on the log odds, with Scott's bandwidth.

    Parameters
    ----------
    draws : ndarray, shape (n,)

    Returns
    -------
    list of (float, float)
        One where there is a single hump.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> both = np.concatenate([rng.beta(20, 80, 600), rng.beta(90, 10, 400)])
    >>> [(share, round(place, 1)) for share, place in humps_of(both)]
    [(0.6, 0.2), (0.4, 0.9)]
    """
    odds = special.logit(np.clip(draws, EDGE, 1 - EDGE))
    if np.ptp(odds) < EDGE:
        return [(1.0, float(np.median(draws)))]
    density = stats.gaussian_kde(odds)(GRID)
    peaks = find_peaks(density)[0]
    kept = peaks[:1]
    for peak in peaks[1:]:
        valley = density[kept[-1] : peak].min()
        if valley < VALLEY * min(density[kept[-1]], density[peak]):
            kept = np.append(kept, peak)
        elif density[peak] > density[kept[-1]]:
            kept[-1] = peak
    between = [GRID[left + density[left:right].argmin()] for left, right in pairwise(kept)]
    counts = np.histogram(odds, [-np.inf, *between, np.inf])[0] / len(odds)
    found = zip(counts, special.expit(GRID[kept]), strict=True)
    large = [(float(share), float(place)) for share, place in found if share >= SHARE]
    return large or [(1.0, float(np.median(draws)))]


def hump_notes(draws: Array, said: Sequence[str]) -> Iterator[str]:
    """Say which targets have a forecast with two humps.

    Parameters
    ----------
    draws : ndarray, shape (draws, targets)
        Between 0 and 1.
    said : sequence of str
        Where each target is.
    """
    for place, where in enumerate(said):
        found = humps_of(draws[:, place])
        if len(found) > 1:
            parts = " and ".join(f"{100 * share:.0f} % about {at:.2f}" for share, at in found)
            yield (
                f"The forecast at {where} has {len(found)} {HUMPS}: {parts}. Its median says "
                "little of either; look at the probabilities of events."
            )
