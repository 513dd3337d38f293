"""What is sealed of a forecast, a claim a target: the one place that knows kinds of forecasts."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import AnyArray
from bayes_scaling.errors import BayesScalingError, DataError, demand_record
from bayes_scaling.evaluation.baselines import BASELINES, baseline_forecast
from bayes_scaling.evaluation.scoring import predictive_of
from bayes_scaling.forecasting import ALL, Forecast, response_metric, response_unit
from bayes_scaling.inference.fits import Fit
from bayes_scaling.registry.records import LEVELS
from bayes_scaling.responses import ByResponse

SCORED = "run"
TUNE = 1000  # of a fit that doesn't say


@dataclass(frozen=True, eq=False)
class Claim:
    """What a forecast says of one number, in the terms of a record.

    Attributes
    ----------
    metric : mapping
        ``name``; ``unit``; ``kind``, what losses are said to be, or None; ``scale``: 'log' if it
        is scored on its logarithm, else 'linear'; ``lowest`` and ``highest``, which no outcome may
        pass (None where there is no bound).
    target : mapping
        Covariates of the target.
    cutoff : float
        Compute of the last fitted run, FLOP.
    draws : mapping of str to ndarray, shape (chains, draws)
        A kind of interval each.
    scored : str
        The kind that an outcome is compared with.
    density : mapping of str to ndarray
        ``location, scale, nu`` of the mixture of Student-t densities, on the scale of the metric,
        that the scored kind is drawn from; one a draw, or one for all; and ``top``, where it is the
        mixture given that the metric stays below. Empty where there is none.
    asked : mapping of str to ndarray
        All targets of the forecast, which a rerun asks for again.
    baselines : mapping of str to mapping
        ``quantiles`` at the levels of a record, or ``missing``: why there are none.
    model : mapping
        What the fit was made from.
    data : DataFrame
        The checked table that was fitted.
    losses : DataFrame or None
        That of the loss that is forecast too, where `chain` made the forecast; ``model`` then holds
        a mapping ``losses`` like itself.
    notes : tuple of str
    """

    metric: Mapping[str, Any]
    target: Mapping[str, Any]
    cutoff: float
    draws: Mapping[str, AnyArray]
    scored: str
    density: Mapping[str, AnyArray]
    asked: Mapping[str, AnyArray]
    baselines: Mapping[str, Mapping[str, Any]]
    model: Mapping[str, Any]
    data: pd.DataFrame
    losses: pd.DataFrame | None
    notes: tuple[str, ...]

    @property
    def quantiles(self) -> dict[str, list[float]]:
        """Quantiles of each kind at the levels of a record."""
        return {kind: np.quantile(values, LEVELS).tolist() for kind, values in self.draws.items()}

    @property
    def arrays(self) -> dict[str, AnyArray]:
        """What goes into the side file, draws to seven digits."""
        drawn = {f"draws.{kind}": values.astype(np.float32) for kind, values in self.draws.items()}
        density = {f"density.{k}": values.astype(np.float32) for k, values in self.density.items()}
        return {**drawn, **density, **{f"asked.{k}": values for k, values in self.asked.items()}}


def claims_of(forecast: Any, of: Sequence[str] | str | None, by: str) -> tuple[Claim, ...]:
    """Turn a forecast into claims: one a target, quantity and group.

    Raises
    ------
    BayesScalingError
        If it isn't a forecast that can be sealed, or has draws that aren't numbers.
    """
    demand_record(forecast, Forecast, "forecast", "predict")
    names = [of] if of is None or isinstance(of, str) else list(of)
    for kind, values in forecast.draws.data_vars.items():
        _demand_finite(forecast, str(kind), values.to_numpy())
    model = _origin(forecast)
    return tuple(claim for name in names for claim in _claims(forecast, name, by, model))


def _claims(
    forecast: Forecast, of: str | None, by: str, model: Mapping[str, Any]
) -> Iterator[Claim]:
    """Make the claims of one quantity, target by target and group by group."""
    fit, table = forecast.fit, forecast.targets
    drawn = {
        str(kind): list(forecast.readings(of, by=by, kind=str(kind))) for kind in forecast.draws
    }
    shape = forecast.draws.sizes["chain"], forecast.draws.sizes["draw"]
    beside = BESIDE[fit.response.name](forecast)
    asked = _asked(forecast)
    for place, row in enumerate(table.to_dict("records")):
        last = _last(forecast, row["family"])
        for number, one in enumerate(drawn[SCORED]):
            group = {"by": by, "group": one.group} if by != ALL else {}
            yield Claim(
                metric={
                    "name": one.quantity.name,
                    "unit": one.quantity.unit or response_unit(fit, row["family"]),
                    "kind": beside.kinds[place],
                    "scale": one.quantity.scale,
                    "lowest": one.quantity.lowest,
                    "highest": beside.highest or one.quantity.highest,
                },
                target={**{str(key): value for key, value in row.items()}, **group},
                cutoff=last,
                draws={
                    str(kind): readings[number].values[:, place].reshape(shape)
                    for kind, readings in drawn.items()
                },
                scored=SCORED,
                density=beside.densities[place],
                asked=asked,
                baselines=beside.baselines[place],
                model=model,
                data=fit.table,
                losses=None if forecast.losses is None else forecast.losses.fit.table,
                notes=forecast.notes,
            )


def _asked(forecast: Forecast) -> dict[str, AnyArray]:
    """Collect what a rerun asks for again: all targets, and the problems that are averaged over.

    A forecast along another is asked for where that one is.
    """
    source = forecast if forecast.losses is None else forecast.losses
    table, columns = source.targets, source.fit.spec.columns
    if forecast.losses is not None and table.duplicated(list(columns)).any():
        raise BayesScalingError(
            "forecast: two of its targets differ by the family of the loss alone; chain and "
            "register each family by itself."
        )
    asked = {"family": np.array([str(label) for label in table["family"]])}
    asked |= {name: table[name].to_numpy() for name in columns}
    chosen = {} if forecast.chosen.all() else {"chosen": forecast.chosen}
    return asked | chosen


def _last(forecast: Forecast, family: str) -> float:
    """Return the scale of the last run of a family, in FLOP where another forecast is one of it."""
    fit = forecast.fit
    if forecast.losses is not None and "compute" in fit.table:
        return float(fit.table["compute"].max())
    return float(fit.design.of_family(fit.families.index(family)).max())


@dataclass(frozen=True)
class Beside:
    """What is sealed beside the draws of a forecast, an entry a target.

    Attributes
    ----------
    kinds : tuple of str or None
        What the response is said to be.
    densities, baselines : tuple of mapping
        As of a claim.
    highest : float or None
        What no outcome may pass, where the model says so and not the quantity.
    """

    kinds: Sequence[str | None]
    densities: Sequence[Mapping[str, AnyArray]]
    baselines: Sequence[Mapping[str, Mapping[str, Any]]]
    highest: float | None = None


def beside_losses(forecast: Forecast) -> Beside:
    """Seal the density of the log loss, and what is forecast with today."""
    fit, table = forecast.fit, forecast.targets
    predictive = predictive_of(forecast)
    shape = forecast.draws.sizes["chain"], forecast.draws.sizes["draw"]
    bounded = np.isfinite(predictive.top)
    top = {"top": np.array(predictive.top)} if bounded else {}
    densities = [
        {
            "location": _column(predictive.location, place, shape),
            "scale": _column(predictive.scale, place, shape),
            "nu": _column(predictive.nu, place, shape),
            **top,
        }
        for place in range(len(table))
    ]
    kinds = [response_metric(fit, family) for family in table["family"]]
    return Beside(kinds, densities, _loss_baselines(forecast), 1.0 if bounded else None)


def beside_counts(forecast: Forecast) -> Beside:
    """Seal nothing beside the draws: what counts give has no density in closed form."""
    count = len(forecast.targets)
    return Beside([None] * count, [{}] * count, [{}] * count)


BESIDE: ByResponse[Callable[[Forecast], Beside]] = {
    "loss": beside_losses,
    "passes": beside_counts,
    "score": beside_counts,
}


def _demand_finite(forecast: Forecast, kind: str, values: AnyArray) -> None:
    """Refuse draws that aren't numbers; raises BayesScalingError with the first target's name."""
    over = tuple(range(2)) + tuple(range(3, values.ndim))
    wrong = (~np.isfinite(values)).sum(axis=over)
    for place in np.flatnonzero(wrong):
        row = forecast.targets.iloc[int(place)].to_dict()
        raise BayesScalingError(
            f"forecast: {int(wrong[place])} draws of kind {kind} at {row} aren't finite, so "
            "nothing can be sealed."
        )


def _column(values: AnyArray, place: int, shape: tuple[int, ...]) -> AnyArray:
    """Take what belongs to one target, as one number where it is the same for all draws."""
    column = values[:, place if values.shape[1] > 1 else 0]
    return column[0] if (column == column[0]).all() else column.reshape(shape)


def _loss_baselines(forecast: Forecast) -> list[dict[str, dict[str, Any]]]:
    """Forecast every target by each baseline, from the runs of its family."""
    fit = forecast.fit
    found: list[dict[str, dict[str, Any]]] = [{} for _ in range(len(forecast.targets))]
    seen, ahead = (
        table.assign(compute=table[list(fit.spec.columns)].prod(axis=1))
        for table in (fit.table, forecast.targets.reset_index(drop=True))
    )
    for family, rows in ahead.groupby("family"):
        runs = seen[seen["family"] == family] if "family" in seen else seen
        for name in BASELINES:
            try:
                draws = baseline_forecast(name, runs, rows, fit.random_seed).draws
            except DataError as error:
                sealed = [{"missing": str(error)}] * len(rows)
            else:
                numbers = np.exp(np.quantile(draws, LEVELS, axis=0)).T.tolist()
                sealed = [{"quantiles": one} for one in numbers]
            for place, one in zip(rows.index, sealed, strict=True):
                found[place][name] = one
    return found


def _origin(forecast: Forecast) -> dict[str, Any]:
    """Say what a forecast was made from, so that it can be made again."""
    fit = forecast.fit
    seed = fit.random_seed if forecast.random_seed is None else forecast.random_seed
    sizes = fit.posterior["posterior"].sizes
    return {
        "name": fit.spec.name,
        "spec": fit.spec.text,
        "random_seed": int(fit.random_seed),
        "sampler": {
            "chains": int(sizes["chain"]),
            "draws": int(sizes["draw"]),
            "tune": _tuning(fit),
            "target_accept": float(fit.diagnosis.target_accept),
            "retried": bool(fit.diagnosis.retried),
        },
        "versions": dict(fit.versions),
        "converged": bool(fit.diagnosis.converged),
        "problems": list(fit.diagnosis.problems),
        "data_hash": fit.data_hash,
        "response_hash": fit.response_hash,
        "forecast_seed": int(seed),
        "reference": references_to_seal(fit),
        "along": list(fit.spec.columns),
        **({} if forecast.losses is None else {"losses": _origin(forecast.losses)}),
    }


def _tuning(fit: Any) -> int:
    attributes = fit.posterior["sample_stats"].attrs
    if "tune" in attributes:
        return int(attributes["tune"])
    said = attributes.get("inference_library_settings", "{}")  # of a fit by an earlier version
    return int(json.loads(said).get("settings", {}).get("num_tune", TUNE))


def references_to_seal(fit: Fit) -> dict[str, Any]:
    """Write the references of a fit as a record holds them: by family or, of several, by both."""
    if len(fit.spec.columns) == 1:
        return {str(family): float(value) for family, value in fit.reference.items()}
    return {
        name: dict(zip(fit.families, map(float, values), strict=True))
        for name, values in fit.design.references.items()
    }
