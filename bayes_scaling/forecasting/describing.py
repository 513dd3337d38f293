"""A forecast in five lines, as text and as a table for notebooks."""

from typing import TYPE_CHECKING

from bayes_scaling.inference.describing import as_html, count_notes, name_data
from bayes_scaling.scales import compute_text, unit_after

if TYPE_CHECKING:
    from bayes_scaling.forecasting.forecasts import Forecast


def describe_forecast(forecast: "Forecast") -> list[str]:
    """Say in five lines what is forecast at the farthest target, and whether to trust it.

    Examples
    --------
    >>> import bayes_scaling as bs
    >>> small = bs.example("cerebras_gpt").query("compute < 2e21")
    >>> forecast = bs.predict(bs.fit("loss", small, random_seed=1), compute=2.3e22)
    >>> describe_forecast(forecast)[0]
    'Forecast of the loss by loss, fitted to 5 runs of Cerebras-GPT, 2.6e18 to 1.1e21 FLOP'
    """
    fit = forecast.fit
    return [
        f"Forecast of the {fit.response.forecast} by {fit.spec.name}, fitted to {name_data(fit)}",
        str(fit.diagnosis),
        _farthest(forecast),
        f"Interval: 90 %, equal-tailed, of one new run; {count_notes(forecast.notes)}",
        "forecast.summary() has every target; forecast.probability(...) that of an event",
    ]


def _farthest(forecast: "Forecast") -> str:
    table, labels = forecast.quantile([0.05, 0.5, 0.95]), forecast.fit.design.labels
    row = table.iloc[int(table["distance"].to_numpy(float).argmax())]
    own = table.columns[1 : list(table.columns).index("distance")]
    names = [str(name) for name in own if name not in labels]
    at = " and ".join(f"{compute_text(row[name])}{unit_after([name])}" for name in names)
    at += "".join(f", {name} {row[name]}" for name in labels)
    several = f" (the farthest of {len(table)} targets)" if len(table) > 1 else ""
    far = f"{row['distance']:.2f} decades beyond" if row["distance"] > 0 else "not beyond"
    return (
        f"At {at}{several}: {row['quantity']} {row['q50']:.4g}, {row['q05']:.4g} to "
        f"{row['q95']:.4g}; {far} the fitted runs"
    )


def show_forecast(forecast: "Forecast") -> str:
    """Show a forecast in a notebook: what it is, every target, and what the reader has to know."""
    head, verdict, _, interval, _ = describe_forecast(forecast)
    return as_html([head, verdict, interval], forecast.summary(), forecast.notes)
