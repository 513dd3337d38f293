"""What is sealed of a forecast, a claim a target: the one place that knows kinds of forecasts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import AnyArray
from bayes_scaling.errors import BayesScalingError, DataError
from bayes_scaling.evaluation.baselines import BASELINES, baseline_forecast
from bayes_scaling.evaluation.scoring import predictive_of
from bayes_scaling.forecasting import Forecast, response_metric, response_unit
from bayes_scaling.registry.records import LEVELS

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


def claims_of(forecast: Any) -> tuple[Claim, ...]:
    """Turn a forecast into claims, one a target.

    Raises
    ------
    BayesScalingError
        If it isn't a forecast that can be sealed, or has draws that aren't numbers.
    """
    if type(forecast) not in CLAIMS:
        raise BayesScalingError(
            f"forecast: expected a Forecast, as predict returns it, got {type(forecast).__name__}."
        )
    claims = CLAIMS[type(forecast)](forecast)
    for claim in claims:
        for kind, values in claim.draws.items():
            if not np.isfinite(values).all():
                raise BayesScalingError(
                    f"forecast: {int((~np.isfinite(values)).sum())} draws of kind {kind} at "
                    f"{dict(claim.target)} aren't finite, so nothing can be sealed."
                )
    return claims


def loss_claims(forecast: Forecast) -> tuple[Claim, ...]:
    """Claim the loss of one new run at each target."""
    fit, table = forecast.fit, forecast.targets
    shape = forecast.draws["run"].shape[:2]
    predictive = predictive_of(forecast)
    baselines = _loss_baselines(forecast)
    family = np.array([fit.families.index(label) for label in table["family"]])
    asked = {
        "compute": table["compute"].to_numpy(float),
        "family": np.array([str(label) for label in table["family"]]),
    }
    seed = fit.random_seed if forecast.random_seed is None else forecast.random_seed
    model = _origin(fit) | {
        "forecast_seed": int(seed),
        "reference": dict(zip(fit.families, fit.design.reference.tolist(), strict=True)),
    }
    bounded = np.isfinite(predictive.top)
    top = {"top": np.array(predictive.top)} if bounded else {}
    bounds = {"lowest": 0.0, "highest": 1.0 if bounded else None}
    return tuple(
        Claim(
            metric={
                "name": fit.spec.response,
                "unit": response_unit(fit, row["family"]),
                "kind": response_metric(fit, row["family"]),
                "scale": "log",
                **bounds,
            },
            target={str(key): value for key, value in row.items()},
            cutoff=float(fit.design.of_family(family[place]).max()),
            draws={
                str(kind): values.isel(target=place).to_numpy()
                for kind, values in forecast.draws.data_vars.items()
            },
            scored="run",
            density={
                "location": _column(predictive.location, place, shape),
                "scale": _column(predictive.scale, place, shape),
                "nu": _column(predictive.nu, place, shape),
                **top,
            },
            asked=asked,
            baselines=baselines[place],
            model=model,
            data=fit.runs,
            notes=forecast.notes,
        )
        for place, row in enumerate(table.to_dict("records"))
    )


CLAIMS: dict[type, Callable[[Any], tuple[Claim, ...]]] = {Forecast: loss_claims}


def _column(values: AnyArray, place: int, shape: tuple[int, ...]) -> AnyArray:
    """Take what belongs to one target, as one number where it is the same for all draws."""
    column = values[:, place if values.shape[1] > 1 else 0]
    return column[0] if (column == column[0]).all() else column.reshape(shape)


def _loss_baselines(forecast: Forecast) -> list[dict[str, dict[str, Any]]]:
    """Forecast every target by each baseline, from the runs of its family."""
    fit = forecast.fit
    found: list[dict[str, dict[str, Any]]] = [{} for _ in range(len(forecast.targets))]
    for family, rows in forecast.targets.reset_index(drop=True).groupby("family"):
        runs = fit.runs[fit.runs["family"] == family] if "family" in fit.runs else fit.runs
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


def _origin(fit: Any) -> dict[str, Any]:
    """Say what a fit was made from, so that it can be made again."""
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
    }


def _tuning(fit: Any) -> int:
    said = fit.posterior["sample_stats"].attrs.get("inference_library_settings", "{}")
    return int(json.loads(said).get("settings", {}).get("num_tune", TUNE))
