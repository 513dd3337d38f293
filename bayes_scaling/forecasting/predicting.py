"""Posterior predictive distributions at target computes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.forecasting.forecasts import Forecast
from bayes_scaling.forecasting.notes import loss_notes
from bayes_scaling.forecasting.targets import family_index, read_targets
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import check_seed
from bayes_scaling.inference.predictive import draw_responses


def predict(
    fit: Fit,
    targets: pd.DataFrame | None = None,
    *,
    compute: Any = None,
    family: str | Sequence[str] | None = None,
    random_seed: int | None = None,
) -> Forecast:
    """Forecast what new runs will show.

    Parameters
    ----------
    fit : Fit
    targets : DataFrame, optional
        A row a target: ``compute``, and ``family`` where the fit has several.
    compute : float, str, or sequence of these, optional
        Target computes instead of a table: FLOP, or text such as ``"40 PF-days"``.
    family : str or sequence of str, optional
        The family of the targets, where the fit has several. It needs at least one run in the fit.
    random_seed : int, optional
        By default the fit's, so that the same fit gives the same forecast.

    Returns
    -------
    Forecast
        Joint draws for all targets.

    Raises
    ------
    DataError
        If a target has no usable compute, or its family has no run in the fit.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> list(forecast.summary().columns)[-4:]
    ['q05', 'q25', 'q75', 'q95']
    """
    computes, labels = read_targets(targets, compute, family)
    index = np.array([family_index(fit.families, label) for label in labels])
    seed = fit.random_seed if random_seed is None else random_seed
    check_seed(seed)
    rng = np.random.default_rng([seed, 1])
    draws = draw_responses(fit, index, computes, rng)
    last = np.array([fit.design.of_family(own).max() for own in index])
    table = pd.DataFrame(
        {
            "family": [fit.families[own] for own in index],
            "compute": computes,
            "distance": np.log10(computes / last),
        }
    )
    notes = tuple(loss_notes(fit, table, index, draws))
    return Forecast(table, draws, fit, notes)
