r"""What counts say of -log p without a model, to be drawn beside one.

Under Jeffreys' prior, Beta(1/2, 1/2), for each problem by itself, c passes of n samples give

.. math:: E[-\log p] = \psi(n + 1) - \psi(c + 1/2), \quad
          Var[-\log p] = \psi'(c + 1/2) - \psi'(n + 1),

and a mean over problems has the sum of these. Its quantiles are those of a gamma distribution with
the same two moments, which is the exact law near p = 1.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import digamma, polygamma

from bayes_scaling.arrays import Index
from bayes_scaling.data import check_passes
from bayes_scaling.errors import DataError
from bayes_scaling.inference.design import Design
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.design import PROBLEM, make_pass_design


def estimate_hazards(design: Design, units: Index, along: str = "") -> pd.DataFrame:
    """Estimate the mean of -log p over some units for each run, from the counts alone.

    Parameters
    ----------
    design : Design
    units : ndarray of int
        Which units are averaged over; those that a run didn't try are left out of its mean.
    along : str
        The covariate, as it is measured, that stands in ``compute``; by default the scale.

    Returns
    -------
    DataFrame
        A row a run that tried some: ``run, compute``, ``value`` (the posterior mean), ``low, high``
        (a 90 % interval) and ``is_bound``: whether some unit has no pass, so that only ``low``
        comes from the counts; how much higher the mean lies would be told by the prior alone.
    """
    n, c = design.observed["n_samples"][units], design.observed["n_correct"][units]
    weight = design.units.sizes[units][:, None] * (n > 0)
    total = weight.sum(axis=0)
    tried = total > 0
    share = weight[:, tried] / total[tried]
    n, c = n[:, tried], c[:, tried]
    mean = (share * (digamma(n + 1) - digamma(c + 0.5))).sum(axis=0)
    variance = (share**2 * (polygamma(1, c + 0.5) - polygamma(1, n + 1))).sum(axis=0)
    gamma = stats.gamma(mean**2 / variance, scale=variance / mean)
    return pd.DataFrame(
        {
            "run": np.array(design.runs)[tried],
            "compute": (design.places.shown[along] if along else design.scale)[tried],
            "value": mean,
            "low": gamma.ppf(0.05),
            "high": gamma.ppf(0.95),
            "is_bound": ((c == 0) & (share > 0)).any(axis=0),
        }
    )


def unseen_counts(fit: Fit, truth: pd.DataFrame) -> Design | None:
    """Take the counts of runs that were not fitted, on the problems that were.

    Returns
    -------
    Design or None
        None if every run was fitted.

    Raises
    ------
    DataError
        If ``truth`` isn't a table of counts, or has problems that no fitted run tried.
    """
    counts = check_passes(truth)
    bucket_of = _bucket_of(fit)
    strange = counts.loc[~counts[PROBLEM].isin(bucket_of), PROBLEM].unique()
    if len(strange):
        raise DataError(
            f"truth: no fitted run tried {len(strange)} of its {counts[PROBLEM].nunique()} "
            f"problems, the first is {strange[0]!r}, so they have no forecast; leave their rows "
            f"out. A problem of the fit is {next(iter(bucket_of))!r}."
        )
    runs = pd.MultiIndex.from_frame(fit.table[["run", "compute"]])
    fitted = pd.MultiIndex.from_frame(counts[["run", "compute"]]).isin(runs)
    rest = counts[~fitted]
    if rest.empty:
        return None
    labelled = rest.assign(bucket=rest[PROBLEM].map(bucket_of))
    return make_pass_design(fit.spec, labelled, dict(fit.reference), fit.design.links)


def _bucket_of(fit: Fit) -> Mapping[str, str]:
    members = fit.table.drop_duplicates(PROBLEM)
    labels = members["bucket"] if "bucket" in members else ["all"] * len(members)
    return dict(zip(members[PROBLEM], labels, strict=True))
