"""Where what was measured contradicts what was believed of its scatter."""

from collections.abc import Iterator

import numpy as np

from bayes_scaling.inference.fits import LIMIT, Fit, labelled_columns
from bayes_scaling.specification.spec import Spec

NOISE = "sigma"


def conflict_notes(fit: Fit) -> Iterator[str]:
    """Say of each scale whether its posterior median lies beyond its prior's 99.5 % point."""
    posterior = fit.posterior["posterior"].to_dataset()
    for name in scales_of(fit.spec):
        limit = fit.prior_limit[name]
        for label, draws in labelled_columns(name, posterior[name]):
            median = float(np.median(draws))
            if median > limit:
                yield (
                    f"Prior and data are in conflict: the posterior median of {label} is "
                    f"{median:.3g}, beyond the prior's {100 * LIMIT:g} % point, {limit:.3g}. Runs "
                    "scatter more, or leave the law further, than the model holds possible."
                )


def scales_of(spec: Spec) -> tuple[str, ...]:
    """Name the scales that have priors: of the noise, of effects, of discrepancies."""
    named = {NOISE, *spec.effects, *(term.name for term in spec.discrepancy)}
    return tuple(name for name in spec.free if name in named)
