"""Whether a skill comes faster than its metric explains, and when it is above chance."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.decision.draws import convergence_of, expected_along, one_scale, quantiles_of
from bayes_scaling.errors import DataError
from bayes_scaling.forecasting import family_index
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.score_predictive import of_ladders

EXTRA = 0.05  # of an exponent: less is no acceleration to speak of
ABOVE = 0.05  # of a score: what counts as above chance
SURE = 0.9
LAW = "growing_exponent"
DECADES = 4.0  # beyond the largest run, in which the skill is looked for
POINTS = 97


@dataclass(frozen=True, eq=False)
class Emergence:
    """What a fit says of how a skill emerges.

    Attributes
    ----------
    family : str
        The task.
    scale : str
    extra_k : ndarray, shape (draws,)
        By how much the exponent grows.
    points, above : ndarray, shape (points,)
        A scale, and the probability that the score is more than 0.05 above chance there.
    resolution : float
        Two standard errors of a score at chance, with the items that there are: less can't be seen.
    identified : bool
        Whether any run's score is further than that from chance.
    fit : Fit
    notes : tuple of str
    """

    family: str
    scale: str
    extra_k: Array
    points: Array
    above: Array
    resolution: float
    identified: bool
    fit: Fit
    notes: tuple[str, ...] = ()

    @property
    def accelerated(self) -> float:
        """Probability that the exponent grows by more than 0.05."""
        return float((self.extra_k > EXTRA).mean())

    @property
    def accelerated_before(self) -> float:
        """The same under the prior alone."""
        return float((self.fit.prior_draws()["extra_k"] > EXTRA).mean())

    @property
    def reached(self) -> float:
        """Where the score is above chance with probability 0.9; infinite if not in 4 decades."""
        there = np.flatnonzero(self.above > SURE)
        return float(self.points[there[0]]) if len(there) else np.inf

    def summary(self) -> pd.DataFrame:
        """Tabulate the answer, one row.

        Returns
        -------
        DataFrame
            ``accelerated`` (probability that the exponent grows by more than 0.05; NaN where that
            isn't identified), ``accelerated_before`` (under the prior), quantiles of ``extra_k``,
            ``above_chance_at`` (the scale), ``resolution`` and ``identified``.
        """
        own = {f"extra_k_{name}": value for name, value in quantiles_of(self.extra_k).items()}
        row = {
            "accelerated": self.accelerated if self.identified else np.nan,
            "accelerated_before": self.accelerated_before,
            **own,
            "above_chance_at": self.reached,
            "resolution": self.resolution,
            "identified": self.identified,
        }
        return pd.DataFrame([row], index=pd.Index([self.family], name="family"))


def emergence(fit: Fit, *, family: str | None = None) -> Emergence:
    r"""Say whether a skill accelerates beyond what the metric's own nonlinearity explains.

    The score is ``p = g + (1 - g - lapse) exp(-h)``, so a smooth power law of h looks sudden in p.
    Only an exponent that grows is more: the answer is :math:`P(\Delta k > 0.05)`.

    Parameters
    ----------
    fit : Fit
        Of ``score_emergence``, or ``score_emergence_nll``, which reads the likelihood of the
        reference answers beside the counts.
    family : str, optional
        The task, where the fit has several.

    Returns
    -------
    Emergence

    Raises
    ------
    DataError
        If the fit is of another law.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_scaling as bs
    >>> table = pd.DataFrame({"run": ["S", "M", "L", "XL"], "compute": [1e20, 1e21, 1e22, 1e23],
    ...                       "n_correct": [126, 120, 131, 122], "n_items": 500, "chance": 0.25})
    >>> found = bs.emergence(bs.fit("score_emergence", table, random_seed=1))
    >>> found.identified
    False
    """
    if fit.spec.law.name != LAW:
        raise DataError(f"fit: {fit.spec.name} has no exponent that may grow; fit score_emergence.")
    scale, own = one_scale(fit, "emergence"), family_index(fit.families, family)
    design = fit.design
    runs, mine = design.of_family(own), design.family == own
    points = np.geomspace(runs.min(), runs.max() * 10**DECADES, POINTS)
    chance, items = (float(of_ladders(design, name)[own]) for name in ("chance", "n_items"))
    above = (expected_along(fit, points, own) > chance + ABOVE).mean(axis=0)
    resolution = 2 * np.sqrt(max(chance * (1 - chance), 1 / items) / items)
    scores = design.observed["n_correct"][mine] / design.observed["n_items"][mine]
    drawn = fit.posterior["posterior"]["extra_k"].isel(family=own).to_numpy().ravel()
    found = Emergence(
        fit.families[own],
        scale,
        drawn,
        points,
        above,
        float(resolution),
        bool((scores > chance + resolution).any()),
        fit,
    )
    return replace(found, notes=tuple(_notes(found)))


def _notes(found: Emergence) -> Iterator[str]:
    yield from convergence_of(found.fit)
    if not found.identified:
        yield (
            f"{found.family}: every score lies within {found.resolution:.3f} of chance, two "
            "standard errors of its items, so nothing says yet whether it accelerates. More items, "
            "or a column nll with score_emergence_nll, see further."
        )
    if np.isinf(found.reached):
        yield (
            f"{found.family}: nowhere within {DECADES:g} decades beyond the largest run is the "
            f"score above chance with probability {SURE:g}."
        )
