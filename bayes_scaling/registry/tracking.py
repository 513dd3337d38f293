"""Track the run that trains now, against its forecast."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.errors import LedgerError
from bayes_scaling.forecasting import NO_UNIT, Forecast, predict, quantile_name
from bayes_scaling.inference.fits import Fit
from bayes_scaling.registry.losses_so_far import check_points
from bayes_scaling.registry.records import Record
from bayes_scaling.registry.refitting import (
    demand_sealed,
    predict_again,
    refit,
    sealed_data,
    sealed_spec,
)
from bayes_scaling.registry.rerunning import compare_again
from bayes_scaling.registry.text_checks import demand_text
from bayes_scaling.responses import RESPONSES

LEVELS = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


@dataclass(frozen=True, eq=False)
class Tracking:
    """What was seen, beside what had been forecast of it.

    Attributes
    ----------
    record : Record
        The sealed forecast; it stays as it is.
    seen : DataFrame
        A row a point: ``run, compute, loss``; ``q05, q25, median, q75, q95`` and ``pit`` under the
        sealed forecast; ``probability`` of a loss at least as far out on either side.
    probability : float
        Posterior predictive probability of all points jointly: the share of draws at least as far
        from the centre as what was seen. Small, and the run has left its forecast.
    updated : Forecast
        Of the same target, with the points among the data.
    change : DataFrame
        Rows ``sealed`` and ``updated``, columns ``q05, q25, median, q75, q95``.
    notes : tuple of str
        What the reader has to know.
    """

    record: Record
    seen: pd.DataFrame
    probability: float
    updated: Forecast
    change: pd.DataFrame
    notes: tuple[str, ...]

    def __str__(self) -> str:
        points = "the point" if len(self.seen) == 1 else f"the {len(self.seen)} points jointly"
        before, after = (self.change.loc[name] for name in ("sealed", "updated"))
        return (
            f"Posterior predictive probability of {points}: {self.probability:.2g}. The forecast "
            f"of record {self.record.number} was {before['median']:.4g} ({before['q05']:.4g} to "
            f"{before['q95']:.4g}), and is {after['median']:.4g} ({after['q05']:.4g} to "
            f"{after['q95']:.4g}) with them (median, 90 % interval of one new run)."
        )


def track(
    record: Record,
    losses_so_far: pd.DataFrame,
    *,
    assumption: str | None = None,
    data: pd.DataFrame | None = None,
) -> Tracking:
    """Compare losses that came in since with a sealed forecast, and update it beside the seal.

    The sealed model is fitted again from the sealed data, forecasts the computes of the points,
    and is fitted once more with the points among the data. The ledger is only read: to seal the
    update, `register` it as a new record.

    Parameters
    ----------
    record : Record
        Of a forecast of a loss.
    losses_so_far : DataFrame
        A row a point, columns as of `read_runs`: ``compute`` (FLOP used so far) and ``loss``,
        perhaps ``run``, ``loss_se`` and ``finished``.
    assumption : str, optional
        Why the points can be compared with final losses, where they aren't all ``finished``; it
        becomes a note.
    data : DataFrame, optional
        The runs that were fitted, where they were not kept beside the ledger.

    Returns
    -------
    Tracking

    Raises
    ------
    DataError
        If the points are no table of runs, or can't be told to be comparable.
    LedgerError
        If the record is no forecast, its ledger doesn't hold, or its data are missing or others.

    Notes
    -----
    A scaling law of final losses says nothing of a training curve. In mid-training the learning
    rate is high, and the loss is above that of a run that was planned to end there, by more than
    all intervals are wide. What may be compared is a run that has ended (``finished``), or a
    checkpoint whose learning rate was brought down to the end (annealed in a branch), or a schedule
    and correction that you can argue for: then say so in ``assumption``.

    Each point counts as a run of its own. Points of one run share its luck, so many close points
    look surer than they are; few and spread ones are better.

    For one point the probability is 2 min(F, 1 - F), with F the posterior predictive distribution.
    For several it is the share of draws whose Mahalanobis distance from the mean, on log loss, is
    at least that of what was seen, so that a common shift and a change of slope both count.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> from bayes_scaling import registry
    >>> runs = bs.example("cerebras_gpt")
    >>> small = runs.query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> (record,) = bs.register(
    ...     forecast, "tracked.jsonl", question="13B on the Pile?", resolves="The model card."
    ... )
    >>> seen = runs.query("compute == 6.3e21").assign(finished=True)
    >>> tracking = registry.track(record, seen)
    >>> bool(tracking.probability > 0.05)
    True
    """
    demand_sealed(record)
    spec = sealed_spec(record)
    RESPONSES[spec.response].demand("track", spec.name, LedgerError)
    runs = sealed_data(record, data)
    points = check_points(record, runs, losses_so_far, assumption)
    updated = _update(record, runs, points)
    sealed_fit = refit(record, runs)
    again = compare_again(record, *predict_again(record, sealed_fit))
    draws = _drawn_at(record, sealed_fit, points)
    notes = [] if assumption is None else [f"Assumed: {demand_text('assumption', assumption)}"]
    if points["run"].duplicated().any():
        notes.append("Several points are of one run; each counts as a run of its own.")
    if not again.agrees:
        notes.append(again.message)
    return Tracking(
        record=record,
        seen=_seen(points, draws),
        probability=joint_probability(draws, np.log(points["loss"].to_numpy(float))),
        updated=updated,
        change=_change(record, updated),
        notes=(*notes, *updated.notes),
    )


def joint_probability(draws: Array, seen: Array) -> float:
    """Probability of a point at least as far from the centre of a predictive distribution.

    Parameters
    ----------
    draws : ndarray, shape (draws, points)
    seen : ndarray, shape (points,)

    Returns
    -------
    float
        For one point, twice the smaller tail; for several, by the Mahalanobis distance. At least
        one in the number of draws.

    Examples
    --------
    >>> draws = np.random.default_rng(1).standard_normal((100_000, 2))
    >>> round(joint_probability(draws, np.array([0.0, np.sqrt(2 * np.log(20))])), 2)
    0.05
    """
    if draws.shape[1] == 1:
        below = (np.sum(draws[:, 0] < seen[0]) + 0.5) / (len(draws) + 1)
        return float(2 * min(below, 1 - below))
    gaps = np.vstack([draws, seen]) - draws.mean(axis=0)
    weights = np.linalg.pinv(np.cov(draws, rowvar=False))
    distance = np.einsum("ij,jk,ik->i", gaps, weights, gaps)
    return float(np.mean(distance >= distance[-1]))


def _update(record: Record, runs: pd.DataFrame, points: pd.DataFrame) -> Forecast:
    """Fit the points with the runs, and forecast the target again."""
    kept = [name for name in ("compute", "compute_from", "loss", "loss_se") if name in points]
    new = points[kept].assign(run=points["name"])
    target = {key: record.content["target"][key] for key in ("family", "compute")}
    unit = record.content["metric"]["unit"]
    same = {
        "family": target["family"],
        "finished": True,
        "loss_unit": None if unit == NO_UNIT else unit,
        "metric": record.content["metric"].get("kind"),
    }
    new = new.assign(**{name: value for name, value in same.items() if name in runs})
    both = pd.concat([runs, new], ignore_index=True)
    return predict(refit(record, both), pd.DataFrame([target]), far=True)


def _drawn_at(record: Record, fitted: Fit, points: pd.DataFrame) -> Array:
    """Draw the log loss of new runs at the computes of the points, shape ``(draws, points)``."""
    family = record.content["target"]["family"]
    at = pd.DataFrame({"compute": points["compute"], "family": family})
    drawn = predict(fitted, at, far=True).draws["run"].to_numpy()
    return np.asarray(np.log(drawn.reshape(-1, len(points))))


def _seen(points: pd.DataFrame, draws: Array) -> pd.DataFrame:
    """Tabulate each point beside what had been forecast of it."""
    seen = np.log(points["loss"].to_numpy(float))
    quantiles = np.exp(np.quantile(draws, list(LEVELS.values()), axis=0))
    single = [joint_probability(draws[:, [i]], seen[[i]]) for i in range(len(seen))]
    return points[["run", "compute", "loss"]].assign(
        **dict(zip(LEVELS, quantiles, strict=True)),
        pit=((draws < seen).sum(axis=0) + 0.5) / (len(draws) + 1),
        probability=single,
    )


def _change(record: Record, updated: Forecast) -> pd.DataFrame:
    sealed = record.quantiles[record.content["scored"]]
    now = updated.quantile(list(LEVELS.values()))
    return pd.DataFrame(
        {
            "sealed": {name: sealed[level] for name, level in LEVELS.items()},
            "updated": {name: now[quantile_name(level)].item() for name, level in LEVELS.items()},
        }
    ).T
