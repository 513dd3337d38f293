"""What became of the runs of a tracker's table: finished, going on, or tried again.

The runs table of Weights & Biases has a column ``State``, those of MLflow and of clusters have a
``status``. A crashed attempt stands there beside its retry under the same name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bayes_scaling.data.cells import Rows, is_missing, text_column
from bayes_scaling.data.notices import Reading, tell

COLUMNS = ("state", "status", "run_state", "run_status")
FINISHED = ("finished", "completed", "complete", "succeeded", "success", "done")
GOING_ON = ("running", "pending", "queued", "scheduled", "resuming", "active")
BROKEN = (
    *("crashed", "failed", "killed", "preempted", "preempting", "cancelled", "canceled"),
    *("timeout", "stopped", "aborted", "error", "out_of_memory", "node_fail"),
)
ENDED = {
    **{state: state for state in ("crashed", "failed")},
    **{state: f"was {state}" for state in ("killed", "preempted", "stopped", "aborted")},
    **dict.fromkeys(("cancelled", "canceled"), "was cancelled"),
}
STATES: Mapping[str, bool] = {
    **dict.fromkeys(FINISHED, True),
    **dict.fromkeys((*GOING_ON, *BROKEN), False),
}


def settle_attempts(table: pd.DataFrame) -> pd.DataFrame:
    """Say of each run whether it finished, and leave attempts out that were made again.

    Parameters
    ----------
    table : DataFrame
        Under our names, but for the tracker's column of states; or that column is ``finished``.

    Returns
    -------
    DataFrame
        With ``finished`` where the table has states. A run that broke off is left out where another
        row has its name, and so is a run without a loss that didn't finish; the attrs say which.

    Examples
    --------
    >>> table = pd.DataFrame({"run": ["a", "a", "b"], "loss": [3.4, 2.9, 2.8],
    ...                       "State": ["crashed", "finished", "running"]})
    >>> settle_attempts(table)[["run", "loss", "finished"]].to_numpy().tolist()
    [['a', 2.9, True], ['b', 2.8, False]]
    """
    states = states_of(table)
    if states is None or ("finished" in table and not _has_states(table["finished"])):
        return table
    table = table.assign(finished=[STATES.get(state, state) for state in states])
    gone, readings = _repeated(table, states)
    lost, unmeasured = _without_loss(table, states, gone)
    kept = [row for row in range(len(table)) if row not in {*gone, *lost}]
    told = tell(table.iloc[kept].reset_index(drop=True), [*readings, *unmeasured])
    return told if kept else table


def states_of(table: pd.DataFrame) -> list[str] | None:
    """List the state of each row in plain words; None where no column has states."""
    names = ["finished"] if "finished" in table else []
    names += [str(name) for name in table if str(name).strip().lower() in COLUMNS]
    found = next((name for name in names if _has_states(table[name])), None)
    return None if found is None else [_plain(cell) for cell in table[found].tolist()]


def _has_states(column: "pd.Series[Any]") -> bool:
    said = {_plain(cell) for cell in column.tolist()} - {""}
    return bool(said) and said <= STATES.keys()


def _plain(cell: object) -> str:
    return "" if is_missing(cell) else str(cell).strip().lower().replace(" ", "_")


def _repeated(table: pd.DataFrame, states: Sequence[str]) -> tuple[list[int], list[Reading]]:
    """Find the broken attempts of runs of which exactly one row isn't broken."""
    if "run" not in table:
        return [], []
    runs = text_column(table, "run", Rows())
    families = [str(cell) for cell in table["family"]] if "family" in table else [""] * len(runs)
    rows: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(families, runs, strict=True)):
        rows.setdefault(key, []).append(row)
    gone, readings = [], []
    for (_, run), places in rows.items():
        whole = [place for place in places if states[place] not in BROKEN]
        if len(places) < 2 or len(whole) != 1:
            continue
        for place in sorted({*places} - {*whole}):
            gone.append(place)
            verb = "finished" if states[whole[0]] in FINISHED else f"is {states[whole[0]]}"
            readings.append(
                (
                    "attempts",
                    "run",
                    f"row {place + 1} is an attempt at run {run!r} that {_ended(states[place])}"
                    f"{_loss_of(table, place)}; it is left out, and row {whole[0] + 1}"
                    f"{_loss_of(table, whole[0])}, which {verb}, counts.",
                )
            )
    return gone, readings


def _without_loss(
    table: pd.DataFrame, states: Sequence[str], gone: Sequence[int]
) -> tuple[list[int], list[Reading]]:
    if "loss" not in table:
        return [], []
    lost = [
        row
        for row, cell in enumerate(table["loss"].tolist())
        if row not in gone and _is_no_number(cell) and not STATES.get(states[row], True)
    ]
    names = table["run"].tolist() if "run" in table else [None] * len(table)
    readings: list[Reading] = []
    for row in lost:
        name = "" if names[row] is None else f" (run {str(names[row])!r})"
        verb = _ended(states[row]) if states[row] in BROKEN else f"is {states[row]}"
        text = f"row {row + 1}{name} {verb} and has no loss; it is left out."
        readings.append(("attempts", "loss", text))
    return lost, readings


def _is_no_number(cell: object) -> bool:
    return is_missing(cell) or str(cell).strip().lower() in {"nan", "none", "null"}


def _ended(state: str) -> str:
    return ENDED.get(state, f"ended ({state})")


def _loss_of(table: pd.DataFrame, row: int) -> str:
    cell: Any = table["loss"].iloc[row] if "loss" in table else None
    return "" if _is_no_number(cell) else f" (loss {cell})"
