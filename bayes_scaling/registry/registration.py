"""Seal a forecast: append it to a ledger."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.forecasting import ALL, Forecast
from bayes_scaling.ledger.anchoring import anchor_head, demand_anchor
from bayes_scaling.ledger.appending import writing
from bayes_scaling.ledger.canonical import hash_of
from bayes_scaling.registry.claims import Claim, claims_of
from bayes_scaling.registry.draws_and_data import pack_arrays, pack_table
from bayes_scaling.registry.events import Event, parse_event
from bayes_scaling.registry.ledgers import FORECASTS
from bayes_scaling.registry.records import LEVELS, Record
from bayes_scaling.registry.text_checks import author_name, demand_text, demand_texts


def register(
    forecast: Forecast,
    ledger: str | Path = "forecasts.jsonl",
    *,
    question: str | Sequence[str],
    resolves: str,
    void_if: str | None = None,
    assumptions: Sequence[str] = (),
    events: Sequence[str] = (),
    author: str | None = None,
    keep_data: bool = True,
    anchor: str | None = None,
    of: str | Sequence[str] | None = None,
    by: str = ALL,
) -> tuple[Record, ...]:
    """Append a forecast to a ledger, a record a target; of counts, a quantity and group too.

    A record holds the question, the target, 23 quantiles for each kind of interval, the
    probabilities of the events, the forecasts of three baselines, the text of the specification,
    the hash of the data, seed, versions, author and time, and the hash of the line before. Draws
    lie in the folder ``<ledger>.files``, named by their hash, and so do the data if they are kept.
    Of a forecast that `chain` made the specification, hash, seed and data of the loss are sealed
    too.
    The head file ``<ledger>.head`` holds the count and the last hash.

    Parameters
    ----------
    forecast : Forecast
    ledger : str or Path
        A file of JSON lines; begun if it isn't there.
    question : str or sequence of str
        In words; one for all targets, or one a target.
    resolves : str
        What decides it, and when: which number, measured how, by when.
    void_if : str, optional
        What would make the question void: the run is cancelled, the data mix changes.
    assumptions : sequence of str
        Under which the forecast is made.
    events : sequence of str
        Such as ``"loss < 1.6"`` or ``"1.5 < loss < 1.6"``, sealed with their probabilities under
        the kind that is scored.
    author : str, optional
        By default the name of the account.
    keep_data : bool
        Whether the data are written beside the ledger too. Without them a rerun needs them handed
        in; their hash is sealed either way.
    anchor : {"git"}, optional
        Commit the head file in the git repository that holds the ledger. It counts once it is
        pushed to where others see it.
    of : str or sequence of str, optional
        The quantities to seal, as `Forecast.summary` names them: by default ``loss``, or
        ``pass_rate`` of counts. The GPT-4 report sealed ``neg_log_pass``.
    by : {"all", "bucket", "problem"}
        Of counts: a record for the whole benchmark, or for each bucket or problem.

    Returns
    -------
    tuple of Record
        One a target, in their order; of counts, quantity by quantity, and of each target a group
        after the other. When it returns they are on the disk.

    Raises
    ------
    BayesScalingError
        If a text is missing, an event can't be read, or the data hold an infinite number and are to
        be kept.
    LedgerError
        If the ledger isn't one, is of a newer version, doesn't end where its head file says; or
        there is no git repository to anchor in.
    OutputError
        If the place can't be written. In all these cases nothing is appended.

    Warns
    -----
    LedgerWarning
        If an interrupted append was mended, or the clock ran backwards. The record is appended in
        either case.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> from bayes_scaling import registry
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> records = bs.register(
    ...     forecast,
    ...     question="What loss will the 13B model reach on the Pile?",
    ...     resolves="The final test loss in the model card.",
    ...     void_if="Its training is stopped early.",
    ...     events=["loss < 1.6"],
    ... )
    >>> records[0].number
    1
    >>> registry.verify("forecasts.jsonl").holds
    True
    """
    words = {
        "author": author_name(author),
        "resolves": demand_text("resolves", resolves),
        "void_if": None if void_if is None else demand_text("void_if", void_if),
        "assumptions": demand_texts("assumptions", assumptions),
    }
    named = demand_texts("events", events)
    demand_anchor(anchor, ledger)
    claims = claims_of(forecast, of, by)
    questions = demand_questions(question, len(claims))
    parsed = [[parse_event(text, claim.metric["name"]) for text in named] for claim in claims]
    files: dict[str, tuple[str, bytes]] = {}
    contents = []
    for claim, asked, own in zip(claims, questions, parsed, strict=True):
        kept = {"draws": pack_arrays(claim.arrays)}
        kept |= {"data": pack_table(claim.data)} if keep_data else {}
        if keep_data and claim.losses is not None:
            kept["losses"] = pack_table(claim.losses)
        hashes = {role: hash_of(data) for role, data in kept.items()}
        files |= {hashes[role]: (role, data) for role, data in kept.items()}
        contents.append({**_sealed(claim, own), **words, "question": asked, "files": hashes})
    with writing(ledger, FORECASTS) as writer:
        records = writer.append(contents, list(files.values()))
    if anchor is not None:
        anchor_head(ledger)
    return records


def _sealed(claim: Claim, events: Sequence[Event]) -> dict[str, Any]:
    scored = claim.draws[claim.scored]
    return {
        "type": "forecast",
        "metric": claim.metric,
        "target": claim.target,
        "cutoff": claim.cutoff,
        "levels": LEVELS,
        "quantiles": claim.quantiles,
        "scored": claim.scored,
        "events": [event.sealed(scored) for event in events],
        "baselines": claim.baselines,
        "model": claim.model,
        "notes": claim.notes,
    }


def demand_questions(question: str | Sequence[str], targets: int) -> list[str]:
    """Demand a question in words for each target, or one for all; raises BayesScalingError."""
    asked = demand_texts("question", question)
    if isinstance(question, str):
        return asked * targets
    if len(asked) != targets:
        raise BayesScalingError(
            f"question: {len(asked)} questions for {targets} targets; give one a target, or one "
            "text for all."
        )
    return asked
