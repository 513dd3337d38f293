"""The commands on hard capabilities: shape, emergence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayes_scaling.cli.decide_commands import Family, find_or_fit, print_answer
from bayes_scaling.cli.options import (
    AnySeed,
    Columns,
    Compute,
    Draws,
    Figure,
    Json,
    LadderOrFit,
    Model,
)
from bayes_scaling.cli.outputs import demand_figure_path
from bayes_scaling.cli.questions import Reading
from bayes_scaling.outputs import replacing

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from bayes_scaling.inference.fits import Fit

U_SHAPE, EMERGENCE = "score_u_shape", "score_emergence"


def shape(
    ladder_or_fit: LadderOrFit,
    *,
    up_to: Annotated[
        str | None,
        typer.Option(
            metavar="COMPUTE", help="How far to look; by default ten times the largest run."
        ),
    ] = None,
    family: Family = None,
    figure: Figure = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    json: Json = False,
) -> None:
    """Say whether a score rises, falls or turns, and how much of that is prior."""
    from bayes_scaling.decision import shape as find

    own: Any = {"draws": draws, "seed": seed, "reading": Reading(columns, compute)}
    fitted = _fit(ladder_or_fit, U_SHAPE, model, figure, family, own)
    found = find(fitted, up_to=up_to, family=family)

    def draw(ax: "Axes") -> None:
        from bayes_scaling.plotting import plot_shape

        plot_shape(found, ax)

    _draw(figure, draw)
    table = found.summary().reset_index(names="shape")
    print_answer({"shape": table}, found.notes, [fitted], as_json=json)


def emergence(
    ladder_or_fit: LadderOrFit,
    *,
    family: Family = None,
    figure: Figure = None,
    model: Model = None,
    draws: Draws = None,
    seed: AnySeed = None,
    columns: Columns = None,
    compute: Compute = None,
    json: Json = False,
) -> None:
    """Say whether a skill comes faster than its metric explains, and when it is above chance."""
    from bayes_scaling.decision import emergence as find

    own: Any = {"draws": draws, "seed": seed, "reading": Reading(columns, compute)}
    fitted = _fit(ladder_or_fit, EMERGENCE, model, figure, family, own)
    found = find(fitted, family=family)

    def draw(ax: "Axes") -> None:
        from bayes_scaling.plotting import plot_emergence

        plot_emergence(found, ax)

    _draw(figure, draw)
    table = found.summary().reset_index(names="task")
    print_answer({"emergence": table}, found.notes, [fitted], as_json=json)


def _fit(
    path: list[str],
    usual: str,
    model: str | None,
    figure: Path | None,
    family: str | None,
    own: Any,
) -> "Fit":
    """Refuse what would be refused after the fit, then load or make it."""
    if figure is not None:
        demand_figure_path(figure)
    return find_or_fit(path, model or usual, given=model, family=family, **own)


def _draw(path: Path | None, plot: "Callable[[Axes], None]") -> None:
    """Write a figure, whole or not at all; no path, no figure."""
    if path is None:
        return
    from matplotlib.figure import Figure as Drawn

    drawn = Drawn(figsize=(5.5, 3.8), layout="constrained")
    plot(drawn.subplots())
    with replacing(path) as part:
        drawn.savefig(part, format=path.suffix.lower().removeprefix("."), dpi=200)
