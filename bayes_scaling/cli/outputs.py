"""Files that commands write; a path that can't be written is refused before the fit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_scaling.cli.words import SAVED, saved_fit
from bayes_scaling.errors import BayesScalingError, OutputError
from bayes_scaling.outputs import demand_writable, replacing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from bayes_scaling.forecasting import Forecast
    from bayes_scaling.inference.fits import Fit
    from bayes_scaling.responses import ByResponse


def demand_fit_path(path: Path) -> None:
    """Refuse a path where a fit can't be saved, or wouldn't be known as one."""
    if path.suffix.lower() != SAVED:
        raise OutputError(f"--out: {path} has to end in {SAVED}, by which a saved fit is known.")
    demand_writable(path)


def demand_figure_path(path: Path) -> None:
    """Refuse a path where a figure can't be written, or of no known format."""
    from matplotlib.backend_bases import FigureCanvasBase

    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if path.suffix.lower().removeprefix(".") not in known:
        raise OutputError(
            f"--figure: {path} has to end in the name of a format ({', '.join(known)})."
        )
    demand_writable(path)


def demand_report_path(option: str, path: Path) -> None:
    """Refuse a path where a report can't be written, or wouldn't open in a browser."""
    if path.suffix.lower() not in {".html", ".htm"}:
        raise OutputError(f"{option}: {path} has to end in .html, by which browsers know a page.")
    demand_writable(path)


@contextmanager
def keeping(fitted: "Fit", source: str | Sequence[str]) -> Iterator[None]:
    """Keep a fit that was just sampled, where what is made of it fails; the error says where."""
    try:
        yield
    except Exception as error:
        if saved_fit(source) is not None:
            raise
        from bayes_scaling.inference.saving import keep_fit

        named = source if isinstance(source, str) else " ".join(source)
        kept = f"The fit is kept in {keep_fit(fitted)}, which takes the place of {named}."
        if isinstance(error, BayesScalingError):
            raise type(error)(f"{error} {kept}") from None
        error.add_note(kept)
        raise


def draw_figure(
    forecast: "Forecast",
    path: Path | None,
    truth: "pd.DataFrame | None" = None,
    by: str | None = None,
) -> None:
    """Write the figure of a forecast, whole or not at all; no path, no figure."""
    if path is None:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    FIGURES[forecast.fit.response.name](figure, forecast, truth, by)
    with replacing(path) as part:
        figure.savefig(part, format=path.suffix.lower().removeprefix("."), dpi=200)


def _draw_losses(
    figure: "Figure", forecast: "Forecast", truth: "pd.DataFrame | None", _: str | None
) -> None:
    from bayes_scaling.plotting import plot_forecast

    plot_forecast(forecast, truth, figure.subplots())


def _draw_passes(
    figure: "Figure", forecast: "Forecast", truth: "pd.DataFrame | None", by: str | None
) -> None:
    from bayes_scaling.plotting import make_panels, plot_pass_rate

    shown = "all" if by == "all" else "bucket"
    axes = make_panels(figure, forecast, shown)
    plot_pass_rate(forecast, truth=truth, by=shown, axes=axes)


FIGURES: "ByResponse[Callable[..., None]]" = {
    "loss": _draw_losses,
    "passes": _draw_passes,
    "score": _draw_losses,
}
