"""Write the report of a fit and its forecast."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.errors import BayesScalingError, demand_record
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.forecasting import Forecast
from bayes_scaling.inference.fits import Fit, demand_fit
from bayes_scaling.outputs import demand_writable, replacing
from bayes_scaling.reporting.alternatives import show_alternatives
from bayes_scaling.reporting.answers import headline
from bayes_scaling.reporting.assumptions import state_assumptions
from bayes_scaling.reporting.decisions import check_decisions, say_decisions
from bayes_scaling.reporting.measurements import show_measurements
from bayes_scaling.reporting.pages import Page, render_page
from bayes_scaling.reporting.provenance import trace_provenance
from bayes_scaling.reporting.seals import Registered, find_records
from bayes_scaling.reporting.sections import SECTIONS, answer_of, misfit_of
from bayes_scaling.reporting.trust import (
    Trust,
    describe_sampler,
    examine_backtest,
    examine_sensitivity,
)

MONTHS = "January February March April May June July August September October November December"


def report(
    fit: Fit,
    forecast: Forecast | None = None,
    *,
    decisions: Any = (),
    backtest: Backtest | None = None,
    compare: pd.DataFrame | None = None,
    registered: Registered | None = None,
    written: date | None = None,
    path: str | Path = "report.html",
) -> Path:
    """Write what was forecast, assumed, measured and checked as one HTML file.

    The file needs no network and runs no script. It has the answer first, then what was assumed,
    the data, whether it can be trusted, what would change it, and provenance. The same arguments
    give the same bytes on the same day. A fit that did not converge says so before any number.

    Parameters
    ----------
    fit : Fit or Fit
    forecast : Forecast or Forecast, optional
        Made from this fit; the first sentence is on its farthest target. Without it the report
        describes the fit alone.
    decisions : record or sequence of records
        Of this fit, as `optimal_allocation`, `compute_for`, `next_run`, `value_of_floor`,
        `equivalent_compute`, `crossing`, `shape`, `emergence` and `transfer` return them: each has
        its part of the page. A model of parameters and tokens says how compute is best divided, one
        of recipes what these are worth, one of scores whether they turn or emerge, and one of
        sweeps where the best rate goes at twice the largest setting, without being asked.
    backtest : Backtest, optional
        Of the same model: says whether such intervals held the truth, at this distance too. Of
        losses only.
    compare : DataFrame, optional
        As `bayes_scaling.compare` returns it, of models of the same runs.
    registered : Record, sequence of Record, str or Path, optional
        The sealed forecast, as `register` returns it; or a ledger, whose records of the same model,
        data and targets are shown. Where the first target isn't sealed with these numbers, in a
        ledger that holds, the report says so at its top.
    written : date, optional
        The date that it bears; by default today's, in UTC.
    path : str or Path
        Where to write it; an existing file is replaced whole or not at all.

    Returns
    -------
    Path

    Raises
    ------
    BayesScalingError
        If the forecast was made from another fit, or an argument isn't what it should be.
    LedgerError
        If the ledger can't be read, or holds no record of this forecast.
    OutputError
        If the path can't be written.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> fit = bs.fit("loss", small, random_seed=1)
    >>> path = bs.report(fit, bs.predict(fit, compute=2.3e22))
    >>> path.name, path.stat().st_size < 3_000_000
    ('report.html', True)
    """
    _demand_kinds(fit, forecast, backtest)
    path = Path(path)
    demand_writable(path)
    records = find_records(registered, fit, forecast)
    alternatives = None if compare is None else show_alternatives(compare, fit.response)
    problems = fit.diagnosis.problems
    asked = check_decisions(decisions, fit)
    answer, shown = answer_of(fit, forecast, asked)
    page = Page(
        title=_title(fit, forecast),
        date=_say_date(written),
        warnings=problems,
        answer=answer,
        decisions=say_decisions(fit, forecast, asked, leave=[shown]),
        assumptions=state_assumptions(fit),
        data=show_measurements(fit),
        trust=_trust(fit, forecast, backtest),
        alternatives=alternatives,
        provenance=trace_provenance(fit, forecast, records),
    )
    with replacing(path) as part:
        part.write_bytes(render_page(page).encode(errors="backslashreplace"))
    return path


def _say_date(written: Any) -> str:
    """Write a date as people do.

    Examples
    --------
    >>> _say_date(date(2026, 3, 1))
    '1 March 2026'
    """
    if written is not None and not isinstance(written, date):
        raise BayesScalingError(f"written: expected a date, got {written!r}.")
    day = written or datetime.now(UTC).date()
    return f"{day.day} {MONTHS.split()[day.month - 1]} {day.year}"


def _demand_kinds(fit: Any, forecast: Any, backtest: Any) -> None:
    demand_fit(fit)
    if forecast is not None:
        demand_record(forecast, Forecast, "forecast", "predict")
    if forecast is not None and forecast.fit is not fit:
        raise BayesScalingError(
            "forecast: it was made from another fit; give the forecast's own, forecast.fit."
        )
    if backtest is not None:
        demand_record(backtest, Backtest, "backtest", "backtest")
    if backtest is not None and backtest.response != fit.response.name:
        raise BayesScalingError(
            f"backtest: it is of {backtest.response}, and this fit is of {fit.response.name}; give "
            "one of the same."
        )


def _title(fit: Fit, forecast: Forecast | None) -> str:
    names = fit.families if "family" in fit.table else ()
    of = f" of {names[0]}" if len(names) == 1 else ""
    if fit.spec.law.swept:
        return f"Sweeps of the {fit.spec.law.swept.replace('_', ' ')}{of}"
    return f"{'Fit' if forecast is None else 'Forecast'} of the {fit.response.forecast}{of}"


def _trust(fit: Any, forecast: Any, backtest: Backtest | None) -> Trust:
    distance = None
    if forecast is not None:
        distance = float(forecast.targets["distance"].iloc[headline(forecast.targets)])
    own, lacks, model = SECTIONS[fit.response.name], fit.response.lacks, fit.spec.name
    return Trust(
        verdict=str(fit.diagnosis),
        sampler=describe_sampler(fit.diagnosis),
        misfit=misfit_of(fit),
        calibration=None if backtest is None else examine_backtest(backtest, model, distance),
        sensitivity=None if forecast is None else examine_sensitivity(forecast),
        uncheckable=fit.response.forecast if "backtest" in lacks else "",
        more=tuple(own.more(fit, forecast)) if own.more else (),
        record=own.record(distance) if own.record and distance is not None else "",
    )
