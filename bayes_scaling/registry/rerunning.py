"""Rerun a forecast from its sealed specification and data, and compare."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import arviz as az
import numpy as np
import pandas as pd

from bayes_scaling.arrays import Array
from bayes_scaling.errors import LedgerError
from bayes_scaling.forecasting import Forecast
from bayes_scaling.registry.draws_and_data import read_side_file, unpack_arrays
from bayes_scaling.registry.records import LEVELS, Record
from bayes_scaling.registry.refitting import (
    LOSSES,
    demand_sealed,
    draws_again,
    predict_again,
    refit,
    sealed_data,
)

TOLERANCE = 4.0  # standard errors; the chance that one of 69 quantiles is further is below 0.5 %


@dataclass(frozen=True, eq=False)
class Rerun:
    """A forecast made again, beside the one that was sealed.

    Attributes
    ----------
    record : Record
    forecast : Forecast
        As it comes out now.
    quantiles : DataFrame
        A row a kind of interval and level: ``kind, level, sealed, again, error``, the last the
        Monte Carlo standard error of the difference.
    agrees : bool
        Whether every quantile is within four standard errors of the sealed one.
    identical : bool
        Whether every quantile is the same to the last digit.
    message : str
    """

    record: Record
    forecast: Forecast
    quantiles: pd.DataFrame
    agrees: bool
    identical: bool
    message: str

    def __str__(self) -> str:
        return self.message


def rerun(
    record: Record, data: pd.DataFrame | None = None, *, losses: pd.DataFrame | None = None
) -> Rerun:
    """Fit again from the specification, data and seed of a record, and compare the forecasts.

    Parameters
    ----------
    record : Record
        Of a forecast, as `register` or `read_ledger` returns it.
    data : DataFrame, optional
        The runs, where they were not kept beside the ledger. Their hash has to be the sealed one.
    losses : DataFrame, optional
        Of pass rates along a loss that was forecast too: its runs, in the same way.

    Returns
    -------
    Rerun
        On the machine and with the versions of the seal the quantiles are the same; elsewhere they
        differ by the Monte Carlo error of both, and ``agrees`` says whether by no more.

    Raises
    ------
    LedgerError
        If the record is no forecast, its ledger doesn't hold, or its data are missing or others.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> from bayes_scaling import registry
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> (record,) = bs.register(
    ...     forecast, "again.jsonl", question="13B on the Pile?", resolves="The model card."
    ... )
    >>> registry.rerun(record).agrees
    True
    """
    demand_sealed(record)
    found, ladder = sealed_data(record, data), None
    if LOSSES in record.content["model"]:
        ladder = refit(record, sealed_data(record, losses, LOSSES), LOSSES)
    elif losses is not None:
        raise LedgerError(f"losses: record {record.number} goes along no loss that was forecast.")
    forecast, place = predict_again(record, refit(record, found), ladder)
    return compare_again(record, forecast, place)


def compare_again(record: Record, forecast: Forecast, place: int) -> Rerun:
    """Compare a forecast's target with the record that it was made again from."""
    sealed_draws = unpack_arrays(read_side_file(record, "draws"))
    tables = []
    for kind, sealed in record.content["quantiles"].items():
        draws = draws_again(record, forecast, kind, place)
        errors = [
            np.hypot(_error(draws, level), _error(sealed_draws[f"draws.{kind}"], level))
            for level in LEVELS
        ]
        again = np.quantile(draws, LEVELS)
        columns = {"level": LEVELS, "sealed": sealed, "again": again, "error": errors}
        tables.append(pd.DataFrame(columns).assign(kind=kind))
    table = pd.concat(tables, ignore_index=True)[["kind", "level", "sealed", "again", "error"]]
    gap = (table["again"] - table["sealed"]).abs()
    identical = bool((gap == 0).all())
    agrees = identical or bool((gap <= TOLERANCE * table["error"]).all())
    worst = float((gap / table["error"]).max()) if not identical else 0.0
    message = _sentence(record, identical=identical, agrees=agrees, worst=worst)
    return Rerun(record, forecast, table, agrees, identical, message)


def _error(draws: Array, level: float) -> float:
    return float(az.mcse(np.asarray(draws, dtype=float), method="quantile", prob=level))


def _sentence(record: Record, *, identical: bool, agrees: bool, worst: float) -> str:
    name = f"record {record.number}"
    if identical:
        return f"The rerun of {name} gives the sealed quantiles to the last digit."
    how = f"the worst is {worst:.1f} Monte Carlo standard errors away"
    if agrees:
        return f"The rerun of {name} agrees with the sealed quantiles; {how}."
    other = _other_versions(record)
    why = f" Versions differ: {', '.join(other)}." if other else ""
    return f"The rerun of {name} does not agree with the sealed quantiles; {how}.{why}"


def _other_versions(record: Record) -> list[str]:
    """Name the packages whose version isn't that of the seal."""
    differing = []
    for name, sealed in record.content["model"]["versions"].items():
        try:
            now = version(name)
        except PackageNotFoundError:
            continue
        if now != sealed:
            differing.append(f"{name} {sealed!r} then, {now!r} now")
    return differing
