"""Remarks on runs that differ in parameters and tokens: what their design leaves open."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayes_scaling.data.ladder_remarks import remark_on_sizes
from bayes_scaling.data.remarks import Remark

ENOUGH = 4  # distinct numbers of parameters, and of tokens
ONE_RATIO = 3.0  # the largest ratio of tokens to parameters over the smallest
ODD = 1.2  # a factor by which counts of compute may differ unremarked


def remark_on_grid(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    """Remark on collinear sizes, few of them, one ratio, and compute that isn't 6ND.

    Parameters
    ----------
    name : str
        What the ladder is called.
    ladder : DataFrame
        A checked table of one family, with ``params`` and ``tokens``.

    Examples
    --------
    >>> sizes = pd.DataFrame({"params": [1e8, 2e8, 4e8, 8e8], "tokens": [2e9, 4e9, 8e9, 1.6e10]})
    >>> runs = sizes.assign(compute=6 * sizes["params"] * sizes["tokens"], compute_from="6ND")
    >>> [remark.topic for remark in remark_on_grid("the ladder", runs)]
    ['collinear', 'one ratio']
    """
    yield from remark_on_sizes(name, ladder)
    sizes = ladder[["params", "tokens"]].dropna()
    if not len(sizes):
        return
    for column in sizes:
        count = sizes[column].nunique()
        if 1 < count < ENOUGH:
            yield Remark(
                "few sizes",
                f"{name} has {count} distinct {column}; with fewer than {ENOUGH} the exponent of "
                f"{column} and the floor are mostly what the priors say.",
            )
    ratio = sizes["tokens"] / sizes["params"]
    if (fewer := int((ratio < 1).sum())) > len(sizes) / 2:
        yield Remark(
            "few tokens",
            f"{fewer} of {len(sizes)} runs of {name} have fewer tokens than params: are the two "
            "columns the wrong way round, or tokens in another unit?",
        )
    if len(sizes) > 1 and ratio.max() < ONE_RATIO * ratio.min():
        yield Remark(
            "one ratio",
            f"all runs of {name} have about one ratio, {ratio.min():.3g} to {ratio.max():.3g} "
            "tokens per parameter, as where each is compute-optimal: what another division of "
            "compute would cost was never seen, and comes from the priors. Add runs off the "
            "frontier.",
        )
    yield from _remark_on_counts(name, ladder)


def _remark_on_counts(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    """Remark on compute that is another multiple of params x tokens than six, in every run."""
    given = ladder[ladder["compute_from"] != "6ND"].dropna(subset=["params", "tokens"])
    flop = (given["compute"] / given["params"] / given["tokens"]).to_numpy(float)
    if not len(flop) or (flop.min() <= 6 * ODD and flop.max() >= 6 / ODD):
        return
    middle = float(np.median(flop))
    yield Remark(
        "two conventions",
        f"compute of {name} is {middle:.3g} FLOP for each parameter and token (the median; "
        f"{flop.min():.3g} to {flop.max():.3g}), not about 6: params may leave embeddings out, or "
        f"compute may count attention. The law reads params and tokens as they stand; "
        f"flop={middle:.3g} divides a budget as the runs were counted.",
    )
