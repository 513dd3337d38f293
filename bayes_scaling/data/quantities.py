"""The checks on quantities: whether a column is what it is taken for, in the unit it is taken in.

`CHECKS` is the one table of them; docs/checks.md shows it. A remark doesn't stop a fit and travels
with its forecast. A refusal stops it, since what came out would mean nothing, until it is allowed
by its topic.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from bayes_scaling.data.amount_checks import (
    FOREIGN,
    NOUNS,
    RANGES,
    Finder,
    compute_factor,
    logarithm,
    out_of_range,
)
from bayes_scaling.data.loss_checks import (
    beyond_vocabulary,
    constant,
    rate,
    rising,
    rising_slope,
    two_metrics,
    two_units,
    uncertain_all,
    uncertain_some,
)
from bayes_scaling.data.remarks import Remark
from bayes_scaling.errors import DataError, suggest


@dataclass(frozen=True)
class Check:
    """A check on quantities.

    Attributes
    ----------
    topic : str
        Its name; that of a refusal is one word, by which it is allowed.
    looks_at, threshold, override : str
        What it looks at, from where on it speaks, and the way past it.
    refuses : bool
    find : callable, optional
        Yields a sentence for each finding, given the name of a ladder and its checked table. Not
        there where the check is made while a column is read.
    """

    topic: str
    looks_at: str
    threshold: str
    override: str
    refuses: bool = False
    find: Finder | None = None


def remark_on_quantities(name: str, ladder: pd.DataFrame) -> Iterator[Remark]:
    """Make the checks on a checked table of one family: runs, or one row a run of counts."""
    for check in CHECKS:
        for message in check.find(name, ladder) if check.find else ():
            yield Remark(check.topic, message, check.refuses)


def demand_meaning(remarks: Iterable[Remark], allow: str | Collection[str] = ()) -> None:
    """Refuse a table whose forecast would mean nothing.

    Parameters
    ----------
    remarks : iterable of Remark
        As `check` returns them.
    allow : str or collection of str
        Topics of refusals that are meant.

    Raises
    ------
    DataError
        For the first refusal that isn't allowed, or a topic that isn't known.
    """
    if refused := first_refusal(remarks, allow):
        raise DataError(f"{refused} If it is meant, allow={refused.topic!r} fits it all the same.")


def first_refusal(remarks: Iterable[Remark], allow: str | Collection[str] = ()) -> Remark | None:
    """Find the first refusal that isn't allowed; a topic that isn't known is a DataError."""
    allowed = [allow] if isinstance(allow, str) or not isinstance(allow, Collection) else [*allow]
    for topic in allowed:
        if topic not in REFUSALS:
            raise DataError(f"allow: {topic!r} is not known; {suggest(str(topic), REFUSALS)}")
    return next((one for one in remarks if one.refuses and one.topic not in allowed), None)


NO_NEED = "none needed; a unit in the cells or the name that brings values inside silences it"
NO_NEED_OF_FACTOR = "none needed; units in the cells or names that explain the factor silence it"
RENAME = "rename the column"

CHECKS = (
    *(
        Check(
            f"{column} range",
            column,
            f"any run below {low:.0e} or above {high:.0e} {NOUNS[column]}",
            NO_NEED,
            find=out_of_range(column),
        )
        for column, (low, high) in RANGES.items()
    ),
    Check(
        "compute factor",
        "compute over 6 x params x tokens, where compute is given",
        "above 3 in all runs, or below 1/3 in all",
        NO_NEED_OF_FACTOR,
        find=compute_factor,
    ),
    Check(
        "logarithm",
        "compute",
        "all in 8 to 33 (log10) or 34 to 76 (ln), the largest at most twice the smallest",
        "name the column log10 or ln, or allow it",
        refuses=True,
        find=logarithm,
    ),
    Check(
        "loss range",
        "loss in nats or bits per token, or without a unit",
        "any run above ln 1e6 = 13.8 (19.9 bits)",
        "none needed; loss_unit states another unit",
        find=beyond_vocabulary,
    ),
    Check(
        "rate",
        "loss, where nothing says what it is",
        "all at most 1, or in per cent",
        "none needed; metric or loss_unit says what it is",
        find=rate,
    ),
    Check(
        "rising",
        "median loss at each compute, from 3 computes on",
        "rank correlation with compute from 0.8, and the last more than 2 % above the first",
        "allow it",
        refuses=True,
        find=rising,
    ),
    Check(
        "rising slope",
        "median loss at each compute, from 3 computes on",
        "median slope between two of them above 0, where rising isn't said",
        "none needed",
        find=rising_slope,
    ),
    Check(
        "constant",
        "loss, from 2 computes on",
        "all equal",
        "allow it",
        refuses=True,
        find=constant,
    ),
    Check(
        "uncertain runs",
        "loss_se",
        "any above the largest less the smallest loss",
        "none needed",
        find=uncertain_some,
    ),
    Check(
        "uncertain",
        "loss_se",
        "the median, an empty cell as 0, above the largest less the smallest loss",
        "empty the cells, or allow it",
        refuses=True,
        find=uncertain_all,
    ),
    Check(
        "units",
        "loss_unit in one family",
        "two that differ",
        "a family each, or allow it",
        refuses=True,
        find=two_units,
    ),
    Check(
        "metrics",
        "columns metric and loss_unit in one family",
        "one says cross-entropies and one error rates, or two cells of metric differ",
        "a family each, or allow it",
        refuses=True,
        find=two_metrics,
    ),
    Check(
        "unit in a name",
        "name of a column mapped to compute, params or tokens",
        "gives a scale, such as (B), zflop, PF-days or x10^18: values are multiplied by it",
        RENAME,
    ),
    Check(
        "logarithm in a name",
        "name of a column mapped to compute, params, tokens or loss",
        "says log10, log2 or ln: it is undone",
        RENAME,
    ),
    Check(
        "perplexity",
        "name of a column mapped to loss, or of the metric of a log",
        "says perplexity or ppl: its logarithm is the loss, in nats",
        RENAME,
    ),
    Check(
        "loss unit in a name",
        "name of a column mapped to loss, or of the metric of a log",
        "gives a unit, such as bpb, nats/token or %: it is stated, and values are as they stand",
        RENAME,
    ),
    Check(
        "metric in a name",
        "name of a column mapped to loss, or of the metric of a log",
        "says what the losses are, such as val_error or cross_entropy: it is stated, and values "
        "are as they stand",
        "metric= or a column metric says something else",
    ),
    Check(
        FOREIGN,
        "name of a column mapped to compute, params or tokens",
        "says hours, days, bytes or money: values are read as they stand, and their range is no "
        "question",
        "none needed",
    ),
    Check(
        "target",
        "compute of a target",
        "1e+13 FLOP or more, and more than 6 decades beyond a ladder that lies below 1e+13",
        "give both in one unit; it can't be allowed",
        refuses=True,
    ),
    Check(
        "distance of a target",
        "compute of a target",
        "more than 8 decades beyond the largest run of its ladder",
        "far=True",
        refuses=True,
    ),
    Check(
        "forgotten exponent",
        "compute of a target",
        "more than 6 decades below the smallest run of its ladder",
        "write the exponent, or far=True",
        refuses=True,
    ),
    Check(
        "name against values",
        "cells of a column whose name gives a unit, a logarithm or a perplexity",
        "units of their own; a value inside the range above that is beyond it once scaled; all "
        "values inside, and the smallest at least 1e+25 FLOP, 1e+12 parameters or 1e+14 tokens "
        "once scaled; logarithms that are all above it once undone, or all outside where another "
        "base brings all inside; a perplexity of 1 or less",
        RENAME,
        refuses=True,
    ),
    Check(
        "unclear name",
        "name of a mapped column",
        "two units, a factor below 1, a rate, a scaled loss, or a logarithm of no base",
        RENAME,
        refuses=True,
    ),
    Check(
        "unit of a perplexity",
        "cells of loss_unit",
        "any says perplexity or ppl, not that it is the logarithm",
        "say it by the name of the column of losses, and its logarithm is taken",
        refuses=True,
    ),
    Check(
        "two units said",
        "loss_unit against the name of the column or metric",
        "they differ",
        "leave one out",
        refuses=True,
    ),
    Check(
        "two metrics said",
        "metric= against a column metric",
        "they differ",
        "leave one out",
        refuses=True,
    ),
)
REFUSALS = tuple(check.topic for check in CHECKS if check.refuses and check.find is not None)
OF_COMPUTE = frozenset({"compute range", "compute factor", "logarithm"})
