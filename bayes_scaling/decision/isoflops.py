"""Runs of one compute and several sizes: where the parabola through them is least."""

import numpy as np
import pandas as pd

ONE_COMPUTE = 1.02  # the largest over the smallest
FEWEST = 4  # sizes of a parabola
COLUMNS = ("compute", "params", "tokens", "loss", "runs")


def isoflop_minima(runs: pd.DataFrame) -> pd.DataFrame:
    r"""Find the size of least loss at each compute that several sizes were trained with.

    At each compute with four sizes or more, a parabola of the loss over ln N is fitted by least
    squares; its minimum counts where it lies between the sizes. It needs no law, so it is a check
    of one.

    Parameters
    ----------
    runs : DataFrame
        Columns ``compute``, ``params`` and ``loss``, and ``tokens`` where they are known.

    Returns
    -------
    DataFrame
        A row a compute: ``compute, params, tokens`` (in the runs' own FLOP for each parameter and
        token; NaN where tokens aren't known), ``loss`` and ``runs``, how many. Empty where no
        compute has so many sizes.

    References
    ----------
    Hoffmann et al. (2022), approach 2.

    Examples
    --------
    >>> sizes = pd.DataFrame({"params": np.geomspace(1e8, 1e10, 5), "compute": 6e20})
    >>> sizes["loss"] = 2 + 0.1 * np.log(sizes["params"] / 5e8) ** 2
    >>> round(float(isoflop_minima(sizes)["params"][0]) / 5e8, 6)
    1.0
    """
    if not {"compute", "params", "loss"} <= set(runs.columns):
        return pd.DataFrame(columns=list(COLUMNS))
    known = runs.dropna(subset=["compute", "params", "loss"]).sort_values("compute")
    compute = known["compute"].to_numpy(float)
    group = np.concatenate([[0], np.cumsum(np.diff(compute) > (ONE_COMPUTE - 1) * compute[:-1])])
    rows = [
        found
        for _, own in known.groupby(group[: len(known)])
        if own["params"].nunique() >= FEWEST and (found := _minimum(own)) is not None
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _minimum(own: pd.DataFrame) -> tuple[float, ...] | None:
    x, y = np.log(own["params"].to_numpy(float)), own["loss"].to_numpy(float)
    middle = x.mean()
    bend, slope, level = np.polyfit(x - middle, y, 2)
    if bend <= 0 or not x.min() <= (best := middle - slope / (2 * bend)) <= x.max():
        return None
    compute = float(np.exp(np.log(own["compute"]).mean()))
    tokens = compute / _flop(own) / np.exp(best)
    least = level - slope**2 / (4 * bend)
    return compute, float(np.exp(best)), tokens, float(least), len(own)


def _flop(own: pd.DataFrame) -> float:
    """Return the FLOP that runs spent for each parameter and token, on geometric average."""
    if "tokens" not in own:
        return float("nan")
    ratio = own["compute"] / own["params"] / own["tokens"]
    spent = np.log(ratio.to_numpy(float))
    return float(np.exp(np.nanmean(spent))) if np.isfinite(spent).any() else float("nan")
