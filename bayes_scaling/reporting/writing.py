"""Write the report of a fit and its forecast."""

from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.errors import BayesScalingError
from bayes_scaling.evaluation.backtesting import Backtest
from bayes_scaling.forecasting import Forecast, PassForecast, record_at
from bayes_scaling.inference.fits import Fit
from bayes_scaling.inference.passes.fits import PassFit
from bayes_scaling.outputs import demand_writable, replacing
from bayes_scaling.reporting.alternatives import show_alternatives
from bayes_scaling.reporting.answers import answer_of_ladders, answer_of_losses, headline
from bayes_scaling.reporting.assumptions import state_assumptions
from bayes_scaling.reporting.measurements import show_measurements
from bayes_scaling.reporting.pages import Page, render_page
from bayes_scaling.reporting.passes import answer_of_passes
from bayes_scaling.reporting.provenance import trace_provenance
from bayes_scaling.reporting.residuals import examine_counts
from bayes_scaling.reporting.seals import Registered, find_records
from bayes_scaling.reporting.trust import (
    Trust,
    describe_sampler,
    examine_backtest,
    examine_misfit,
    examine_sensitivity,
)


def report(
    fit: Fit | PassFit,
    forecast: Forecast | PassForecast | None = None,
    *,
    backtest: Backtest | None = None,
    compare: pd.DataFrame | None = None,
    registered: Registered | None = None,
    path: str | Path = "report.html",
) -> Path:
    """Write what was forecast, assumed, measured and checked as one HTML file.

    The file needs no network and runs no script. It has the answer first, then what was assumed,
    the data, whether it can be trusted, what would change it, and provenance. The same arguments
    give the same bytes. A fit that did not converge says so before any number.

    Parameters
    ----------
    fit : Fit or PassFit
    forecast : Forecast or PassForecast, optional
        Made from this fit; the first sentence is on its farthest target. Without it the report
        describes the fit alone.
    backtest : Backtest, optional
        Of the same model: says whether such intervals held the truth, at this distance too. Of
        losses only.
    compare : DataFrame, optional
        As `bayes_scaling.compare` returns it, of models of the same runs.
    registered : Record, sequence of Record, str or Path, optional
        The sealed forecast, as `register` returns it; or a ledger, whose records of the same model,
        data and targets are shown. Where the first target isn't sealed with these numbers, in a
        ledger that holds, the report says so at its top.
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
    alternatives = (
        None if compare is None else show_alternatives(compare, of_counts=isinstance(fit, PassFit))
    )
    problems = fit.diagnosis.problems
    page = Page(
        title=_title(fit, forecast),
        warnings=problems,
        answer=_answer(fit, forecast),
        assumptions=state_assumptions(fit),
        data=show_measurements(fit),
        trust=_trust(fit, forecast, backtest),
        alternatives=alternatives,
        provenance=trace_provenance(fit, forecast, records),
    )
    with replacing(path) as part:
        part.write_bytes(render_page(page).encode(errors="backslashreplace"))
    return path


def _demand_kinds(fit: Any, forecast: Any, backtest: Any) -> None:
    if not isinstance(fit, Fit | PassFit):
        raise BayesScalingError(f"fit: expected a fit, as fit returns it, got {_kind(fit)}.")
    wanted = PassForecast if isinstance(fit, PassFit) else Forecast
    if forecast is not None and not isinstance(forecast, wanted):
        raise BayesScalingError(
            f"forecast: expected a {wanted.__name__}, as predict returns it, got {_kind(forecast)}."
        )
    if forecast is not None and forecast.fit is not fit:
        raise BayesScalingError(
            "forecast: it was made from another fit; give the forecast's own, forecast.fit."
        )
    if backtest is not None and isinstance(fit, PassFit):
        raise BayesScalingError(
            "backtest: a backtest is of losses, and this fit is of counts; leave it away."
        )
    if backtest is not None and not isinstance(backtest, Backtest):
        raise BayesScalingError(f"backtest: expected what backtest returns, got {_kind(backtest)}.")


def _kind(value: object) -> str:
    return type(value).__name__


def _title(fit: Fit | PassFit, forecast: Forecast | PassForecast | None) -> str:
    what = "pass rate" if isinstance(fit, PassFit) else fit.spec.response
    names = fit.families if isinstance(fit, Fit) and "family" in fit.runs else ()
    of = f" of {names[0]}" if len(names) == 1 else ""
    return f"{'Fit' if forecast is None else 'Forecast'} of the {what}{of}"


def _answer(fit: Any, forecast: Any) -> Any:
    if isinstance(fit, PassFit):
        return answer_of_passes(fit, forecast)
    if forecast is None:
        return answer_of_ladders(fit)
    return answer_of_losses(forecast)


def _trust(fit: Any, forecast: Any, backtest: Backtest | None) -> Trust:
    distance = None
    if forecast is not None:
        distance = float(forecast.targets["distance"].iloc[headline(forecast.targets)])
    counts, model = isinstance(fit, PassFit), fit.spec.name
    return Trust(
        verdict=str(fit.diagnosis),
        sampler=describe_sampler(fit.diagnosis),
        misfit=None if counts else examine_misfit(fit),
        calibration=None if backtest is None else examine_backtest(backtest, model, distance),
        sensitivity=None if counts or forecast is None else examine_sensitivity(forecast),
        of_counts=counts,
        more=tuple(examine_counts(fit, forecast)) if counts else (),
        record="" if counts or distance is None else record_at(distance),
    )
