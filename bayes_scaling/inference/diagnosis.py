"""Whether the draws can be trusted: a verdict of our own, since nutpie never gives one."""

import json
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import xarray as xr

MAX_RHAT = 1.01
MIN_ESS = 400.0
MIN_BFMI = 0.3
DIVERGENT_SHARE = 0.001
MIN_DRAWS = 4  # fewer of a chain say nothing


@dataclass(frozen=True)
class Diagnosis:
    """What the sampler's statistics say.

    Attributes
    ----------
    rhat, ess_bulk, ess_tail : float
        The worst of all reported quantities.
    worst : str
        The quantity with the smallest effective sample size.
    divergences : int
    draws : int
        Of all chains.
    bfmi : float
        The smallest of all chains.
    gradient_evaluations : int
        Of all chains, tuning and a first try included.
    target_accept : float
        Of the try that is kept.
    retried : bool
        Whether a first try didn't converge.
    """

    rhat: float
    ess_bulk: float
    ess_tail: float
    worst: str
    divergences: int
    draws: int
    bfmi: float
    gradient_evaluations: int
    target_accept: float
    retried: bool = False

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each rule that isn't met."""
        found = []
        if not self.rhat < MAX_RHAT:
            rhat = decisive(self.rhat, MAX_RHAT, 3)
            found.append(f"R-hat reaches {rhat}, it should be below {MAX_RHAT}.")
        low = np.minimum(self.ess_bulk, self.ess_tail)
        if not low > MIN_ESS:
            found.append(
                f"The effective sample size of {self.worst} is {decisive(low, MIN_ESS, 0)}, "
                f"it should exceed {MIN_ESS:.0f}."
            )
        if self.divergences > self.tolerated_divergences:
            found.append(f"{self.divergences} of {self.draws} draws diverged.")
        if not self.bfmi > MIN_BFMI:
            bfmi = decisive(self.bfmi, MIN_BFMI, 2)
            found.append(f"E-BFMI is {bfmi}, it should exceed {MIN_BFMI}.")
        return tuple(found)

    @property
    def tolerated_divergences(self) -> float:
        """How many divergent draws don't change the conclusion: below one in a thousand."""
        return DIVERGENT_SHARE * self.draws

    @property
    def converged(self) -> bool:
        """Whether every rule is met."""
        return not self.problems

    def __str__(self) -> str:
        again = " on the second try" if self.retried else ""
        rhat, low = decisive(self.rhat, MAX_RHAT, 3), min(self.ess_bulk, self.ess_tail)
        numbers = f"R-hat {rhat}, ESS {low:.0f}, {self.divergences} divergences"
        if self.converged:
            return f"Converged{again} ({numbers})."
        return f"NOT CONVERGED{again}: {' '.join(self.problems)}"

    def to_json(self) -> str:
        """Write all fields as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Diagnosis":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


def decisive(value: float, limit: float, decimals: int) -> str:
    """Write a number with as many decimals as it takes to see on which side of a limit it lies.

    Examples
    --------
    >>> decisive(1.0102, 1.01, 3), decisive(1.0098, 1.01, 3), decisive(1.2, 1.01, 3)
    ('1.0102', '1.0098', '1.200')
    """
    texts = [f"{value:.{count}f}" for count in range(decimals, decimals + 4)]
    return next((text for text in texts if float(text) != limit), texts[0])


def diagnose(
    reported: xr.Dataset,
    sample_stats: xr.Dataset,
    *,
    gradient_evaluations: int,
    target_accept: float,
    retried: bool = False,
) -> Diagnosis:
    """Judge draws by R-hat, effective sample sizes, divergences and E-BFMI.

    Parameters
    ----------
    reported : xarray.Dataset
        Every quantity that is reported, dims ``chain, draw`` and others.
    sample_stats : xarray.Dataset
        With ``diverging`` and ``energy``.

    Returns
    -------
    Diagnosis

    References
    ----------
    Vehtari et al. (2021), Rank-normalization, folding, and localization: an improved R-hat.
    """
    bulk, tail, rhat = _of_each(reported)
    return Diagnosis(
        rhat=float(rhat.max()),
        ess_bulk=float(bulk.min()),
        ess_tail=float(tail.min()),
        worst=str(bulk.where(bulk < tail, tail).idxmin()),
        divergences=int(sample_stats["diverging"].sum()),
        draws=int(sample_stats["diverging"].size),
        bfmi=_least_bfmi(sample_stats),
        gradient_evaluations=gradient_evaluations,
        target_accept=target_accept,
        retried=retried,
    )


def _of_each(reported: xr.Dataset) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Bulk and tail ESS and R-hat of each quantity; what can't be computed counts as the worst."""
    if reported.sizes["draw"] < MIN_DRAWS:
        nothing = _flat(xr.zeros_like(reported.isel(chain=0, draw=0, drop=True)))
        return nothing, nothing, nothing + np.inf
    from arviz_stats import ess  # a second, which a loaded fit doesn't need
    from arviz_stats import rhat as split_rhat

    with np.errstate(divide="ignore", invalid="ignore"):  # a chain that doesn't move
        bulk, tail = _flat(ess(reported)), _flat(ess(reported, method="tail"))
        rhat = _flat(split_rhat(reported))
    stuck = ~np.isfinite(rhat)
    return (
        bulk.mask(stuck | bulk.isna(), 0.0),
        tail.mask(stuck | tail.isna(), 0.0),
        rhat.mask(stuck, np.inf),
    )


def _least_bfmi(sample_stats: xr.Dataset) -> float:
    """Energy statistic of the worst chain; one whose energy doesn't move has none, and gets 0."""
    if sample_stats.sizes["draw"] < MIN_DRAWS:
        return 0.0
    from arviz_stats import bfmi

    with np.errstate(divide="ignore", invalid="ignore"):
        found = bfmi(xr.DataTree.from_dict({"sample_stats": sample_stats}))
    return float(np.nan_to_num(found["energy"].values, nan=0.0).min())


def _flat(dataset: xr.Dataset) -> pd.Series:
    """One number a quantity, named as ``level`` or ``level[family]``."""
    numbers = {}
    for name, values in dataset.data_vars.items():
        if values.ndim == 0:
            numbers[str(name)] = float(values)
        else:
            labels = values[values.dims[0]].values
            numbers |= {f"{name}[{k}]": float(v) for k, v in zip(labels, values, strict=True)}
    return pd.Series(numbers)
