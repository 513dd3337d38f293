"""Score the forecasts of a ledger by their outcomes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.ledger.verification import demand_sound
from bayes_scaling.registry.forecast_scores import INTERVALS, SCORES, no_scores, scores_of
from bayes_scaling.registry.ledgers import FORECASTS, read_ledger
from bayes_scaling.registry.outcomes import resolve
from bayes_scaling.registry.questions import Question, questions_of

SHOWN = {"q05": 0.05, "q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9, "q95": 0.95}

COLUMNS = (
    *("question", "metric", "unit", "kind", "family", "compute", "status", "answer"),
    *("corrections", "value", *SHOWN, "events", *SCORES),
)


def score(
    ledger: str | Path,
    outcomes: Mapping[int, float] | pd.DataFrame | None = None,
    *,
    author: str | None = None,
    note: str | None = None,
) -> pd.DataFrame:
    """Score every forecast whose outcome is known, from what was sealed and nothing else.

    Scoring again gives the same numbers, bit for bit.

    Parameters
    ----------
    ledger : str or Path
    outcomes : mapping of int to float, or DataFrame, optional
        Outcomes to append first, as `resolve` takes them: from the number of a forecast's record to
        what was measured.
    author, note : str, optional
        Of the outcomes.

    Returns
    -------
    DataFrame
        A row a forecast, indexed by the number of its record. ``question, metric, unit,
        kind`` (of interval, that is scored), ``family, compute`` (where the target has them),
        ``status`` (``open``, ``resolved`` or ``void``),
        ``answer`` (the record that says so) and ``corrections``; ``value``; ``q05, q10, q25,
        median, q75, q90, q95`` as sealed; ``crps, log_score, wis`` (smaller is better); ``pit``
        (share of the draws below the outcome); ``covered_50, covered_80, covered_90``; ``brier``,
        the mean over the ``events``; and, for each sealed baseline, ``wis_<name>`` and
        ``skill_<name>``, which is 1 - wis / wis_<name>: above zero, the forecast was better. NaN
        where a forecast isn't resolved or has no such score.

    Raises
    ------
    LedgerError
        If the ledger doesn't hold, or an outcome can't be appended; then none is.

    Notes
    -----
    The kind that is scored is the one that the record names, ``run`` for a loss. Losses are scored
    on their logarithm. The log score is minus the log of the density that was sealed, the CRPS
    that of the sealed draws, and the weighted interval score (Bracher et al. 2021) that of the 23
    sealed quantiles: (1/23) sum_k 2 (1{y <= q_k} - p_k)(q_k - y). Baselines are sealed by their
    quantiles, so skill compares weighted interval scores.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation. Bracher
    et al. (2021), Evaluating epidemic forecasts in an interval format.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> (record,) = bs.register(
    ...     forecast, "scored.jsonl", question="13B on the Pile?", resolves="The model card."
    ... )
    >>> bool(bs.score("scored.jsonl", {record.number: 1.572}).loc[1, "covered_90"])
    True
    """
    demand_sound(ledger, "it isn't scored", FORECASTS)
    if outcomes is not None:
        resolve(ledger, outcomes, author=author, note=note)
    questions = questions_of(read_ledger(ledger))
    rows = [_row(question) for question in questions.values()]
    index = pd.Index(questions, name="record")
    table = pd.DataFrame(rows, index=index) if rows else pd.DataFrame(index=index, columns=COLUMNS)
    return table.astype({"answer": "Int64", **dict.fromkeys(INTERVALS, "boolean")})


def summarise_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the scores of a ledger.

    Parameters
    ----------
    scores : DataFrame
        As `score` returns it.

    Returns
    -------
    DataFrame
        A row a metric. ``registered, resolved, open, void, corrected`` are counts of forecasts;
        ``coverage_50, coverage_80, coverage_90`` are shares of the resolved; ``crps, log_score,
        wis, brier`` are means, the last over all events; ``skill_<name>`` is one minus the ratio of
        the mean weighted interval scores, over the forecasts where that baseline was sealed.
    """
    names = [name.removeprefix("wis_") for name in map(str, scores) if name.startswith("wis_")]
    groups = scores.groupby("metric", sort=True)
    rows = {str(metric): _averages(table, names) for metric, table in groups}
    index, columns = pd.Index(rows, name="metric"), list(_averages(scores, names))
    return pd.DataFrame(list(rows.values()), index=index, columns=columns)


def _row(question: Question) -> dict[str, Any]:
    """Say what was asked and sealed, what came of it, and the scores."""
    content, answer = question.forecast.content, question.answer
    sealed = dict(zip(content["levels"], content["quantiles"][content["scored"]], strict=True))
    resolved = answer is not None and question.status == "resolved"
    value = float(answer.content["value"]) if answer and resolved else np.nan
    return {
        "question": content["question"],
        "metric": content["metric"]["name"],
        "unit": content["metric"]["unit"],
        "kind": content["scored"],
        "family": content["target"].get("family"),
        "compute": content["target"].get("compute"),
        "status": question.status,
        "answer": answer.number if answer else None,
        "corrections": question.corrections,
        "value": value,
        **{name: sealed[level] for name, level in SHOWN.items()},
        "events": len(content["events"]),
        **(scores_of(question.forecast, value) if resolved else no_scores(question.forecast)),
    }


def _averages(rows: pd.DataFrame, baselines: Sequence[str]) -> dict[str, float]:
    """Average over what is resolved; a forecast with five events weighs five times in the Brier."""
    known = rows[rows["status"] == "resolved"]
    asked = known[known["events"] > 0]
    brier = (
        (asked["brier"] * asked["events"]).sum() / asked["events"].sum() if len(asked) else np.nan
    )
    averages = {
        "registered": len(rows),
        **{
            status: int((rows["status"] == status).sum()) for status in ("resolved", "open", "void")
        },
        "corrected": int((rows["corrections"] > 0).sum()),
        **{
            f"coverage_{k.removeprefix('covered_')}": known[k].astype(float).mean()
            for k in INTERVALS
        },
        **{name: known[name].mean() for name in ("crps", "log_score", "wis")},
        "brier": float(brier),
    }
    for name in baselines:
        both = known[known[f"wis_{name}"].notna()]
        averages[f"skill_{name}"] = 1 - both["wis"].mean() / both[f"wis_{name}"].mean()
    return averages
