"""The section on what would change the answer: other models of the same runs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.reporting.tables import Table, column, fixed, make_table, three_digits
from bayes_scaling.responses import ByResponse, Response

NEEDED = ("interpolation_elpd", "extrapolation_crps", "converged")


@dataclass(frozen=True)
class Alternatives:
    """Models compared.

    Attributes
    ----------
    interpolates, extrapolates : str
        The best of each; the latter is empty where it isn't known.
    unconverged : tuple of str
        Models whose fit did not converge.
    rows : str
        What was left out, and foretold.
    table : Table
    scores : str
        What the scores are of, as sentences.
    """

    interpolates: str
    extrapolates: str
    unconverged: tuple[str, ...]
    rows: str
    table: Table
    scores: str


@dataclass(frozen=True)
class Scores:
    """What the interpolation is judged by, and what all scores are of, as sentences."""

    interpolation: str
    what: str


SCORES: ByResponse[Scores] = {
    "loss": Scores(
        "Log density",
        "Log densities and scores are of log loss. Of the interpolation, larger is better; of the "
        "extrapolation, smaller.",
    ),
    "score": Scores(
        "Log probability",
        "Log probabilities are of counts of right answers, of which larger is better; the "
        "extrapolation is judged by the CRPS of the share of right items and by the log score, of "
        "which smaller is.",
    ),
    "passes": Scores(
        "Log probability",
        "The interpolation is judged by log probabilities of counts, of which larger is better; "
        "the extrapolation by the CRPS of a problem's share of right samples and the log score of "
        "its count, of which smaller is.",
    ),
}


def show_alternatives(compare: pd.DataFrame, response: Response) -> Alternatives:
    """Show what `compare` found.

    Raises
    ------
    BayesScalingError
        If the table isn't one of `compare`.
    """
    if not isinstance(compare, pd.DataFrame) or not set(NEEDED) <= set(compare.columns):
        raise BayesScalingError(
            f"compare: expected the table that compare returns, got {type(compare).__name__}"
            f"{' without its columns' if isinstance(compare, pd.DataFrame) else ''}."
        )
    scores = SCORES[response.name]
    crps = compare["extrapolation_crps"].astype(float)
    return Alternatives(
        interpolates=str(compare["interpolation_elpd"].astype(float).idxmax()),
        extrapolates="" if crps.isna().all() else str(crps.idxmin()),
        unconverged=tuple(map(str, compare.index[~compare["converged"].astype(bool)])),
        rows=response.rows,
        table=make_table(
            "Models of the same runs, the best interpolation first",
            compare.assign(model=compare.index),
            column("Model", str, "model"),
            column(scores.interpolation, fixed(2), "interpolation_elpd"),
            column("Difference", fixed(2), "difference"),
            column("Its error", fixed(2), "difference_se"),
            column("Weight", fixed(2), "weight"),
            column("CRPS", three_digits, "extrapolation_crps"),
            column("Log score", fixed(2), "extrapolation_log_score"),
            column("Forecasts", str, "extrapolation_n"),
            column("Converged", _yes, "converged"),
        ),
        scores=scores.what,
    )


def _yes(value: object) -> str:
    return "yes" if np.bool_(value) else "NO"
