"""Make the forecast of a record again, from what was sealed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.data import REFUSALS, is_table_of, table_hash
from bayes_scaling.errors import LedgerError
from bayes_scaling.forecasting import ALL, Forecast, chain, predict
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.fitting import fit
from bayes_scaling.ledger.heads import Head
from bayes_scaling.ledger.verification import demand_sound
from bayes_scaling.registry.draws_and_data import read_side_file, unpack_arrays, unpack_table
from bayes_scaling.registry.ledgers import FORECASTS
from bayes_scaling.registry.records import Record, demand_forecast
from bayes_scaling.responses import RESPONSES
from bayes_scaling.specification.spec import Spec, parse_spec

RETRY_ACCEPT = 0.99
DATA, LOSSES = "data", "losses"  # side files: what was fitted, and the loss that it goes along


def demand_sealed(record: Record) -> None:
    """Demand a forecast that stands in a ledger that holds, before it is fitted again."""
    demand_forecast(record)
    head = Head(record.number, record.hash)
    demand_sound(record.ledger, "nothing is fitted again", FORECASTS, head)


def sealed_model(record: Record, role: str = DATA) -> Mapping[str, Any]:
    """Return what a fit was made from: that of the forecast, or of the loss it goes along."""
    model: Mapping[str, Any] = record.content["model"]
    return model if role == DATA else model[LOSSES]


def sealed_spec(record: Record, role: str = DATA) -> Spec:
    """Read the specification that a forecast, or the loss it goes along, was made with."""
    model = sealed_model(record, role)
    return parse_spec(model["spec"], name=model["name"])


def sealed_data(record: Record, data: pd.DataFrame | None = None, role: str = DATA) -> pd.DataFrame:
    """Take the data of a forecast from beside the ledger, or check those that are handed in.

    Parameters
    ----------
    record : Record
    data : DataFrame, optional
    role : {"data", "losses"}
        Those of the forecast, or of the loss that it goes along.

    Raises
    ------
    LedgerError
        If there are none, or they aren't those that were fitted.
    """
    if data is None and role not in record.content["files"]:
        raise LedgerError(
            f"{record.ledger}: record {record.number} was registered without its {role}; hand them "
            f"in with {role}=."
        )
    given = unpack_table(read_side_file(record, role)) if data is None else data
    spec = sealed_spec(record, role)
    runs = RESPONSES[spec.response].table(given, spec.columns[0])
    sealed = sealed_model(record, role)["data_hash"]
    if not is_table_of(sealed, runs):
        raise LedgerError(
            f"{role}: these aren't the runs that record {record.number} was made from: their hash "
            f"is {table_hash(runs)[:12]}..., the sealed one {sealed[:12]}...."
        )
    return runs


def refit(record: Record, runs: pd.DataFrame, role: str = DATA) -> Fit:
    """Fit runs as the forecast of a record was fitted: model, seed, sampler, reference compute."""
    demand_forecast(record)
    model, spec = sealed_model(record, role), sealed_spec(record, role)
    own = RESPONSES[spec.response]
    return fit(
        spec,
        runs,
        random_seed=model["random_seed"],
        reference=model["reference"],
        allow=REFUSALS,
        **_settings(model["sampler"], own.target_accept, converged=model["converged"]),
    )


def predict_again(record: Record, fitted: Fit, losses: Fit | None = None) -> tuple[Forecast, int]:
    """Forecast all targets of the forecast that a record is one of, and say which it is.

    Draws at several targets come from one stream, so each needs all to be the same again. Records
    of before the forecast's seed was sealed were drawn with the fit's, unless another was given.

    Parameters
    ----------
    record : Record
    fitted : Fit
    losses : Fit, optional
        Of the loss that the forecast goes along.
    """
    arrays = unpack_arrays(read_side_file(record, "draws"))
    target, seed = record.content["target"], sealed_model(record).get("forecast_seed")
    columns = (fitted if losses is None else losses).spec.columns
    asked = pd.DataFrame({name: arrays[f"asked.{name}"] for name in ("family", *columns)})
    names = ("family", *columns) if losses is None else columns
    same = np.logical_and.reduce([asked[name] == target[name] for name in names])
    if losses is None:
        forecast = predict(fitted, asked, random_seed=seed, far=True)
    else:
        of_loss = sealed_model(record, LOSSES).get("forecast_seed")
        ahead = predict(losses, asked, random_seed=of_loss, far=True)
        forecast = chain(ahead, fitted, random_seed=seed)
    chosen = arrays.get("asked.chosen", forecast.chosen)
    return replace(forecast, chosen=chosen), int(np.flatnonzero(same)[0])


def draws_again(record: Record, forecast: Forecast, kind: str, place: int) -> Array:
    """Take what a record is about from a forecast's draws, shape ``(chains, draws)``."""
    target = record.content["target"]
    by, group = target.get("by", ALL), target.get("group", ALL)
    name = record.content["metric"]["name"]
    found = {one.group: one.values for one in forecast.readings(name, by=by, kind=kind)}
    sizes = forecast.draws.sizes
    return found[group][:, place].reshape(sizes["chain"], sizes["draw"])


def _settings(sampler: dict[str, Any], first: float, *, converged: bool) -> dict[str, Any]:
    """Say how to sample as the try did whose draws were kept.

    A second try that converged is made again as a first one with its own settings, since neither
    try depends on the other. One that didn't is made again as a second one, from the default.
    """
    accept, draws = sampler["target_accept"], sampler["draws"]
    if sampler["retried"] and not converged:
        draws //= 2
        accept = first if accept == RETRY_ACCEPT else accept
    return {
        "draws": draws,
        "tune": sampler["tune"],
        "chains": sampler["chains"],
        "target_accept": accept,
    }
