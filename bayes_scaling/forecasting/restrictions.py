"""Which problems a forecast averages over."""

import numpy as np

from bayes_scaling.arrays import Flags
from bayes_scaling.errors import BayesScalingError, DataError, suggest
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import PROBLEM, unit_column


def restriction(fit: Fit, restrict: str | None = None) -> tuple[Flags, tuple[str, ...]]:
    """Find the problems to average over, and say what a restriction drops.

    ``solved_by_all`` keeps the problems that every fitted run solved at least once, as the GPT-4
    report did; a run that didn't try a problem has no say. Raises DataError if none is left.
    """
    everyone = np.ones(len(fit.design.units.names), dtype=bool)
    if restrict is None:
        return everyone, ()
    if restrict != "solved_by_all":
        raise BayesScalingError(
            f"restrict: {restrict!r} is not known; {suggest(str(restrict), ['solved_by_all'])}"
        )
    if unit_column(fit.spec) != PROBLEM:
        raise BayesScalingError(
            f"restrict: {fit.spec.name} knows nothing of single problems; use "
            "restrict_solved_by_all on the data before the fit."
        )
    tried = fit.design.observed["n_samples"] > 0
    chosen = ((fit.design.observed["n_correct"] > 0) | ~tried).all(axis=1)
    if not chosen.any():
        raise DataError("restrict: no problem is solved by every fitted run.")
    share = 1 - chosen.mean()
    runs = "every fitted run" if tried.all() else "every fitted run that tried them"
    return chosen, (
        f"Restricted to the {chosen.sum()} problems that {runs} solved: "
        f"{share:.0%} of {len(chosen)} are dropped, the hardest ones.",
    )
